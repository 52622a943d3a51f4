import fc from 'fast-check'
import {
  createResourceServer,
  type Extractor,
  firstOf,
  fromBody,
  fromCookie,
  fromHeader,
  fromQuery,
  type HttpRequest,
  InvalidRequestError,
  InvalidTokenError,
  MissingTokenError,
} from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { type AdapterInterface, interfaceOf } from '../../src/adapter-interface.ts'
import { bearerMethodsOf } from '../../src/http/bearer-methods.ts'
import { asMalformed } from '../../src/http/credentials.ts'
import { builtInOf, finder } from '../../src/http/finder.ts'
import { tries } from '../support/tries.ts'

/** What adapters call. */
function adapterOf(api: object): AdapterInterface {
  return interfaceOf(api) as AdapterInterface
}

const issuer = await createTestIssuer()
const token = await issuer.sign()

/** What becomes of a request: `accepted` with our token, `none` found, or `refused` as malformed credentials. */
async function judged(extract: Extractor, request: HttpRequest): Promise<unknown> {
  const api = createResourceServer({ ...issuer.options, tokenFrom: extract })
  try {
    const auth = await api.authenticate(request)
    return auth.token === token ? 'accepted' : 'another token'
  } catch (error) {
    if (error instanceof MissingTokenError) return 'none'
    if (error instanceof InvalidRequestError) return 'refused'
    if (error instanceof InvalidTokenError) return error.reason
    throw error
  }
}

const header = fromHeader()

const values: readonly [value: string | undefined, expected: string][] = [
  [undefined, 'none'],
  ['', 'none'],
  [' ', 'none'],
  ['Bearer TOKEN', 'accepted'],
  ['bearer TOKEN', 'accepted'],
  ['BEARER TOKEN', 'accepted'],
  ['bEaReR TOKEN', 'accepted'],
  ['Bearer   TOKEN', 'accepted'],
  [' \tBearer TOKEN\t ', 'accepted'],
  ['Bearer a.b-c_d~e+f/g==', 'malformed'],
  ['Bearer TOKEN==', 'malformed'],
  ['Bearer', 'refused'],
  ['Bearer ', 'refused'],
  ['Bearer\tTOKEN', 'refused'],
  ['Bearer TOKEN TOKEN', 'refused'],
  ['bearer TOKEN\nTOKEN', 'refused'],
  ['Bearer TOKEN,', 'refused'],
  ['Bearer TOKEN, Bearer TOKEN', 'refused'],
  ['Bearer TOKEN, Basic TOKEN', 'refused'],
  ['Bearer "TOKEN"', 'refused'],
  ['Bearer TOKEN=TOKEN', 'refused'],
  ['Bearer =', 'refused'],
  ['Bearer TOKEN\u{e9}', 'refused'],
  ['Bearer TOKEN\0', 'refused'],
  ['Bearer TOKEN\u{a0}', 'refused'],
  ['Bearer\u{a0}TOKEN', 'refused'],
  ['Bearer:TOKEN', 'refused'],
  ['Bearer=TOKEN', 'refused'],
  ['Basic dTpw, Bearer TOKEN', 'refused'],
  ['Basic dTpw,Bearer TOKEN', 'refused'],
  ['Basic dTpw, DPoP TOKEN', 'refused'],
  ['Basic dTpw', 'none'],
  ['Basic Bearer', 'none'],
  ['Basic Bearer TOKEN', 'none'],
  ['Bearers TOKEN', 'none'],
  ['Bearer-ish TOKEN', 'none'],
  ['Bearer.v2 TOKEN', 'none'],
  ['Negotiate bearer=', 'none'],
  ['TOKEN', 'none'],
]

const shapes: readonly [shape: string, request: (value: string | undefined) => HttpRequest][] = [
  [
    'a Node request',
    (value) => ({ headers: { authorization: value }, rawHeaders: ['Authorization', value ?? ''] }),
  ],
  ['parts of an event', (value) => ({ headers: { Authorization: value } })],
  [
    'parts of an event with lists',
    (value) => ({ headers: { AUTHORIZATION: value === undefined ? [] : [value] } }),
  ],
  [
    'a Headers-like object',
    (value) => ({ headers: { get: (name) => (name === 'authorization' ? (value ?? null) : null) } }),
  ],
]

