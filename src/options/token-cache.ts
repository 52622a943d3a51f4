/** Limits of the memory of verified signatures. */
export interface TokenCacheOptions {
  /** Tokens. 1 to 1000000. @default 10000 */
  readonly max?: number | undefined
  /** Seconds until a signature is checked anew. 1 to 86400. @default 3600 */
  readonly maxAge?: number | undefined
}

/** {@link TokenCacheOptions} with the defaults filled in. */
export interface TokenCacheSettings {
  /** Tokens. */
  readonly max: number
  /** Seconds. */
  readonly maxAge: number
}
