import { constants, createHmac, type KeyObject, sign } from 'node:crypto'
import type { Jwk } from 'oauth-resource-server'
import { type SeededKey, seededEc, seededEd25519, seededRsa } from './seeded-keys.ts'

/** Where the cases take place: one issuer, one API, one moment. */
export const issuer = 'https://issuer.test/'
export const audience = 'https://api.test'
/** Seconds since the epoch. */
export const now = 1_800_000_000

/** A key the issuer signs with, and the algorithms it signs under. */
export interface IssuerKey {
  readonly algorithms: readonly string[]
  readonly privateKey: KeyObject
  readonly jwk: Jwk
}

const signers: readonly (readonly [readonly string[], SeededKey, Jwk])[] = [
  [['ES256'], seededEc(1, 'P-256'), { kid: 'es256', alg: 'ES256', use: 'sig' }],
  [['EdDSA'], seededEd25519(2), { kid: 'eddsa', alg: 'EdDSA', use: 'sig' }],
  [['RS256', 'PS256', 'RS512'], seededRsa(3), { kid: 'rsa', use: 'sig' }],
  [['ES384'], seededEc(4, 'P-384'), { kid: 'es384', alg: 'ES384', key_ops: ['verify'] }],
  [['PS384'], seededRsa(5), { kid: 'ps384', alg: 'PS384', use: 'sig' }],
  [['ES512'], seededEc(6, 'P-521'), { kid: 'es512' }],
]

export const issuerKeys: readonly IssuerKey[] = signers.map(([algorithms, { privateKey, jwk }, members]) => ({
  algorithms,
  privateKey,
  jwk: { ...jwk, ...members },
}))

/** Keys that are none of the issuer's: a stranger's of the same type, and one too short to be used by anybody. */
export const stranger = { es256: seededEc(11, 'P-256'), eddsa: seededEd25519(12), rsa: seededRsa(13) }
export const weakRsa = seededRsa(14, 1024)

/** The set the issuer publishes: the key in question, and those that cost little to import. */
export function publishedKeys(key: IssuerKey): Record<string, unknown>[] {
  const cheap = ['es256', 'eddsa', 'rsa']
  const published = issuerKeys.filter((one) => one === key || cheap.includes(one.jwk['kid'] as string))
  return published.map(({ jwk }) => ({ ...jwk }))
}

/** Signs under any algorithm, or signs nothing under those that are none. */
export function signature(alg: string, key: KeyObject, input: string): Buffer {
  const data = Buffer.from(input)
  const hash = `sha${alg.slice(2)}`
  if (key.asymmetricKeyType === 'ed25519') return sign(null, data, key)
  if (key.asymmetricKeyType === 'ec') return sign(hash, data, { key, dsaEncoding: 'ieee-p1363' })
  if (!alg.startsWith('PS')) return sign(hash, data, key)
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
  return sign(hash, data, { key, ...pss })
}

/** What a confused verifier takes for a signature: an HMAC under something everybody knows. */
export function hmac(secret: string | Buffer, input: string): Buffer {
  return createHmac('sha256', secret).update(input).digest()
}
