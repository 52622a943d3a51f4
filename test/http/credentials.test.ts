import fc from 'fast-check'
import {
  type Auth,
  createResourceServer,
  type Extractor,
  firstOf,
  fromBody,
  fromHeader,
  fromQuery,
  type HttpRequest,
  InvalidRequestError,
  InvalidTokenError,
  MissingTokenError,
} from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { adapterOf } from '../support/adapter.ts'

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
      { numRuns: 400 },
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
    expect(() => firstOf()).toThrow(/^firstOf: name at least one place/)
  })
})

describe('an extractor', () => {
  const ofTheUrl = Object.assign(() => undefined, { readsUrl: true })
  const notOfTheUrl = Object.assign(() => undefined, { readsUrl: false })
  it.each<[string, Extractor, boolean]>([
    ['fromHeader()', fromHeader(), false],
    ['fromQuery()', fromQuery(), true],
    ['fromBody()', fromBody(), false],
    ['firstOf() of both', firstOf(fromHeader(), fromQuery()), true],
    ['firstOf() without the query', firstOf(fromHeader(), fromBody()), false],
    ['one of the user', () => undefined, false],
    ['one of the user that says so', firstOf(ofTheUrl), true],
    ['one of the user that denies it', firstOf(notOfTheUrl), false],
  ])('tells whether it reads the URL: %s', (_title, tokenFrom, readsUrl) => {
    const { headersFor } = adapterOf(createResourceServer({ ...issuer.options, tokenFrom }))
    expect(headersFor(undefined)).toBeUndefined()
    expect(headersFor({} as Auth)).toEqual(readsUrl ? { 'Cache-Control': 'private' } : undefined)
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

  it('means no credentials by undefined', async () => {
    expect(await judged(() => undefined, request)).toBe('none')
  })

  it.each(['', ' ', `${token} `, bearer, '"t"', 't\n'])('is refused for `%s`', async (found) => {
    expect(await judged(() => found, request)).toBe('refused')
  })

  it.each([null, 7, {}, [token], Promise.resolve(token)])('is a bug when it answers %o', async (found) => {
    await expect(judged((() => found) as never, request)).rejects.toThrow(
      /^tokenFrom: the function must return/,
    )
  })
})

describe('what a refusal says of the credentials', () => {
  const missing = 'missing: No access token was sent'
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
      'malformed: The access token is malformed',
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
    expect(await outcomeOf(both, places)).toBe('malformed: More than one access token was sent')
    expect(await outcomeOf({ ...both, headers: {} }, places)).toBe('user-1')
  })
})
