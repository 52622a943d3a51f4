import { createHash } from 'node:crypto'
import { createResourceServer } from 'oauth-resource-server'
import { createTestIssuer, type TestIssuer } from 'oauth-resource-server/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { boundToken, type DpopClient, dpopClient, type ProofChange, resource } from '../support/dpop.ts'
import { hosts, http2Hosts, type RawAnswer } from '../support/hosts.ts'
import { sharedHosts } from '../support/shared-hosts.ts'
import { overHttp1, overHttp2, type WireRequest } from '../support/wire.ts'

let issuer: TestIssuer
let client: DpopClient
let other: DpopClient
let weak: DpopClient
let token: string
let unbound: string
let api: ReturnType<typeof createResourceServer>
let required: ReturnType<typeof createResourceServer>
let nonced: ReturnType<typeof createResourceServer>
const secret = createHash('sha512').update('a secret of the tests').digest()
const now = (): number => Math.floor(Date.now() / 1000)

beforeAll(async () => {
  issuer = await createTestIssuer()
  client = dpopClient(Date.now)
  other = dpopClient(Date.now)
  weak = dpopClient(Date.now, 'RS256')
  token = await boundToken(issuer, client)
  unbound = await issuer.sign()
  api = createResourceServer({ ...issuer.options, resource, dpop: {} })
  required = createResourceServer({ ...issuer.options, resource, dpop: { required: true } })
  nonced = createResourceServer({ ...issuer.options, resource, dpop: { nonce: { secret } } })
})

const proof = (change?: ProofChange): string => client.proof(token, change)
const dpop = (value: string): readonly [string, string] => ['DPoP', value]
const authorization = (scheme: string, value = token): readonly [string, string] => [
  'Authorization',
  `${scheme} ${value}`,
]
const withProof = (change?: ProofChange, more: WireRequest = {}): WireRequest => ({
  ...more,
  headers: [authorization('DPoP'), dpop(proof(change)), ...(more.headers ?? [])],
})
const claims = (changes: Record<string, unknown>): WireRequest => withProof({ claims: changes })
const header = (changes: Record<string, unknown>): WireRequest => withProof({ header: changes })

type Expected =
  '200' | '400 invalid_request' | '401 invalid_token' | '401 invalid_dpop_proof' | '401 use_dpop_nonce'

