import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { randomUUID } from 'node:crypto'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import express, { type Request as ExpressRequest } from 'express'
import Koa from 'koa'
import { type Auth, createResourceServer } from 'oauth-resource-server'
import { authorize, getAuth, verifyJwt } from 'oauth-resource-server/express'
import { protect } from 'oauth-resource-server/fetch'
import * as koa from 'oauth-resource-server/koa'
import { authInfo, boundSession, toolScopes } from 'oauth-resource-server/mcp'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
const resource = 'https://api.test/mcp'
const api = createResourceServer({ ...issuer.options, resource })
const alice = await issuer.sign({ sub: 'alice', scope: 'reports:read', roles: ['clerk'] })
const mallory = await issuer.sign({ sub: 'mallory', scope: 'reports:read' })
const needed = { delete_report: ['reports:write', 'reports:delete'], list_reports: 'reports:read' }
const call = (name: unknown, id = 1): object => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name },
})

describe('authInfo', () => {
  it('is what the SDK calls AuthInfo', async () => {
    const auth = await api.verify(alice)
    expect(authInfo(auth)).toEqual({
      token: alice,
      clientId: 'client-1',
      scopes: ['reports:read'],
      expiresAt: auth.claims.exp,
      resource: new URL(resource),
      extra: { issuer: issuer.issuer, subject: 'alice', roles: ['clerk'], claims: auth.claims },
    })
  })

  it('has no resource where none is set, and an empty client where the token names none', async () => {
    const plain = createResourceServer(issuer.options)
    const info = authInfo(await plain.verify(await issuer.sign({ client_id: undefined, sub: undefined })))
    expect(info).toMatchObject({ clientId: '', extra: { roles: [] } })
    expect(info).not.toHaveProperty('resource')
    expect(info.extra).not.toHaveProperty('subject')
  })
})

describe('toolScopes', () => {
  const guarded = protect(
    api,
    toolScopes(needed),
  )((request) => request.text().then((text) => new Response(text)))
  const post = (body: unknown, token = alice, init: RequestInit = {}): Promise<Response> =>
    guarded(
      new Request('https://api.test/mcp', {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: typeof body === 'string' ? body : JSON.stringify(body),
        ...init,
      }),
    )

  it.each([
    ['a tool whose scope the caller has', call('list_reports')],
    ['a tool that is not listed', call('other')],
    ['a tool by the name of a member of every object', call('constructor')],
    ['a tool without a name', call(undefined)],
    ['another method', { jsonrpc: '2.0', id: 1, method: 'tools/list' }],
    ['no JSON', '{'],
    ['an empty body', ''],
    ['null', 'null'],
  ])('passes %s, and leaves the body to the transport', async (_title, body) => {
    const response = await post(body)
    expect(response.status).toBe(200)
    expect(await response.text()).toBe(typeof body === 'string' ? body : JSON.stringify(body))
  })

  it.each([
    ['a tool', call('delete_report')],
    ['one of several in a batch', [call('other'), call('delete_report', 2)]],
  ])('refuses %s with one challenge that names every scope', async (_title, body) => {
    const response = await post(body)
    expect(response.status).toBe(403)
    const challenge = response.headers.get('www-authenticate') ?? ''
    expect(challenge).toContain('error="insufficient_scope"')
    expect(challenge).toMatch(/scope="reports:write reports:delete"/)
  })

  it('names the scopes of every tool of a batch', async () => {
    const response = await post([call('list_reports'), call('delete_report', 2)], mallory)
    expect(response.headers.get('www-authenticate')).toContain(
      'scope="reports:read reports:write reports:delete"',
    )
  })

  it('refuses a body that is too long', async () => {
    expect((await post(`"${'x'.repeat(4 * 1024 * 1024)}"`)).status).toBe(400)
  })

  it('passes a GET, which calls nothing', async () => {
    expect((await post(undefined, alice, { method: 'GET', body: null })).status).toBe(200)
  })

  it.each([[undefined], [null], [[]], [{ tool: [] }], [{ tool: 'two scopes' }]])('throws for %j', (tools) => {
    expect(() => toolScopes(tools as never)).toThrow(TypeError)
  })
})

