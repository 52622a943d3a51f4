import { inspect } from 'node:util'
import {
  createResourceServer,
  type Extractor,
  firstOf,
  fromBody,
  fromCookie,
  fromHeader,
  fromQuery,
  type HttpRequest,
  InvalidProofError,
  replayStore,
  UpstreamError,
} from 'oauth-resource-server'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import type { ConfirmationMethod } from '../../src/caller/confirmation.ts'
import { dpopMethod } from '../../src/caller/dpop.ts'
import type { Presented } from '../../src/http/finder.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { type DpopSettings, dpopSettings } from '../../src/options/dpop.ts'
import type { VerifiedToken } from '../../src/token/verified-token.ts'
import { boundToken, dpopClient, dpopHeaders, type ProofChange, resource } from '../support/dpop.ts'
import { refusalOf } from '../support/refusals.ts'
import { verdict } from '../support/tokens.ts'

const clock = createTestClock(1_800_000_000_000)
const issuer = await createTestIssuer({ clock })
const client = dpopClient(clock.now)
const thief = dpopClient(clock.now)
const token = await boundToken(issuer, client)
const unbound = await issuer.sign()
const now = (): number => clock.now() / 1000

type Dpop = NonNullable<NonNullable<Parameters<typeof createResourceServer>[0]>['dpop']>
const apiOf = (dpop: Dpop = {}, options: object = {}) =>
  createResourceServer({ ...issuer.options, resource, dpop, ...options })
const api = apiOf()

const request = (headers: Record<string, string>, more: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  url: '/',
  headers,
  ...more,
})
const send = (change: ProofChange = {}, more: Partial<HttpRequest> = {}, to = api): Promise<string> =>
  verdict(to.authenticate(request(dpopHeaders(token, client.proof(token, change)), more)))

const plain = dpopSettings({}, { resource, profile: undefined, certificates: false }) as DpopSettings
const methodOf = (settings: DpopSettings): ConfirmationMethod =>
  dpopMethod({ settings, clock: systemClock(clock.now), reserve: () => true, limit: (result) => result })

describe('a bound token with its proof', () => {
  it('is accepted, and the caller has the scheme DPoP', async () => {
    const auth = await api.authenticate(request(dpopHeaders(token, client.proof(token))))
    expect([auth.scheme, auth.subject, auth.token]).toEqual(['DPoP', 'user-1', token])
  })

  it.each(['DPoP', 'dpop', 'DPOP', 'dPoP'])('may come under %s', async (scheme) => {
    const headers = { authorization: `${scheme} ${token}`, dpop: client.proof(token) }
    expect(await verdict(api.authenticate(request(headers)))).toBe('200')
  })

  it.each(['ES256', 'ES384', 'EdDSA', 'RS256', 'PS256'] as const)(
    'may be bound to a key for %s',
    async (alg) => {
      const other = dpopClient(clock.now, alg)
      const bound = await boundToken(issuer, other)
      expect(await verdict(api.authenticate(request(dpopHeaders(bound, other.proof(bound)))))).toBe('200')
      expect(await verdict(api.authenticate(request(dpopHeaders(bound, other.proof(bound)))))).toBe('200')
    },
  )

  it('needs a proof every time, remembered or not', async () => {
    for (let time = 0; time < 2; time += 1) {
      expect(await send()).toBe('200')
      expect(await verdict(api.authenticate(request({ authorization: `Bearer ${token}` })))).toBe(
        '401 binding',
      )
      expect(await verdict(api.authenticate(request({ authorization: `DPoP ${token}` })))).toBe('401 proof')
    }
  })

  it('is refused as a Bearer token, with its proof too', async () => {
    const headers = { authorization: `Bearer ${token}`, dpop: client.proof(token) }
    expect(await verdict(api.authenticate(request(headers)))).toBe('401 binding')
    expect(await verdict(api.verify(token))).toBe('401 binding')
  })

  it('is refused with a good proof of another key', async () => {
    const headers = dpopHeaders(token, thief.proof(token))
    expect(await verdict(api.authenticate(request(headers)))).toBe('401 binding')
  })
})

