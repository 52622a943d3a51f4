import { fromBase64url } from '../jose/base64url.ts'
import { own } from '../lib/objects.ts'
import type { Jwk } from '../types.ts'

/** The private key a client signs its assertions with. */
export interface ClientKey {
  readonly jwk: Jwk
  readonly alg: string
  readonly kid: string | undefined
}

/** Algorithms of each kind of key; the first is used where the key has no `alg`. */
const algorithmsOf: ReadonlyMap<string, readonly string[]> = new Map([
  ['RSA', ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
  ['EC P-256', ['ES256']],
  ['EC P-384', ['ES384']],
  ['EC P-521', ['ES512']],
  ['OKP Ed25519', ['EdDSA', 'Ed25519']],
])

/** Members every private key of a kind must have (RFC 7518 §6, RFC 8037 §2). */
const membersOf: Readonly<Record<string, readonly string[]>> = {
  RSA: ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'],
  EC: ['x', 'y', 'd'],
  OKP: ['x', 'd'],
}

/** Bytes of the shortest RSA modulus (RFC 7518 §3.3). */
const shortestModulus = 256

/**
 * Checks a private key as far as its form tells.
 *
 * @param at name of the option for messages, which never show the key
 * @throws {TypeError}
 */
export function clientKey(value: unknown, at: string): ClientKey {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${at}: must be a private key as a JWK object`)
  }
  const jwk: Jwk = { ...value }
  const [kty, crv, use, kid] = ['kty', 'crv', 'use', 'kid'].map((name) => own(jwk, name))
  const kind = kty === 'RSA' ? 'RSA' : `${String(kty)} ${String(crv)}`
  const algorithms = algorithmsOf.get(kind)
  if (algorithms === undefined) {
    throw new TypeError(`${at}: must be a key of kty RSA, EC (P-256, P-384, P-521) or OKP (Ed25519)`)
  }
  const { alg = algorithms[0] } = jwk
  if (typeof alg !== 'string' || !algorithms.includes(alg)) {
    throw new TypeError(`${at}: alg must be one of ${algorithms.join(', ')} for this key`)
  }
  const missing = membersOf[kty as string]?.find((name) => bytesOf(jwk, name) === undefined)
  if (missing !== undefined) {
    throw new TypeError(
      `${at}: needs the member ${missing} in base64url: set the private key, not the public one`,
    )
  }
  if (kty === 'RSA' && (bytesOf(jwk, 'n')?.length ?? 0) < shortestModulus) {
    throw new TypeError(`${at}: must be an RSA key of 2048 bits at least`)
  }
  if (use !== undefined && use !== 'sig') throw new TypeError(`${at}: use must be 'sig'`)
  if (kid !== undefined && typeof kid !== 'string') throw new TypeError(`${at}: kid must be a string`)
  return { jwk, alg, kid }
}

function bytesOf(jwk: Jwk, name: string): Uint8Array | undefined {
  const value = own(jwk, name)
  return typeof value === 'string' && value !== '' ? fromBase64url(value) : undefined
}
