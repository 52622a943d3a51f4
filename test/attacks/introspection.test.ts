import { inspect } from 'node:util'
import { decodeJwt, exportJWK, generateKeyPair, jwtVerify, type JWTVerifyResult } from 'jose'
import { createResourceServer, scope } from 'oauth-resource-server'
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import {
  apiOf,
  clientId,
  clientSecret,
  type Endpoint,
  endpoint,
  type EndpointAnswer,
  endpointUrl,
  issuer,
  json,
  outcome,
  signedAnswer,
} from '../support/introspection.ts'

let server: Endpoint
let warnings: MockInstance<typeof process.emitWarning>

beforeEach(() => {
  server = endpoint()
  warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
})
afterEach(() => vi.restoreAllMocks())

/** What becomes of a token of which the issuer says this. */
async function judged(
  changes: Record<string, unknown>,
  introspection: Record<string, unknown> = {},
  options: Record<string, unknown> = {},
): Promise<string> {
  server.answer = () => json(server.active(changes))
  return outcome(apiOf(server, introspection, options))
}

/** What becomes of a token when the endpoint answers like this. */
async function answered(
  answer: EndpointAnswer,
  introspection: Record<string, unknown> = {},
): Promise<string> {
  server.answer = answer
  return outcome(apiOf(server, introspection))
}

it('INT an opaque token is accepted when the issuer calls it active', async () => {
  const auth = await apiOf(server).verify('opaque-token')
  expect(auth).toMatchObject({
    issuer: issuer.issuer,
    subject: 'user-1',
    clientId: 'client-1',
    scheme: 'Bearer',
  })
  expect([...auth.scopes]).toEqual(['read', 'write'])
  expect(auth.expiresAt).toEqual(new Date((server.now() + 300) * 1000))
  expect('header' in auth).toBe(false)
  expect(auth.token).toBe('opaque-token')
  expect(Object.isFrozen(auth.claims)).toBe(true)
})

describe('what the answer says', () => {
  it.each([false, undefined, 'true', 1, null, [true], {}])(
    'INT-1 active is %j: the token is inactive',
    async (active) => {
      expect(await judged({ active })).toBe('401 inactive')
    },
  )

  it.each([
    ['exp is over', { exp: 1_700_000_000 }, '401 expired'],
    ['exp is missing', { exp: undefined }, '401 claim'],
    ['exp is a string', { exp: '1900000000' }, '401 claim'],
    ['exp is in milliseconds', { exp: 1_900_000_000_000 }, '401 claim'],
    ['nbf is ahead', { nbf: 1_800_000_100 }, '401 not_yet_valid'],
    ['nbf is a string', { nbf: '0' }, '401 claim'],
    ['iat is ahead', { iat: 1_800_000_100 }, '401 not_yet_valid'],
    ['sub is a number', { sub: 1 }, '401 claim'],
    ['client_id is a list', { client_id: ['client-1'] }, '401 claim'],
    ['cnf is a string', { cnf: 'key' }, '401 claim'],
  ])('INT-2 %s: refused although active is true', async (_what, changes, expected) => {
    expect(await judged(changes)).toBe(expected)
  })

  it.each(['https://issuer.test', 'https://evil.test/', 1, null, ['https://issuer.test/']])(
    'INT-3 iss is %j: refused',
    async (iss) => {
      expect(await judged({ iss })).toBe('401 issuer')
    },
  )

  it('INT-3 without iss the token is from the issuer that was asked', async () => {
    server.answer = () => json(server.active({ iss: undefined }))
    const auth = await apiOf(server).verify('opaque-token')
    expect([auth.issuer, auth.claims.iss]).toEqual([issuer.issuer, issuer.issuer])
  })

  it.each(['https://other.test', undefined, [], ['https://other.test'], 1, null])(
    'INT-4 aud is %j: refused',
    async (aud) => {
      expect(await judged({ aud })).toBe('401 audience')
    },
  )

  it('INT-4 one audience of several is enough', async () => {
    expect(await judged({ aud: ['https://other.test', 'https://api.test'] })).toBe('accepted')
  })

  it.each([
    ['token_type is refresh_token', { token_type: 'refresh_token' }],
    ['token_type is N_A', { token_type: 'N_A' }],
    ['token_type is no string', { token_type: ['Bearer'] }],
    ['token_type is empty', { token_type: '' }],
    ['token_use is refresh', { token_use: 'refresh' }],
    ['token_use is refresh_token', { token_use: 'refresh_token' }],
    ['token_use is id', { token_use: 'id' }],
    ['typ is Refresh', { typ: 'Refresh' }],
    ['typ is Offline', { typ: 'Offline' }],
    ['typ is ID', { typ: 'ID' }],
    ['it has a nonce', { nonce: 'n' }],
    ['it has at_hash', { at_hash: 'h' }],
    ['it has events', { events: {} }],
    ['it is a signed answer itself', { token_introspection: {} }],
  ])('INT-5 %s: it is no access token', async (_what, changes) => {
    expect(await judged(changes)).toBe('401 type')
  })

  it.each([
    { token_type: 'bearer' },
    { token_type: undefined },
    { token_use: 'access_token' },
    { typ: 'Bearer' },
  ])('INT-5 %j is an access token', async (changes) => {
    expect(await judged(changes)).toBe('accepted')
  })

  it('INT-5 where the audience is not checked, a token without token_type may be a refresh token', async () => {
    const options = { audience: null, clients: ['client-1'] }
    const changes = { aud: undefined, token_type: undefined }
    expect(await judged(changes, {}, options)).toBe('401 type')
    expect(await judged({ aud: undefined }, {}, options)).toBe('accepted')
  })

  it('INT-17 a scope that is a list is refused, and a missing one grants nothing', async () => {
    expect(await judged({ scope: ['read'] })).toBe('401 claim')
    server.answer = () => json(server.active({ scope: undefined, username: 'admin' }))
    const api = apiOf(server)
    const request = { headers: { authorization: 'Bearer other-token' } }
    await expect(api.authenticate(request, scope('read'))).rejects.toMatchObject({ status: 403 })
    expect((await api.authenticate(request)).subject).toBe('user-1')
  })

  it.each([
    ['bound by jkt', { cnf: { jkt: 'a'.repeat(43) }, token_type: 'DPoP' }],
    ['bound by x5t#S256', { cnf: { 'x5t#S256': 'a'.repeat(43) } }],
    ['bound by what nobody knows', { cnf: {} }],
    ['called DPoP and bound to nothing', { token_type: 'DPoP' }],
  ])('INT-13 a token %s needs its proof', async (_what, changes) => {
    expect(await judged(changes)).toBe('401 binding')
  })
})

