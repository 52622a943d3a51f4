import type { Clock } from '../lib/clock.ts'
import { own } from '../lib/objects.ts'
import { isFetchable, isLoopback } from '../lib/url.ts'
import { type Fetch, FetchError, getJson, withSignal } from './fetch-json.ts'

/** Where an issuer's keys are, as its metadata says. */
export interface KeyLocation {
  /** @returns the URL of the JWK Set, and whether it was known before this call. @throws {FetchError} */
  readonly get: (signal: AbortSignal) => Promise<{ readonly uri: string; readonly remembered: boolean }>
  /** Takes note that the keys could not be had there: at once after 404 or 410, else the third time in a row. */
  readonly failed: (error: FetchError) => void
  /** Takes note that they could. */
  readonly succeeded: () => void
}

/** A location written in the configuration. */
export function fixedLocation(uri: string): KeyLocation {
  const answer = Promise.resolve({ uri, remembered: false })
  return { get: () => answer, failed: () => undefined, succeeded: () => undefined }
}

/** Seconds for which metadata is not asked for again. */
const freshFor = 3600

/** Milliseconds a new look at metadata may take while the old still serves. */
const secondLookMs = 2000

/** What {@link discoveredLocation} works with. */
export interface DiscoveryOptions {
  readonly issuer: string
  readonly fetch: Fetch
  readonly clock: Clock
  readonly maxBytes: number
}

/** A location found through the issuer's metadata, which is remembered for an hour. */
export function discoveredLocation(options: DiscoveryOptions): KeyLocation {
  const { clock } = options
  let known: { readonly uri: string; readonly freshUntil: number } | undefined
  let doubted = false
  let failures = 0
  return {
    async get(signal) {
      if (known !== undefined && !doubted && clock.steady() < known.freshUntil) {
        return { uri: known.uri, remembered: true }
      }
      try {
        const found = discover({ ...options, signal })
        const uri = await (known === undefined ? found : withSignal(found, clock.deadline(secondLookMs)))
        known = { uri, freshUntil: clock.steady() + freshFor }
        doubted = false
        failures = 0
        return { uri, remembered: false }
      } catch (error) {
        // The keys it leads to are judged by their own age, so an old location does no harm.
        if (known === undefined) throw error
        return { uri: known.uri, remembered: false }
      }
    },
    failed({ status }) {
      failures += 1
      if (status === 404 || status === 410 || failures >= 3) doubted = true
    },
    succeeded() {
      failures = 0
    },
  }
}

/**
 * The two places where an issuer's metadata may be: its well-known name inserted between host and path (RFC 8414
 * §3.1), or appended to the issuer (OpenID Connect Discovery §4.1).
 */
export function metadataUrls(issuer: string): readonly [string, string] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ]
}

/**
 * Finds the `jwks_uri` of an issuer. A place that answers, but not with metadata, sends us to the next; metadata
 * of another issuer does not (RFC 8414 §3.3, §5).
 */
async function discover(options: DiscoveryOptions & { readonly signal: AbortSignal }): Promise<string> {
  const [first, second] = metadataUrls(options.issuer)
  const metadata = (await metadataAt(first, options)) ?? (await metadataAt(second, options))
  if (metadata === undefined) throw new FetchError('the issuer publishes no metadata', { status: 404 })
  // Compared before anything else in the document is looked at.
  if (own(metadata, 'issuer') !== options.issuer) {
    throw new FetchError('the metadata names another issuer than the one configured', { status: 200 })
  }
  return checkedKeyUri(own(metadata, 'jwks_uri'), new URL(options.issuer))
}

async function metadataAt(
  url: string,
  options: DiscoveryOptions & { readonly signal: AbortSignal },
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const { document, headers } = await getJson(url, options)
    const type = headers.get('content-type')
    const isJson = type === null || /^[^;]*\bjson *(?:;|$)/i.test(type)
    return isJson && document !== undefined && typeof own(document, 'issuer') === 'string'
      ? document
      : undefined
  } catch (error) {
    // An answer says that the server is there and has something else in this place; silence says nothing.
    if (error instanceof FetchError && isElsewhere(error.status)) return undefined
    throw error
  }
}

function isElsewhere(status: number | undefined): boolean {
  return status !== undefined && status < 500 && status !== 408 && status !== 429
}

/**
 * Accepts https; plain http and IP addresses only on the issuer's own host, so that a forged document cannot turn
 * our requests against machines that only we can reach.
 */
function checkedKeyUri(value: unknown, issuer: URL): string {
  if (typeof value !== 'string' || !URL.canParse(value)) {
    throw new FetchError('the metadata has no jwks_uri', { status: 200 })
  }
  const url = new URL(value)
  const isAddress = /^[\d.]+$|^\[/.test(url.hostname) || isLoopback(url)
  const ownHost = url.hostname === issuer.hostname
  if (!isFetchable(url) || (isAddress && !ownHost && !isLoopback(issuer)) || url.username !== '') {
    throw new FetchError('the jwks_uri of the metadata is not one that may be fetched', { status: 200 })
  }
  return url.href
}