describe.each(shapes)('fromHeader() of %s', (_shape, request) => {
  it.each(values)('makes of `%s`: %s', async (value, expected) => {
    expect(await judged(header, request(value?.replaceAll('TOKEN', token)))).toBe(expected)
  })
})

const bearer = `Bearer ${token}`

describe('fromHeader()', () => {
  it.each<[string, HttpRequest]>([
    [
      'Node, which kept the first',
      { headers: { authorization: bearer }, rawHeaders: ['Authorization', bearer, 'AUTHORIZATION', bearer] },
    ],
    ['an event, in two cases', { headers: { Authorization: bearer, authorization: bearer } }],
    ['an event, as a list', { headers: { authorization: [bearer, bearer] } }],
    [
      'the web, joined',
      {
        headers: new Headers([
          ['authorization', bearer],
          ['authorization', bearer],
        ]),
      },
    ],
  ])('refuses two Authorization headers — %s', async (_title, request) => {
    expect(await judged(header, request)).toBe('refused')
  })

  it('is not misled by a value that spells the name', async () => {
    const rawHeaders = ['X', 'authorization', 'Authorization', bearer, 'Y', 'Authorization']
    expect(await judged(header, { headers: { authorization: bearer }, rawHeaders })).toBe('accepted')
  })

  it('ignores a header that a polluted prototype offers', async () => {
    const headers = Object.create({ authorization: bearer }) as Record<string, string>
    expect(await judged(header, { headers, rawHeaders: [] })).toBe('none')
    expect(await judged(header, { headers })).toBe('none')
  })

  it('ignores Proxy-Authorization and the query', async () => {
    const headers = { 'proxy-authorization': bearer }
    expect(await judged(header, { headers, url: `/?access_token=${token}` })).toBe('none')
  })

  it('takes the token, finds none, or refuses, whatever stands around it', async () => {
    const piece = fc.constantFrom(
      'Bearer',
      'bearer',
      ' ',
      '\t',
      ',',
      '=',
      'Basic',
      'DPoP',
      '"',
      '\u{e9}',
      token,
    )
    const value = fc.oneof(
      fc.string(),
      fc.array(piece).map((parts) => parts.join('')),
    )
    await fc.assert(
      fc.asyncProperty(value, async (authorization) => {
        const outcome = await judged(header, { headers: { authorization } })
        // A second reading of RFC 9110 §11.4, by splitting: nothing else may be accepted.
        const [scheme = '', ...rest] = authorization.replaceAll(/^[ \t]+|[ \t]+$/g, '').split(/ +/)
        const isToken = scheme.toLowerCase() === 'bearer' && rest.join(' ') === token
        expect(outcome === 'accepted').toBe(isToken)
        expect(['accepted', 'none', 'refused', 'malformed', 'signature', 'algorithm']).toContain(outcome)
      }),
      { numRuns: tries(400) },
    )
  })

  it('judges a value of a million characters', async () => {
    for (const pad of [
      `Bearer ${' '.repeat(1e6)}`,
      `Bearer ${' '.repeat(1e6)}!`,
      ' '.repeat(1e6),
      ','.repeat(1e6),
    ]) {
      expect(await judged(header, { headers: { authorization: pad } })).toMatch(/^(?:none|refused)$/)
    }
    expect(await judged(header, { headers: { authorization: `Bearer ${'a'.repeat(1e6)}` } })).toBe(
      'too_large',
    )
  })
})

describe('fromQuery()', () => {
  it.each([
    [undefined, 'none'],
    ['/', 'none'],
    ['/?', 'none'],
    ['/?access_token=TOKEN', 'accepted'],
    ['/?a=1&access_token=TOKEN&b=2', 'accepted'],
    ['https://api.test/path?access_token=TOKEN', 'accepted'],
    ['/?access%5Ftoken=TOKEN', 'accepted'],
    ['/?access_token=TOKEN#access_token=x', 'accepted'],
    ['/?access_token=', 'refused'],
    ['/?ACCESS_TOKEN=TOKEN', 'none'],
    ['/?xaccess_token=TOKEN', 'none'],
    ['/access_token=TOKEN', 'none'],
    ['access_token=TOKEN', 'none'],
    ['/?access_token=TOKEN&access_token=TOKEN', 'refused'],
    ['/?access_token=TOKEN&access%5Ftoken=TOKEN', 'refused'],
    ['/?access_token[]=TOKEN', 'refused'],
    ['/?access_token%5B0%5D=TOKEN', 'refused'],
  ])('makes of `%s`: %s', async (url, expected) => {
    expect(await judged(fromQuery(), { url: url?.replaceAll('TOKEN', token), headers: {} })).toBe(expected)
  })
})

