import type { ClaimPath, ClaimsObject } from '../lib/claim-path.ts'

/** Sets of checks on claims. */
export type Profile = 'compatible' | 'rfc9068'

/** What the claims of one issuer's tokens must be. */
export interface ClaimRules {
  /** Names this API answers to, or `null` where `clients` take the place of the audience. */
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

/** Where scopes or roles are found: a claim path, a list of paths, or a function of the verified claims. */
export type Names = ClaimPath | readonly ClaimPath[] | ((claims: never) => Iterable<string> | string)

/** Reads scopes or roles from verified claims. */
export type NamesReader = (claims: ClaimsObject) => ReadonlySet<string>

/** Reads the scopes and the roles in the tokens of one issuer. */
export interface NamesReaders {
  readonly scopesOf: NamesReader
  readonly rolesOf: NamesReader
}

/** Types of access tokens that each profile accepts (RFC 9068 §2.1), and those that today's issuers write. */
export const profileTypes: Readonly<Record<Profile, readonly (string | undefined)[]>> = {
  rfc9068: ['at+jwt'],
  compatible: ['at+jwt', 'jwt', undefined],
}
