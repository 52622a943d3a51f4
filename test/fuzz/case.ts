/** The rules both libraries are told. */
export interface FuzzRules {
  readonly profile: 'compatible' | 'rfc9068'
  /** Seconds. */
  readonly clockTolerance: number
  /** Seconds since `iat`. */
  readonly maxTokenAge?: number
}

/** One token before one set of keys, and what is known of it. */
export interface FuzzCase {
  readonly token: string
  /** The JWK Set, from whatever became of it. */
  readonly jwks: unknown
  /** Seconds since the epoch. */
  readonly now: number
  readonly rules: FuzzRules
  /** Every token the issuer signed on the way here, as it signed it. */
  readonly signed: readonly string[]
  /** What was done to it, for people. */
  readonly story: readonly string[]
}