describe('fromBody()', () => {
  const form = 'application/x-www-form-urlencoded'
  const good = { method: 'POST', headers: { 'content-type': form }, body: { access_token: token } }
  it.each<[string, HttpRequest, string]>([
    ['a form', good, 'accepted'],
    ['a form with a charset', { ...good, headers: { 'content-type': `${form}; charset=utf-8` } }, 'accepted'],
    ['a form in capitals', { ...good, headers: { 'content-type': form.toUpperCase() } }, 'accepted'],
    ['a GET request (RFC 6750 §2.2)', { ...good, method: 'GET' }, 'none'],
    ['a HEAD request', { ...good, method: 'HEAD' }, 'none'],
    ['a request without a method', { headers: good.headers, body: good.body }, 'none'],
    ['JSON', { ...good, headers: { 'content-type': 'application/json' } }, 'none'],
    ['a body without a type', { ...good, headers: {} }, 'none'],
    ['a type that only begins like a form', { ...good, headers: { 'content-type': `${form}x` } }, 'none'],
    ['a body nobody parsed', { ...good, body: undefined }, 'none'],
    ['a type that ends like a form', { ...good, headers: { 'content-type': `x-${form}` } }, 'none'],
    ['a body that is null', { ...good, body: null }, 'none'],
    ['a text body', { ...good, body: `access_token=${token}` }, 'none'],
    ['another parameter', { ...good, body: { token } }, 'none'],
    ['two tokens', { ...good, body: { access_token: [token, token] } }, 'refused'],
    ['a nested token', { ...good, body: { access_token: { a: token } } }, 'refused'],
    ['an inherited token', { ...good, body: Object.create({ access_token: token }) as object }, 'none'],
  ])('looks into %s', async (_title, request, expected) => {
    expect(await judged(fromBody(), request)).toBe(expected)
  })
})

describe('firstOf()', () => {
  const either = firstOf(fromHeader(), fromQuery())
  const url = `/?access_token=${token}`

  it('finds the token in any of its places', async () => {
    expect(await judged(either, { headers: { authorization: bearer }, url: '/' })).toBe('accepted')
    expect(await judged(either, { headers: {}, url })).toBe('accepted')
    expect(await judged(either, { headers: {}, url: '/' })).toBe('none')
  })

  it('refuses a token in two places, even the same one (RFC 6750 §3.1)', async () => {
    expect(await judged(either, { headers: { authorization: bearer }, url })).toBe('refused')
  })

  it('refuses what one of its places refuses', async () => {
    expect(await judged(either, { headers: { authorization: 'Bearer' }, url })).toBe('refused')
  })

  it('needs at least one place', () => {
    expect(() => firstOf()).toThrow(/^firstOf: pass at least one place/)
  })
})