describe('the endpoint', () => {
  it.each([400, 401, 403, 404, 429, 500, 502, 503])('INT-8 INT-9 answers %d: 503', async (status) => {
    expect(await answered(() => new Response('{"active":false}', { status }))).toBe('503 unavailable')
  })

  it.each<[string, EndpointAnswer]>([
    ['cannot be reached', () => Promise.reject(new TypeError('fetch failed'))],
    ['answers HTML', () => new Response('<p>', { headers: { 'content-type': 'text/html' } })],
    ['answers JSON as text', () => new Response(JSON.stringify(server.active()))],
    ['answers cut JSON', () => json('{"active":true')],
    ['answers a list', () => json('[true]')],
    ['answers true', () => json('true')],
    ['answers nothing', () => json('')],
    ['says active twice', () => json('{"active":false,"active":true}')],
    ['says active twice, once with escapes', () => json('{"active":false,"\\u0061ctive":true}')],
    ['says __proto__', () => json('{"active":true,"__proto__":{}}')],
    ['nests deeply', () => json(`{"active":true,"a":${'['.repeat(40)}${']'.repeat(40)}}`)],
    ['answers more than 64 KiB', () => json({ active: true, a: 'a'.repeat(70_000) })],
    ['answers a signed answer nobody asked for', () => signedAnswer(server)],
  ])('INT-9 %s: 503', async (_what, answer) => {
    expect(await answered(answer)).toBe('503 unavailable')
  })

  it.each(['application/json;charset=utf-8', 'Application/JSON ; charset="UTF-8"'])(
    'INT-20 answers %s: accepted',
    async (type) => {
      expect(await answered(() => json(server.active(), { 'content-type': type }))).toBe('accepted')
    },
  )

  it('INT-8 refuses our credentials: operators are told, once, and the client is not', async () => {
    server.answer = () => new Response('{"error":"invalid_client"}', { status: 401 })
    const api = apiOf(server)
    const error: unknown = await api.verify('opaque-1').catch((it: unknown) => it)
    await outcome(api, 'opaque-2')
    expect(error).toMatchObject({
      status: 503,
      detail: { hint: expect.stringContaining('status 401') as string },
    })
    expect(api.refuse(error).body).not.toContain('401')
    expect(warnings.mock.calls.map(([text]) => text)).toEqual([
      expect.stringMatching(/introspect.*status 401; check clientId, clientSecret/),
    ])
    expect(api.health().issuers[issuer.issuer]?.introspection).toMatchObject({
      lastError: `${endpointUrl}: the server answered with status 401`,
      counters: { asked: 2, failures: 2 },
    })
  })

  it.each([301, 302, 307, 308])('INT-11 redirects with %d: not followed', async (status) => {
    const to = { location: 'https://evil.test/' }
    expect(await answered(() => new Response(null, { status, headers: to }))).toBe('503 unavailable')
    expect(server.questions.map(({ url, redirect }) => [url, redirect])).toEqual([[endpointUrl, 'manual']])
  })

  it('INT-11 was redirected by a fetch that follows: 503', async () => {
    const redirected = Object.defineProperty(json(server.active()), 'redirected', { value: true })
    expect(await answered(() => redirected)).toBe('503 unavailable')
  })

  it.each([
    ['is missing', undefined],
    ['is no URL', 'introspect'],
    ['is on another host', 'https://evil.test/introspect'],
    ['is on another port', 'https://issuer.test:8443/introspect'],
    ['is http', 'http://issuer.test/introspect'],
    ['has a password', 'https://a:b@issuer.test/introspect'],
  ])('INT-10 %s in the metadata: 503, and nothing is sent', async (_what, introspection_endpoint) => {
    server.metadata = { issuer: issuer.issuer, introspection_endpoint }
    const api = apiOf(server)
    expect(await outcome(api)).toBe('503 unavailable')
    await expect(api.ready()).rejects.toMatchObject({ status: 503 })
    expect(api.health().ready).toBe(false)
    expect(server.questions).toEqual([])
  })

  it('INT-10 in metadata of another issuer is not used', async () => {
    server.metadata = { issuer: 'https://evil.test/', introspection_endpoint: endpointUrl }
    expect(await outcome(apiOf(server))).toBe('503 unavailable')
    expect(server.questions).toEqual([])
  })

  it('INT-10 elsewhere is asked when it is written out', async () => {
    const elsewhere = 'https://tokens.test/introspect'
    expect(await outcome(apiOf(server, { endpoint: elsewhere }))).toBe('accepted')
    expect([server.questions[0]?.url, server.others]).toEqual([elsewhere, []])
  })

  it('INT-18 over http is refused at construction', () => {
    expect(() => apiOf(server, { endpoint: 'http://issuer.test/introspect' })).toThrow(
      /^introspection\.endpoint: must be https.*allowInsecureHosts/,
    )
    const options = { allowInsecureHosts: ['issuer.test'] }
    expect(() => apiOf(server, { endpoint: 'http://issuer.test/introspect' }, options)).not.toThrow()
  })
})