/** One row: id and what is sent, made late since tokens are; and the answer. */
const rows: readonly (readonly [string, () => WireRequest, Expected])[] = [
  ['DPP-1 a bound token as Bearer', () => ({ headers: [authorization('Bearer')] }), '401 invalid_token'],
  [
    'DPP-2 a bound token as Bearer with its proof',
    () => ({ headers: [authorization('Bearer'), dpop(proof())] }),
    '401 invalid_token',
  ],
  ['DPP-4 no proof', () => ({ headers: [authorization('DPoP')] }), '401 invalid_dpop_proof'],
  [
    'DPP-5 two proofs',
    () => ({ headers: [authorization('DPoP'), dpop(proof()), dpop(proof())] }),
    '400 invalid_request',
  ],
  [
    'DPP-5 two proofs joined by a comma',
    () => ({ headers: [authorization('DPoP'), dpop(`${proof()}, ${proof()}`)] }),
    '400 invalid_request',
  ],
  ['DPP-6 the scheme in lower case', () => ({ headers: [authorization('dpop'), dpop(proof())] }), '200'],
  ['DPP-6 the scheme in upper case', () => ({ headers: [authorization('DPOP'), dpop(proof())] }), '200'],
  ['DPP-7 no typ', () => header({ typ: undefined }), '401 invalid_dpop_proof'],
  ['DPP-7 typ JWT', () => header({ typ: 'JWT' }), '401 invalid_dpop_proof'],
  ['DPP-7 typ in upper case', () => header({ typ: 'DPOP+JWT' }), '200'],
  ['DPP-8 alg none', () => header({ alg: 'none' }), '401 invalid_dpop_proof'],
  ['DPP-8 alg HS256', () => header({ alg: 'HS256' }), '401 invalid_dpop_proof'],
  ['DPP-9 no jwk', () => header({ jwk: undefined }), '401 invalid_dpop_proof'],
  ['DPP-9 a secret as jwk', () => header({ jwk: { kty: 'oct', k: 'AAAA' } }), '401 invalid_dpop_proof'],
  [
    'DPP-9 a private key as jwk',
    () => header({ jwk: client.privateKey.export({ format: 'jwk' }) }),
    '401 invalid_dpop_proof',
  ],
  [
    'DPP-9 a jwk off its curve',
    () => header({ jwk: { ...client.jwk, x: client.jwk['y'] } }),
    '401 invalid_dpop_proof',
  ],
  [
    'DPP-9 a curve nobody supports',
    () => header({ jwk: { ...client.jwk, crv: 'P-257' } }),
    '401 invalid_dpop_proof',
  ],
  [
    'DPP-9 RSA with 1024 bits',
    () =>
      header({ alg: 'RS256', jwk: { kty: 'RSA', e: 'AQAB', n: (weak.jwk['n'] as string).slice(0, 171) } }),
    '401 invalid_dpop_proof',
  ],
  [
    'DPP-9 RSA with e = 1',
    () => header({ alg: 'RS256', jwk: { ...weak.jwk, e: 'AQ' } }),
    '401 invalid_dpop_proof',
  ],
  [
    'DPP-10 the signature of another key',
    () => withProof({ key: other.privateKey }),
    '401 invalid_dpop_proof',
  ],
  [
    'DPP-11 a good proof of another key',
    () => ({ headers: [authorization('DPoP'), dpop(other.proof(token))] }),
    '401 invalid_token',
  ],
  [
    'DPP-11 a jwk with more members in another order',
    () =>
      header({ jwk: { kid: 'k', ...Object.fromEntries(Object.entries(client.jwk).reverse()), use: 'sig' } }),
    '200',
  ],
  ['DPP-13 no ath', () => claims({ ath: undefined }), '401 invalid_dpop_proof'],
  [
    'DPP-13 ath of another token',
    () => withProof({ claims: { ath: ath(unbound) } }),
    '401 invalid_dpop_proof',
  ],
  ['DPP-13 ath with padding', () => claims({ ath: `${ath(token)}=` }), '401 invalid_dpop_proof'],
  ['DPP-13 ath in hex', () => claims({ ath: ath(token, 'hex') }), '401 invalid_dpop_proof'],
  ['DPP-14 no htm', () => claims({ htm: undefined }), '401 invalid_dpop_proof'],
  ['DPP-14 htm in lower case', () => claims({ htm: 'get' }), '401 invalid_dpop_proof'],
  ['DPP-14 htm of another method', () => claims({ htm: 'POST' }), '401 invalid_dpop_proof'],
  [
    'DPP-14 htm of an override',
    () => withProof({ claims: { htm: 'DELETE' } }, { headers: [['X-HTTP-Method-Override', 'DELETE']] }),
    '401 invalid_dpop_proof',
  ],
  ['DPP-15 htu of another path', () => claims({ htu: `${resource}/admin` }), '401 invalid_dpop_proof'],
  ['DPP-15 htu of another host', () => claims({ htu: 'https://evil.test/' }), '401 invalid_dpop_proof'],
  ['DPP-15 htu of another scheme', () => claims({ htu: 'http://api.test/' }), '401 invalid_dpop_proof'],
  ['DPP-15 htu of another port', () => claims({ htu: 'https://api.test:8443/' }), '401 invalid_dpop_proof'],
  ['DPP-16 DPP-38 htu with query and fragment', () => claims({ htu: `${resource}/?a#b` }), '200'],
  ['DPP-16 DPP-38 htu with the default port', () => claims({ htu: 'https://api.test:443/' }), '200'],
  ['DPP-16 DPP-38 htu in upper case', () => claims({ htu: 'HTTPS://API.TEST/' }), '200'],
  ['DPP-16 htu with dot segments', () => claims({ htu: `${resource}/a/../` }), '200'],
  ['DPP-16 htu with encoded dots', () => claims({ htu: `${resource}/%2e` }), '200'],
  ['DPP-17 htu with a user name', () => claims({ htu: 'https://u@api.test/' }), '401 invalid_dpop_proof'],
  ['DPP-17 htu with a backslash', () => claims({ htu: 'https://api.test\\' }), '401 invalid_dpop_proof'],
  ['DPP-17 htu with two slashes', () => claims({ htu: 'https://api.test//' }), '401 invalid_dpop_proof'],
  [
    'DPP-17 htu with an encoded slash',
    () => claims({ htu: 'https://api.test%2F' }),
    '401 invalid_dpop_proof',
  ],
  [
    'DPP-17 htu with an invalid IPv6 address',
    () => claims({ htu: 'https://[::g]/' }),
    '401 invalid_dpop_proof',
  ],
  [
    'DPP-17 htu with a port beyond 65535',
    () => claims({ htu: 'https://api.test:65536/' }),
    '401 invalid_dpop_proof',
  ],
  ['DPP-18 a hostile Host, and the right htu', () => withProof({}, hostile), '200'],
  [
    'DPP-18 a hostile Host, and its htu',
    () => withProof({ claims: { htu: 'https://evil.test/' } }, hostile),
    '401 invalid_dpop_proof',
  ],
  ['DPP-19 no iat', () => claims({ iat: undefined }), '401 invalid_dpop_proof'],
  ['DPP-19 iat as text', () => claims({ iat: String(now()) }), '401 invalid_dpop_proof'],
  ['DPP-19 an old iat', () => claims({ iat: now() - 90 }), '401 invalid_dpop_proof'],
  ['DPP-19 iat 10 s ago', () => claims({ iat: now() - 10 }), '200'],
  ['DPP-19 iat 10 s ahead', () => claims({ iat: now() + 10 }), '200'],
  ['DPP-19 iat an hour ahead', () => claims({ iat: now() + 3600 }), '401 invalid_dpop_proof'],
  ['DPP-19 the least iat', () => claims({ iat: -(2 ** 63) }), '401 invalid_dpop_proof'],
  ['DPP-20 exp is over', () => claims({ exp: now() - 1 }), '401 invalid_dpop_proof'],
  ['DPP-20 nbf is ahead', () => claims({ nbf: now() + 3600 }), '401 invalid_dpop_proof'],
  ['DPP-29 crit', () => header({ crit: ['x'], x: 1 }), '401 invalid_dpop_proof'],
  ['DPP-29 b64', () => header({ b64: false }), '401 invalid_dpop_proof'],
  ['DPP-29 jku', () => header({ jku: 'https://evil.test/' }), '401 invalid_dpop_proof'],
  ['DPP-31 a proof for another API', () => claims({ htu: 'https://other.test/' }), '401 invalid_dpop_proof'],
  ['DPP-36 unknown members', () => withProof({ header: { x: 1 }, claims: { x: 1 } }), '200'],
  ['DPP-39 nbf now and exp in 5 minutes', () => claims({ nbf: now(), exp: now() + 300 }), '200'],
  [
    'RFC9449-7.1-8 an unbound token under DPoP',
    () => ({ headers: [authorization('DPoP', unbound), dpop(client.proof(unbound))] }),
    '401 invalid_token',
  ],
  ['an unbound token as Bearer', () => ({ headers: [authorization('Bearer', unbound)] }), '200'],
]

