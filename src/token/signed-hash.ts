import { sha256 } from '#platform'
import { andThen } from '../lib/maybe-promise.ts'
import type { MaybePromise } from '../types.ts'
import type { VerifiedToken } from './verified-token.ts'

/**
 * Member of a caller's prototype: the hash of the signed token inside of an encrypted one; `undefined` for any other
 * token. Registered globally, so that the lists of one build read it from callers of the other.
 */
export const signedHash: unique symbol = Symbol.for('oauth-resource-server.signed-hash') as never

/**
 * A printable hash of what the issuer signed: header and payload. The signature is left out, since an ECDSA signature
 * can be changed into another valid one. Of a token that is no JWT, everything is hashed.
 */
export function hashOf(token: string): MaybePromise<string> {
  const isSigned = token.split('.', 4).length === 3
  const text = isSigned ? token.slice(0, token.lastIndexOf('.')) : token
  return sha256(text)
}

/** Hashes by token: a remembered token has neither the encrypted token in it nor the signed one. */
const hashes = new WeakMap<VerifiedToken, string>()

/**
 * Keeps the hash of the signed token, by which it can be revoked: the same token can be encrypted again.
 *
 * @param signed the token inside of the encrypted one
 */
export function withSignedHash(verified: VerifiedToken, signed: string): MaybePromise<VerifiedToken> {
  return andThen(hashOf(signed), (hash) => {
    hashes.set(verified, hash)
    return verified
  })
}

/** The hash of the signed token inside of an encrypted one; `undefined` for a token that was not encrypted. */
export function signedHashOf(verified: VerifiedToken): string | undefined {
  return hashes.get(verified)
}