describe('the token', () => {
  it.each(['a&token=b', 'a=b', 'a+b', 'a%26b', 'a b', '"a"', "a'--", '~'])(
    'INT-12 %j is one parameter, encoded',
    async (token) => {
      expect(await outcome(apiOf(server), token)).toBe('accepted')
      const [question] = server.questions
      expect(question?.form.getAll('token')).toEqual([token])
      expect([...(question?.form.keys() ?? [])]).toEqual(['token', 'token_type_hint'])
    },
  )

  it.each(['a\r\nb', 'a\nb', 'tok\u00e9n', 'a\u0000b', '\ud800', '\u{1f511}', 'a\tb'])(
    'INT-12 %j is no token of anyone, and not asked about',
    async (token) => {
      expect(await outcome(apiOf(server), token)).toBe('401 malformed')
      expect(server.questions).toEqual([])
    },
  )

  it.each([
    ['a JWT of another issuer', () => issuer.sign({ iss: 'https://evil.test/' }), '401 issuer'],
    ['an expired JWT', () => issuer.sign({ exp: 1 }), '401 expired'],
    [
      'a JWT with a wrong signature',
      async () => `${(await issuer.sign()).slice(0, -8)}AAAAAAAA`,
      '401 signature',
    ],
    ['three parts of anything', () => 'a.b.c', '401 malformed'],
    ['five parts of anything', () => 'a.b.c.d.e', '401 malformed'],
    ['the header of a JWT alone', async () => (await issuer.sign()).split('.')[0] ?? '', '401 malformed'],
    [
      'a JWT without its signature',
      async () => (await issuer.sign()).split('.').slice(0, 2).join('.'),
      '401 malformed',
    ],
  ])('INT-14 INT-19 %s is refused here, and not asked about', async (_what, token, expected) => {
    for (const tokens of ['opaque', 'all']) {
      expect(await outcome(apiOf(server, { tokens }), await token())).toBe(expected)
    }
    expect(server.questions).toEqual([])
  })

  it('INT-19 a JWT that holds is not asked about', async () => {
    expect(await outcome(apiOf(server), await issuer.sign())).toBe('accepted')
    expect(server.questions).toEqual([])
  })

  it('INT opaque tokens are refused where introspection is off', async () => {
    expect(await outcome(createResourceServer(server.options))).toBe('401 malformed')
  })
})