describe('a place', () => {
  const own: Extractor = () => token
  const none = { mayWait: false, readsAuthorization: false, readsCookies: false }
  const cookie = fromCookie('t', { csrf: {} })
  it.each<[string, Extractor, object, readonly string[] | undefined]>([
    [
      'the Authorization header',
      fromHeader(),
      { ...none, readsAuthorization: true, onlyAuthorization: true },
      ['header'],
    ],
    ['another header', fromHeader('x-api-token'), none, []],
    ['the query', fromQuery(), none, ['query']],
    ['the body', fromBody(), { ...none, readsBody: true }, ['body']],
    [
      'two places of ours',
      firstOf(fromHeader(), fromBody()),
      { ...none, readsAuthorization: true, readsBody: false },
      ['header', 'body'],
    ],
    ['two places in the body', firstOf(fromBody(), fromBody()), { ...none, readsBody: true }, ['body']],
    [
      'a cookie or the query',
      firstOf(fromQuery(), cookie),
      { ...none, readsCookies: true, readsBody: false },
      ['query'],
    ],
    [
      'a function of the application or the query',
      firstOf(fromQuery(), own),
      { mayWait: true, readsAuthorization: true, readsCookies: true, readsBody: false },
      undefined,
    ],
  ])('tells where it looks: %s', (_title, place, traits, methods) => {
    expect(builtInOf(place)).toEqual(traits)
    expect(bearerMethodsOf(place)).toEqual(methods)
  })

  it('of a function of the application tells nothing', () => {
    expect([builtInOf(own), bearerMethodsOf(own)]).toEqual([undefined, undefined])
  })

  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  it.each<[string, Extractor, HttpRequest]>([
    ['header', fromHeader(), { headers: { authorization: `Bearer ${token}` } }],
    ['header', fromHeader('x-api-token'), { headers: { 'x-api-token': token } }],
    ['query', fromQuery(), { headers: {}, url: `/?access_token=${token}` }],
    ['body', fromBody(), { method: 'POST', headers: form, body: { access_token: token } }],
  ])('is told together with the token: %s', async (place, extract, request) => {
    expect(await finder(extract)(request)).toEqual({ scheme: 'Bearer', token, place, request })
  })

  it.each([
    fromHeader(),
    firstOf(fromHeader(), fromQuery()),
    firstOf(fromQuery(), fromHeader(), () => undefined),
  ])(
    'that reads the Authorization header reads it under DPoP where that is accepted: %#',
    async (extract) => {
      const request = { headers: { authorization: `DPoP ${token}` }, url: '/' }
      const found = { scheme: 'DPoP', token, place: 'header', request }
      expect(await finder(extract as Extractor)(request, true)).toEqual(found)
      expect(await finder(extract as Extractor)(request)).toBeUndefined()
    },
  )

  const twice = 'the request has an access token in two places, or twice in one: send it once'
  it.each<[string, Extractor, HttpRequest, string]>([
    [
      'a list',
      fromQuery(),
      { headers: {}, url: '/?access_token[]=a' },
      'the query has access_token as a list',
    ],
    [
      'a form with two',
      fromBody(),
      { method: 'POST', headers: form, body: { access_token: [token, token] } },
      'the form has access_token more than once, or not as text',
    ],
    ['two in the query', fromQuery(), { headers: {}, url: '/?access_token=a&access_token=a' }, twice],
  ])('tells the operator what it refuses: %s', (_title, extract, request, hint) => {
    expect(() => finder(extract)(request)).toThrow(
      expect.objectContaining({ status: 400, reason: 'malformed', detail: { hint } }) as Error,
    )
  })

  it.each<[string, () => unknown, string]>([
    [
      'a name for the query',
      () => (fromQuery as (name: string) => unknown)('token'),
      'fromQuery: takes no name; the parameter is access_token (RFC 6750 §2.3)',
    ],
    [
      'a name for the form',
      () => (fromBody as (name: string) => unknown)('token'),
      'fromBody: takes no name; the parameter is access_token (RFC 6750 §2.2)',
    ],
    [
      'a request for the name of a header',
      () => fromHeader({ headers: {} } as never),
      'fromHeader: must be the name of a header, for example x-api-token, and not Cookie; as tokenFrom pass fromHeader(), called',
    ],
    [
      'a cookie for the name of a header',
      () => fromHeader('Cookie'),
      'fromHeader: must be the name of a header, for example x-api-token, and not Cookie',
    ],
    [
      'what is no place',
      () => firstOf(fromHeader(), 'x' as never),
      'firstOf: pass at least one place, for example fromHeader()',
    ],
  ])('is not made of %s', (_title, make, message) => {
    expect(make).toThrow(new TypeError(message))
  })
})

describe('asMalformed()', () => {
  const detail = { hint: 'why' }
  const error = new InvalidTokenError('malformed', { detail })

  it.each(['a b', 'ä', '', '=', 'a=b', ',', 'a,', 'a\n', '"a"'])(
    'makes malformed credentials of what may not stand in a Bearer header: %j',
    (text) => {
      for (const reason of ['malformed', 'too_large'] as const) {
        const made = asMalformed(new InvalidTokenError(reason, { detail }), text)
        expect(made).toBeInstanceOf(InvalidRequestError)
        expect(made).toMatchObject({ status: 400, detail })
      }
    },
  )

  it.each(['a', 'a.b-c_d~e+f/g==', 'A9'])('leaves a refusal of %j as it is', (text) => {
    expect(asMalformed(error, text)).toBe(error)
  })

  it('leaves refusals for anything but the form, and other errors, as they are', () => {
    for (const other of [
      new InvalidTokenError('expired'),
      new MissingTokenError({}),
      new Error('bug'),
      undefined,
    ])
      expect(asMalformed(other, 'a b')).toBe(other)
  })
})