const hostile: WireRequest = {
  headers: [
    ['Host', 'evil.test'],
    ['X-Forwarded-Host', 'evil.test'],
    ['X-Forwarded-Proto', 'http'],
    ['Forwarded', 'host=evil.test'],
  ],
}

function ath(of: string, encoding: 'base64url' | 'hex' = 'base64url'): string {
  return createHash('sha256').update(of).digest(encoding)
}

const transports = [
  ...Object.entries(hosts).map(([name, start]) => ({ name, start, send: overHttp1, http2: false })),
  ...Object.entries(http2Hosts).map(([name, start]) => ({
    name: `${name}, HTTP/2`,
    start,
    send: overHttp2,
    http2: true,
  })),
]
const http2 = { http2: true } as const
const hostOf = sharedHosts()

/** Status and error code, and fails unless the error is in the challenge of DPoP where a proof is wrong. */
function outcomeOf({ status, headers }: RawAnswer): string {
  const challenge = headers.get('www-authenticate') ?? ''
  const code = /error="([^"]*)"/.exec(challenge)?.[1]
  if (status === 401) expect(challenge).toMatch(/DPoP realm=.*algs="RS256 [^"]+"/)
  if (code?.includes('dpop') === true) expect(challenge).toMatch(/^DPoP /)
  return code === undefined ? String(status) : `${status} ${code}`
}

