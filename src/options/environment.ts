/** Options the environment may give. */
export interface EnvironmentOptions {
  readonly issuer: string | undefined
  readonly audience: readonly string[] | undefined
  readonly jwksUri: string | undefined
}

/** Reads `OAUTH_ISSUER`, `OAUTH_AUDIENCE` (comma-separated) and `OAUTH_JWKS_URI`. */
export function environmentOptions(): EnvironmentOptions {
  // Not every fetch server has `process`.
  const { OAUTH_ISSUER, OAUTH_AUDIENCE, OAUTH_JWKS_URI } =
    (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env ?? {}
  const audience = OAUTH_AUDIENCE?.split(',').flatMap((name) => name.trim() || [])
  return {
    issuer: OAUTH_ISSUER || undefined,
    audience: audience === undefined || audience.length === 0 ? undefined : audience,
    jwksUri: OAUTH_JWKS_URI || undefined,
  }
}