describe('the place a token is found in', () => {
  const url = `/?access_token=${token}`
  const bearer = { authorization: `Bearer ${token}` }
  it.each<[string, Extractor, HttpRequest, boolean]>([
    ['the header', fromHeader(), { headers: bearer }, false],
    ['the query', fromQuery(), { headers: {}, url }, true],
    ['the query, where the header would do', firstOf(fromHeader(), fromQuery()), { headers: {}, url }, true],
    ['the header, where the query would do', firstOf(fromHeader(), fromQuery()), { headers: bearer }, false],
    ['a place of its own', () => token, { headers: {} }, false],
    ['the query, by a function that says so', () => ({ token, place: 'query' }), { headers: {} }, true],
  ])('decides about Cache-Control: private: %s', async (_title, tokenFrom, request, isPrivate) => {
    const adapter = adapterOf(createResourceServer({ ...issuer.options, tokenFrom }))
    const headers = adapter.headersFor(await adapter.authenticate(request))
    expect(headers).toEqual(isPrivate ? { 'Cache-Control': 'private' } : undefined)
  })
})

describe('G1 another token scheme in the Authorization header', () => {
  const either = firstOf(fromHeader(), fromQuery())
  const url = `/?access_token=${token}`

  it.each(['DPoP', 'dpop', ' DPoP'])(
    'counts as a place next to a token in the query (%s)',
    async (scheme) => {
      expect(await judged(either, { headers: { authorization: `${scheme} ${token}` }, url })).toBe('refused')
    },
  )

  it.each(['Bearer', 'DPoP'])('counts where no extractor reads that header (%s)', async (scheme) => {
    const headers = { authorization: `${scheme} ${token}` }
    expect(await judged(fromQuery(), { headers, url })).toBe('refused')
    expect(await judged(firstOf(fromQuery(), fromHeader('x-api-token')), { headers, url })).toBe('refused')
    expect(await judged(fromQuery(), { headers, url: '/' })).toBe('none')
  })

  it.each<[string, Extractor]>([
    ['the query', fromQuery()],
    ['a cookie', fromCookie('t', { csrf: {} })],
    ['the query or a header of its own', firstOf(fromQuery(), fromHeader('x-api-token'))],
  ])('counts as the second of two such headers, of which Node shows the first (%s)', async (_place, find) => {
    const basic = ['Authorization', 'Basic dTpw']
    const request = {
      headers: { authorization: 'Basic dTpw', cookie: `t=${token}`, 'sec-fetch-site': 'same-origin' },
      rawHeaders: basic,
      url,
    }
    expect(await judged(find, request)).toBe('accepted')
    expect(
      await judged(find, { ...request, rawHeaders: [...basic, 'authorization', `Bearer ${token}`] }),
    ).toBe('refused')
  })

  it('counts next to a token in another header, where several places are named', async () => {
    const ours = firstOf(fromQuery(), fromHeader('x-api-token'))
    const withFunction = firstOf(fromHeader('x-api-token'), () => undefined)
    const ask = async (extract: Extractor, authorization: string): Promise<unknown> =>
      judged(extract, { headers: { authorization, 'x-api-token': token }, url: '/' })
    expect(await ask(ours, `Bearer ${token}`)).toBe('refused')
    expect(await ask(ours, `DPoP ${token}`)).toBe('refused')
    expect(await ask(ours, 'Basic dTpw')).toBe('accepted')
    // The function may have read it.
    expect(await ask(withFunction, `Bearer ${token}`)).toBe('accepted')
    expect(await ask(withFunction, `DPoP ${token}`)).toBe('refused')
  })

  it('does not count for the one header the application chose', async () => {
    const headers = { authorization: `Bearer ${token}`, 'x-api-token': token }
    expect(await judged(fromHeader('x-api-token'), { headers })).toBe('accepted')
  })

  it('does not count against a function that reads the header itself', async () => {
    const own: Extractor = ({ headers }) => (headers as { authorization: string }).authorization.slice(7)
    const request = { headers: { authorization: `Bearer ${token}` }, url: '/' }
    expect(await judged(firstOf(fromQuery(), own), request)).toBe('accepted')
  })

  it('is no place where its credentials are no token', async () => {
    expect(await judged(either, { headers: { authorization: 'Basic dTpw' }, url })).toBe('accepted')
  })

  it('is no credentials where nothing else is sent', async () => {
    expect(await judged(either, { headers: { authorization: `DPoP ${token}` }, url: '/' })).toBe('none')
  })

  it('counts through a firstOf() within a firstOf()', async () => {
    const nested = firstOf(firstOf(fromHeader(), fromBody()), fromQuery())
    expect(await judged(nested, { headers: { authorization: `DPoP ${token}` }, url })).toBe('refused')
  })
})

