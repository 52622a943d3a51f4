import { own } from '../lib/objects.ts'

/** Options the environment may give. */
export interface EnvironmentOptions {
  readonly issuer: string | undefined
  readonly audience: readonly string[] | undefined
  /** Where the keys of `issuer` are, and of no other issuer. */
  readonly jwksUri: string | undefined
}

/**
 * Reads `OAUTH_ISSUER`, `OAUTH_AUDIENCE` (comma-separated) and `OAUTH_JWKS_URI`, without the white space around them.
 */
export function environmentOptions(): EnvironmentOptions {
  // Not every fetch server has `process`.
  const environment = (globalThis as { process?: { env?: object } }).process?.env ?? {}
  const read = (name: string): string => {
    const value = own(environment, name)
    return typeof value === 'string' ? value.trim() : ''
  }
  const audience = read('OAUTH_AUDIENCE')
    .split(',')
    .flatMap((name) => name.trim() || [])
  return {
    issuer: read('OAUTH_ISSUER') || undefined,
    audience: audience.length === 0 ? undefined : audience,
    jwksUri: read('OAUTH_JWKS_URI') || undefined,
  }
}
