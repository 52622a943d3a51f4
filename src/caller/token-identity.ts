import { sha256 } from '#platform'
import { own } from '../lib/objects.ts'
import type { Auth, MaybePromise } from '../types.ts'
import { asSignedAuth } from './accept.ts'

/** What distinguishes one token from every other. */
export interface TokenIdentity {
  readonly issuer: string
  readonly kind: 'jti' | 'hash'
  readonly value: string
  /** `exp`, in seconds since the epoch. */
  readonly expiresAt: number
}

/** The `jti` of verified claims; an empty one names no token. */
export function jtiOf(claims: object): string | undefined {
  const jti = own(claims, 'jti')
  return typeof jti === 'string' && jti !== '' ? jti : undefined
}

/**
 * A printable hash of what the issuer signed: header and payload. The signature is left out, since an ECDSA signature
 * can be changed into another valid one. Of a token that is no JWT, everything is hashed.
 */
export function hashOf(token: string): MaybePromise<string> {
  const isSigned = token.split('.', 4).length === 3
  const text = isSigned ? token.slice(0, token.lastIndexOf('.')) : token
  return sha256(text)
}

/** Identifies the token of a caller. @throws {TypeError} for what is no `Auth` */
export async function identityOf(value: unknown, name: string): Promise<TokenIdentity> {
  const { issuer, claims, expiresAt, token } = asSignedAuth(value) ?? (Object(value) as Partial<Auth>)
  if (typeof issuer !== 'string' || typeof claims !== 'object' || !(expiresAt instanceof Date)) {
    throw new TypeError(`${name}: pass the auth of a caller, for example revoke({ token: getAuth(request) })`)
  }
  const common = { issuer, expiresAt: expiresAt.getTime() / 1000 }
  const jti = jtiOf(claims)
  if (jti !== undefined) return { ...common, kind: 'jti', value: jti }
  if (typeof token !== 'string') throw new TypeError(`${name}: this auth has neither a jti nor a token`)
  return { ...common, kind: 'hash', value: await hashOf(token) }
}
