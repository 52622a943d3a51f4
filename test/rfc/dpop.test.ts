import { createHash, generateKeyPairSync } from 'node:crypto'
import {
  createResourceServer,
  fromHeader,
  fromQuery,
  type HttpRequest,
  isAuthError,
  replayStore,
  revocationList,
} from 'oauth-resource-server'
import {
  protect,
  protectedResourceMetadata,
  requireRecentLogin,
  requireScope,
} from 'oauth-resource-server/fetch'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { thumbprint } from '../../src/jose/thumbprint.ts'
import { boundToken, dpopClient, dpopHeaders, type ProofChange, resource } from '../support/dpop.ts'
import { type HostOptions, hosts } from '../support/hosts.ts'
import { sharedHosts } from '../support/shared-hosts.ts'

const clock = createTestClock(1_800_000_000_000)
const issuer = await createTestIssuer({ clock })
const client = dpopClient(clock.now)
const other = dpopClient(clock.now)
const rsa = dpopClient(clock.now, 'RS256')
const edwards = dpopClient(clock.now, 'EdDSA')
const token = await boundToken(issuer, client)
const unbound = await issuer.sign()
const now = (): number => clock.now() / 1000
const secret = createHash('sha512').update('a secret of the tests').digest()

type Api = ReturnType<typeof createResourceServer>
const apiOf = (dpop: object = {}, options: object = {}): Api =>
  createResourceServer({ ...issuer.options, resource, dpop, ...options })
const api = apiOf()
const nonced = apiOf({ nonce: { secret, lifetime: 300 } })
const required = apiOf({ required: true })
const started = sharedHosts()
const exposing: HostOptions = { cors: 'ahead', exposed: ['DPoP-Nonce', 'WWW-Authenticate'] }

/** What is sent: a good request but for one thing. */
interface Sent {
  /** Instead of the token that is bound to the client's key. */
  readonly token?: string
  /** Of another client. */
  readonly from?: typeof client
  readonly proof?: ProofChange
  /** Added to the good headers; `undefined` removes one. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly request?: Partial<HttpRequest>
  readonly to?: Api
}

function requestOf({ token: sent = token, from = client, proof, headers, request }: Sent): HttpRequest {
  const all = Object.entries({ ...dpopHeaders(sent, from.proof(sent, proof)), ...headers })
  const present = all.filter((entry): entry is [string, string] => entry[1] !== undefined)
  return { method: 'GET', url: '/', headers: Object.fromEntries(present), ...request }
}

/** The response to what is sent; `undefined`: it is accepted. */
async function refusal(sent: Sent): Promise<ReturnType<Api['refuse']> | undefined> {
  const { to = api } = sent
  try {
    await to.authenticate(requestOf(sent))
    return undefined
  } catch (error) {
    if (!isAuthError(error)) throw error
    return to.refuse(error)
  }
}

const challengeOf = async (sent: Sent): Promise<string> =>
  (await refusal(sent))?.headers['WWW-Authenticate'] ?? ''

async function outcome(sent: Sent): Promise<string> {
  const response = await refusal(sent)
  if (response === undefined) return '200'
  const code = /error="([^"]*)"/.exec(response.headers['WWW-Authenticate'] ?? '')?.[1]
  return [response.status, code].filter((part) => part !== undefined).join(' ')
}

const none = { headers: { authorization: undefined, dpop: undefined } }
const claims = (changes: Record<string, unknown>): Sent => ({ proof: { claims: changes } })
const header = (changes: Record<string, unknown>): Sent => ({ proof: { header: changes } })
const hash = (text: string): Buffer => createHash('sha256').update(text).digest()

/** The client's token, bound to another text as thumbprint. */
const boundTo = async (jkt: string): Promise<Sent> => ({ token: await issuer.sign({ cnf: { jkt } }) })
const { crv, kty, x, y } = client.jwk
const padded = { ...client.jwk, x: `${x}=` }
const spelled = (jwk: object): string => hash(JSON.stringify(jwk)).toString('base64url')

const badProof = '401 invalid_dpop_proof'
const badToken = '401 invalid_token'
const badRequest = '400 invalid_request'
type Expected = '200' | typeof badProof | typeof badToken | typeof badRequest | '401 use_dpop_nonce'
type Row = readonly [title: string, send: () => Sent | Promise<Sent>, expected: Expected]

