import '../../examples/demo/quiet.ts'
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import {
  Client,
  DpopSession,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { createResourceServer } from 'oauth-resource-server'
import { protect, protectedResourceMetadata } from 'oauth-resource-server/fetch'
import { authInfo, toolScopes } from 'oauth-resource-server/mcp'
import { Provider } from 'oidc-provider'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Running, running } from '../../examples/demo/running.ts'
import { knownClient, redirectUrl } from '../../examples/mcp-server/authorization-server.ts'
import { Person } from '../../examples/mcp-server/person.ts'

const needed = { list_reports: 'reports:read', delete_report: ['reports:read', 'reports:write'] }

/** An authorization server that knows the client beforehand, and issues tokens for any resource. */
function authorize(server: Server, issuer: string): void {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: knownClient,
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code'],
        redirect_uris: [redirectUrl],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'key' }] },
    cookies: { keys: [randomUUID()] },
    features: {
      dPoP: { enabled: true },
      backchannelLogout: { enabled: false },
      clientCredentials: { enabled: false },
      resourceIndicators: {
        getResourceServerInfo: (_context, audience) => ({
          audience,
          scope: 'reports:read reports:write',
          accessTokenFormat: 'jwt',
          accessTokenTTL: 3600,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    fetch: globalThis.fetch,
    extraTokenClaims: () => ({}),
    findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  })
  server.on('request', provider.callback())
}

type Dpop = NonNullable<NonNullable<Parameters<typeof createResourceServer>[0]>['dpop']>

/** An MCP server on a fetch server, as the guide has it. @param seen requests, as method, path and status */
function serve(server: Server, resource: string, issuer: string, seen: string[], dpop?: Dpop): void {
  const mcp = createMcpHandler(() => {
    const reports = new McpServer({ name: 'reports', version: '1.0.0' })
    for (const tool of Object.keys(needed)) {
      reports.registerTool(tool, {}, ({ http }) => ({
        content: [{ type: 'text', text: `${tool} ${String(http?.authInfo?.extra?.['subject'])}` }],
      }))
    }
    return reports
  })
  const api = createResourceServer({
    issuer,
    audience: resource,
    resource,
    challengeScopes: ['reports:read'],
    dpop,
  })
  const metadata = protectedResourceMetadata(api, { authorizationServers: [issuer] })
  const guarded = protect(
    api,
    toolScopes(needed),
  )((request, auth) => mcp.fetch(request, { authInfo: authInfo(auth) }))
  const listener = getRequestListener(async (request) => {
    const response = metadata(request) ?? (await guarded(request))
    seen.push(`${request.method} ${new URL(request.url).pathname} ${response.status}`)
    return response
  })
  server.on('request', (req, res) => void listener(req, res))
}

describe('the client of the SDK, an MCP server and oidc-provider', () => {
  const seen: string[] = []
  const started: Running[] = []
  let url: URL

  beforeAll(async () => {
    const servers = [createServer(), createServer()] as const
    for (const each of servers) started.push(await running('server', each.listen(0, '127.0.0.1')))
    const [issuer, origin] = started.map((each) => each.url) as [string, string]
    url = new URL(`${origin}/mcp`)
    authorize(servers[0], issuer)
    serve(servers[1], url.href, issuer, seen)
  })
  afterAll(() => Promise.all(started.map((each) => each.close())))

  it('find each other from a 401, sign in, call a tool, and ask for more scopes after a 403', async () => {
    const person = new Person('pre-registered client', started[0]?.url ?? '')
    const fresh = (): [Client, StreamableHTTPClientTransport] => {
      const transport = new StreamableHTTPClientTransport(url, { authProvider: person })
      const client = new Client({ name: 'test', version: '1.0.0' })
      return [client, transport]
    }
    const [first, unauthorized] = fresh()
    await expect(first.connect(unauthorized)).rejects.toThrow(UnauthorizedError)
    expect(seen).toEqual(['POST /mcp 401', 'GET /.well-known/oauth-protected-resource/mcp 200'])
    const asked = person.sent[0]?.searchParams
    expect(asked?.get('resource')).toBe(url.href)
    expect(asked?.get('scope')?.split(' ')).toContain('reports:read')
    expect(asked?.get('scope')?.split(' ')).not.toContain('reports:write')

    await unauthorized.finishAuth(await person.signIn())
    const [client, transport] = fresh()
    await client.connect(transport)
    const listed = await client.callTool({ name: 'list_reports' })
    expect(listed.content).toEqual([{ type: 'text', text: 'list_reports alice' }])

    seen.length = 0
    await expect(client.callTool({ name: 'delete_report' })).rejects.toThrow(UnauthorizedError)
    expect(seen[0]).toBe('POST /mcp 403')
    const more = person.sent.at(-1)?.searchParams.get('scope')?.split(' ')
    expect(more).toEqual(expect.arrayContaining(['reports:read', 'reports:write']))

    await transport.finishAuth(await person.signIn())
    const deleted = await client.callTool({ name: 'delete_report' })
    expect(deleted.content).toEqual([{ type: 'text', text: 'delete_report alice' }])
    await client.close()
  })
})

/** A person whose client has a key of its own, and tokens that are bound to it. */
class KeyHolder extends Person {
  readonly #session = DpopSession.create()

  dpop(): Promise<DpopSession> {
    return this.#session
  }
}

describe('the client of the SDK with DPoP, an MCP server and oidc-provider', () => {
  const seen: string[] = []
  const started: Running[] = []
  let url: URL

  beforeAll(async () => {
    const servers = [createServer(), createServer()] as const
    for (const each of servers) started.push(await running('server', each.listen(0, '127.0.0.1')))
    const [issuer, origin] = started.map((each) => each.url) as [string, string]
    url = new URL(`${origin}/mcp`)
    authorize(servers[0], issuer)
    serve(servers[1], url.href, issuer, seen, { required: true, nonce: { secret: randomBytes(32) } })
  })
  afterAll(() => Promise.all(started.map((each) => each.close())))

  it('find each other from a 401, and call tools with proofs that have our nonce, which is wanted once', async () => {
    const person = new KeyHolder('pre-registered client', started[0]?.url ?? '')
    const fresh = (): [Client, StreamableHTTPClientTransport] => [
      new Client({ name: 'test', version: '1.0.0' }),
      new StreamableHTTPClientTransport(url, { authProvider: person }),
    ]
    const [first, unauthorized] = fresh()
    await expect(first.connect(unauthorized)).rejects.toThrow(UnauthorizedError)
    expect(seen).toEqual(['POST /mcp 401', 'GET /.well-known/oauth-protected-resource/mcp 200'])
    await unauthorized.finishAuth(await person.signIn())

    seen.length = 0
    const [client, transport] = fresh()
    await client.connect(transport)
    for (let time = 0; time < 2; time += 1) {
      const listed = await client.callTool({ name: 'list_reports' })
      expect(listed.content).toEqual([{ type: 'text', text: 'list_reports alice' }])
    }
    expect(seen.filter((each) => each.endsWith(' 401'))).toEqual(['POST /mcp 401'])
    await client.close()

    const token = person.tokens()?.access_token ?? ''
    const headers = { authorization: `Bearer ${token}` }
    expect((await fetch(url, { method: 'POST', headers })).status).toBe(401)
  })
})