describe('fromHeader() with a name', () => {
  const custom = fromHeader('X-Api-Token')

  it.each([
    ['the token alone', { 'x-api-token': token }, 'accepted'],
    ['Bearer and the token', { 'x-api-token': `Bearer ${token}` }, 'accepted'],
    ['another spelling of the name', { 'X-API-TOKEN': token }, 'accepted'],
    ['nothing', {}, 'none'],
    ['an empty value', { 'x-api-token': '' }, 'none'],
    ['the Authorization header alone', { authorization: `Bearer ${token}` }, 'none'],
    ['two values', { 'x-api-token': [token, token] }, 'refused'],
    ['two values joined', { 'x-api-token': `${token}, ${token}` }, 'refused'],
  ])('reads %s', async (_title, headers, expected) => {
    expect(await judged(custom, { headers })).toBe(expected)
  })

  it('sees a second header of Node behind the first', async () => {
    const rawHeaders = ['X-Api-Token', token, 'x-api-token', token]
    expect(await judged(custom, { headers: { 'x-api-token': token }, rawHeaders })).toBe('refused')
  })

  it('takes Authorization for the default', async () => {
    const headers = { authorization: `Bearer ${token}` }
    expect(await judged(fromHeader('Authorization'), { headers })).toBe('accepted')
  })

  it.each(['', 'two words', 'naïve', 'Cookie', 'cookie', 7, null])('refuses the name %j', (name) => {
    expect(() => fromHeader(name as string)).toThrow(/^fromHeader: must be the name of a header/)
  })
})

describe('E9 a request without headers', () => {
  it.each([null, undefined])('has no credentials (%s)', async (headers) => {
    expect(await judged(fromHeader(), { method: 'GET', url: '/', headers } as never)).toBe('none')
    expect(await judged(firstOf(fromHeader(), fromBody()), { method: 'POST', headers } as never)).toBe('none')
  })

  it('is let through where credentials are optional', async () => {
    const api = createResourceServer({ ...issuer.options, optional: true })
    expect(await api.authenticate({ headers: null } as never)).toBeUndefined()
  })
})

describe('a request without a token', () => {
  it.each<[string, HttpRequest, RegExp | undefined]>([
    ['nothing at all', { headers: {} }, undefined],
    ['another scheme', { headers: { authorization: `Token ${token}` } }, /the scheme Token/],
    ['no scheme', { headers: { authorization: token } }, /without a scheme/],
    [
      'a CORS preflight',
      { method: 'OPTIONS', headers: { 'access-control-request-method': 'GET' } },
      /CORS preflight/,
    ],
  ])('tells the operator what it has: %s', async (_title, request, hint) => {
    const api = createResourceServer(issuer.options)
    const error = (await api.authenticate(request).catch((it: unknown) => it)) as MissingTokenError
    expect(error).toBeInstanceOf(MissingTokenError)
    if (hint === undefined) expect(error.detail).toEqual({})
    else expect(error.detail.hint).toMatch(hint)
    expect(JSON.stringify(error.detail)).not.toContain(token)
  })
})

