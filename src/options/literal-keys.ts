import type { AlgorithmName } from '../algorithms.ts'
import { importKeySet, type KeySet } from '../jose/key-set.ts'
import { isKeyMaterial } from '../jose/published.ts'
import { isPromise } from '../lib/maybe-promise.ts'
import { own } from '../lib/objects.ts'
import type { MaybePromise } from '../types.ts'

/** Most keys a set in the configuration may have. */
const maxConfiguredKeys = 1000

/** What {@link literalKeySet} works with. */
export interface LiteralKeysOptions {
  /** How messages name the option. */
  readonly name: string
  readonly names: readonly AlgorithmName[]
  /** Secrets of the same issuer, of which none may be one of the keys. */
  readonly secrets: readonly Uint8Array[]
  readonly at: (name: string) => string
}

/** Imports a JWK Set of the configuration. @throws {TypeError} at once or as a rejection */
export function literalKeySet(
  jwks: unknown,
  { name, names, secrets, at }: LiteralKeysOptions,
): MaybePromise<KeySet> {
  let set: MaybePromise<KeySet>
  let copy: unknown
  try {
    // A copy of plain data: what happens to the object later changes nothing.
    copy = structuredClone(jwks)
    set = importKeySet(copy, names, maxConfiguredKeys)
  } catch (error) {
    throw unusable(error, name, jwks)
  }
  const entries = own(copy as object, 'keys') as readonly unknown[]
  if (secrets.some((secret) => entries.some((entry) => isKeyMaterial(secret, entry)))) {
    throw new TypeError(
      `${at('secret')}: is one of the public keys, so that anyone could sign with it; use another`,
    )
  }
  if (!isPromise(set)) return set
  return set.catch((error: unknown) => {
    throw unusable(error, name, jwks)
  })
}

/** What to do about a value that does not have the form of a JWK Set. */
function formHint(jwks: unknown): string {
  if (typeof jwks === 'string')
    return '; pass a URL as jwksUri, a PEM as publicKey, and JSON as JSON.parse() reads it'
  if (isPromise(jwks)) return '; this is a promise: await it'
  if (Array.isArray(jwks)) return '; pass { keys: [...] }'
  return own(Object(jwks) as object, 'kty') === undefined
    ? ''
    : '; pass one key as publicKey, or { keys: [key] }'
}

/** The error for keys of which none can be used. It names no content of theirs. */
function unusable(error: unknown, name: string, jwks: unknown): TypeError {
  const refused = (error as { refused?: KeySet['refused'] } | null)?.refused ?? []
  const reasons = refused.slice(0, 5).map(({ index, reason }) => `; keys[${index}]: ${reason}`)
  if (!name.endsWith('publicKey')) {
    return new TypeError(
      `${name}: must be a JWK Set with at least one public key for the accepted algorithms (RFC 7517 §5)${formHint(jwks)}${reasons.join('')}`,
    )
  }
  const [reason] = refused
  if (reason?.reason === 'private or symmetric') {
    return new TypeError(`${name}: is a private or symmetric key; pass the public key alone`)
  }
  return new TypeError(
    `${name}: must be a public key for the accepted algorithms${reason === undefined ? '' : `; refused: ${reason.reason}`}`,
  )
}