const thumbprints: readonly Row[] = [
  [
    'RFC7638-3.2-1 more members in another order',
    () => header({ jwk: { use: 'sig', y, x, kty, crv } }),
    '200',
  ],
  [
    'RFC7638-3.2-1 jkt over one member more',
    () => boundTo(spelled({ crv, kty, use: 'sig', x, y })),
    badToken,
  ],
  ['RFC7638-3.2-1 an RSA key', async () => ({ token: await boundToken(issuer, rsa), from: rsa }), '200'],
  [
    'RFC7638-3.2-1 an Edwards key',
    async () => ({ token: await boundToken(issuer, edwards), from: edwards }),
    '200',
  ],
  ['RFC7638-3.3-1 jkt over sorted members', () => boundTo(spelled({ crv, kty, x, y })), '200'],
  ['RFC7638-3.3-1 jkt over members in another order', () => boundTo(spelled({ kty, crv, x, y })), badToken],
  [
    'RFC7638-3.3-1 jkt over JSON with spaces',
    () => boundTo(hash(JSON.stringify({ crv, kty, x, y }, undefined, 1)).toString('base64url')),
    badToken,
  ],
  [
    'RFC7638-3.3-1 jkt with SHA-512',
    () =>
      boundTo(
        createHash('sha512').update(JSON.stringify({ crv, kty, x, y })).digest('base64url').slice(0, 43),
      ),
    badToken,
  ],
  [
    'RFC7638-7-1 a key with padding, and its jkt',
    async () => ({
      ...(await boundTo(spelled({ crv, kty, x: padded.x, y }))),
      ...header({ jwk: padded }),
    }),
    badProof,
  ],
  ['RFC7638-7-1 jkt with padding', () => boundTo(`${client.thumbprint}=`), badToken],
  ['RFC9449-6.1-1 jkt is the thumbprint', () => boundTo(client.thumbprint), '200'],
  [
    'RFC9449-6.1-1 jkt in hex',
    () => boundTo(hash(JSON.stringify({ crv, kty, x, y })).toString('hex')),
    badToken,
  ],
  ['RFC9449-6-2 a proof of another key', () => ({ from: other }), badToken],
]

const ath = (of: string): string => hash(of).toString('base64url')
const secretly = (jwk: object): object => ({ ...jwk, ...client.privateKey.export({ format: 'jwk' }) })
const small = generateKeyPairSync('rsa', { modulusLength: 1024 })