describe('a bound token in another place than Authorization: DPoP', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const cookie = fromCookie('__Host-token', { csrf: {} })
  const inCookie = { headers: { cookie: `__Host-token=${token}`, 'sec-fetch-site': 'same-origin' } }
  it.each<[string, Extractor<never>, Partial<HttpRequest>]>([
    ['a cookie', cookie, inCookie],
    ['the query', fromQuery(), { url: `/?access_token=${token}` }],
    ['a form', fromBody(), { method: 'POST', headers: form, body: { access_token: token } }],
    ['another header', fromHeader('x-api-token'), { headers: { 'x-api-token': token } }],
    ['what a function finds', () => token, {}],
    ['a cookie, of two places', firstOf(fromHeader(), cookie), inCookie],
  ])('is refused with its proof: %s', async (_what, tokenFrom, { headers = {}, ...more }) => {
    const proof = client.proof(token, { claims: { htm: more.method ?? 'GET' } })
    const sent = request({ ...(headers as Record<string, string>), dpop: proof }, more)
    expect(await verdict(apiOf({}, { tokenFrom }).authenticate(sent))).toBe('401 binding')
    expect(
      await verdict(apiOf({}, { tokenFrom: () => ({ token, scheme: 'DPoP' }) }).authenticate(sent)),
    ).toBe('200')
  })
})

describe('an unbound token', () => {
  it('is a Bearer token as before, whatever the header DPoP has', async () => {
    const headers = { authorization: `Bearer ${unbound}`, dpop: 'x' }
    expect(await verdict(api.authenticate(request(headers)))).toBe('200')
  })

  it('is refused under DPoP', async () => {
    expect(await verdict(api.authenticate(request(dpopHeaders(unbound, client.proof(unbound)))))).toBe(
      '401 binding',
    )
  })

  it('is refused where binding is required', async () => {
    const strict = apiOf({ required: true })
    expect(await verdict(strict.authenticate(request({ authorization: `Bearer ${unbound}` })))).toBe(
      '401 binding',
    )
    expect(await send({}, {}, strict)).toBe('200')
  })
})

