import { createResourceServer, fromCookie } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { type HostOptions, hosts, rawRequest } from '../support/hosts.ts'
import { sharedHosts } from '../support/shared-hosts.ts'

// The cases by which Go tests `http.CrossOriginProtection` (net/http, since Go 1.25), with its verdict and ours, which
// is at least as strict: what Go refuses is refused here, and Go's two ways round its check do not exist here.

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
const token = await issuer.sign()
const started = sharedHosts()
/** Go compares the Origin with the Host header, which we do not trust: this option stands in its place. */
const resource = 'https://example.com'
const trusted = 'https://trusted.example'
const tokenFrom = fromCookie('__Host-token', { csrf: { origins: [trusted] } })
const api = createResourceServer({ ...issuer.options, resource, tokenFrom })
const bareApi = createResourceServer({ ...issuer.options, tokenFrom })

/** Go can leave out the check for patterns of paths. */
const leftOut: HostOptions = {
  routes: Object.fromEntries(
    ['/bypass/', '/api/', '/api/bypass/'].map((path) => [path, (guards) => guards.requireScope('any')]),
  ),
}

interface Row {
  readonly method?: string
  readonly site?: string
  readonly origin?: string
  readonly path?: string
  /** Whether Go refuses it. */
  readonly go: boolean
  readonly ours: boolean
  readonly by?: typeof api
}
const allowed = { go: false, ours: false } as const
const refused = { go: true, ours: true } as const
const stricter = { go: false, ours: true } as const

const rows: Readonly<Record<string, Row>> = {
  'the same origin': { site: 'same-origin', ...allowed },
  'the person at the browser': { site: 'none', ...allowed },
  'another site': { site: 'cross-site', ...refused },
  'the same site': { site: 'same-site', ...refused },
  'neither header': { ...stricter },
  'the own Origin alone': { origin: resource, ...allowed },
  'the own Origin alone, where only the Host header names it': { origin: resource, ...stricter, by: bareApi },
  'another Origin alone': { origin: 'https://attacker.example', ...refused },
  'Origin null alone': { origin: 'null', ...refused },
  'GET of another site': { method: 'GET', site: 'cross-site', ...allowed },
  'HEAD of another site': { method: 'HEAD', site: 'cross-site', ...allowed },
  'OPTIONS of another site': { method: 'OPTIONS', site: 'cross-site', ...allowed },
  'PUT of another site': { method: 'PUT', site: 'cross-site', ...refused },
  'a trusted Origin alone': { origin: trusted, ...allowed },
  'a trusted Origin of another site': { site: 'cross-site', origin: trusted, ...allowed },
  'an Origin that is not trusted': { origin: 'https://untrusted.example', ...refused },
  'an Origin that is not trusted, of another site': {
    site: 'cross-site',
    origin: 'https://attacker.example',
    ...refused,
  },
  'a path that Go leaves out': { path: '/bypass/', site: 'cross-site', ...stricter },
  'a path that Go leaves out, neither header': { path: '/bypass/', ...stricter },
  'another path': { path: '/api/', site: 'cross-site', origin: 'https://attacker.example', ...refused },
  'a path that ends as one that Go leaves out': { path: '/api/bypass/', site: 'cross-site', ...refused },
}

describe.each(Object.entries(hosts))('cross-origin requests with a cookie on %s', (_name, start) => {
  it.each(Object.entries(rows))('%s', async (_title, row) => {
    const { method = 'POST', path = '/', site, origin, go, ours, by = api } = row
    const host = await started(start, by, leftOut)
    const lines = [
      `${method} ${path} HTTP/1.1`,
      'Host: example.com',
      'Connection: close',
      'Content-Length: 0',
      `Cookie: __Host-token=${token}`,
      ...(site === undefined ? [] : [`Sec-Fetch-Site: ${site}`]),
      ...(origin === undefined ? [] : [`Origin: ${origin}`]),
    ]
    const { status } = await rawRequest(host.port, `${lines.join('\r\n')}\r\n\r\n`)
    // Fastify has no route for OPTIONS.
    expect(status).toBe(ours ? 403 : status === 404 && method === 'OPTIONS' ? 404 : 200)
    expect(host.calls()).toBe(status === 200 ? 1 : 0)
    if (go) expect(ours).toBe(true)
  })
})

describe('origins that may be trusted', () => {
  const construct = (origin: string) => (): unknown =>
    fromCookie('__Host-token', { csrf: { origins: [origin] } })

  it.each(['https://example.com', 'https://example.com:8080', 'http://localhost:3000'])('%s', (origin) => {
    expect(construct(origin)).not.toThrow()
  })

  it.each([
    ['no scheme', 'example.com'],
    ['no host', 'https://'],
    ['a slash behind it', 'https://example.com/'],
    ['a path', 'https://example.com/path'],
    ['a query', 'https://example.com?query=value'],
    ['a fragment', 'https://example.com#fragment'],
    ['a space', 'https://ex ample.com'],
    ['no text', ''],
    ['null', 'null'],
    ['plain http of another machine, which Go trusts', 'http://example.com'],
  ])('never with %s', (_title, origin) => {
    expect(construct(origin)).toThrow(/^fromCookie: .*origin/)
  })
})
