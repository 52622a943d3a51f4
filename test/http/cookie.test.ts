import fc from 'fast-check'
import {
  createResourceServer,
  explain,
  fromCookie,
  type HttpRequest,
  isAuthError,
} from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { builtInOf, finder } from '../../src/http/finder.ts'
import { tries } from '../support/tries.ts'

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
const token = await issuer.sign()
const twice = 'the request has an access token in two places, or twice in one: send it once'

describe('fromCookie', () => {
  it.each([
    ['no name', undefined, { csrf: {} }],
    ['an empty name', '', { csrf: {} }],
    ['a name with a space', 'a b', { csrf: {} }],
    ['a name with an equals sign', 'a=b', { csrf: {} }],
    ['a prefix in another case', '__host-token', { csrf: {} }],
    ['a prefix in upper case', '__SECURE-token', { csrf: {} }],
    ['no options', 'token', undefined],
    ['options without csrf', 'token', {}],
    ['RFC6750-5.3-2 the check switched off', 'token', { csrf: false }],
    ['the check switched off by null', 'token', { csrf: null }],
    ['the check as a word', 'token', { csrf: 'on' }],
    ['the check inherited', 'token', Object.create({ csrf: {} })],
    ['another option', 'token', { csrf: {}, secure: false }],
    ['another option of csrf', 'token', { csrf: { origin: [] } }],
    ['one origin without a list', 'token', { csrf: { origins: 'https://app.test' } }],
    ['every origin', 'token', { csrf: { origins: ['*'] } }],
    ['the origin null', 'token', { csrf: { origins: ['null'] } }],
    ['an origin with a path', 'token', { csrf: { origins: ['https://app.test/'] } }],
    ['an origin in upper case', 'token', { csrf: { origins: ['https://APP.test'] } }],
    ['an origin with its default port', 'token', { csrf: { origins: ['https://app.test:443'] } }],
    ['an origin by http', 'token', { csrf: { origins: ['http://app.test'] } }],
    ['a list with a hole', 'token', { csrf: { origins: new Array<string>(1) } }],
  ])('throws for %s', (_title, name, options) => {
    expect(() => fromCookie(name as never, options as never)).toThrow(TypeError)
    expect(() => fromCookie(name as never, options as never)).toThrow(/^fromCookie: /)
  })

  it.each([
    ['no origins', {}],
    ['undefined origins', { origins: undefined }],
    ['an empty list', { origins: [] }],
    ['https, with a port', { origins: ['https://app.test', 'https://app.test:8443'] }],
    [
      'http of this machine',
      { origins: ['http://localhost:5173', 'http://127.0.0.1:5173', 'http://[::1]:5173'] },
    ],
  ])('takes %s', (_title, csrf) => {
    expect(() => fromCookie('__Secure-token', { csrf })).not.toThrow()
  })

  it('keeps its list when the one it was given changes', async () => {
    const origins = ['https://app.test']
    const api = createResourceServer({ ...issuer.options, tokenFrom: fromCookie('t', { csrf: { origins } }) })
    origins.push('https://evil.test')
    const post = (origin: string): HttpRequest => ({
      method: 'POST',
      headers: { cookie: `t=${token}`, origin },
    })
    await expect(api.authenticate(post('https://app.test'))).resolves.toBeDefined()
    await expect(api.authenticate(post('https://evil.test'))).rejects.toMatchObject({ reason: 'csrf' })
  })
})

describe('the name of a cookie', () => {
  it.each(["!#$%&'*+.^_`|~-09azAZ", 'x__host-t', '__hosts', '__Host-t', '__Secure-t'])(
    'may be %s',
    (name) => {
      expect(() => fromCookie(name, { csrf: {} })).not.toThrow()
    },
  )

  it.each(Array.from('()<>@,;:\\"/[]?={} \té\0'))('must not have %j, wherever it stands', (character) => {
    for (const name of [`${character}t`, `t${character}`, `t${character}t`])
      expect(() => fromCookie(name, { csrf: {} })).toThrow(
        new TypeError("fromCookie: must be the name of a cookie, for example '__Host-token'"),
      )
  })

  it('has its prefix as browsers know it', () => {
    expect(() => fromCookie('__HOST-t', { csrf: {} })).toThrow(
      new TypeError('fromCookie: write __HOST- as __Host- or __Secure-'),
    )
  })
})

