import type { ClaimPath, ClaimsObject } from '../lib/claim-path.ts'
import type { Claims } from '../types.ts'

/** Sets of checks on claims. */
export type Profile = 'compatible' | 'rfc9068' | 'fapi2'

/** What the claims of one issuer's tokens must be. */
export interface ClaimRules {
  /** Names of this API, or `null` where `clients` take the place of the audience. */
  readonly audience: readonly string[] | null
  readonly clients: readonly string[] | undefined
  readonly profile: Profile
  /** Accepted values of `typ`: media types in lower case without `application/`; `undefined` for an absent one. */
  readonly tokenTypes: readonly (string | undefined)[]
  /** Whether an access token may have a `nonce`. */
  readonly acceptNonce: boolean
  readonly requiredClaims: readonly string[]
  /** Seconds. */
  readonly clockTolerance: number
  /** Seconds since `iat`. */
  readonly maxTokenAge: number | undefined
}

/**
 * Reads names from verified claims. It must be a pure function of the claims: what it returned is remembered together
 * with the token and used for later requests. It returns strings or one string; `undefined` or `null` means no names.
 */
export type NamesFunction = {
  // A method with optional claims, so that the parameter may be annotated with the claims of one issuer.
  read(claims: Partial<Claims>): unknown
}['read']

/** Where scopes or roles are: a claim path, a list of paths whose names add up, or a function of the claims. */
export type Names = ClaimPath | readonly ClaimPath[] | NamesFunction

/** Reads scopes or roles from verified claims. */
export interface NamesReader {
  (claims: ClaimsObject): ReadonlySet<string>
  /** Paths of the claims it looks at; empty when a function of the user's decides. */
  readonly claimNames: readonly ClaimPath[]
}

/** Reads the scopes and the roles in the tokens of one issuer. */
export interface NamesReaders {
  readonly scopesOf: NamesReader
  readonly rolesOf: NamesReader
}

/** Types of access tokens that each profile accepts (RFC 9068 §2.1), and those that today's issuers write. */
export const profileTypes: Readonly<Record<Profile, readonly (string | undefined)[]>> = {
  rfc9068: ['at+jwt'],
  compatible: ['at+jwt', 'jwt', undefined],
  fapi2: ['at+jwt', 'jwt', undefined],
}