describe('boundSession', () => {
  const request = (id?: string): Request =>
    new Request('https://api.test/mcp', id === undefined ? {} : { headers: { 'mcp-session-id': id } })
  const callers = async (): Promise<readonly [Auth, Auth]> => [
    await api.verify(alice),
    await api.verify(mallory),
  ]

  it('lets only the caller use a session that it was bound to', async () => {
    const guard = boundSession()
    const [owner, other] = await callers()
    guard.bind('s', owner)
    expect(await guard(other, request('s'))).toBe(false)
    expect(await guard(owner, request('s'))).toBe(true)
    expect(await guard(other, request())).toBe(true)
  })

  it('binds a session to the first caller that sends it, whatever token that caller has next', async () => {
    const guard = boundSession()
    const [owner, other] = await callers()
    expect(await guard(owner, request('s'))).toBe(true)
    expect(await guard(other, request('s'))).toBe(false)
    expect(await guard(await api.verify(await issuer.sign({ sub: 'alice' })), request('s'))).toBe(true)
    expect(
      await guard(await api.verify(await issuer.sign({ sub: 'alice', client_id: 'x' })), request('s')),
    ).toBe(false)
  })

  it('never forgets the session of one caller for those of another', async () => {
    const guard = boundSession({ maxSessions: 2 })
    const [owner, other] = await callers()
    guard.bind('s', owner)
    for (let count = 0; count < 10; count++) await guard(other, request(`junk-${count}`))
    expect(await guard(other, request('s'))).toBe(false)
    // Its own oldest session is unknown again.
    expect(await guard(owner, request('junk-0'))).toBe(true)
    expect(await guard(owner, request('junk-9'))).toBe(false)
  })

  it('forgets the caller who was away longest', async () => {
    const guard = boundSession({ maxCallers: 1 })
    const [owner, other] = await callers()
    guard.bind('s', owner)
    guard.bind('t', other)
    expect(await guard(other, request('s'))).toBe(true)
  })

  it.each([[{ maxCallers: 0 }], [{ maxSessions: 1.5 }], [{ maxSessions: '1' }]])(
    'throws for %j',
    (options) => {
      expect(() => boundSession(options as never)).toThrow(/^boundSession: /)
    },
  )

  it('lets nobody use a session who has neither subject nor client', async () => {
    const guard = boundSession()
    const nameless = await api.verify(await issuer.sign({ sub: undefined, client_id: undefined }))
    expect(await guard(nameless, request())).toBe(true)
    expect(await guard(nameless, request('s'))).toBe(false)
  })

  it('refuses a request with two sessions', async () => {
    const [owner] = await callers()
    expect(() => boundSession()(owner, request('a, b'))).toThrow(/more than once/)
  })
})