describe('the cookies of a request', () => {
  const extract = fromCookie('t', { csrf: { origins: ['https://app.test'] } })
  const found = (headers: HttpRequest['headers']): unknown => finder(extract)({ headers })

  it('have the token, and who may send it', () => {
    const request = { headers: { cookie: 't=a' } }
    const origins = ['https://app.test']
    expect(finder(extract)(request)).toEqual({
      scheme: 'Bearer',
      token: 'a',
      place: 'cookie',
      request,
      origins,
    })
    expect(builtInOf(extract)).toEqual({ mayWait: false, readsAuthorization: false, readsCookies: true })
  })

  it.each<[string | readonly string[], string | undefined]>([
    ['t=a', 'a'],
    [' \tt=a', 'a'],
    ['u=1;t=a', 'a'],
    ['u=1;  t= \ta\t ;v', 'a'],
    ['t=a b', 'a b'],
    ['t=a=b', 'a=b'],
    ['t="a"', '"a"'],
    ['t=%41%2e', 'A.'],
    [['t=a', 'u=1'], 'a'],
    [['u=1', 't=a'], 'a'],
    ['', undefined],
    ['t', undefined],
    ['t=', undefined],
    ['t= ', undefined],
    ['=t', undefined],
    ['T=a', undefined],
    ['tt=a', undefined],
    ['t =a', undefined],
    ['u t=a', undefined],
    ['\u00a0t=a', undefined],
    ['\nt=a', undefined],
    ['u=t=a', undefined],
    ['u=1,t=a', undefined],
  ])('of %j have the token %j', (cookie, token) => {
    expect((found({ cookie }) as { token: string } | undefined)?.token).toBe(token)
  })

  it.each<[string, HttpRequest['headers'], string]>([
    ['twice', { cookie: 't=a; t=a' }, twice],
    ['twice, once empty', { cookie: 't=; t=a' }, twice],
    ['in two headers', { cookie: ['t=a', 't=a'] }, twice],
    ['next to a header', { cookie: 't=a', authorization: 'Bearer a' }, twice],
    ['next to a header of DPoP', { cookie: 't=a', authorization: 'DPoP a' }, twice],
    ['with half an escape', { cookie: 't=a%4' }, 'the cookie is not percent-encoded as it should be'],
  ])('must not have the token %s', (_title, headers, hint) => {
    expect(() => found(headers)).toThrow(expect.objectContaining({ status: 400, detail: { hint } }))
  })

  it('may stand next to a header that has no token', () => {
    expect(found({ cookie: 't=a', authorization: 'Basic a' })).toMatchObject({ token: 'a' })
    expect(found({ cookie: 't=', authorization: 'Bearer a' })).toBeUndefined()
    expect(found({})).toBeUndefined()
  })
})

describe('what the operator learns', () => {
  const api = createResourceServer({ ...issuer.options, tokenFrom: fromCookie('t', { csrf: {} }) })
  it.each([
    ['neither header', {}, /neither Sec-Fetch-Site nor Origin/],
    ['the site', { 'sec-fetch-site': 'cross-site' }, /Sec-Fetch-Site is cross-site\)$/],
    ['the origin', { origin: 'https://evil.test' }, /the origin is https:\/\/evil\.test: .* csrf\.origins/],
    ['an origin that is none', { origin: 'javascript:alert(1)' }, /Origin is no origin of a web page/],
    ['null', { origin: 'null' }, /Origin is null/],
    ['a site that is none', { 'sec-fetch-site': 'canary' }, /another value than browsers send/],
  ])('%s', async (_title, headers, expected) => {
    const error: unknown = await Promise.resolve(
      api.authenticate({ method: 'POST', headers: { cookie: `t=${token}`, ...headers } }),
    ).catch((thrown: unknown) => thrown)
    expect(explain(error)).toMatch(expected)
    expect(explain(error)).not.toContain('canary')
    expect(explain(error)).not.toContain(token)
  })
})