/** Where the framework and the transport make no difference, HTTP/1.1 is enough. */
const overHttp2Too = /^DPP-(?:1|4|5|6|14|18|19) /

describe.each(transports)('$name', ({ start, send, http2: isHttp2 }) => {
  const host = (server = api) => hostOf(start, server, isHttp2 ? http2 : undefined)
  const ask = async (request: WireRequest, server = api): Promise<RawAnswer> =>
    send((await host(server)).port, request)

  it.each(isHttp2 ? rows.filter(([title]) => overHttp2Too.test(title)) : rows)(
    '%s',
    async (_title, request, expected) => {
      expect(outcomeOf(await ask(request()))).toBe(expected)
    },
  )

  it('DPP-22 DPP-25 one proof is accepted once, of 20 at the same time', async () => {
    const request = withProof()
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(request)))
    const outcomes = answers.map(outcomeOf)
    expect(outcomes.filter((it) => it === '200')).toHaveLength(1)
    expect(outcomes.filter((it) => it === '401 invalid_dpop_proof')).toHaveLength(19)
  })

  it('DPP-23 a proof used before, written in another way, is used before', async () => {
    const jti = `jti ${Math.random()}`
    expect(outcomeOf(await ask(claims({ jti })))).toBe('200')
    expect(outcomeOf(await ask(withProof({ claims: { jti, x: 1 }, header: { x: 1 } })))).toBe(
      '401 invalid_dpop_proof',
    )
  })

  it('DPP-24 two clients may use the same jti', async () => {
    const bound = await boundToken(issuer, other)
    const jti = `jti ${Math.random()}`
    const theirs = other.proof(bound, { claims: { jti } })
    expect(outcomeOf(await ask(claims({ jti })))).toBe('200')
    expect(outcomeOf(await ask({ headers: [authorization('DPoP', bound), dpop(theirs)] }))).toBe('200')
  })

  it('DPP-26 DPP-28 a nonce that is wanted is in the refusal, once, and then accepted', async () => {
    const wrong = [undefined, 1, 'x', `${now().toString(36)}.${'A'.repeat(43)}`]
    for (const nonce of wrong) {
      expect(outcomeOf(await ask(claims({ nonce }), nonced))).toBe('401 use_dpop_nonce')
    }
    const refused = await ask(withProof(), nonced)
    const nonce = refused.headers.get('dpop-nonce')
    expect(nonce).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/)
    expect(nonce).not.toContain(',')
    expect(refused.headers.get('cache-control')).toBe('no-store')
    const accepted = await ask(claims({ nonce }), nonced)
    expect([outcomeOf(accepted), accepted.headers.get('dpop-nonce')]).toEqual(['200', null])
  })

  it('DPP-35 a Bearer token where DPoP is required is offered DPoP alone', async () => {
    const answer = await ask({ headers: [authorization('Bearer', unbound)] }, required)
    expect(outcomeOf(answer)).toBe('401 invalid_token')
    expect(answer.headers.get('www-authenticate')).not.toContain('Bearer')
    expect((await ask({}, required)).headers.get('www-authenticate')).toMatch(
      /^DPoP realm="[^"]*", resource_metadata="[^"]*", algs="[^"]*"$/,
    )
  })

  it('RFC9449-7.2-2 no credentials: both challenges, and no error', async () => {
    const challenge = (await ask({})).headers.get('www-authenticate')
    expect(challenge).toMatch(
      /^Bearer realm="[^"]*", resource_metadata="[^"]*", DPoP realm="[^"]*", resource_metadata="[^"]*", algs="[^"]*"$/,
    )
  })
})
