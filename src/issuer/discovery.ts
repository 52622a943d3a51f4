import type { Clock } from '../lib/clock.ts'
import { own } from '../lib/objects.ts'
import { hasPlainPath } from '../lib/url.ts'
import type { Exchange } from './exchange.ts'
import { FetchError } from './fetch-error.ts'
import type { Fetch } from './fetch-json.ts'
import { checkedKeyUri } from './key-uri.ts'
import { type MetadataSearch, searchedMetadata } from './metadata.ts'
import { withSignal } from './with-signal.ts'

/** Where an issuer's keys are. */
export interface KeyLocation {
  /**
   * Finds the URL of the JWK Set and hands it to `use`, within one exchange. After a failure there the metadata may be
   * asked again, and `use` called for another URL.
   *
   * @throws {FetchError} when the URL cannot be found
   */
  readonly locate: <T>(use: (uri: string) => Promise<T>, exchange: Exchange) => Promise<T>
}

/** A location written in the configuration. */
export function fixedLocation(uri: string): KeyLocation {
  return { locate: (use) => use(uri) }
}

/** Seconds for which metadata is not fetched again. */
const metadataFreshFor = 3600

/** Milliseconds a new look at metadata may take while the old still serves. */
const secondLookMs = 2000

/** Failed fetches in a row after which the metadata is fetched again, as the keys may have moved. */
const failuresUntilDoubt = 3

/** What {@link discoveredLocation} works with. */
export interface DiscoveryOptions {
  readonly issuer: string
  /** The only place of the metadata, instead of the issuer's well-known ones. */
  readonly url?: string | undefined
  readonly fetch: Fetch
  readonly clock: Clock
  readonly maxBytes: number
  /** `host` or `host:port` for which plain http is accepted. */
  readonly allowInsecureHosts?: readonly string[] | undefined
}

/**
 * A location found through the issuer's metadata, which is remembered for an hour. It is fetched again after that, at
 * once when the response for the keys is 404 or 410, and after three failures in a row.
 */
export function discoveredLocation(options: DiscoveryOptions): KeyLocation {
  const { issuer, url, clock, allowInsecureHosts = [] } = options
  let known: { readonly uri: string; readonly freshUntil: number } | undefined
  let doubted = false
  let failures = 0

  async function find(search: MetadataSearch): Promise<string> {
    const places = url === undefined ? metadataUrls(issuer) : [url]
    const { document, place } = await searchedMetadata(places, search)
    return checkedKeyUri(own(document, 'jwks_uri'), { urls: [issuer, place], allowInsecureHosts })
  }

  async function look({ signal, left, attempt }: Exchange): Promise<string> {
    try {
      const uri = await (known === undefined
        ? attempt(() => find({ ...options, signal, leftMs: left() }))
        : secondLook(signal, left()))
      known = { uri, freshUntil: clock.steady() + metadataFreshFor }
      doubted = false
      failures = 0
      return uri
    } catch (error) {
      // An old location does no harm: the keys found there have an age of their own.
      if (known === undefined) throw error
      return known.uri
    }
  }

  function secondLook(signal: AbortSignal, left: number): Promise<string> {
    const leftMs = Math.min(left, secondLookMs)
    // Made first: nothing may throw while a search runs that no one waits for.
    const limit = AbortSignal.any([signal, clock.deadline(leftMs)])
    return withSignal(find({ ...options, signal: limit, leftMs }), limit)
  }

  /** The location, while no new look at the metadata is due. */
  function remembered(): string | undefined {
    return known === undefined || doubted || clock.steady() >= known.freshUntil ? undefined : known.uri
  }

  async function used<T>(use: (uri: string) => Promise<T>, uri: string): Promise<T> {
    const result = await use(uri)
    failures = 0
    return result
  }

  return {
    async locate(use, exchange) {
      const before = remembered()
      const uri = before ?? (await look(exchange))
      try {
        return await used(use, uri)
      } catch (error) {
        const gone = error instanceof FetchError && (error.status === 404 || error.status === 410)
        failures += 1
        if (gone || failures >= failuresUntilDoubt) doubted = true
        if (before === undefined || !gone) throw error
        // The keys moved: the metadata may have the new place.
        const moved = await look(exchange)
        if (moved === uri) throw error
        return used(use, moved)
      }
    },
  }
}

/**
 * The two places where an issuer's metadata may be: its well-known name inserted between host and path (RFC 8414
 * §3.1), or appended to the issuer (OpenID Connect Discovery §4.1).
 *
 * @throws {FetchError} for an issuer whose name is not exactly a URL: the places would be those of another issuer
 */
export function metadataUrls(issuer: string): readonly [string, string] {
  if (!hasPlainPath(issuer))
    throw new FetchError('the name of the issuer is not a plain URL', { status: 404 })
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ]
}