describe('the proof', () => {
  it.each<[string, ProofChange]>([
    ['typ missing', { header: { typ: undefined } }],
    ['typ JWT', { header: { typ: 'JWT' } }],
    ['typ at+jwt', { header: { typ: 'at+jwt' } }],
    ['typ a list', { header: { typ: ['dpop+jwt'] } }],
    ['alg missing', { header: { alg: undefined } }],
    ['alg none', { header: { alg: 'none' } }],
    ['alg in lower case', { header: { alg: 'es256' } }],
    ['alg of another curve', { header: { alg: 'ES384' } }],
    ['crit', { header: { crit: ['exp'], exp: 1 } }],
    ['b64', { header: { b64: false } }],
    ['enc', { header: { enc: 'A256GCM' } }],
    ['jku', { header: { jku: 'https://evil.test/' } }],
    ['x5u', { header: { x5u: 'https://evil.test/' } }],
    ['x5c', { header: { x5c: [] } }],
    ['jwk missing', { header: { jwk: undefined } }],
    ['jwk text', { header: { jwk: JSON.stringify(client.jwk) } }],
    ['jwk with its private part', { header: { jwk: client.privateKey.export({ format: 'jwk' }) } }],
    ['jwk off its curve', { header: { jwk: { ...client.jwk, y: client.jwk['x'] } } }],
    ['another signature', { key: thief.privateKey }],
    ['htm missing', { claims: { htm: undefined } }],
    ['htm in lower case', { claims: { htm: 'get' } }],
    ['htm of another method', { claims: { htm: 'POST' } }],
    ['htm a list', { claims: { htm: ['GET'] } }],
    ['htu missing', { claims: { htu: undefined } }],
    ['htu of another path', { claims: { htu: `${resource}/x` } }],
    ['htu of another host', { claims: { htu: 'https://evil.test/' } }],
    ['htu of another scheme', { claims: { htu: 'http://api.test/' } }],
    ['htu of another port', { claims: { htu: 'https://api.test:8443/' } }],
    ['htu a path', { claims: { htu: '/' } }],
    ['htu with a host that no URL has', { claims: { htu: 'https://api.test%2F/' } }],
    ['htu with a user name', { claims: { htu: 'https://user@api.test/' } }],
    ['htu a list', { claims: { htu: [`${resource}/`] } }],
    ['iat missing', { claims: { iat: undefined } }],
    ['iat text', { claims: { iat: String(now()) } }],
    ['iat too old', { claims: { iat: now() - 61 } }],
    ['iat ahead', { claims: { iat: now() + 11 } }],
    ['iat at the end of time', { claims: { iat: -(2 ** 63) } }],
    ['exp reached', { claims: { exp: now() } }],
    ['exp text', { claims: { exp: String(now() + 60) } }],
    ['nbf ahead', { claims: { nbf: now() + 11 } }],
    ['nbf null', { claims: { nbf: null } }],
    ['jti missing', { claims: { jti: undefined } }],
    ['jti empty', { claims: { jti: '' } }],
    ['jti a number', { claims: { jti: 1 } }],
    ['jti too long', { claims: { jti: 'j'.repeat(257) } }],
    ['ath missing', { claims: { ath: undefined } }],
    ['ath of another token', { claims: { ath: 'A'.repeat(43) } }],
    ['too long', { claims: { filler: 'f'.repeat(4096) } }],
  ])('with %s is refused', async (_what, change) => {
    expect(await send(change)).toBe('401 proof')
  })

  it.each<[string, ProofChange]>([
    ['typ in capitals', { header: { typ: 'DPOP+JWT' } }],
    ['typ with application/', { header: { typ: 'application/dpop+jwt' } }],
    ['unknown members', { header: { kid: 'k', x: {} }, claims: { x: {}, aud: 'x', sub: 1 } }],
    ['a query and a fragment in htu', { claims: { htu: `${resource}/?a=1#b` } }],
    ['htu in capitals, with its port', { claims: { htu: 'HTTPS://API.TEST:443/' } }],
    ['an empty path in htu', { claims: { htu: resource } }],
    ['an old iat', { claims: { iat: now() - 60 } }],
    ['an iat ahead', { claims: { iat: now() + 10 } }],
    ['exp and nbf', { claims: { exp: now() + 300, nbf: now() } }],
    ['exp soon', { claims: { exp: now() + 1 } }],
    ['nbf a little ahead', { claims: { nbf: now() + 10 } }],
    ['the longest jti', { claims: { jti: 'j'.repeat(256) } }],
    ['the shortest jti', { claims: { jti: 'j' } }],
    ['a nonce nobody asked for', { claims: { nonce: 'x' } }],
  ])('with %s is accepted', async (_what, change) => {
    expect(await send(change)).toBe('200')
  })

  it('may have 4096 characters', async () => {
    const proof = (filler: number): string => client.proof(token, { claims: { filler: 'f'.repeat(filler) } })
    let filler = 2500
    while (proof(filler + 1).length <= 4096) filler += 1
    expect(await send({ claims: { filler: 'f'.repeat(filler) } })).toBe('200')
    expect(await send({ claims: { filler: 'f'.repeat(filler + 1) } })).toBe('401 proof')
  })

  const good = client.proof(token)
  it.each([
    ['empty', '', '401 proof'],
    ['one part', 'x', '401 proof'],
    ['no JWT', 'a.b.c', '401 proof'],
    ['four parts', `${good}.`, '401 proof'],
    ['two parts', good.split('.').slice(0, 2).join('.'), '401 proof'],
    ['two proofs', `${good}, ${good}`, '400 malformed'],
    ['a proof and a comma', `${good},`, '400 malformed'],
  ])('that is %s is refused', async (_what, dpop, expected) => {
    expect(await verdict(api.authenticate(request({ authorization: `DPoP ${token}`, dpop })))).toBe(expected)
  })

  it('may not come twice', async () => {
    const dpop = client.proof(token)
    const headers = dpopHeaders(token, dpop)
    const rawHeaders = ['DPoP', dpop, 'dpop', dpop]
    expect(await verdict(api.authenticate(request(headers, { rawHeaders })))).toBe('400 malformed')
    const long = `${'a'.repeat(4000)}, ${'a'.repeat(4000)}`
    expect(await verdict(api.authenticate(request(dpopHeaders(token, long))))).toBe('400 malformed')
    const list = { authorization: `DPoP ${token}`, dpop: [dpop, dpop] } as never
    expect(await verdict(api.authenticate(request(list)))).toBe('400 malformed')
  })

  it('is for the method as it was sent', async () => {
    expect(await send({ claims: { htm: 'POST' } }, { method: 'DELETE', originalMethod: 'POST' })).toBe('200')
    expect(await send({ claims: { htm: 'DELETE' } }, { method: 'DELETE', originalMethod: 'POST' })).toBe(
      '401 proof',
    )
  })

  it('is for the path before routers changed it, and Host counts for nothing', async () => {
    const headers = { ...dpopHeaders(token, client.proof(token, { claims: { htu: `${resource}/admin/x` } })) }
    const mounted = { url: '/x', originalUrl: '/admin/x?a' }
    const hostile = { ...headers, host: 'evil.test', 'x-forwarded-host': 'evil.test' }
    expect(await verdict(api.authenticate(request(hostile, mounted)))).toBe('200')
    expect(await send({ claims: { htu: `${resource}/x` } }, mounted)).toBe('401 proof')
    expect(await send({ claims: { htu: `${resource}/x` } }, { url: '/admin/../x' })).toBe('401 proof')
    expect(await send({ claims: { htu: 'https://evil.test/x' } }, { url: '//evil.test/x' })).toBe('401 proof')
    expect(await send({ claims: { htu: `${resource}//evil.test/x` } }, { url: '//evil.test/x' })).toBe('200')
    expect(await send({ claims: { htu: `${resource}/x` } }, { url: 'http://evil.test/x' })).toBe('200')
  })

  it('is for what dpop.url returns', async () => {
    const given: unknown[] = []
    const behind = apiOf({
      url(it: { readonly url?: string | undefined }) {
        given.push(it)
        return `https://api.test/v1${String(it.url)}`
      },
    })
    expect(await send({ claims: { htu: `${resource}/v1/` } }, {}, behind)).toBe('200')
    expect(await send({}, {}, behind)).toBe('401 proof')
    const raw = { url: '/raw' }
    expect(await send({ claims: { htu: `${resource}/v1/raw` } }, { raw }, behind)).toBe('200')
    expect(given.at(-1)).toBe(raw)
    const wrongs = [
      undefined,
      '/v1',
      'https:///v1',
      'https://me@api.test/',
      Promise.resolve('https://api.test/'),
    ]
    for (const wrong of wrongs) {
      await expect(send({}, {}, apiOf({ url: () => wrong as never }))).rejects.toThrow(/^dpop\.url: /)
    }
  })

  it('is for no URL that dpop.url promises, and what the promise rejects with ends nothing', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    const late = apiOf({ url: () => Promise.reject(new Error('late')) as never })
    await expect(send({}, {}, late)).rejects.toThrow(/^dpop\.url: /)
    await new Promise(setImmediate)
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })

  it.each(['/x/../admin', '/%2e%2E/admin', '/a\\b', '/ü', '/./admin', '/admin#'])(
    'is for no URL of which dpop.url repeats the path %s: that is the fault of the client',
    async (url) => {
      const behind = apiOf({ url: (it: { readonly url?: string }) => `https://api.test/v1${String(it.url)}` })
      for (const path of ['/v1/admin', '/admin', `/v1${url}`]) {
        expect(await send({ claims: { htu: resource + path } }, { url }, behind)).toBe('401 proof')
      }
    },
  )

  it('obeys other bounds', async () => {
    const wide = apiOf({ maxAge: 120, leeway: 30, algorithms: ['ES256'] })
    expect(await send({ claims: { iat: now() - 120 } }, {}, wide)).toBe('200')
    expect(await send({ claims: { iat: now() - 121 } }, {}, wide)).toBe('401 proof')
    expect(await send({ claims: { iat: now() + 30 } }, {}, wide)).toBe('200')
    expect(await send({ claims: { iat: now() + 31 } }, {}, wide)).toBe('401 proof')
    const other = dpopClient(clock.now, 'EdDSA')
    const bound = await boundToken(issuer, other)
    const sent = wide.authenticate(request(dpopHeaders(bound, other.proof(bound))))
    expect(await verdict(sent)).toBe('401 proof')
  })
})