const proofs: readonly Row[] = [
  ...['jti', 'htm', 'htu', 'iat'].flatMap((claim): Row[] => [
    [`RFC9449-4.2-1 ${claim} of another type`, () => claims({ [claim]: [] }), badProof],
    [`RFC9449-4.3-3 no ${claim}`, () => claims({ [claim]: undefined }), badProof],
  ]),
  ['RFC9449-4.2-2 no ath', () => claims({ ath: undefined }), badProof],
  ['RFC9449-4.3-1 one proof', () => ({}), '200'],
  [
    'RFC9449-4.3-1 two proofs in one line',
    () => ({ headers: { dpop: `${client.proof(token)}, ${client.proof(token)}` } }),
    badRequest,
  ],
  [
    'RFC9449-4.3-1 two header lines',
    () => ({ request: { rawHeaders: ['DPoP', client.proof(token), 'DPoP', client.proof(token)] } }),
    badRequest,
  ],
  ['RFC9449-4.3-2 no JWT', () => ({ headers: { dpop: 'x' } }), badProof],
  [
    'RFC9449-4.3-2 a JWT without its signature',
    () => ({ headers: { dpop: client.proof(token).replace(/[^.]*$/, '') } }),
    badProof,
  ],
  ['RFC9449-4.3-4 no typ', () => header({ typ: undefined }), badProof],
  ['RFC9449-4.3-4 typ in another spelling', () => header({ typ: 'application/DPoP+JWT' }), '200'],
  ['RFC9449-11.5-1 typ JWT', () => header({ typ: 'JWT' }), badProof],
  ['RFC9449-11.5-1 typ of an access token', () => header({ typ: 'at+jwt' }), badProof],
  ['RFC9449-4.3-5 no alg', () => header({ alg: undefined }), badProof],
  ['RFC9449-4.3-5 a symmetric alg', () => header({ alg: 'HS256' }), badProof],
  ['RFC9449-4.3-5 an alg not accepted', () => ({ to: apiOf({ algorithms: ['EdDSA'] }) }), badProof],
  ['RFC9449-11.6-2 alg none', () => header({ alg: 'none' }), badProof],
  [
    'RFC9449-11.6-1 RSA with 1024 bits',
    () => ({
      proof: { header: { alg: 'RS256', jwk: small.publicKey.export({ format: 'jwk' }) } },
    }),
    badProof,
  ],
  ['RFC9449-4.3-6 the signature of another key', () => ({ proof: { key: other.privateKey } }), badProof],
  ['RFC9449-4.3-6 no jwk', () => header({ jwk: undefined }), badProof],
  ['RFC9449-4.3-7 a private part', () => header({ jwk: secretly(client.jwk) }), badProof],
  ['RFC9449-4.3-8 another method', () => claims({ htm: 'POST' }), badProof],
  ['RFC9449-4.3-8 the method in lower case', () => claims({ htm: 'get' }), badProof],
  ['RFC9449-4.3-9 query and fragment', () => claims({ htu: `${resource}/?a=1#b` }), '200'],
  ['RFC9449-4.3-9 a query of the request', () => ({ request: { url: '/?a=1' } }), '200'],
  ['RFC9449-4.3-9 another path', () => claims({ htu: `${resource}/x` }), badProof],
  ['RFC9449-4.3-9 another host', () => claims({ htu: 'https://evil.test/' }), badProof],
  ['RFC9449-4.3-9 another scheme', () => claims({ htu: 'http://api.test/' }), badProof],
  ['RFC9449-4.3-14 scheme and host in capitals', () => claims({ htu: 'HTTPS://API.TEST/' }), '200'],
  ['RFC9449-4.3-14 the default port', () => claims({ htu: 'https://api.test:443/' }), '200'],
  ['RFC9449-4.3-14 another port', () => claims({ htu: 'https://api.test:444/' }), badProof],
  ['RFC9449-4.3-14 an empty path', () => claims({ htu: resource }), '200'],
  ['RFC9449-4.3-14 dot segments', () => claims({ htu: `${resource}/a/../` }), '200'],
  [
    'RFC9449-4.3-14 unreserved characters in percent-encoding',
    () => ({ ...claims({ htu: `${resource}/%7ea` }), request: { url: '/~a' } }),
    '200',
  ],
  [
    'RFC9449-4.3-14 percent-encoding in lower case',
    () => ({ ...claims({ htu: `${resource}/a%2fb` }), request: { url: '/a%2Fb' } }),
    '200',
  ],
  ['RFC9449-4.3-11 at the greatest age', () => claims({ iat: now() - 60 }), '200'],
  ['RFC9449-4.3-11 older', () => claims({ iat: now() - 61 }), badProof],
  ['RFC9449-11.1-1 an hour old', () => claims({ iat: now() - 3600 }), badProof],
  ['RFC9449-11.1-4 iat 10 s ahead', () => claims({ iat: now() + 10 }), '200'],
  ['RFC9449-11.1-4 iat 11 s ahead', () => claims({ iat: now() + 11 }), badProof],
  ['RFC9449-4.3-12 ath of another token', () => claims({ ath: ath(unbound) }), badProof],
  ['RFC9449-4.3-13 the token is bound to another key', () => boundTo(other.thumbprint), badToken],
  ['RFC9449-11.1-3 the longest jti', () => claims({ jti: 'j'.repeat(256) }), '200'],
  ['RFC9449-11.1-3 a jti that is longer', () => claims({ jti: 'j'.repeat(257) }), badProof],
]