describe('an MCP server on Express, called by the client of the SDK', () => {
  let url: URL
  let close = (): void => undefined
  const transports = new Map<string, StreamableHTTPServerTransport>()

  beforeAll(async () => {
    const session = boundSession()
    const app = express().use(express.json(), verifyJwt(api))
    app.all('/mcp', authorize(session), authorize(toolScopes(needed)), async (req, res) => {
      const transport = transports.get(String(req.headers['mcp-session-id'])) ?? (await begin(req))
      await transport.handleRequest(Object.assign(req, { auth: authInfo(getAuth(req)) }), res, req.body)
    })
    async function begin(req: ExpressRequest): Promise<StreamableHTTPServerTransport> {
      const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized(id) {
          session.bind(id, getAuth(req))
          transports.set(id, transport)
        },
      })
      const server = new McpServer({ name: 'reports', version: '1.0.0' })
      for (const tool of Object.keys(needed)) {
        server.registerTool(tool, {}, ({ authInfo: info }) => ({
          content: [{ type: 'text', text: `${String(info?.extra?.['subject'])} ${String(info?.resource)}` }],
        }))
      }
      await server.connect(transport)
      return transport
    }
    const server = createServer(app).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`)
    close = () => {
      server.closeAllConnections()
      server.close()
    }
  })
  afterAll(() => close())

  async function connected(
    token: string,
    sessionId?: string,
  ): Promise<[Client, StreamableHTTPClientTransport]> {
    const client = new Client({ name: 'test', version: '1.0.0' })
    const transport = new StreamableHTTPClientTransport(url, {
      requestInit: { headers: { authorization: `Bearer ${token}` } },
      ...(sessionId === undefined ? {} : { sessionId }),
    })
    await client.connect(transport)
    return [client, transport]
  }

  it('tells a tool who calls it, and refuses a tool without its scopes', async () => {
    const [client] = await connected(alice)
    const { content } = await client.callTool({ name: 'list_reports' })
    expect(content).toEqual([{ type: 'text', text: `alice ${resource}` }])
    await expect(client.callTool({ name: 'delete_report' })).rejects.toThrow(/insufficient_scope|403/)
    await client.close()
  })

  it('refuses the session of another caller, and a request without a token', async () => {
    const [client, { sessionId = '' }] = await connected(alice)
    const send = (token: string | undefined): Promise<Response> =>
      fetch(url, {
        method: 'POST',
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-session-id': sessionId,
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 9, method: 'tools/list' }),
      })
    expect((await send(mallory)).status).toBe(403)
    expect((await send(undefined)).status).toBe(401)
    const own = await send(alice)
    expect(own.status).toBe(200)
    await own.body?.cancel()
    await client.close()
  })

  it('tells the developer that the body is not parsed', async () => {
    const guard = toolScopes(needed)
    const auth = await api.verify(alice)
    for (const length of [{ 'content-length': '2' }, { 'transfer-encoding': 'chunked' }]) {
      const headers = { 'content-type': 'application/json', ...length }
      await expect(guard(auth, { method: 'POST', headers })).rejects.toThrow(/express\.json\(\)/)
      // As express.raw() leaves it: a call of any tool would pass.
      const body = Buffer.from(JSON.stringify(call('delete_report')))
      await expect(guard(auth, { method: 'POST', headers, body })).rejects.toThrow(/express\.json\(\)/)
    }
    await expect(guard(auth, { request: { body: call('other') }, req: { method: 'POST' } })).resolves.toBe(
      true,
    )
  })

  it.each([
    [
      'another type, which no parser read',
      { 'content-type': 'text/plain', 'content-length': '2' },
      undefined,
    ],
    ['another type, for which a parser left an empty object', { 'content-type': 'text/plain' }, {}],
    ['another type that names JSON', { 'content-type': 'text/plain; a=application/json' }, {}],
    ['no type', {}, undefined],
    ['no body', { 'content-type': 'application/json' }, undefined],
    ['an empty body', { 'content-type': 'application/json', 'content-length': '0' }, undefined],
    ['text in JSON', { 'content-type': 'application/json', 'content-length': '3' }, 'x'],
    ['a number in JSON', { 'content-type': 'application/json', 'content-length': '1' }, 5],
    ['null in JSON', { 'content-type': 'application/json', 'content-length': '4' }, null],
  ])('tells the caller who sends %s', async (_title, headers, body) => {
    const guard = toolScopes(needed)
    await expect(guard(await api.verify(alice), { method: 'POST', headers, body })).rejects.toMatchObject({
      status: 400,
      message: 'The body of the request must be a JSON-RPC message',
    })
  })

  it('leaves an empty message to the transport', async () => {
    const headers = { 'content-type': 'Application/JSON; charset=utf-8' }
    const guard = toolScopes(needed)
    await expect(guard(await api.verify(alice), { method: 'POST', headers, body: {} })).resolves.toBe(true)
  })

  it('reads the request of Koa, whose ctx.body is the response', async () => {
    const app = new Koa()
    app.use(async (ctx, next) => {
      ctx.body = {}
      ;(ctx.request as { body?: unknown }).body = call(String(ctx.query['tool']))
      await next()
    })
    app.use(koa.verifyJwt(api)).use(koa.authorize(toolScopes(needed)))
    const server = createServer(app.callback() as RequestListener).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    const post = async (tool: string): Promise<number> => {
      const headers = { authorization: `Bearer ${alice}` }
      return (await fetch(`http://127.0.0.1:${port}/?tool=${tool}`, { method: 'POST', headers })).status
    }
    expect([await post('list_reports'), await post('delete_report')]).toEqual([200, 403])
    server.closeAllConnections()
    server.close()
  })
})
