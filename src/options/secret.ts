import { importSecret } from '#platform'
import { type AlgorithmName, algorithms, secretAlgorithms } from '../algorithms.ts'
import type { VerificationKey } from '../jose/jwk.ts'
import { isPublished } from '../jose/published.ts'

/** A shared secret, ready for use. */
export interface Secret {
  readonly bytes: Uint8Array
  readonly key: VerificationKey
}

/** Most secrets an issuer may have at a time. */
const maxSecrets = 10

const shortestSecret = 32

/**
 * Reads the `secret` option: one secret or a list, each a text or bytes. The result is a copy.
 *
 * @throws {TypeError} for secrets that are too short or that others may know
 */
export function secretBytes(value: unknown, name: string): readonly Uint8Array[] {
  if (!Array.isArray(value)) return [bytesOf(value, name)]
  if (value.length === 0 || value.length > maxSecrets) {
    throw new TypeError(`${name}: must be one secret or a list of 1 to ${maxSecrets}`)
  }
  return value.map((secret, index) => bytesOf(secret, `${name}[${index}]`))
}

/** The algorithms that each of these secrets is long enough for. */
export function algorithmsForSecrets(secrets: readonly Uint8Array[]): readonly AlgorithmName[] {
  return secretAlgorithms.filter((name) => secrets.every((bytes) => bytes.length >= hashLength(name)))
}

/** Imports secrets for these algorithms. @throws {TypeError} when one is too short for one of them */
export function importSecrets(
  secrets: readonly Uint8Array[],
  names: readonly AlgorithmName[],
  option: string,
): readonly Secret[] {
  return secrets.map((bytes) => {
    for (const name of names) {
      if (bytes.length < hashLength(name)) {
        throw new TypeError(
          `${option}: ${name} needs at least ${hashLength(name)} bytes (RFC 7518 §3.2), this has ${bytes.length}; use a longer secret, or list in algorithms what it is long enough for`,
        )
      }
    }
    const key = importSecret(bytes, names)
    return { bytes, key: { kid: undefined, algorithms: names, key, material: 'secret' } }
  })
}

function hashLength(name: AlgorithmName): number {
  return algorithms[name].signatureLength as number
}

function bytesOf(secret: unknown, name: string): Uint8Array {
  const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret
  if (typeof secret === 'function') {
    throw new TypeError(
      `${name}: must be a string or bytes; a function that looks up keys is not needed, leave it out: the keys of issuer are fetched`,
    )
  }
  if (!isBytes(bytes)) throw new TypeError(`${name}: must be a string, a Uint8Array, or a list of them`)
  if (bytes.length < shortestSecret) {
    throw new TypeError(
      `${name}: must have at least ${shortestSecret} bytes, drawn at random (RFC 7518 §3.2); a password is too easily guessed; make one with: openssl rand -base64 48`,
    )
  }
  if (isPublished(bytes)) {
    throw new TypeError(
      `${name}: is a key in PEM, JWK, DER or SSH form, or a modulus or point of one, which others may know; pass public keys as publicKey, jwks or jwksUri, and draw a secret of 32 to 128 bytes at random`,
    )
  }
  return Uint8Array.from(bytes)
}

/** Also those of another realm, as test runners have them. */
function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]'
}