const schemes: readonly Row[] = [
  ['RFC9449-7.1-1 no proof', () => ({ headers: { dpop: undefined } }), badProof],
  [
    'RFC9449-7.1-1 no proof, the scheme in lower case',
    () => ({ headers: { authorization: `dpop ${token}`, dpop: undefined } }),
    badProof,
  ],
  ['RFC9449-7.1-3 several spaces', () => ({ headers: { authorization: `DPoP   ${token}` } }), '200'],
  ['RFC9449-7.1-3 another spelling', () => ({ headers: { authorization: `dPOP ${token}` } }), '200'],
  ['RFC9449-7.1-3 no space', () => ({ headers: { authorization: 'DPoP' } }), badRequest],
  ['RFC9449-7.1-3 a parameter', () => ({ headers: { authorization: `DPoP ${token}, a=b` } }), badRequest],
  ['RFC9449-7.1-4 the proof is wrong', () => claims({ htm: 'PUT' }), badProof],
  ['RFC9449-7.1-4 the binding is wrong', () => ({ from: other }), badToken],
  ['RFC9449-7.1-8 an unbound token', () => ({ token: unbound }), badToken],
  [
    'RFC9449-7.2-1 as Bearer, with a proof',
    () => ({ headers: { authorization: `Bearer ${token}` } }),
    badToken,
  ],
  [
    'RFC9449-7.2-1 as Bearer, where DPoP is not set up',
    () => ({
      headers: { authorization: `Bearer ${token}` },
      to: createResourceServer({ ...issuer.options, resource }),
    }),
    badToken,
  ],
  [
    'RFC9449-7.2-4 two Authorization headers',
    () => ({
      request: { rawHeaders: ['Authorization', `DPoP ${token}`, 'Authorization', `Bearer ${unbound}`] },
    }),
    badRequest,
  ],
  [
    'RFC9449-7.2-4 two schemes in one header',
    () => ({ headers: { authorization: `DPoP ${token}, Bearer ${unbound}` } }),
    badRequest,
  ],
  ['RFC9700-2.2.1-1 a bound token', () => ({ to: required }), '200'],
  [
    'RFC9700-2.2.1-1 an unbound one, where binding is required',
    () => ({ headers: { authorization: `Bearer ${unbound}` }, to: required }),
    badToken,
  ],
  ['RFC9700-4.10.1-1 with the proof of a thief', () => ({ from: other }), badToken],
  [
    'RFC9700-4.10.1-1 with a proof that a thief signed',
    () => ({ proof: { key: other.privateKey } }),
    badProof,
  ],
]

describe('requirements on DPoP', () => {
  it.each([...thumbprints, ...proofs, ...schemes])('%s', async (_title, send, expected) => {
    expect(await outcome({})).toBe('200')
    expect(await outcome(await send())).toBe(expected)
  })

  it('RFC7638-3.3-1 the example of the RFC has its thumbprint', async () => {
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw'
    const jwk = { kty: 'RSA', n, e: 'AQAB', alg: 'RS256', kid: '2011-04-29' }
    expect(await thumbprint(jwk)).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
  })

  it.each([
    ['RFC9449-4.2-2', { ath: ath(`${token} `) }],
    ['RFC9449-4.3-3', { jti: null }],
    ['RFC9449-4.3-8', { htm: 'DELETE' }],
    ['RFC9449-4.3-9', { htu: `${resource}/admin` }],
    ['RFC9449-4.3-11', { iat: now() - 900 }],
  ])('RFC9449-7.1-2 all checks or no access: %s', async (_id, changes) => {
    expect(await outcome(claims(changes))).toBe(badProof)
  })

  it.each(['RFC9449-11.1-2', 'RFC9700-4.10.1-2', 'RFC9701-8.1-3'])(
    '%s a proof is accepted once',
    async (id) => {
      const sent = claims({ jti: id })
      expect(await outcome(sent)).toBe('200')
      expect(await outcome(sent)).toBe(badProof)
      expect(await outcome(claims({ jti: `${id}, another` }))).toBe('200')
    },
  )

  it('RFC9449-11.1-3 a full memory of proofs accepts none', async () => {
    const to = apiOf({ replay: replayStore({ max: 10, now: clock.now }) })
    expect(await outcome({ to })).toBe('200')
    expect(await outcome({ to })).toBe('503')
  })

  it('RFC9449-11.1-4 a proof from ahead is remembered for as long as it is accepted', async () => {
    const until: unknown[] = []
    const reserve = (_key: string, expiresAt: number): Promise<boolean> =>
      Promise.resolve(until.push(expiresAt) > 0)
    const to = apiOf({ replay: { reserve } })
    expect(await outcome({ ...claims({ iat: now() + 10 }), to })).toBe('200')
    expect(until).toEqual([now() + 10 + 60 + 10])
  })

  it.each([['HS256'], ['none']])('RFC9449-11.6-1 %s cannot be configured', (name) => {
    expect(() => apiOf({ algorithms: [name] })).toThrow(/^dpop\.algorithms: /)
    expect(() => apiOf({ algorithms: ['ES256'] })).not.toThrow()
  })
})

