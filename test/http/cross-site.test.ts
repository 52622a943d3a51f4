import type { HttpRequest } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { withCrossSiteCheck } from '../../src/http/cross-site.ts'
import { extractor, type Finder, type Presented } from '../../src/http/finder.ts'
import type { TokenPlace } from '../../src/types.ts'

const resource = 'https://api.test'
const listed = 'https://app.test'
const token = 'header.payload.signature-of-24-letters'
const ofApplication = () => undefined

const found = (change: Partial<Presented> = {}): Presented => ({
  scheme: 'Bearer',
  token,
  place: 'cookie',
  request: undefined,
  ...change,
})

/** The reason for a refusal, or `allowed`. */
function outcome(request: HttpRequest, change: Partial<Presented> = {}, own?: string): unknown {
  try {
    void withCrossSiteCheck(ofApplication, () => found(change), own)(request)
    return 'allowed'
  } catch (error) {
    const { status, reason, detail } = error as { status: number; reason: string; detail: { hint: string } }
    return `${status} ${reason}: ${detail.hint}`
  }
}

const post = (headers: Record<string, string | readonly string[]>): HttpRequest => ({
  method: 'POST',
  headers,
})
const refusal = (hint: string): string => `403 csrf: ${hint}`
const nothing = refusal(
  'the request has a cookie, but neither Sec-Fetch-Site nor Origin: programs that are no browser send the token in the Authorization header',
)
const elsewhere = (origin: string): string =>
  `the origin is ${origin}: if that page is yours, list it in csrf.origins of fromCookie()`
const nowhere = 'Origin is null, which stands for any page'

describe('a request with a cookie', () => {
  it.each<readonly [site: string | undefined, origin: string | undefined, string]>([
    [undefined, undefined, nothing],
    [undefined, resource, 'allowed'],
    [undefined, listed, 'allowed'],
    [undefined, 'null', refusal(nowhere)],
    [undefined, 'https://evil.test', refusal(elsewhere('https://evil.test'))],
    [undefined, `${resource}.evil.test`, refusal(elsewhere(`${resource}.evil.test`))],
    [undefined, '', refusal('Origin is no origin of a web page')],
    ['same-origin', undefined, 'allowed'],
    ['same-origin', resource, 'allowed'],
    ['same-origin', listed, 'allowed'],
    ['same-origin', 'null', 'allowed'],
    ['same-origin', 'https://evil.test', refusal(elsewhere('https://evil.test'))],
    ['none', undefined, 'allowed'],
    ['none', resource, 'allowed'],
    ['none', 'null', refusal(`Sec-Fetch-Site is none, ${nowhere}`)],
    ['same-site', undefined, refusal('Sec-Fetch-Site is same-site')],
    ['same-site', listed, 'allowed'],
    ['same-site', resource, refusal(`Sec-Fetch-Site is same-site, ${elsewhere(resource)}`)],
    ['cross-site', undefined, refusal('Sec-Fetch-Site is cross-site')],
    ['cross-site', listed, 'allowed'],
    ['cross-site', 'null', refusal(`Sec-Fetch-Site is cross-site, ${nowhere}`)],
    ['', undefined, refusal('Sec-Fetch-Site is another value than browsers send')],
    ['not-same-site', undefined, refusal('Sec-Fetch-Site is another value than browsers send')],
    ['same-sites', undefined, refusal('Sec-Fetch-Site is another value than browsers send')],
    ['SAME-ORIGIN', undefined, refusal('Sec-Fetch-Site is another value than browsers send')],
  ])('of the site %j and the origin %j: %s', (site, origin, expected) => {
    const headers = {
      ...(site === undefined ? {} : { 'sec-fetch-site': site }),
      ...(origin === undefined ? {} : { origin }),
    }
    expect(outcome(post(headers), { origins: [listed] }, resource)).toBe(expected)
  })

  it('of any origin is allowed as same-origin where the own origin is not known', () => {
    const headers = { 'sec-fetch-site': 'same-origin', origin: resource }
    expect(outcome(post(headers))).toBe('allowed')
    expect(outcome(post({ origin: resource }))).toBe(refusal(elsewhere(resource)))
  })

  it.each([
    ['sec-fetch-site', 'same-origin', 'the request has Sec-Fetch-Site twice'],
    ['origin', resource, 'the request has Origin twice'],
  ])('that has %s twice is refused', (name, value, hint) => {
    const [once, twice] = [
      [name, value],
      [name, value, name.toUpperCase(), value],
    ]
    const headers = { [name]: value }
    expect(outcome({ ...post(headers), rawHeaders: once }, {}, resource)).toBe('allowed')
    expect(outcome({ ...post(headers), rawHeaders: twice }, {}, resource)).toBe(refusal(hint))
    expect(outcome(post({ [name]: [value, value] }), {}, resource)).toBe(refusal(hint))
  })

  it.each<readonly [Partial<HttpRequest>, string]>([
    [{ method: 'GET' }, 'allowed'],
    [{ method: 'HEAD' }, 'allowed'],
    [{ method: 'OPTIONS' }, 'allowed'],
    [{ method: 'GET', originalMethod: 'HEAD' }, 'allowed'],
    [{ method: 'GET', originalMethod: 'POST' }, nothing],
    [{ method: 'POST', originalMethod: 'GET' }, nothing],
    [{ method: 'GET', headers: { upgrade: 'websocket' } }, nothing],
    [{ method: 'get' }, nothing],
    [{ method: 'TRACE' }, nothing],
    [{ method: undefined }, nothing],
    [{}, nothing],
  ])('as %j: %s', (change, expected) => {
    expect(outcome({ headers: {}, ...change })).toBe(expected)
  })
})

