import { sha256 } from '#platform'
import { own } from '../lib/objects.ts'
import type { Jwk, MaybePromise } from '../types.ts'

/** The members of a public key that its thumbprint is made of, in lexicographic order (RFC 7638 §3.2, RFC 8037 §2). */
const members: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  RSA: ['e', 'kty', 'n'],
  OKP: ['crv', 'kty', 'x'],
  // RFC 9964 §6.
  AKP: ['alg', 'kty', 'pub'],
}

/**
 * Computes the thumbprint of a public key with SHA-256, in base64url (RFC 7638). The values are hashed as they are
 * spelled: the key must have passed `judgeKey`.
 */
export function thumbprint(jwk: Jwk): MaybePromise<string> {
  const names = members[own(jwk, 'kty') as string] ?? []
  return sha256(`{${names.map((name) => `"${name}":${JSON.stringify(own(jwk, name))}`).join(',')}}`)
}
