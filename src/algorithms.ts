/** Parameters of one signature algorithm (RFC 7518 §3, RFC 8037, RFC 9864, RFC 9964). */
export interface Algorithm {
  /** Key type it needs. */
  readonly kty: 'RSA' | 'EC' | 'OKP' | 'AKP' | 'oct'
  /** Curve it needs, where the key type has curves. */
  readonly crv?: string
  readonly hash?: 'sha256' | 'sha384' | 'sha512'
  /** Length of every signature in bytes, where the key does not decide it. */
  readonly signatureLength?: number
}

/** Name of a signature algorithm, as `alg` spells it. */
export type AlgorithmName =
  `${'RS' | 'PS' | 'ES' | 'HS'}${256 | 384 | 512}` | 'EdDSA' | 'Ed25519' | 'Ed448' | `ML-DSA-${44 | 65 | 87}`

/** Every algorithm we know; `none` is not among them. */
export const algorithms: Readonly<Record<AlgorithmName, Algorithm>> = {
  RS256: { kty: 'RSA', hash: 'sha256' },
  RS384: { kty: 'RSA', hash: 'sha384' },
  RS512: { kty: 'RSA', hash: 'sha512' },
  PS256: { kty: 'RSA', hash: 'sha256' },
  PS384: { kty: 'RSA', hash: 'sha384' },
  PS512: { kty: 'RSA', hash: 'sha512' },
  ES256: { kty: 'EC', crv: 'P-256', hash: 'sha256', signatureLength: 64 },
  ES384: { kty: 'EC', crv: 'P-384', hash: 'sha384', signatureLength: 96 },
  ES512: { kty: 'EC', crv: 'P-521', hash: 'sha512', signatureLength: 132 },
  EdDSA: { kty: 'OKP', crv: 'Ed25519', signatureLength: 64 },
  Ed25519: { kty: 'OKP', crv: 'Ed25519', signatureLength: 64 },
  Ed448: { kty: 'OKP', crv: 'Ed448', signatureLength: 114 },
  'ML-DSA-44': { kty: 'AKP', signatureLength: 2420 },
  'ML-DSA-65': { kty: 'AKP', signatureLength: 3309 },
  'ML-DSA-87': { kty: 'AKP', signatureLength: 4627 },
  HS256: { kty: 'oct', hash: 'sha256', signatureLength: 32 },
  HS384: { kty: 'oct', hash: 'sha384', signatureLength: 48 },
  HS512: { kty: 'oct', hash: 'sha512', signatureLength: 64 },
}

/** Algorithms checked against public keys unless an allow-list says otherwise. */
export const defaultAlgorithms: readonly AlgorithmName[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]

/** Algorithms of a shared secret, weakest first. */
export const secretAlgorithms: readonly AlgorithmName[] = ['HS256', 'HS384', 'HS512']

/** Tells whether a value names an algorithm we know, exactly as it is registered. */
export function isAlgorithmName(value: unknown): value is AlgorithmName {
  return typeof value === 'string' && Object.hasOwn(algorithms, value)
}
