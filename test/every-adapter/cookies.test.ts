import {
  createResourceServer,
  firstOf,
  fromCookie,
  fromHeader,
  type HttpRequest,
  type ResourceServer,
} from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { hosts, http2Hosts, http2Request, rawRequest, type RawAnswer } from '../support/hosts.ts'
import { sharedHosts } from '../support/shared-hosts.ts'

// Requests as browsers and programs send them, byte for byte, to an API whose token is in a cookie.

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
const token = await issuer.sign()
const started = sharedHosts()

const listed = 'https://app.test'
const tokenFrom = fromCookie('__Host-token', { csrf: { origins: [listed] } })
const resource = 'https://api.test'
const api = createResourceServer({ ...issuer.options, resource, tokenFrom })
const bareApi = createResourceServer({
  ...issuer.options,
  tokenFrom: fromCookie('__Host-token', { csrf: {} }),
})
const optionalApi = createResourceServer({ ...issuer.options, resource, tokenFrom, optional: true })
const eitherApi = createResourceServer({
  ...issuer.options,
  resource,
  tokenFrom: firstOf(fromHeader(), tokenFrom),
})
/** A function of the application's, as someone writes it who knows nothing of cross-site requests. */
const ownApi = createResourceServer({
  ...issuer.options,
  resource,
  tokenFrom: (request) => /token=([^;]+)/.exec(cookieOf(request))?.[1],
})

/** HTTP/2 has no Upgrade header (RFC 9113 §8.2.2), and Koa 2 by itself never ends the response to a HEAD over it. */
function isForHttp2([title, method]: Row): boolean {
  return !title.includes('Upgrade') && method !== 'HEAD'
}

function cookieOf({ headers }: { headers: unknown }): string {
  return headers instanceof Headers
    ? (headers.get('cookie') ?? '')
    : ((headers as { cookie?: string }).cookie ?? '')
}

const cookie = `Cookie: __Host-token=${token}`
type Expected = 200 | 400 | 401 | 403
type Row = [
  title: string,
  method: string,
  lines: readonly string[],
  expected: Expected,
  by?: ResourceServer<unknown, undefined>,
]