describe('requirements on challenges with DPoP', () => {
  const bearerFirst = /^Bearer realm="[^"]*"(?:, [a-z_]+="[^"]*")*, DPoP realm=/

  it('RFC9449-7.1-5 the challenge lists the algorithms', async () => {
    const to = apiOf({ algorithms: ['ES256', 'PS256'] })
    expect(await challengeOf({ ...none, to })).toMatch(/, DPoP realm=.*, algs="ES256 PS256"$/)
  })

  it('RFC9449-7.2-2 without credentials no challenge has an error', async () => {
    const challenge = await challengeOf(none)
    expect(challenge).toMatch(bearerFirst)
    expect(challenge).not.toContain('error')
  })

  it.each<[string, Sent, RegExp]>([
    ['DPoP', claims({ htm: 'PUT' }), /^DPoP [^,]*,.* error="invalid_dpop_proof".*, Bearer (?!.*error)/],
    ['DPoP, its token', { token: `${unbound}x` }, /^DPoP .* error="invalid_token".*, Bearer (?!.*error)/],
    [
      'Bearer',
      { headers: { authorization: `Bearer ${unbound}x` } },
      /^Bearer .* error="invalid_token".*, DPoP (?!.*error)/,
    ],
  ])('RFC9449-7.2-3 the error is in the challenge of the scheme used: %s', async (_what, sent, expected) => {
    expect(await challengeOf(sent)).toMatch(expected)
  })

  it.each(['RFC9110-11.6.1-2', 'RFC9110-11.3-1'])(
    '%s two schemes, two challenges, Bearer first',
    async () => {
      expect((await challengeOf(none)).match(/(?:^|, )(\w+) realm="/g)).toEqual([
        'Bearer realm="',
        ', DPoP realm="',
      ])
      expect((await challengeOf({ ...none, to: required })).match(/(?:^|, )(\w+) realm="/g)).toEqual([
        'DPoP realm="',
      ])
    },
  )

  it('RFC9470-3-5 a login that is too old is told in the scheme that was used', async () => {
    const route = protect(api, requireRecentLogin({ maxAge: 60 }))(() => new Response())
    const ask = async (scheme: 'Bearer' | 'DPoP', authTime: number): Promise<Response> => {
      const login = { auth_time: authTime }
      const sent = scheme === 'DPoP' ? await boundToken(issuer, client, login) : await issuer.sign(login)
      const headers = { ...dpopHeaders(sent, client.proof(sent)), authorization: `${scheme} ${sent}` }
      return route(new Request(`${resource}/`, { headers }))
    }
    for (const scheme of ['Bearer', 'DPoP'] as const) {
      expect((await ask(scheme, now())).status).toBe(200)
      const refused = await ask(scheme, now() - 900)
      expect([scheme, refused.status]).toEqual([scheme, 401])
      expect(refused.headers.get('www-authenticate')).toMatch(
        new RegExp(`^${scheme} [^,]*,.* error="insufficient_user_authentication".* max_age="60"`),
      )
    }
  })

  it.each<[object | undefined, object]>([
    [undefined, {}],
    [{ algorithms: ['ES256'] }, { dpop_signing_alg_values_supported: ['ES256'] }],
    [
      { algorithms: ['ES256'], required: true },
      { dpop_signing_alg_values_supported: ['ES256'], dpop_bound_access_tokens_required: true },
    ],
  ])('RFC9728-2-7 the metadata of an API with dpop %j state it', async (dpop, expected) => {
    const of = createResourceServer({ ...issuer.options, resource, ...(dpop === undefined ? {} : { dpop }) })
    const response = protectedResourceMetadata(of)(
      new Request(`${resource}/.well-known/oauth-protected-resource`),
    )
    const document = (await response?.json()) as object
    const stated = Object.entries(document).filter(([name]) => name.startsWith('dpop_'))
    expect(Object.fromEntries(stated)).toEqual(expected)
  })
})

