import type { AlgorithmName } from '../algorithms.ts'
import { fromBase64url } from '../jose/base64url.ts'
import { flawOfRsa } from '../jose/rsa.ts'
import { own } from '../lib/objects.ts'
import type { Jwk } from '../types.ts'
import { isFapi2Algorithm } from './fapi2.ts'

/** The private key a client signs its assertions with. */
export interface ClientKey {
  readonly jwk: Jwk
  readonly alg: string
  readonly kid: string | undefined
}

/** What is required of one kind of key. */
interface Kind {
  /** The first is used where the key has no `alg`. */
  readonly algorithms: readonly AlgorithmName[]
  /** Members that every private key of this kind has (RFC 7518 §6, RFC 8037 §2). */
  readonly members: readonly string[]
  /** Bytes of each member; `undefined`: it differs from key to key. */
  readonly length?: number
}

const point = ['x', 'y', 'd']
const kinds: ReadonlyMap<string, Kind> = new Map([
  [
    'RSA',
    {
      algorithms: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
      members: ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'],
    },
  ],
  ['EC P-256', { algorithms: ['ES256'], members: point, length: 32 }],
  ['EC P-384', { algorithms: ['ES384'], members: point, length: 48 }],
  ['EC P-521', { algorithms: ['ES512'], members: point, length: 66 }],
  ['OKP Ed25519', { algorithms: ['EdDSA', 'Ed25519'], members: ['x', 'd'], length: 32 }],
])

/**
 * Checks a private key as far as its form tells. With the profile `fapi2` it signs with PS256, ES256 or EdDSA
 * (FAPI 2.0 Security Profile §5.4.1).
 *
 * @param at name of the option for messages, which never show the key
 * @param profile the option of this name
 * @throws {TypeError}
 */
export function clientKey(value: unknown, at: string, profile?: unknown): ClientKey {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${at}: must be a private key as a JWK object`)
  }
  const jwk: Jwk = { ...value }
  const [kty, crv, use, kid, alg] = ['kty', 'crv', 'use', 'kid', 'alg'].map((name) => own(jwk, name))
  const kind = kinds.get(kty === 'RSA' ? 'RSA' : `${String(kty)} ${String(crv)}`)
  if (kind === undefined) {
    throw new TypeError(`${at}: must be a key of kty RSA, EC (P-256, P-384, P-521) or OKP (Ed25519)`)
  }
  const chosen = algorithmFor(kind, alg, at, profile)
  checkMembers(jwk, kind, at)
  const flaw = kty === 'RSA' ? flawOfRsa(jwk) : undefined
  if (flaw !== undefined) {
    throw new TypeError(
      `${at}: must be an RSA key of 2048 to 8192 bits with a sane exponent; its ${flaw} is not acceptable`,
    )
  }
  if (use !== undefined && use !== 'sig') throw new TypeError(`${at}: use must be 'sig'`)
  const operations = own(jwk, 'key_ops')
  // An import of this key would fail: better now than at the first token.
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('sign'))) {
    throw new TypeError(`${at}: key_ops must be a list with sign`)
  }
  if (kid !== undefined && typeof kid !== 'string') throw new TypeError(`${at}: kid must be a string`)
  return { jwk, alg: chosen, kid }
}

function algorithmFor(kind: Kind, alg: unknown, at: string, profile: unknown): AlgorithmName {
  const isFapi2 = profile === 'fapi2'
  const algorithms = isFapi2 ? kind.algorithms.filter(isFapi2Algorithm) : kind.algorithms
  const chosen = algorithms.find((name) => alg === undefined || alg === name)
  if (chosen !== undefined) return chosen
  if (algorithms.length === 0) {
    throw new TypeError(`${at}: profile 'fapi2' permits keys for PS256, ES256 and EdDSA; make one of these`)
  }
  const condition = isFapi2 ? " with profile 'fapi2'" : ''
  throw new TypeError(`${at}: alg must be one of ${algorithms.join(', ')} for this key${condition}`)
}

function checkMembers(jwk: Jwk, { members, length }: Kind, at: string): void {
  for (const name of members) {
    const value = own(jwk, name)
    const bytes = typeof value === 'string' ? fromBase64url(value) : undefined
    if (bytes === undefined) {
      throw new TypeError(
        `${at}: needs the member ${name} in base64url: set the private key, not the public one`,
      )
    }
    if (length !== undefined && bytes.length !== length) {
      throw new TypeError(`${at}: the member ${name} has another length than the curve needs`)
    }
  }
}
