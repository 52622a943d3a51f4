import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createBreakdown } from './failing.ts'
import type { Reply } from './exchange.ts'
import { metadataOf, withoutSlash } from './metadata.ts'
import { placeOf } from './options.ts'
import type { TestServerOptions } from './options.ts'
import type { TestIssuer, TestRequest, TestServer } from './types.ts'

const types = { keys: 'application/jwk-set+json', metadata: 'application/json' } as const

export async function startTestServer(
  issuer: TestIssuer,
  now: () => number,
  options: TestServerOptions,
): Promise<TestServer> {
  const { host, port, path, metadata } = placeOf(options)
  const routes = new Map<string, 'keys' | 'metadata'>([[`${path}/jwks`, 'keys']])
  // RFC 8414 §3.1 puts the well-known part before the issuer's path, OpenID Connect Discovery §4 after it.
  if (metadata === 'oauth' || metadata === 'both') {
    routes.set(`/.well-known/oauth-authorization-server${path}`, 'metadata')
  }
  if (metadata === 'openid' || metadata === 'both') {
    routes.set(`${path}/.well-known/openid-configuration`, 'metadata')
  }
  const wellElsewhere = new Map<string, 'keys' | 'metadata'>([
    ['/elsewhere', 'keys'],
    ['/elsewhere/metadata', 'metadata'],
  ])
  const breakdown = createBreakdown()
  const requests: TestRequest[] = []
  let keyHeaders: Record<string, string> = {}
  let closing: Promise<void> | undefined

  const server = createServer((request, response) => {
    const { method = '', url: asked = '', headers } = request
    requests.push({ method, path: asked, headers })
    const target = routes.get(asked) ?? wellElsewhere.get(asked)
    if (target === undefined) return void response.writeHead(404).end()
    if (method !== 'GET') return void response.writeHead(405, { allow: 'GET' }).end()

    const text = JSON.stringify(target === 'keys' ? issuer.jwks : described())
    const usual = { 'content-type': types[target], ...(target === 'keys' ? keyHeaders : {}) }
    const send = (reply: Reply): void => {
      answer(request, response, usual, reply)
    }
    const failing = routes.has(asked) ? breakdown.next(target) : undefined
    const elsewhere = target === 'keys' ? '/elsewhere' : '/elsewhere/metadata'
    if (failing === undefined) send({ text })
    else failing({ request, response, issuer, text, elsewhere, send })
  })

  server.listen(port, host)
  await once(server, 'listening')
  const authority = `${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`
  const url = `http://${authority}${path}`
  const jwksUri = `${url}/jwks`
  const described = (): object => metadataOf(issuer.issuer, url, issuer.algorithms)

  return {
    url,
    jwksUri,
    get issuer() {
      return issuer.issuer
    },
    get options() {
      const discoverable = metadata !== 'none' && withoutSlash(issuer.issuer) === url
      const named = { issuer: issuer.issuer, audience: issuer.audience, now }
      return discoverable ? named : { ...named, jwksUri }
    },
    requests,
    count: (wanted) => requests.filter((seen) => wanted === undefined || seen.path === wanted).length,
    setHeaders: (headers) => {
      keyHeaders = Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
      )
    },
    fail: breakdown.fail,
    heal: breakdown.heal,
    close: () =>
      (closing ??= new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })),
  }
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  usual: Record<string, string>,
  { status = 200, headers = {}, text }: Reply,
): void {
  if (status !== 200) return void response.writeHead(status, headers).end(text)
  const all = { etag: `"${createHash('sha256').update(text).digest('base64url')}"`, ...usual, ...headers }
  const known = request.headers['if-none-match']
    ?.split(/,\s*/)
    .some((tag) => tag.replace(/^W\//, '') === all.etag)
  if (known === true) response.writeHead(304, all).end()
  else response.writeHead(200, all).end(text)
}
