import { explain } from '../explain.ts'
import { UnusableKeySetError } from '../jose/key-set.ts'
import { boundedCache } from '../lib/cache.ts'
import type { FetchError } from './fetch-error.ts'

/** Shows a warning of the process. @param code stable, for filters */
export type Warn = (message: string, code: string) => void

/** Codes of the warnings about an issuer; part of the public API. */
export const warningCodes = {
  /** The metadata names another issuer than the configuration. */
  otherIssuer: 'OAUTH_METADATA_ISSUER',
  /** Nothing is published where keys or metadata should be. */
  notFound: 'OAUTH_NOT_FOUND',
  /** None of the published keys can be used. */
  noUsableKey: 'OAUTH_NO_USABLE_KEY',
  /** The server redirects, which is not followed. */
  redirect: 'OAUTH_REDIRECT',
  /** A fetch failed: the begin of an outage. */
  down: 'OAUTH_ISSUER_DOWN',
  /** A fetch succeeded again: its end. */
  up: 'OAUTH_ISSUER_UP',
} as const

/** Warnings of one resource server. */
export interface Warnings {
  readonly warn: Warn
  /** Warns of something once for each issuer. @returns whether it did */
  readonly once: (issuer: string, message: string, code: string) => boolean
}

/** Warnings that are remembered: a function may vouch for any number of issuers. */
const maxRemembered = 1000

/** Makes {@link Warnings}. */
export function warningsBy(warn: Warn): Warnings {
  const shown = boundedCache<object>({ max: maxRemembered })
  return {
    warn,
    once(issuer, message, code) {
      const name = `${code} ${issuer}`
      if (shown.get(name) !== undefined) return false
      shown.set(name, {})
      warn(message, code)
      return true
    },
  }
}

/** Is told how the fetches of one issuer end. */
export interface FetchWarnings {
  readonly failed: (error: FetchError) => void
  readonly succeeded: () => void
}

/**
 * Warns once of what cannot heal by itself, and of the begin and the end of each outage. Whoever names issuers in
 * unsigned tokens causes no warnings.
 *
 * @param isProven whether the issuer is configured, or a signature of it was verified
 */
export function fetchWarnings(issuer: string, isProven: () => boolean, warnings: Warnings): FetchWarnings {
  let isDown = false
  const about = (text: string): string => `oauth-resource-server: issuer ${issuer}: ${text}`
  return {
    failed(error) {
      if (!isProven()) return
      const code = codeOf(error)
      const message = about(explain(error))
      const isTold = code !== undefined && warnings.once(issuer, message, code)
      if (!isDown && !isTold) warnings.warn(message, warningCodes.down)
      isDown = true
    },
    succeeded() {
      if (isDown) warnings.warn(about('its keys were fetched again'), warningCodes.up)
      isDown = false
    },
  }
}

/** The code of what cannot heal by itself. */
function codeOf({ status, cause, detail }: FetchError): string | undefined {
  if (detail?.claim === 'iss') return warningCodes.otherIssuer
  if (cause instanceof UnusableKeySetError) return warningCodes.noUsableKey
  if (status === undefined) return undefined
  if (Math.floor(status / 100) === 3) return warningCodes.redirect
  return status === 404 || status === 410 ? warningCodes.notFound : undefined
}
