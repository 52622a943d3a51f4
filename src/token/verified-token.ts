import type { NamesFrom } from '../hints/names.ts'
import type { VerificationKey } from '../jose/jwk.ts'
import type { ClaimsObject } from '../lib/claim-path.ts'
import { own } from '../lib/objects.ts'
import type { JwtHeader, MaybePromise } from '../types.ts'
import { type Trace, tracedNow } from './check.ts'
import type { CheckedAnswer } from './checked-answer.ts'
import { clientOf } from './rule-checks.ts'
import type { SignedToken } from './signed-token.ts'
import { checkTimes, type TokenTimes } from './times.ts'

/**
 * A token that is valid, as far as its bytes alone show. It may be remembered: it contains neither the token nor its
 * issuer, whose keys and documents a remembered token must not keep in memory.
 */
class VerifiedToken {
  declare private readonly nominal: never
  /** `undefined` for a token that was introspected alone. */
  readonly header: JwtHeader | undefined
  readonly claims: ClaimsObject
  /** Name of the issuer. */
  readonly issuer: string
  /** The rules and the place of the keys it was verified under. */
  readonly generation: symbol
  /** The key that made the signature; `undefined` where there is none. */
  readonly key: VerificationKey | undefined
  readonly times: TokenTimes
  /** The claim `cnf`, which binds the token to its sender (RFC 7800 §3.1); `undefined` where there is none. */
  readonly confirmation: object | undefined
  readonly subject: string | undefined
  readonly clientId: string | undefined
  readonly scopes: ReadonlySet<string>
  readonly roles: ReadonlySet<string>
  readonly namesFrom: NamesFrom

  constructor(token: SignedToken | CheckedAnswer) {
    const { header, claims, issuer, key, times } = token
    this.header = header
    this.claims = claims
    this.issuer = issuer.name
    this.generation = issuer.generation
    this.key = key
    this.times = times
    this.confirmation = own(claims, 'cnf') as object | undefined
    this.subject = own(claims, 'sub') as string | undefined
    this.clientId = clientOf(claims)
    this.scopes = issuer.scopesOf(claims)
    this.roles = issuer.rolesOf(claims)
    this.namesFrom = issuer.namesFrom
  }
}
export type { VerifiedToken }

/** Where tokens of one kind are verified. */
export interface TokenSource {
  /**
   * @param now seconds since the epoch
   * @throws {AuthError}
   */
  readonly verify: (token: string, now: number, trace?: Trace) => MaybePromise<VerifiedToken>
  /** Whether the rules, the location of the keys and the key are unchanged since a token was verified. */
  readonly stillHolds: (token: VerifiedToken) => MaybePromise<boolean>
}

/**
 * Makes a verified token of a signed one, or of the checked answer of the issuer about an opaque one. The claims
 * passed every check, on the very object that the signature covers or the issuer sent: it is frozen, so that they are
 * true still. The time is checked again, since fetching keys may have taken seconds, and scopes and roles are read,
 * which no unverified token may cause.
 *
 * @param now seconds since the epoch
 * @throws {InvalidTokenError}
 */
export function verification(token: SignedToken | CheckedAnswer, now: number, trace?: Trace): VerifiedToken {
  checkTimes(token.times, now)
  return tracedNow('scopes and roles', trace, () => new VerifiedToken(token))
}