describe('requirements on how clients reach the API', () => {
  it('RFC9449-2-1 proofs are for https: no other URL is accepted, in the options or in a proof', async () => {
    expect(() => apiOf({}, { resource: 'http://api.test' })).toThrow(/^resource: .*https/)
    expect(await outcome(claims({ htu: 'http://api.test/' }))).toBe(badProof)
    expect(await outcome(claims({ htu: 'https://api.test/' }))).toBe('200')
  })

  it.each(Object.entries(hosts))(
    'RFC9449-7.1-7 RFC9449-8-4 scripts of other origins can read the challenge and the nonce, %s',
    async (_name, start) => {
      const { origin } = await started(start, nonced, exposing)
      const headers = { origin: 'https://app.test', ...dpopHeaders(token, client.proof(token)) }
      const response = await fetch(origin, { headers })
      expect(response.status).toBe(401)
      const readable = response.headers.get('access-control-expose-headers')?.toLowerCase().split(/, ?/)
      expect(readable).toEqual(['dpop-nonce', 'www-authenticate'])
      for (const name of readable ?? []) expect(response.headers.get(name)).toMatch(/./)
    },
  )
})

describe('requirements on nonces', () => {
  const nonceOf = async (to = nonced): Promise<string> =>
    (await refusal({ to }))?.headers['DPoP-Nonce'] ?? 'no nonce'
  const withNonce = (nonce: unknown): Sent => ({ ...claims({ nonce }), to: nonced })
  const foreign = apiOf({ nonce: { secret: createHash('sha512').update('another secret').digest() } })

  it.each<[string, () => unknown]>([
    ['RFC9449-4.3-10 another nonce', async () => `${await nonceOf()}A`],
    ['RFC9449-8-1 a nonce that was guessed', () => `${now().toString(36)}.${'A'.repeat(43)}`],
    ['RFC9449-8-1 the time alone', () => now().toString(36)],
    ['RFC9449-8-3 a nonce of another API', () => nonceOf(foreign)],
    ['RFC9449-9-2 a nonce of an authorization server', () => 'eyJ7S_zG.eyJH0-Z.HX4w-7v'],
    ['RFC9449-9-1 no nonce', () => undefined],
    ['RFC9449-11.3-1 no nonce', () => undefined],
    ['RFC9449-11.3-1 an empty nonce', () => ''],
  ])('%s is refused', async (_title, nonce) => {
    expect(await outcome(withNonce(await nonceOf()))).toBe('200')
    expect(await outcome(withNonce(await nonce()))).toBe('401 use_dpop_nonce')
  })

  it('RFC9449-8-3 an old nonce is refused', async () => {
    const nonce = await nonceOf()
    clock.advance(300)
    expect(await outcome(withNonce(nonce))).toBe('200')
    clock.advance(1)
    expect(await outcome(withNonce(nonce))).toBe('401 use_dpop_nonce')
    clock.advance(-301)
  })

  it('RFC9449-8.1-1 a nonce has only permitted characters', async () => {
    expect(await nonceOf()).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/)
  })

  it('RFC9449-9-1 without a nonce the response is 401 use_dpop_nonce with a nonce', async () => {
    const response = await refusal({ to: nonced })
    expect(response?.status).toBe(401)
    expect(response?.headers['WWW-Authenticate']).toMatch(/^DPoP [^,]*,.* error="use_dpop_nonce"/)
    expect(await outcome(withNonce(response?.headers['DPoP-Nonce']))).toBe('200')
  })

  const route = protect(nonced)(() => new Response())
  const ask = async (nonce: unknown): Promise<Response> =>
    route(
      new Request(`${resource}/`, {
        headers: dpopHeaders(token, client.proof(token, claims({ nonce }).proof)),
      }),
    )

  it.each(['RFC9449-8-2', 'RFC9449-8.2-1', 'RFC9449-8.2-2'])(
    '%s a response has one nonce at most, the next one once half of its life is over, and is not stored',
    async () => {
      const refused = await ask(undefined)
      const nonce = refused.headers.get('dpop-nonce')
      expect(nonce).toMatch(/^[^, ]+$/)
      expect(refused.headers.get('cache-control')).toBe('no-store')
      expect((await ask(nonce)).headers.get('dpop-nonce')).toBeNull()
      clock.advance(150)
      const accepted = await ask(nonce)
      clock.advance(-150)
      expect(accepted.status).toBe(200)
      expect(accepted.headers.get('dpop-nonce')).toMatch(/^[^, ]+$/)
      expect(accepted.headers.get('dpop-nonce')).not.toBe(nonce)
      expect(accepted.headers.get('cache-control')).toBe('no-store')
    },
  )
})

