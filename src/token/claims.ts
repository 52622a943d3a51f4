import { InvalidTokenError } from '../errors.ts'
import { type ClaimsObject, isStringList } from '../lib/claim-path.ts'
import { own } from '../lib/objects.ts'
import { mediaType } from '../jose/jws.ts'
import type { ClaimRules } from '../options/rules.ts'
import type { JwtHeader } from '../types.ts'

/** Claims only ID tokens, logout tokens, presentations and introspection answers have. */
const foreignClaims = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events', 'vp', 'token_introspection'] as const

/**
 * Requires a token that is meant as an access token (RFC 9068 §4, RFC 8725 §3.11 and §3.12), which is what
 * keeps ID tokens, refresh tokens and proofs of the same issuer out.
 */
export function checkType(
  header: JwtHeader,
  claims: ClaimsObject,
  { tokenTypes }: Pick<ClaimRules, 'tokenTypes'>,
): void {
  const typ = own(header, 'typ') as string | undefined
  if (!tokenTypes.includes(typ === undefined ? undefined : mediaType(typ)))
    throw new InvalidTokenError('type')
  for (const name of foreignClaims) if (Object.hasOwn(claims, name)) throw new InvalidTokenError('type')
  const use = own(claims, 'token_use')
  if (use !== undefined && use !== 'access') throw new InvalidTokenError('type')
  const payloadType = own(claims, 'typ')
  // Keycloak's way of marking what is not an access token.
  if (payloadType === 'ID' || payloadType === 'Refresh' || payloadType === 'Offline') {
    throw new InvalidTokenError('type')
  }
}

/** Requires one of our names in `aud`, compared exactly (RFC 7519 §4.1.3, RFC 8707 §2). */
export function checkAudience(claims: ClaimsObject, audience: ClaimRules['audience']): void {
  const aud = own(claims, 'aud')
  if (aud !== undefined && typeof aud !== 'string' && !isStringList(aud))
    throw new InvalidTokenError('audience')
  if (audience === null) return
  const held = typeof aud === 'string' ? audience.includes(aud) : aud?.some((name) => audience.includes(name))
  if (held !== true) throw new InvalidTokenError('audience')
}

/** The moments a token names, in seconds since the epoch. */
export interface TokenTimes {
  readonly exp: number
  readonly nbf: number | undefined
  readonly iat: number | undefined
}

/** Reads `exp`, which has to be there, `nbf` and `iat` (RFC 7519 §4.1.4 to §4.1.6). */
export function timesOf(claims: ClaimsObject): TokenTimes {
  const exp = numericDate(claims, 'exp')
  const nbf = numericDate(claims, 'nbf')
  const iat = numericDate(claims, 'iat')
  if (exp === undefined) throw new InvalidTokenError('claim')
  return { exp, nbf, iat }
}

/**
 * Requires `exp` not reached, `nbf` and `iat` reached, and the age within bounds.
 *
 * @param now seconds since the epoch
 */
export function checkTimes({ exp, nbf, iat }: TokenTimes, rules: ClaimRules, now: number): void {
  const { clockTolerance, maxTokenAge } = rules
  if (now >= exp + clockTolerance) throw new InvalidTokenError('expired')
  if (nbf !== undefined && nbf > now + clockTolerance) throw new InvalidTokenError('not_yet_valid')
  if (iat !== undefined && iat > now + clockTolerance) throw new InvalidTokenError('not_yet_valid')
  // Valid for no moment, or issued after its end: whoever wrote it erred.
  if ((iat !== undefined && iat > exp) || (nbf !== undefined && nbf > exp))
    throw new InvalidTokenError('claim')
  if (maxTokenAge !== undefined) {
    if (iat === undefined) throw new InvalidTokenError('claim')
    if (now - iat > maxTokenAge + clockTolerance) throw new InvalidTokenError('too_old')
  }
}

/** The last moment a `Date` can hold; no clock gets there. */
const latestDate = 8.64e12

function numericDate(claims: ClaimsObject, name: string): number | undefined {
  const value = own(claims, name)
  if (value === undefined) return undefined
  // `1e400` parses as Infinity, and a token would never expire.
  if (typeof value !== 'number' || value < 0 || value > latestDate) throw new InvalidTokenError('claim')
  return value
}

const stringClaims = ['sub', 'jti', 'client_id', 'azp', 'cid', 'appid', 'acr', 'sid'] as const

/** Claims every token of the profile has (RFC 9068 §2.2); `iss`, `aud` and `exp` have checks of their own. */
const profileClaims = {
  rfc9068: ['sub', 'client_id', 'iat', 'jti'],
  compatible: [],
} as const satisfies Record<ClaimRules['profile'], readonly string[]>

/**
 * Requires every registered claim to have its registered type, the required ones to be there, and the client to
 * be accepted. A claim of the wrong type is a refusal, never "absent".
 */
export function checkShape(claims: ClaimsObject, rules: ClaimRules): void {
  for (const name of stringClaims) {
    const value = own(claims, name)
    if (value !== undefined && typeof value !== 'string') throw new InvalidTokenError('claim')
  }
  numericDate(claims, 'auth_time')
  const amr = own(claims, 'amr')
  if (amr !== undefined && !isStringList(amr)) throw new InvalidTokenError('claim')
  for (const name of profileClaims[rules.profile]) requireClaim(claims, name)
  if (rules.profile === 'rfc9068' && own(claims, 'sub') === '') throw new InvalidTokenError('claim')
  for (const name of rules.requiredClaims) requireClaim(claims, name)
  const client = clientOf(claims)
  if (rules.clients !== undefined && (client === undefined || !rules.clients.includes(client))) {
    throw new InvalidTokenError('claim')
  }
}

function requireClaim(claims: ClaimsObject, name: string): void {
  if ((own(claims, name) ?? undefined) === undefined) throw new InvalidTokenError('claim')
}

/**
 * Refuses a token bound to a key: sent as a plain Bearer token it lacks its proof, and whoever holds it may have
 * stolen it (RFC 7800 §3.1, RFC 8705 §3, RFC 9449 §7.2).
 */
export function checkBinding(claims: ClaimsObject): void {
  if (Object.hasOwn(claims, 'cnf')) throw new InvalidTokenError('binding')
}

/** The client a token was issued to: `client_id`, else `azp`, else `cid`, else `appid`. */
export function clientOf(claims: ClaimsObject): string | undefined {
  const client = own(claims, 'client_id') ?? own(claims, 'azp') ?? own(claims, 'cid') ?? own(claims, 'appid')
  return typeof client === 'string' ? client : undefined
}