describe('a refusal', () => {
  const broken = { status: 401, reason: 'proof' }
  const notBound = { status: 401, reason: 'binding' }
  const bearer = { authorization: `Bearer ${token}` }
  const stolen =
    'the token is bound to a key and came as a Bearer token: the client must send Authorization: DPoP with a proof; or somebody stole it'
  it.each<[string, () => unknown, object, object]>([
    [
      'a bound token as Bearer',
      () => api.authenticate(request(bearer)),
      notBound,
      { claim: 'cnf', expected: 'jkt', hint: stolen },
    ],
    [
      'a bound token without a request',
      () => api.verify(token),
      notBound,
      { claim: 'cnf', expected: 'jkt', hint: stolen },
    ],
    [
      'another key',
      () => api.authenticate(request(dpopHeaders(token, thief.proof(token)))),
      notBound,
      {
        claim: 'cnf',
        expected: 'jkt',
        hint: 'the proof is signed with another key than the token is bound to',
      },
    ],
    [
      'a wrong ath',
      () => api.authenticate(request(dpopHeaders(token, client.proof(unbound)))),
      broken,
      {
        claim: 'ath',
        actual: 'string',
        hint: 'ath must be the SHA-256 hash of this very access token, in base64url without padding',
      },
    ],
    [
      'another signature',
      () => api.authenticate(request(dpopHeaders(token, client.proof(token, { key: thief.privateKey })))),
      broken,
      { claim: 'jwk', hint: 'the signature of the proof is not of the key in its header' },
    ],
    [
      'a key off its curve',
      () =>
        api.authenticate(
          request(
            dpopHeaders(
              token,
              client.proof(token, { header: { jwk: { ...client.jwk, y: client.jwk['x'] } } }),
            ),
          ),
        ),
      broken,
      { claim: 'jwk', hint: 'the key of the proof is not a point on its curve, or not usable' },
    ],
    [
      'a request without a method',
      () => api.authenticate({ url: '/', headers: dpopHeaders(token, client.proof(token)) }),
      broken,
      {
        claim: 'htm',
        expected: '',
        actual: 'string',
        hint: 'the client signs the method in upper case, as it is sent',
      },
    ],
    [
      'a request without a URL',
      () => api.authenticate({ method: 'GET', headers: dpopHeaders(token, client.proof(token)) }),
      broken,
      { claim: 'htu', expected: 'a plain URL', actual: 'string', hint: expect.any(String) as string },
    ],
  ])('for %s says what to do', async (_what, step, kind, detail) => {
    expect(await refusalOf(step)).toEqual({ ...kind, detail })
  })

  it('of a proof that was used before names its jti', async () => {
    const headers = dpopHeaders(token, client.proof(token))
    await api.authenticate(request(headers))
    expect(await refusalOf(() => api.authenticate(request(headers)))).toEqual({
      status: 401,
      reason: 'replayed',
      detail: { claim: 'jti' },
    })
  })
})

