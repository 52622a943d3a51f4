/* What OpenID's conformance suite sends to a resource server of FAPI 2.0 with DPoP, and what MCP asks of one. */
import { generateKeyPairSync, createHash } from 'node:crypto'
import {
  createResourceServer,
  type HttpRequest,
  isAuthError,
  type ResourceServer,
  revocationList,
} from 'oauth-resource-server'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { boundToken, dpopClient, type ProofChange, resource } from '../support/dpop.ts'

const clock = createTestClock(1_800_000_000_000)
const issuer = await createTestIssuer({ clock, algorithms: ['ES256'] })
const client = dpopClient(clock.now)
const other = dpopClient(clock.now)
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const token = await boundToken(issuer, client)
const now = clock.now() / 1000

const apiOf = (dpop: object = {}): ResourceServer =>
  createResourceServer({ ...issuer.options, profile: 'fapi2', revocation: revocationList(), resource, dpop })
const api = apiOf()

interface Sent {
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly proof?: ProofChange
  readonly url?: string
}

/** Status and error code of the response to a good request but for what is changed. */
async function outcome({ headers = {}, proof, url = '/' }: Sent, to = api): Promise<string> {
  const all = { authorization: `DPoP ${token}`, dpop: client.proof(token, proof), ...headers }
  const entries: [string, unknown][] = Object.entries(all)
  const present = Object.fromEntries(entries.filter(([, value]) => value !== undefined))
  try {
    await to.authenticate({ method: 'GET', url, headers: present as HttpRequest['headers'] })
    return '200'
  } catch (error) {
    if (!isAuthError(error)) throw error
    const { status, headers: sent } = to.refuse(error)
    return `${status} ${/error="([^"]*)"/.exec(sent['WWW-Authenticate'] ?? '')?.[1] ?? ''}`
  }
}

const claims = (changes: Record<string, unknown>): Sent => ({ proof: { claims: changes } })
const header = (changes: Record<string, unknown>): Sent => ({ proof: { header: changes } })
const athOf = (text: string): string => createHash('sha256').update(text).digest('base64url')
const [badProof, badToken, badRequest] = [
  '401 invalid_dpop_proof',
  '401 invalid_token',
  '400 invalid_request',
]
const ownKey = client.privateKey.export({ format: 'jwk' })
const cut = client.proof(token).replace(/[^.]{8}$/, 'AAAAAAAA')

const cases: readonly (readonly [what: string, send: Sent, expected: string])[] = [
  [
    'the name of the header in upper case',
    { headers: { dpop: undefined, DPOP: client.proof(token) } },
    '200',
  ],
  ['two headers', { headers: { dpop: [client.proof(token), client.proof(token)] } }, badRequest],
  ['no JWT', { headers: { dpop: 'proof' } }, badProof],
  ['no typ', header({ typ: undefined }), badProof],
  ['no alg', header({ alg: undefined }), badProof],
  ['no jwk', header({ jwk: undefined }), badProof],
  ['no jti', claims({ jti: undefined }), badProof],
  ['no htm', claims({ htm: undefined }), badProof],
  ['no htu', claims({ htu: undefined }), badProof],
  ['no iat', claims({ iat: undefined }), badProof],
  ['no ath', claims({ ath: undefined }), badProof],
  ['another typ', header({ typ: 'JWT' }), badProof],
  [
    'RS256',
    {
      proof: { header: { alg: 'RS256', jwk: rsa.publicKey.export({ format: 'jwk' }) }, key: rsa.privateKey },
    },
    badProof,
  ],
  ['alg none', header({ alg: 'none' }), badProof],
  ['a broken signature', { headers: { dpop: cut } }, badProof],
  ['the private key in jwk', header({ jwk: ownKey }), badProof],
  ['htm PUT', claims({ htm: 'PUT' }), badProof],
  ['htu with query and fragment', { ...claims({ htu: `${resource}/?a=1#b` }), url: '/?a=1' }, '200'],
  ['htu without them', { url: '/?a=1' }, '200'],
  ['another htu', claims({ htu: `${resource}/other` }), badProof],
  ['iat an hour ahead', claims({ iat: now + 3600 }), badProof],
  ['iat an hour ago', claims({ iat: now - 3600 }), badProof],
  ['a jti for the first time', claims({ jti: 'one jti' }), '200'],
  ['this jti once more', claims({ jti: 'one jti' }), badProof],
  ['ath of another token', claims({ ath: athOf('another') }), badProof],
  ['a proof of another key', { headers: { dpop: other.proof(token) } }, badToken],
  ['unknown members', { proof: { header: { x: 1 }, claims: { x: 1 } } }, '200'],
  ['scheme and host of htu in upper case', claims({ htu: 'HTTPS://API.TEST/' }), '200'],
  ['htu with the default port', claims({ htu: 'https://api.test:443/' }), '200'],
  ['no proof', { headers: { dpop: undefined } }, badProof],
  ['no proof and Bearer', { headers: { dpop: undefined, authorization: `Bearer ${token}` } }, badToken],
  ['a correct proof after all of these', {}, '200'],
  ['iat 10 s ago', claims({ iat: now - 10 }), '200'],
  ['iat 10 s ahead', claims({ iat: now + 10 }), '200'],
  ['nbf now and exp in 5 minutes', claims({ nbf: now, exp: now + 300 }), '200'],
]