describe('a token of a function of the application', () => {
  const find = (shape: (cookie: string) => unknown) =>
    createResourceServer({
      ...issuer.options,
      tokenFrom: (request: HttpRequest) =>
        shape(String((request.headers as Record<string, unknown>)['cookie'])) as string,
    })
  const [header = '', payload = '', signature = ''] = token.split('.')
  /** As cookie-session, koa-session and the like keep what belongs to a person. */
  const base64 = (encoding: BufferEncoding): string =>
    Buffer.from(JSON.stringify({ user: 'é', token })).toString(encoding)
  it.each([
    ['as a text', `t=${token}`, (cookie: string) => cookie.slice(2)],
    ['as of the header', `t=${token}`, (cookie: string) => ({ token: cookie.slice(2), place: 'header' })],
    ['later', `t=${token}`, (cookie: string) => Promise.resolve(cookie.slice(2))],
    [
      'percent-encoded',
      `t=${token.replaceAll('.', '%2E')}`,
      (cookie: string) => decodeURIComponent(cookie.slice(2)),
    ],
    ['signed by cookie-parser', `t=s%3A${token}.c2ln`, () => token],
    ['split among two cookies', `a=${header}.${payload}; b=${signature}`, () => token],
    ['out of a session in base64', `session=${base64('base64')}; session.sig=abc`, () => token],
    ['out of a session in base64url, signed', `session=abc.${base64('base64url')}.abc`, () => token],
    ['looked up by a session', 't=session-1', () => ({ token, place: 'cookie' })],
  ])('is checked where it comes %s', async (_title, cookie, shape) => {
    const api = find(shape)
    const post = (site: string): HttpRequest => ({
      method: 'POST',
      headers: { cookie, 'sec-fetch-site': site },
    })
    await expect(api.authenticate(post('same-origin'))).resolves.toBeDefined()
    await expect(api.authenticate(post('cross-site'))).rejects.toMatchObject({ status: 403, reason: 'csrf' })
  })

  it('is not checked where it stands in the Authorization header', async () => {
    const headers = { cookie: `t=${token}`, authorization: `Bearer ${token}`, 'sec-fetch-site': 'cross-site' }
    await expect(find(() => token).authenticate({ method: 'POST', headers })).resolves.toBeDefined()
  })
})

it('never lets an unsafe request through unchecked, nor finds two callers', async () => {
  const api = createResourceServer({
    ...issuer.options,
    tokenFrom: fromCookie('t', { csrf: { origins: ['https://app.test'] } }),
  })
  const site = fc.option(fc.constantFrom('same-origin', 'same-site', 'cross-site', 'none', '', 'x'), {
    nil: undefined,
  })
  const origin = fc.option(
    fc.constantFrom(
      'https://app.test',
      'https://evil.test',
      'null',
      '',
      'https://app.test, https://app.test',
    ),
    { nil: undefined },
  )
  const pair = fc.constantFrom(`t=${token}`, 't=', 'u=1', 't', `T=${token}`)
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(
        'GET',
        'HEAD',
        'OPTIONS',
        'POST',
        'PUT',
        'DELETE',
        'PATCH',
        'TRACE',
        'QUERY',
        'post',
        undefined,
      ),
      fc.option(fc.constantFrom('GET', 'POST'), { nil: undefined }),
      fc.array(pair, { maxLength: 3 }),
      site,
      origin,
      fc.boolean(),
      fc.boolean(),
      async (method, originalMethod, pairs, fetchSite, from, upgrade, bearer) => {
        const headers = {
          cookie: pairs.join('; '),
          ...(fetchSite === undefined ? {} : { 'sec-fetch-site': fetchSite }),
          ...(from === undefined ? {} : { origin: from }),
          ...(upgrade ? { upgrade: 'websocket' } : {}),
          ...(bearer ? { authorization: `Bearer ${token}` } : {}),
        }
        const outcome: unknown = await Promise.resolve(
          api.authenticate({ method, originalMethod, headers }),
        ).catch((thrown: unknown) => thrown)
        const safe = ['GET', 'HEAD', 'OPTIONS']
        const isSafe =
          !upgrade && [method, originalMethod ?? method].every((each) => safe.includes(String(each)))
        const isOwn =
          from === 'https://app.test' ||
          fetchSite === 'same-origin' ||
          (fetchSite === 'none' && from !== 'null')
        const count = pairs.filter((each) => each.startsWith('t=')).length
        const expected =
          count > 1 || (pairs.includes(`t=${token}`) && bearer)
            ? 400
            : !pairs.includes(`t=${token}`)
              ? 401
              : isSafe || isOwn
                ? 200
                : 403
        expect(isAuthError(outcome) ? outcome.status : 200).toBe(expected)
      },
    ),
    { numRuns: tries(300) },
  )
})