describe('a token of a function of the application', () => {
  const base64 = (text: string, encoding: BufferEncoding = 'base64url'): string =>
    Buffer.from(text).toString(encoding)
  const place = (cookie: string, change: Partial<Presented> = {}, headers = {}): TokenPlace | undefined => {
    const request = { method: 'GET', headers: { cookie, ...headers } }
    const custom = found({ place: 'custom', ...change })
    return (withCrossSiteCheck(ofApplication, () => custom, undefined)(request) as Presented).place
  }

  it.each([
    ['t=header.payload.signature-of-24-letters', {}],
    ['t=header%2Epayload%2esignature-of-24-letters', {}],
    ['a=header.payload; b=signature-of-24-letters', {}],
    [`session=${base64(`{"t":"${token}"}`)}`, {}],
    [`session=${base64(`{"é>":"${token}?ÿ"}`, 'base64')}`, {}],
    [`session=${base64('opaque-token-16c')}`, { token: 'opaque-token-16c' }],
    ['t=opaque', { token: 'opaque' }],
    ['b=1234567890123456', { token: 'a.1234567890123456' }],
  ])('is of a cookie in %s', (cookie, change) => {
    expect(place(cookie, change)).toBe('cookie')
    expect(place(cookie, { ...change, place: 'header' })).toBe('cookie')
  })

  it.each([
    ['t=another', {}, {}],
    ['b=123456789012345', { token: 'a.123456789012345' }, {}],
    ['t=', { token: '' }, {}],
    [`t=${token}`, {}, { authorization: `Bearer ${token}` }],
  ])('is of another place with %s', (cookie, change, headers) => {
    expect(place(cookie, change, headers)).toBe('custom')
  })

  it('is checked when it is found later, and left as it is elsewhere', async () => {
    const later = (given: Presented | undefined) =>
      withCrossSiteCheck(ofApplication, () => Promise.resolve(given), undefined)(post({}))
    await expect(later(found())).rejects.toMatchObject({ reason: 'csrf' })
    expect(await later(undefined)).toBeUndefined()
    const custom = found({ place: 'custom' })
    expect(await later(custom)).toBe(custom)
  })

  it('says with which other header it came', () => {
    expect(place(`t=${token}`, {}, { authorization: 'Basic x' })).toBe('cookie')
    expect(outcome(post({ cookie: `t=${token}` }), { place: 'custom' })).toBe(nothing)
    expect(outcome(post({}), { place: 'custom' })).toBe('allowed')
  })
})

it('does not look at the tokens of extractors that read no cookies', () => {
  const find: Finder = () => found()
  expect(withCrossSiteCheck(extractor(find), find, undefined)).toBe(find)
  const traits = { mayWait: false, readsAuthorization: false, readsCookies: true }
  const ofCookies = extractor((request) => find(request), traits)
  expect(() => withCrossSiteCheck(ofCookies, find, undefined)(post({}))).toThrow()
})