describe('a signed answer', () => {
  const signed = (changes?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string> =>
    answered(() => signedAnswer(server, changes, header), { signed: true })

  it('INT-20 is accepted, its aud being our client and that of the token this API', async () => {
    expect(await signed()).toBe('accepted')
    expect(server.questions[0]?.headers.get('accept')).toBe('application/token-introspection+jwt')
    expect(await signed({ aud: ['other', clientId] })).toBe('accepted')
  })

  it('INT-20 may have a media type with parameters', async () => {
    const type = { 'content-type': 'application/token-introspection+jwt; charset=utf-8' }
    const withType = async (): Promise<Response> =>
      new Response(await (await signedAnswer(server)).text(), { headers: type })
    expect(await answered(withType, { signed: true })).toBe('accepted')
  })

  it('INT-20 cannot be replaced by plain JSON', async () => {
    expect(await answered(() => json(server.active()), { signed: true })).toBe('503 unavailable')
  })

  it.each<[string, Record<string, unknown>]>([
    ['of another issuer', { iss: 'https://evil.test/' }],
    ['without iss', { iss: undefined }],
    ['to another client', { aud: 'api-2' }],
    ['to this API instead of this client', { aud: 'https://api.test' }],
    ['without aud', { aud: undefined }],
    ['without iat', { iat: undefined }],
    ['that is old', { iat: 1_799_999_900 }],
    ['from the future', { iat: 1_800_000_100 }],
    ['without token_introspection', { token_introspection: undefined, active: true }],
    ['with a list as token_introspection', { token_introspection: [{ active: true }] }],
  ])('INT-16 %s is refused: 503', async (_what, changes) => {
    expect(await signed(changes)).toBe('503 unavailable')
  })

  it.each(['JWT', 'at+jwt', undefined])('INT-16 with typ %s is refused: 503', async (typ) => {
    expect(await signed({}, { typ })).toBe('503 unavailable')
  })

  it('INT-16 with alg none, another key or a changed payload is refused: 503', async () => {
    const text = await (await signedAnswer(server)).text()
    const [header = '', payload = '', signature = ''] = text.split('.')
    const none = Buffer.from('{"alg":"none","typ":"token-introspection+jwt"}').toString('base64url')
    const other = Buffer.from(payload, 'base64url').toString().replace('user-1', 'user-2')
    for (const forged of [
      `${none}.${payload}.`,
      `${none}.${payload}.${signature}`,
      `${header}.${Buffer.from(other).toString('base64url')}.${signature}`,
      'no token',
    ]) {
      const type = { 'content-type': 'application/token-introspection+jwt' }
      expect(await answered(() => new Response(forged, { headers: type }), { signed: true })).toBe(
        '503 unavailable',
      )
    }
  })

  it('INT-16 only token_introspection says anything of the token', async () => {
    const inactive = { token_introspection: { active: false }, active: true, exp: server.now() + 300 }
    expect(await signed(inactive)).toBe('401 inactive')
  })
})

describe('the credentials', () => {
  it('INT-21 are an assertion whose sole aud is the issuer', async () => {
    const { privateKey, publicKey } = await keyPair()
    const api = apiOf(server, { clientSecret: undefined, privateKey })
    expect(await outcome(api)).toBe('accepted')
    const [question] = server.questions
    const { payload, protectedHeader } = await verified(
      question?.form.get('client_assertion') ?? '',
      publicKey,
    )
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'client-authentication+jwt', kid: 'client-key' })
    expect(payload).toEqual({
      iss: clientId,
      sub: clientId,
      aud: issuer.issuer,
      jti: expect.stringMatching(/^[\w-]{22}$/) as string,
      iat: server.now(),
      exp: server.now() + 60,
    })
    expect(question?.headers.has('authorization')).toBe(false)
  })

  it('INT-21 are another assertion where a connection was cut: the server may have seen the first', async () => {
    const { privateKey } = await keyPair()
    server.answer = () =>
      server.questions.length === 1 ? Promise.reject(new TypeError('cut')) : json(server.active())
    expect(await outcome(apiOf(server, { clientSecret: undefined, privateKey }))).toBe('accepted')
    const ids = server.questions.map(({ form }) => decodeJwt(form.get('client_assertion') ?? '').jti)
    expect([ids.length, new Set(ids).size]).toEqual([2, 2])
  })

  it('INT-8 are not part of any error', async () => {
    server.answer = () => new Response('', { status: 401 })
    const error: unknown = await apiOf(server)
      .verify('opaque-token')
      .catch((it: unknown) => it)
    expect(inspect(error, { depth: 9 })).not.toMatch(/secret of|opaque-token|Basic/)
    expect(clientSecret).toBe('secret of the API')
  })
})

async function keyPair(): Promise<{ privateKey: object; publicKey: CryptoKey }> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  return { privateKey: { ...(await exportJWK(privateKey)), kid: 'client-key' }, publicKey }
}

async function verified(token: string, key: CryptoKey): Promise<JWTVerifyResult> {
  return jwtVerify(token, key, { currentDate: new Date(server.clock.now()) })
}