describe('the key of a client', () => {
  it('is accepted whatever else the headers of its proofs say', async () => {
    const own = apiOf()
    expect(await send({}, {}, own)).toBe('200')
    expect(await send({}, {}, own)).toBe('200')
    expect(await send({ header: { kid: 'other' } }, {}, own)).toBe('200')
    expect(await send({}, {}, own)).toBe('200')
  })

  it('is no longer known by the header of an earlier proof when the header differs in one member', async () => {
    const own = apiOf()
    expect(await send({}, {}, own)).toBe('200')
    for (const header of [{ typ: 'JWT' }, { alg: 'none' }, { crit: ['x'] }, { jwk: thief.jwk }]) {
      expect(await send({ header }, {}, own)).toBe('401 proof')
    }
    expect(await send({ key: thief.privateKey }, {}, own)).toBe('401 proof')
  })

  it('that another token is bound to is not taken for it, though its header is known', async () => {
    const own = apiOf()
    const theirs = await boundToken(issuer, thief)
    const ask = async (sent: string, by: typeof client): Promise<string> =>
      verdict(own.authenticate(request(dpopHeaders(sent, by.proof(sent)))))
    expect(await ask(token, client)).toBe('200')
    expect(await ask(theirs, thief)).toBe('200')
    expect(await ask(theirs, client)).toBe('401 binding')
    expect(await ask(token, thief)).toBe('401 binding')
    expect(await ask(token, client)).toBe('200')
  })

  it('may sign with another algorithm, which is checked as that one', async () => {
    const own = apiOf()
    const rsa = dpopClient(clock.now, 'RS256')
    const bound = await boundToken(issuer, rsa)
    const ask = async (alg: string, signedAs = 'RS256'): Promise<string> =>
      verdict(own.authenticate(request(dpopHeaders(bound, rsa.proof(bound, { header: { alg }, signedAs })))))
    expect(await ask('RS256')).toBe('200')
    // Signed as RS256 all the same.
    expect(await ask('PS256')).toBe('401 proof')
    expect(await ask('PS256', 'PS256')).toBe('200')
    expect(await ask('PS256')).toBe('401 proof')
    expect(await ask('RS256')).toBe('200')
  })

  it('is judged once for proofs with the same header', async () => {
    let judged = 0
    const settings = Object.defineProperty({ ...plain }, 'algorithms', {
      get: () => {
        judged += 1
        return plain.algorithms
      },
    })
    const method = methodOf(settings)
    const confirm = async (header = {}): Promise<unknown> =>
      method.confirm(
        client.thumbprint,
        {} as unknown as VerifiedToken,
        {
          scheme: 'DPoP',
          token,
          request: request(dpopHeaders(token, client.proof(token, { header }))),
        } as Presented,
      )
    for (const expected of [1, 1, 1]) {
      await confirm()
      expect(judged).toBe(expected)
    }
    await confirm({ kid: 'other' })
    expect(judged).toBe(2)
  })
})

