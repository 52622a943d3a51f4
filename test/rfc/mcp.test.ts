import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { inspect } from 'node:util'
import { getRequestListener } from '@hono/node-server'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import express from 'express'
import { fastify } from 'fastify'
import Koa from 'koa'
import { type Auth, createResourceServer, scope } from 'oauth-resource-server'
import { authorize, getAuth, verifyJwt } from 'oauth-resource-server/express'
import * as onFastify from 'oauth-resource-server/fastify'
import { protect } from 'oauth-resource-server/fetch'
import * as onKoa from 'oauth-resource-server/koa'
import { authInfo, boundSession, toolScopes } from 'oauth-resource-server/mcp'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import type { Listener } from '../support/metadata-apps.ts'

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
const closing: (() => void)[] = []
afterAll(() => closing.forEach((close) => close()))

const resource = 'https://api.test/mcp'
const document = 'https://api.test/.well-known/oauth-protected-resource/mcp'
const needed = { read: 'reports:read', purge: ['reports:read', 'reports:write', 'reports:delete'] }
const included: Readonly<Record<string, readonly string[]>> = { admin: needed.purge }
const api = createResourceServer({
  ...issuer.options,
  audience: resource,
  resource,
  challengeScopes: ['reports:read'],
  dpop: {},
  scopes({ scope: given }) {
    const names = typeof given === 'string' ? given.split(' ') : []
    return names.flatMap((name) => [name, ...(included[name] ?? [])])
  },
})

/** Tools that were run. */
let ran: string[] = []
beforeEach(() => {
  ran = []
})
const mcp = createMcpHandler(() => {
  const server = new McpServer({ name: 'reports', version: '1.0.0' })
  for (const tool of [...Object.keys(needed), 'failing']) {
    server.registerTool(tool, {}, () => {
      ran.push(tool)
      return { content: [{ type: 'text', text: tool }], ...(tool === 'failing' ? { isError: true } : {}) }
    })
  }
  return server
})

const onNode = toNodeHandler(mcp)
type NodeRequest = Parameters<typeof onNode>[0]

/** The types of the SDK do not know that a request to a server has a method. */
function withAuth(request: IncomingMessage, auth: Auth): NodeRequest {
  return Object.assign(request, { auth: authInfo(auth) }) as NodeRequest
}

const servers: Readonly<Record<string, () => Listener | Promise<Listener>>> = {
  express() {
    const app = express().use(verifyJwt(api), express.json())
    app.use(authorize(boundSession()), authorize(toolScopes(needed)))
    app.all('/mcp', (req, res) => onNode(Object.assign(req, { auth: authInfo(getAuth(req)) }), res, req.body))
    return app as Listener
  },
  async fastify() {
    const app = fastify()
    await app.register(onFastify.verifyJwt, { api })
    const preHandler = [boundSession(), toolScopes(needed)].map((guard) => onFastify.authorize(guard))
    app.all('/mcp', { preHandler }, async (request, reply) => {
      reply.hijack()
      await onNode(withAuth(request.raw, onFastify.getAuth(request)), reply.raw, request.body)
    })
    await app.ready()
    return (req, res) => app.routing(req, res)
  },
  koa() {
    const parsed = (ctx: Koa.Context) => ctx.request as { body?: unknown }
    const app = new Koa().use(onKoa.verifyJwt(api)).use(async (ctx, next) => {
      parsed(ctx).body = await json(ctx.req)
      await next()
    })
    app.use(onKoa.authorize(boundSession())).use(onKoa.authorize(toolScopes(needed)))
    app.use(async (ctx) => {
      ctx.respond = false
      await onNode(withAuth(ctx.req, onKoa.getAuth(ctx)), ctx.res, parsed(ctx).body)
    })
    return app.callback()
  },
  fetch: () =>
    getRequestListener(
      protect(
        api,
        boundSession(),
        toolScopes(needed),
      )((request, auth) => mcp.fetch(request, { authInfo: authInfo(auth) })),
    ),
}