describe('a tokenFrom function', () => {
  const request = { headers: { 'x-token': token } }

  it('finds the token wherever it looks', async () => {
    const extract: Extractor = ({ headers }) => (headers as Record<string, string>)['x-token']
    expect(await judged(extract, request)).toBe('accepted')
  })

  it('may answer credentials', async () => {
    expect(await judged(() => ({ scheme: 'Bearer', token }), request)).toBe('accepted')
  })

  it('may answer later', async () => {
    expect(await judged(() => Promise.resolve(token), request)).toBe('accepted')
    expect(
      await judged(
        firstOf(fromHeader(), () => Promise.resolve(token)),
        request,
      ),
    ).toBe('accepted')
  })

  it("gets the framework's own request, and this library's extractors the neutral one", async () => {
    const framework = { headers: {}, raw: { cookies: { token } } }
    const own = (raw: unknown): string => (raw as { cookies: { token: string } }).cookies.token
    expect(await judged(own as never, framework as never)).toBe('accepted')
    expect(await judged(firstOf(fromHeader(), own as never), framework as never)).toBe('accepted')
  })

  it('A4 leaves no promise alone when another place refuses', async () => {
    const rejections: unknown[] = []
    const note = (reason: unknown): void => void rejections.push(reason)
    process.on('unhandledRejection', note)
    const failing = (): Promise<string> => Promise.reject(new Error('no store'))
    const twice = { headers: { authorization: ['Bearer a', 'Bearer b'] } }
    await expect(judged(firstOf(failing, fromHeader()), twice)).rejects.toThrow('no store')
    expect(await judged(firstOf(fromHeader(), failing), twice)).toBe('refused')
    await new Promise(setImmediate)
    process.off('unhandledRejection', note)
    expect(rejections).toEqual([])
  })

  it('may say that the token came with the DPoP scheme, which needs a bound token', async () => {
    expect(await judged(() => ({ token, scheme: 'DPoP' }), request)).toBe('binding')
  })

  it('A5 is given up after hookTimeoutMs', async () => {
    const tokenFrom = (): Promise<string> => new Promise(() => undefined)
    const api = createResourceServer({ ...issuer.options, tokenFrom, hookTimeoutMs: 20 })
    await expect(api.authenticate({ headers: {} })).rejects.toMatchObject({ status: 503 })
  })

  it('means no credentials by undefined', async () => {
    expect(await judged(() => undefined, request)).toBe('none')
  })

  it.each(['', ' ', `${token} `, bearer, '"t"', 't\n'])('is refused for `%s`', async (found) => {
    expect(await judged(() => found, request)).toBe('refused')
  })

  it.each([7, {}, [7], Promise.resolve(7)])('is a bug when it answers %o', async (found) => {
    await expect(judged((() => found) as never, request)).rejects.toThrow(
      /^tokenFrom: the function must return/,
    )
  })
})

describe('what a refusal says of the credentials', () => {
  const missing = 'missing: No access token was found'
  const unreadable = 'malformed: The credentials are malformed'
  const rawly = (others: readonly string[]): HttpRequest => ({
    headers: { authorization: bearer },
    rawHeaders: ['Authorization', bearer, ...others],
  })
  const outcomeOf = async (request: HttpRequest, tokenFrom: Extractor): Promise<string> =>
    createResourceServer({ ...issuer.options, tokenFrom })
      .authenticate(request)
      .then(
        ({ subject }) => subject as string,
        (error: unknown) => `${(error as { reason: string }).reason}: ${(error as Error).message}`,
      )

  it.each<[string, HttpRequest, string]>([
    [
      'next to names of the same length',
      rawly(['Cache-Control', 'no-store', 'If-None-Match', '*']),
      'user-1',
    ],
    ['next to its own name as a value', rawly(['X-Name', 'authorization']), 'user-1'],
    ['sent twice', rawly(['authorization', 'x']), 'malformed: More than one Authorization header was sent'],
    ['without a value', { headers: { authorization: undefined } }, missing],
    [
      'in capitals, where Node writes small letters',
      { headers: { Authorization: bearer }, rawHeaders: [] },
      missing,
    ],
    [
      'with a token of one character',
      { headers: { authorization: 'bearer a' } },
      'malformed: The access token cannot be read as a signed JWT',
    ],
    ['with another line', { headers: { authorization: `Bearer ${token}\nx` } }, unreadable],
    ['with the scheme at its end', { headers: { authorization: `${token} Bearer ` } }, missing],
    ['with the scheme alone', { headers: { authorization: 'Bearer ' } }, unreadable],
  ])('in the Authorization header: %s', async (_what, request, outcome) => {
    expect(await outcomeOf(request, header)).toBe(outcome)
  })

  it('in several places (RFC 6750 §3.1)', async () => {
    const both = { headers: { authorization: bearer }, url: `/?access_token=${token}` }
    const places = firstOf(header, fromQuery())
    expect(await outcomeOf(both, places)).toBe('malformed: Credentials were sent more than once')
    expect(await outcomeOf({ ...both, headers: {} }, places)).toBe('user-1')
  })
})