describe('requirements of the FAPI 2.0 Security Profile', async () => {
  const fapiIssuer = await createTestIssuer({ clock, algorithms: ['ES256', 'RS256'] })
  const good = { profile: 'fapi2', revocation: revocationList() }
  const make = (options: object = {}): Api =>
    createResourceServer({
      ...fapiIssuer.options,
      resource,
      dpop: {},
      algorithms: undefined,
      ...good,
      ...options,
    } as never)
  const to = make()
  const fapiToken = await boundToken(fapiIssuer, client)
  const send = (sent: Sent = {}): Promise<string> => outcome({ token: fapiToken, to, ...sent })

  it('FAPI2-RS-1 the token is accepted from the Authorization header', async () => {
    expect(await send()).toBe('200')
  })

  it('FAPI2-RS-2 the token is not accepted from the query, and cannot be', async () => {
    expect(await send({ ...none, request: { url: `/?access_token=${fapiToken}` } })).toBe('401')
    expect(() => make({ tokenFrom: fromQuery() })).toThrow(/^tokenFrom: /)
    expect(() => make({ tokenFrom: fromHeader() })).not.toThrow()
  })

  it('FAPI2-RS-3 without a check of revocation nothing is constructed', () => {
    expect(() => make({ revocation: undefined })).toThrow(/set revocation, or introspection/)
  })

  it('FAPI2-RS-4 a token that does not suffice is 403 with the scope', async () => {
    const ask = async (scope: string): Promise<Response> => {
      const sent = await boundToken(fapiIssuer, client, { scope })
      const headers = dpopHeaders(sent, client.proof(sent))
      return protect(to, requireScope('pay'))(() => new Response())(new Request(`${resource}/`, { headers }))
    }
    expect((await ask('pay')).status).toBe(200)
    const refused = await ask('read')
    expect(refused.status).toBe(403)
    expect(refused.headers.get('www-authenticate')).toMatch(/error="insufficient_scope".* scope="pay"/)
  })

  it('FAPI2-RS-5 an unbound token is refused, and an API that checks no binding is not constructed', async () => {
    const bearer = await fapiIssuer.sign()
    expect(await send({ headers: { authorization: `Bearer ${bearer}` } })).toBe(badToken)
    expect(await send({ token: bearer })).toBe(badToken)
    expect(() => make({ dpop: undefined })).toThrow(/set dpop/)
  })

  it('FAPI2-CRY-1 other algorithms than PS256, ES256 and EdDSA are refused in tokens and proofs', async () => {
    const cnf = { jkt: client.thumbprint }
    expect(await send({ token: await fapiIssuer.sign({ cnf }, { alg: 'ES256' }) })).toBe('200')
    expect(await send({ token: await fapiIssuer.sign({ cnf }, { alg: 'RS256' }) })).toBe(badToken)
    expect(await send({ token: await boundToken(fapiIssuer, edwards), from: edwards })).toBe('200')
    expect(await send({ token: await boundToken(fapiIssuer, rsa), from: rsa })).toBe(badProof)
    for (const changes of [{ algorithms: ['RS256'] }, { dpop: { algorithms: ['RS256'] } }])
      expect(() => make(changes)).toThrow(/profile 'fapi2' permits/)
  })

  it('FAPI2-CRY-2 RSA has 2048 bits at least, and none is refused', async () => {
    const jwk = small.publicKey.export({ format: 'jwk' })
    expect(await send({ proof: { header: { alg: 'PS256', jwk } } })).toBe(badProof)
    expect(await send(header({ alg: 'none' }))).toBe(badProof)
  })

  it.each<[string, object, Expected]>([
    ['iat 10 s ahead', { iat: now() + 10 }, '200'],
    ['iat 60 s ahead', { iat: now() + 60 }, badToken],
    ['nbf 10 s ahead', { nbf: now() + 10 }, '200'],
    ['nbf 60 s ahead', { nbf: now() + 60 }, badToken],
  ])('FAPI2-CLK-1 a token with %s', async (_what, changes, expected) => {
    expect(await send({ token: await boundToken(fapiIssuer, client, { ...changes }) })).toBe(expected)
  })

  it.each([-10, 10])('FAPI2-CLK-1 a proof with iat at %i s is accepted', async (seconds) => {
    expect(await send(claims({ iat: now() + seconds }))).toBe('200')
  })
})