describe('a bound token without a request', () => {
  it.each(['Bearer', 'DPoP'])('is refused, whatever its scheme: %s', async (scheme) => {
    const presented = { scheme, token } as Presented
    const confirm = (): unknown =>
      methodOf(plain).confirm(client.thumbprint, {} as unknown as VerifiedToken, presented)
    expect(await refusalOf(confirm)).toMatchObject({ status: 401, reason: 'binding' })
  })
})

describe('a nonce', () => {
  it('must be in the proof where one is wanted (RFC 9449 §9)', async () => {
    const strict = apiOf({ nonce: { secret: new Uint8Array(32).fill(1) } })
    const error: unknown = await strict
      .authenticate(request(dpopHeaders(token, client.proof(token))))
      .catch((it: unknown) => it)
    expect(error).toMatchObject({ status: 401, reason: 'nonce', nonce: expect.any(String) as string })
    const { nonce } = error as InvalidProofError
    expect(await send({ claims: { nonce } }, {}, strict)).toBe('200')
    expect(await send({ claims: { nonce: `${nonce}x` } }, {}, strict)).toBe('401 nonce')
  })
})

describe('a proof used again', () => {
  it('is refused, and one of another key with the same jti is not', async () => {
    expect(await send({ claims: { jti: 'one' } })).toBe('200')
    expect(await send({ claims: { jti: 'one' } })).toBe('401 replayed')
    const bound = await boundToken(issuer, thief)
    const proof = thief.proof(bound, { claims: { jti: 'one' } })
    expect(await verdict(api.authenticate(request(dpopHeaders(bound, proof))))).toBe('200')
  })

  it('is refused for as long as it could be accepted', async () => {
    const claims = { jti: 'two', iat: now() + 10 }
    expect(await send({ claims })).toBe('200')
    clock.advance(70)
    expect(await send({ claims })).toBe('401 replayed')
    clock.advance(1)
    expect(await send({ claims })).toBe('401 proof')
    clock.advance(-71)
  })

  it('of 1,000 at once, one is accepted', async () => {
    const headers = dpopHeaders(token, client.proof(token))
    const sent = await Promise.all(
      Array.from({ length: 1000 }, () => verdict(api.authenticate(request(headers)))),
    )
    expect(sent.filter((it) => it === '200')).toHaveLength(1)
    expect(sent.filter((it) => it === '401 replayed')).toHaveLength(999)
  })

  it('is not used up by another refusal', async () => {
    let revoked = true
    const list = { isRevoked: () => revoked }
    const reserved: string[] = []
    const store = replayStore({ now: clock.now })
    const watched = {
      reserve(key: string, expiresAt: number | Date) {
        reserved.push(key)
        expect(expiresAt).toBe(now() + 70)
        return store.reserve(key, expiresAt)
      },
    }
    const schema = {
      '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value: value as object }) },
    }
    const listed = apiOf({ replay: watched }, { revocation: list, schema })
    expect(await send({ claims: { jti: 'three' } }, {}, listed)).toBe('401 revoked')
    expect(reserved).toEqual([])
    revoked = false
    expect(await send({ claims: { jti: 'three' } }, {}, listed)).toBe('200')
    expect(reserved).toEqual([`${client.thumbprint}.three`])
  })

  const closed = Object.assign(new Error('closed: redis://:password@redis.test'), { code: 'ECONNRESET' })
  const failed =
    'the replay store failed, Error ECONNRESET: the connection was closed: it is tried again by itself'
  const noBoolean = 'dpop.replay: reserve must return true or false'
  it.each<[string, () => unknown, string]>([
    [
      'throws',
      () => {
        throw closed
      },
      failed,
    ],
    ['rejects', () => Promise.reject(closed), failed],
    [
      'rejects with a refusal',
      () => Promise.reject(new InvalidProofError('replayed')),
      'the replay store failed, InvalidProofError',
    ],
    ['rejects with a 503', () => Promise.reject(new UpstreamError(1, { detail: { hint: 'full' } })), 'full'],
    ['returns no boolean', () => Promise.resolve('OK'), noBoolean],
    ['returns undefined', () => undefined, noBoolean],
    ['never responds', () => new Promise(() => undefined), 'dpop.replay: no result within 10 ms'],
  ])('cannot be told where the store %s: 503', async (_what, reserve, hint) => {
    const failing = apiOf({ replay: { reserve: reserve as never } }, { hookTimeoutMs: 10 })
    const sent = request(dpopHeaders(token, client.proof(token)))
    const error: unknown = await failing.authenticate(sent).catch((it: unknown) => it)
    expect(error).toMatchObject({ status: 503, reason: 'unavailable', retryAfter: 1, detail: { hint } })
    expect(inspect(error)).not.toContain('password')
  })

  it('cannot be told when the memory is full, of which one key fills a tenth at most: 503', async () => {
    const small = apiOf({ replay: replayStore({ max: 20, now: clock.now }) })
    expect(await send({}, {}, small)).toBe('200')
    expect(await send({}, {}, small)).toBe('200')
    expect(await send({}, {}, small)).toBe('503 unavailable')
    const bound = await boundToken(issuer, thief)
    const other = (): Promise<string> =>
      verdict(small.authenticate(request(dpopHeaders(bound, thief.proof(bound)))))
    expect(await other()).toBe('200')
    clock.advance(120)
    expect(await send({}, {}, small)).toBe('200')
    clock.advance(-120)
  })
})

describe('two bindings', () => {
  it('are refused where only one can be checked, whatever the proof', async () => {
    const both = await boundToken(issuer, client, {
      cnf: { jkt: client.thumbprint, 'x5t#S256': 'A'.repeat(43) },
    })
    expect(await verdict(api.authenticate(request(dpopHeaders(both, client.proof(both)))))).toBe(
      '401 binding',
    )
  })

  it.each([{}, { kid: 'k' }, { 'x5t#S256': 'A'.repeat(43) }, { jkt: 1 }, { jkt: null }, { jkt: '' }])(
    'are not %j',
    async (cnf) => {
      const other = await issuer.sign({ cnf })
      expect(await verdict(api.authenticate(request(dpopHeaders(other, client.proof(other)))))).toBe(
        '401 binding',
      )
    },
  )

  it('ignore unknown members', async () => {
    const more = await boundToken(issuer, client, { cnf: { jkt: client.thumbprint, kid: 'k' } })
    expect(await verdict(api.authenticate(request(dpopHeaders(more, client.proof(more)))))).toBe('200')
  })
})
