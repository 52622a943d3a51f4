import { looksEncrypted } from '../jose/jwe.ts'
import { own } from '../lib/objects.ts'
import { hashOf, signedHash } from '../token/signed-hash.ts'
import type { Auth } from '../types.ts'
import { asSignedAuth } from './accept.ts'
import { checkMoment } from './moment.ts'

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

/** Identifies the token of a caller. @throws {TypeError} for what is no `Auth`, also for one with an invalid `Date` */
export async function identityOf(value: unknown, name: string): Promise<TokenIdentity> {
  const { issuer, claims, expiresAt, token } = asSignedAuth(value) ?? (Object(value) as Partial<Auth>)
  const hasClaims = typeof claims === 'object' && (claims as unknown) !== null
  if (typeof issuer !== 'string' || !hasClaims || !(expiresAt instanceof Date)) {
    throw new TypeError(`${name}: pass the auth of a caller, for example revoke({ token: getAuth(request) })`)
  }
  const common = { issuer, expiresAt: checkMoment(expiresAt, `${name}.expiresAt`) }
  const jti = jtiOf(claims)
  if (jti !== undefined) return { ...common, kind: 'jti', value: jti }
  if (typeof token !== 'string') throw new TypeError(`${name}: this auth has neither a jti nor a token`)
  return { ...common, kind: 'hash', value: await signedHashIn(value as object, token, name) }
}

/** The hash by which a token without `jti` is known: of the signed token, as it can be encrypted again. */
async function signedHashIn(auth: object, token: string, name: string): Promise<string> {
  const hash = (auth as { readonly [signedHash]?: string })[signedHash]
  if (hash !== undefined) return hash
  if (looksEncrypted(token)) {
    throw new TypeError(`${name}: the token is encrypted; pass the auth that the resource server returned`)
  }
  return hashOf(token)
}