const rows: Row[] = [
  ['GET from anywhere', 'GET', [cookie], 200],
  ['GET from another site', 'GET', [cookie, 'Sec-Fetch-Site: cross-site'], 200],
  ['HEAD from another site', 'HEAD', [cookie, 'Sec-Fetch-Site: cross-site'], 200],
  ['POST of the own page', 'POST', [cookie, 'Sec-Fetch-Site: same-origin'], 200],
  [
    'POST of the own page with its Origin',
    'POST',
    [cookie, 'Sec-Fetch-Site: same-origin', `Origin: ${resource}`],
    200,
  ],
  ['POST of the person at the browser', 'POST', [cookie, 'Sec-Fetch-Site: none'], 200],
  ['POST with the Origin of the resource alone', 'POST', [cookie, `Origin: ${resource}`], 200],
  ['POST with a listed Origin alone', 'POST', [cookie, `Origin: ${listed}`], 200],
  [
    'POST of a listed page of the same site',
    'POST',
    [cookie, 'Sec-Fetch-Site: same-site', `Origin: ${listed}`],
    200,
  ],
  [
    'POST of a listed page of another site',
    'POST',
    [cookie, 'Sec-Fetch-Site: cross-site', `Origin: ${listed}`],
    200,
  ],
  [
    'POST under Referrer-Policy: no-referrer',
    'POST',
    [cookie, 'Sec-Fetch-Site: same-origin', 'Origin: null'],
    200,
  ],
  ['POST with neither header', 'POST', [cookie], 403],
  ['POST of the same site', 'POST', [cookie, 'Sec-Fetch-Site: same-site'], 403],
  ['POST of another site', 'POST', [cookie, 'Sec-Fetch-Site: cross-site'], 403],
  [
    'POST of another site with its Origin',
    'POST',
    [cookie, 'Sec-Fetch-Site: cross-site', 'Origin: https://evil.test'],
    403,
  ],
  ['POST with another Origin alone', 'POST', [cookie, 'Origin: https://evil.test'], 403],
  ['POST with Origin null alone', 'POST', [cookie, 'Origin: null'], 403],
  ['POST with Origin null of the person', 'POST', [cookie, 'Sec-Fetch-Site: none', 'Origin: null'], 403],
  [
    'POST with Origin null of another site',
    'POST',
    [cookie, 'Sec-Fetch-Site: cross-site', 'Origin: null'],
    403,
  ],
  [
    'CSR-11 POST of the own page beside a foreign Origin',
    'POST',
    [cookie, 'Sec-Fetch-Site: same-origin', 'Origin: https://evil.test'],
    403,
  ],
  [
    'CSR-11 POST with Sec-Fetch-Site twice',
    'POST',
    [cookie, 'Sec-Fetch-Site: same-origin', 'Sec-Fetch-Site: same-origin'],
    403,
  ],
  ['CSR-11 POST with Origin twice', 'POST', [cookie, `Origin: ${listed}`, `Origin: ${listed}`], 403],
  ['POST with an unknown Sec-Fetch-Site', 'POST', [cookie, 'Sec-Fetch-Site: same-origin, cross-site'], 403],
  ['POST with Sec-Fetch-Site in upper case', 'POST', [cookie, 'Sec-Fetch-Site: SAME-ORIGIN'], 403],
  ['POST with the listed Origin and a slash', 'POST', [cookie, `Origin: ${listed}/`], 403],
  ['POST with the listed Origin in upper case', 'POST', [cookie, 'Origin: https://APP.test'], 403],
  ['POST with the listed Origin by http', 'POST', [cookie, 'Origin: http://app.test'], 403],
  ['POST with the Host of the Origin', 'POST', [cookie, 'Origin: http://localhost'], 403],
  ['CSR-11 Upgrade of the resource', 'GET', [cookie, 'Upgrade: websocket', `Origin: ${resource}`], 200],
  [
    'CSR-11 Upgrade of another origin',
    'GET',
    [cookie, 'Upgrade: websocket', 'Origin: https://evil.test'],
    403,
  ],
  ['CSR-11 Upgrade without an Origin', 'GET', [cookie, 'Upgrade: websocket'], 403],
  ['CSR-1 POST of another site, optional', 'POST', [cookie, 'Sec-Fetch-Site: cross-site'], 403, optionalApi],
  [
    'CSR-1 a bad token of another site',
    'POST',
    ['Cookie: __Host-token=x', 'Sec-Fetch-Site: cross-site'],
    403,
  ],
  ['an empty cookie', 'POST', ['Cookie: __Host-token='], 401],
  ['an empty cookie, optional', 'POST', ['Cookie: __Host-token='], 200, optionalApi],
  ['CSR-2 cookie and header', 'GET', [cookie, `Authorization: Bearer ${token}`], 400],
  [
    'CSR-2 cookie and header, either place',
    'GET',
    [cookie, `Authorization: Bearer ${token}`],
    400,
    eitherApi,
  ],
  ['CSR-2 cookie and a DPoP header', 'GET', [cookie, `Authorization: DPoP ${token}`], 400],
  ['cookie and Basic', 'GET', [cookie, 'Authorization: Basic dXNlcjpwYXNz'], 200],
  ['the header, either place', 'POST', [`Authorization: Bearer ${token}`], 200, eitherApi],
  ['CSR-3 the cookie twice', 'GET', [`${cookie}; __Host-token=${token}`], 400],
  ['CSR-3 the cookie twice, once empty', 'GET', [`${cookie}; __Host-token=`], 400],
  ['CSR-3 the cookie in two headers', 'GET', [cookie, cookie], 400],
  ['CSR-3 the name in another case', 'GET', [`Cookie: __host-token=${token}`], 401],
  ['CSR-3 the name without its prefix', 'GET', [`Cookie: token=${token}`], 401],
  ['CSR-3 the name with a space behind it', 'GET', [`Cookie: __Host-token =${token}`], 401],
  ['CSR-3 quotes around the value', 'GET', [`Cookie: __Host-token="${token}"`], 400],
  ['among other cookies', 'GET', [`Cookie: a=b; __Host-token=${token}; c="d;e"`], 200],
  ['in a second Cookie header', 'GET', ['Cookie: a=b', cookie], 200],
  ['percent-encoded', 'GET', [`Cookie: __Host-token=${token.replaceAll('.', '%2E')}`], 200],
  ['broken percent-encoding', 'GET', [`Cookie: __Host-token=${token}%`], 400],
  [
    'no origin is known, own page',
    'POST',
    [cookie, 'Sec-Fetch-Site: same-origin', 'Origin: https://somewhere.test'],
    200,
    bareApi,
  ],
  ['no origin is known, Origin alone', 'POST', [cookie, 'Origin: https://api.test'], 403, bareApi],
  ['a function that reads the cookie', 'POST', [cookie, 'Sec-Fetch-Site: same-origin'], 200, ownApi],
  [
    'a function that reads the cookie, another site',
    'POST',
    [cookie, 'Sec-Fetch-Site: cross-site'],
    403,
    ownApi,
  ],
  ['a function that reads the cookie, neither header', 'POST', [cookie], 403, ownApi],
]