describe.each(Object.entries(servers))('an MCP server on %s', (_name, make) => {
  const started = (async () => {
    const listener = await make()
    const server = createServer((req, res) => void listener(req, res))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => {
      server.closeAllConnections()
      server.close()
    })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
  })()

  interface Answer {
    readonly status: number
    readonly challenge: string
    readonly text: string
  }
  /** Calls tools, with a token of these scopes or without one. */
  async function call(tools: readonly string[], scopes?: string, headers: object = {}): Promise<Answer> {
    const messages = tools.map((name, id) => ({
      jsonrpc: '2.0',
      id,
      method: 'tools/call',
      params: { name, arguments: {} },
    }))
    const token = scopes === undefined ? undefined : await issuer.sign({ aud: resource, scope: scopes })
    const response = await fetch(await started, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2025-06-18',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      body: JSON.stringify(messages.length === 1 ? messages[0] : messages),
    })
    return {
      status: response.status,
      challenge: response.headers.get('www-authenticate') ?? '',
      text: await response.text(),
    }
  }
  const scopeOf = ({ challenge }: Answer): string | undefined => /[ ,]scope="([^"]*)"/.exec(challenge)?.[1]

  it('MCP-SCOPE-2 a tool has the same challenge at every refusal, whatever the token has', async () => {
    const all = needed.purge.join(' ')
    for (const given of ['other', 'reports:read', 'reports:write reports:read', 'other']) {
      const answer = await call(['purge'], given)
      expect([answer.status, scopeOf(answer)]).toEqual([403, all])
    }
    expect(scopeOf(await call(['purge']))).toBe('reports:read')
    expect(scopeOf(await call(['read']))).toBe('reports:read')
  })

  it('MCP-TOKEN-USE-2 a request of a session needs a token like the first', async () => {
    const session = { 'mcp-session-id': 'session-1' }
    expect((await call(['read'], 'reports:read', session)).status).toBe(200)
    expect((await call(['read'], undefined, session)).status).toBe(401)
    expect((await call(['read'], 'other', session)).status).toBe(403)
    expect(ran).toEqual(['read'])
  })

  it('MCP-ERR-SCOPE-1 a scope that is missing is 403 with error, scope and resource_metadata', async () => {
    const answer = await call(['read'], 'other')
    expect(answer.status).toBe(403)
    expect(answer.challenge).toMatch(/^Bearer /)
    expect(answer.challenge).toContain('error="insufficient_scope"')
    expect(answer.challenge).toContain('scope="reports:read"')
    expect(answer.challenge).toContain(`resource_metadata="${document}"`)
    expect((await call(['read'], 'reports:read')).status).toBe(200)
  })

  it('MCP-ERR-SCOPE-2 MCP-SCOPE-3 one challenge names every scope of the operation', async () => {
    const answer = await call(['purge'], 'reports:read')
    expect(scopeOf(answer)).toBe('reports:read reports:write reports:delete')
    expect(answer.challenge.match(/error="insufficient_scope"/g)).toHaveLength(1)
    const batch = await call(['read', 'purge'], 'other')
    expect([batch.status, scopeOf(batch)]).toEqual([403, 'reports:read reports:write reports:delete'])
  })

  it('MCP-ERR-2 the refusal is the status of HTTP, before the tool runs', async () => {
    expect((await call(['purge'], 'reports:read')).status).toBe(403)
    expect(ran).toEqual([])
    // What a tool says itself is no refusal.
    const failed = await call(['failing'], 'other')
    expect([failed.status, failed.challenge]).toEqual([200, ''])
    expect(failed.text).toContain('"isError":true')
  })

  it('MCP-HIER-1 a broader scope implies narrower ones', async () => {
    expect((await call(['purge'], 'admin')).status).toBe(200)
    expect((await call(['purge'], 'administrator')).status).toBe(403)
    expect(ran).toEqual(['purge'])
  })

  it('MCP-TYPE-1 the Bearer and the DPoP challenge lead to the metadata', async () => {
    for (const { challenge } of [await call(['read']), await call(['read'], 'other')]) {
      const [bearer = '', dpop = ''] = challenge.split(/, (?=DPoP )/)
      expect(bearer).toMatch(/^Bearer /)
      expect(bearer).toContain(`resource_metadata="${document}"`)
      expect(dpop).toMatch(/^DPoP /)
      expect(dpop).toContain(`resource_metadata="${document}"`)
    }
  })
})

it('MCP-HIER-1 the core compares with what the broader scope implies', async () => {
  const auth = await api.verify(await issuer.sign({ aud: resource, scope: 'admin' }))
  await expect(api.authorize(auth, scope('reports:delete'))).resolves.toBeUndefined()
  await expect(api.authorize(auth, scope('reports:other'))).rejects.toMatchObject({ status: 403 })
  expect(authInfo(auth).scopes).toContain('reports:delete')
})

it('MCP-SEC-PASS-1 the token is in no request for keys, and in no copy of the caller', async () => {
  const sent: string[] = []
  const { issuer: name, audience } = issuer.options
  const by = createResourceServer({
    issuer: name,
    audience,
    fetch: (url, init) => {
      sent.push(JSON.stringify([url, init]))
      const metadata = { issuer: name, jwks_uri: 'https://issuer.test/keys' }
      return Promise.resolve(Response.json(url.endsWith('/keys') ? issuer.jwks : metadata))
    },
  })
  const token = await issuer.sign()
  const auth = await by.verify(token)
  expect(sent).toHaveLength(2)
  for (const copy of [...sent, JSON.stringify(auth), JSON.stringify({ ...auth }), inspect(auth)])
    for (const part of token.split('.')) expect(copy).not.toContain(part)
  expect(auth.token).toBe(token)
})
