import { constants, generateKeyPair, randomUUID, sign } from 'node:crypto'
import type { KeyObject, KeyPairKeyObjectResult, SignKeyObjectInput } from 'node:crypto'
import { promisify } from 'node:util'

const generate = promisify(generateKeyPair)

/** A signature algorithm the test issuer has keys for, as `alg` names it (RFC 7518 §3.1, RFC 8037, RFC 9864). */
export type TestAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'Ed25519'

/** A public signature key as the test issuer publishes it (RFC 7517). */
// An alias and not an interface: only an alias fits where a type with an index signature is wanted.
export type TestJwk = {
  kty: string
  kid: string
  alg: TestAlgorithm
  use: 'sig'
  crv?: string
  x?: string
  y?: string
  n?: string
  e?: string
}

/** A published JWK Set (RFC 7517 §5). */
export type TestJwks = { keys: TestJwk[] }

export interface TestKey {
  readonly privateKey: KeyObject
  readonly jwk: TestJwk
}

interface Scheme {
  readonly hash?: string
  readonly input?: Omit<SignKeyObjectInput, 'key'>
  readonly generate: () => Promise<KeyPairKeyObjectResult>
}

const schemes: Record<TestAlgorithm, Scheme> = {
  RS256: rsa('sha256', constants.RSA_PKCS1_PADDING),
  RS384: rsa('sha384', constants.RSA_PKCS1_PADDING),
  RS512: rsa('sha512', constants.RSA_PKCS1_PADDING),
  PS256: rsa('sha256', constants.RSA_PKCS1_PSS_PADDING),
  PS384: rsa('sha384', constants.RSA_PKCS1_PSS_PADDING),
  PS512: rsa('sha512', constants.RSA_PKCS1_PSS_PADDING),
  ES256: ecdsa('sha256', 'P-256'),
  ES384: ecdsa('sha384', 'P-384'),
  ES512: ecdsa('sha512', 'P-521'),
  EdDSA: { generate: () => generate('ed25519') },
  Ed25519: { generate: () => generate('ed25519') },
}

export const testAlgorithms: readonly string[] = Object.keys(schemes)

export async function createTestKey(alg: TestAlgorithm): Promise<TestKey> {
  const { privateKey, publicKey } = await schemes[alg].generate()
  const members = publicKey.export({ format: 'jwk' }) as { kty: string }
  return { privateKey, jwk: { ...members, kid: randomUUID(), alg, use: 'sig' } }
}

export async function signBytes({ privateKey, jwk }: TestKey, data: Uint8Array): Promise<Buffer> {
  const { hash, input } = schemes[jwk.alg]
  return await promisify<Buffer>((done) => {
    sign(hash, data, { ...input, key: privateKey }, (error, signature) => {
      done(error, signature)
    })
  })()
}

function rsa(hash: string, padding: number): Scheme {
  const pss = padding === constants.RSA_PKCS1_PSS_PADDING
  return {
    hash,
    input: pss ? { padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : { padding },
    generate: () => generate('rsa', { modulusLength: 2048 }),
  }
}

function ecdsa(hash: string, namedCurve: string): Scheme {
  // JWS wants the two halves side by side (RFC 7518 §3.4), not OpenSSL's DER.
  return { hash, input: { dsaEncoding: 'ieee-p1363' }, generate: () => generate('ec', { namedCurve }) }
}