const refusals = {
  400: { error: 'invalid_request' },
  401: { error: 'unauthorized' },
  403: {
    error: 'forbidden',
    error_description: 'The request does not show that it comes from a page that may send it',
  },
}

function expectAnswer(answer: RawAnswer, method: string, expected: Expected, calls: number): void {
  expect(answer.status).toBe(expected)
  expect(calls).toBe(expected === 200 ? 1 : 0)
  if (expected === 403) expect(answer.headers.get('www-authenticate')).toBeNull()
  if (expected !== 200 && method !== 'HEAD') expect(JSON.parse(answer.body)).toMatchObject(refusals[expected])
}

describe.each(Object.entries(hosts))('a token in a cookie on %s', (name, start) => {
  it.each(rows)('%s', async (_title, method, lines, expected, by = api) => {
    const host = await started(start, by)
    const text = [
      `${method} / HTTP/1.1`,
      'Host: localhost',
      'Connection: close',
      'Content-Length: 0',
      ...lines,
    ]
    const answer = await rawRequest(host.port, `${text.join('\r\n')}\r\n\r\n`)
    expectAnswer(answer, method, expected, host.calls())
  })

  it('keeps shared caches from storing what only this person may see', async () => {
    const host = await started(start, api)
    const response = await fetch(host.origin, { headers: { cookie: `__Host-token=${token}` } })
    expect(response.headers.get('cache-control')).toBe('private')
  })

  if (name in http2Hosts) {
    it.each(rows.filter(isForHttp2))('%s, over HTTP/2', async (_title, method, lines, expected, by = api) => {
      const host = await started(http2Hosts[name] as typeof start, by, http2)
      const headers: Record<string, string[]> = {}
      for (const line of lines) {
        const [field = ''] = line.split(':')
        ;(headers[field.toLowerCase()] ??= []).push(line.slice(field.length + 2))
      }
      const answer = await http2Request(host.port, { ':method': method, ...headers })
      expectAnswer(answer, method, expected, host.calls())
    })
  }
})

const http2 = { http2: true }

it('checks the method on the wire and the one that an override made of it', async () => {
  const request: HttpRequest = { url: '/', headers: { cookie: `__Host-token=${token}` } }
  await expect(api.authenticate({ ...request, method: 'GET' })).resolves.toBeDefined()
  for (const methods of [
    { method: 'GET', originalMethod: 'POST' },
    { method: 'DELETE', originalMethod: 'GET' },
    { method: undefined },
    { method: 'get' },
  ]) {
    await expect(api.authenticate({ ...request, ...methods })).rejects.toMatchObject({ reason: 'csrf' })
  }
})