// In order: one of them sends the jti of the one before.
describe('the cases of OpenID’s conformance suite', () => {
  it.each(cases.map((row, index) => [`OIDF-DPOP-${index + 1}`, ...row] as const))(
    '%s %s',
    async (_id, _what, send, expected) => {
      expect(await outcome(send)).toBe(expected)
    },
  )
})

describe('what MCP asks of a server that accepts DPoP', () => {
  it('MCP-DPOP-1 a proof that RFC 9449 section 4.3 does not accept is refused', async () => {
    expect(await outcome({})).toBe('200')
    expect(await outcome(claims({ htm: 'POST' }))).toBe(badProof)
  })

  it('MCP-DPOP-2 a proof is 5 minutes old at most', async () => {
    expect(await outcome(claims({ iat: now - 60 }))).toBe('200')
    expect(await outcome(claims({ iat: now - 301 }))).toBe(badProof)
  })

  it('MCP-DPOP-3 the 401 says what is wrong', async () => {
    const error: unknown = await api
      .authenticate({ method: 'GET', url: '/', headers: { authorization: `DPoP ${token}` } })
      .catch((it: unknown) => it)
    const { headers, body } = api.refuse(error)
    expect(headers['WWW-Authenticate']).toMatch(
      /^DPoP .*error="invalid_dpop_proof", error_description="[^"]+"/,
    )
    expect(JSON.parse(body)).toMatchObject({ error: 'invalid_dpop_proof' })
  })

  it('MCP-DPOP-4 symmetric algorithms are refused, and cannot be configured', async () => {
    expect(await outcome(header({ alg: 'HS256' }))).toBe(badProof)
    expect(() => apiOf({ algorithms: ['HS256'] })).toThrow(/^dpop\.algorithms: /)
  })

  it('MCP-DPOP-5 a nonce can be asked for', async () => {
    const nonced = apiOf({ nonce: { secret: createHash('sha512').update('a secret of tests').digest() } })
    expect(await outcome({}, nonced)).toBe('401 use_dpop_nonce')
  })

  it('MCP-DPOP-6 a bound token is for this API', async () => {
    const foreign = await boundToken(issuer, client, { aud: 'https://other.test' })
    const headers = { authorization: `DPoP ${foreign}`, dpop: client.proof(foreign) }
    expect(await outcome({ headers })).toBe(badToken)
  })

  it('MCP-DPOP-7 a bound token is refused as Bearer, with its proof too', async () => {
    expect(await outcome({ headers: { authorization: `Bearer ${token}` } })).toBe(badToken)
  })
})
