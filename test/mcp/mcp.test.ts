import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { randomUUID } from 'node:crypto'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import express, { type Request as ExpressRequest } from 'express'
import Koa from 'koa'
import { createResourceServer } from 'oauth-resource-server'
import { authorize, getAuth, verifyJwt } from 'oauth-resource-server/express'
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
