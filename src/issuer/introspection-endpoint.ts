import type { Clock } from '../lib/clock.ts'
import { own } from '../lib/objects.ts'
import { isFetchable } from '../lib/url.ts'
import type { IntrospectionSettings } from '../options/introspection.ts'
import { metadataUrls } from './discovery.ts'
import { FetchError } from './fetch-error.ts'
import type { Fetch } from './fetch-json.ts'
import { endpointFreshFor } from './limits.ts'
import { searchedMetadata } from './metadata.ts'
import { withSignal } from './with-signal.ts'

/** Where an issuer is asked about tokens. */
export interface IntrospectionEndpoint {
  /** The URL, once it is known. */
  readonly known: () => string | undefined
  /**
   * Finds the URL; at once where it is known.
   *
   * @param leftMs milliseconds until the signal aborts
   * @throws {FetchError}
   */
  readonly locate: (signal: AbortSignal, leftMs: number) => Promise<string>
}

/** What {@link introspectionEndpoint} works with. */
export interface EndpointOptions {
  readonly issuer: string
  readonly place: IntrospectionSettings['endpoint']
  readonly fetch: Fetch
  readonly clock: Clock
  readonly maxBytes: number
  readonly allowInsecureHosts: readonly string[]
}

/** A search for the metadata that has not ended yet. */
interface Search {
  readonly found: Promise<string>
  /** Seconds of the steady clock: after this it has failed, whatever became of it. */
  readonly until: number
}

/**
 * The endpoint of the configuration, or of the issuer's metadata (RFC 8414 §2). The latter must be on the issuer's own
 * origin: whoever forges metadata would be sent credentials and tokens otherwise. It is remembered for an hour, and
 * used further while newer metadata cannot be had.
 */
export function introspectionEndpoint(options: EndpointOptions): IntrospectionEndpoint {
  const { issuer, place, clock } = options
  if ('url' in place) return { known: () => place.url, locate: () => Promise.resolve(place.url) }
  const places = (): readonly string[] =>
    place.metadataUrl === undefined ? metadataUrls(issuer) : [place.metadataUrl]
  const home = URL.canParse(issuer) ? issuer : (place.metadataUrl as string)
  let known: { readonly url: string; readonly freshUntil: number } | undefined
  let search: Search | undefined

  async function find(signal: AbortSignal, leftMs: number): Promise<string> {
    const { document } = await searchedMetadata(places(), { ...options, signal, leftMs })
    const url = checkedEndpoint(own(document, 'introspection_endpoint'), home, options.allowInsecureHosts)
    known = { url, freshUntil: clock.steady() + endpointFreshFor }
    return url
  }

  /** One search for everyone; it has a time limit of its own, that of whoever began it. */
  function shared(leftMs: number): Promise<string> {
    if (search === undefined || clock.steady() >= search.until) {
      const begun = { found: find(clock.deadline(leftMs), leftMs), until: clock.steady() + leftMs / 1000 }
      search = begun
      const end = (): void => {
        if (search === begun) search = undefined
      }
      begun.found.then(end, end)
    }
    return search.found
  }

  return {
    known: () => known?.url,
    async locate(signal, leftMs) {
      if (known !== undefined && clock.steady() < known.freshUntil) return known.url
      const found = shared(leftMs)
      if (known === undefined) return withSignal(found, signal)
      // The old place goes on; the new one is used as soon as it is known.
      found.catch(() => undefined)
      return known.url
    },
  }
}

/** @throws {FetchError} for an endpoint that credentials must not be sent to */
function checkedEndpoint(value: unknown, home: string, allowInsecureHosts: readonly string[]): string {
  if (typeof value !== 'string' || !URL.canParse(value)) {
    throw new FetchError('the metadata has no introspection_endpoint: set introspection.endpoint', {
      status: 404,
    })
  }
  const url = new URL(value)
  if (url.origin !== new URL(home).origin || url.username !== '' || url.password !== '') {
    const message = "the introspection_endpoint is not on the issuer's origin: set introspection.endpoint"
    throw new FetchError(message, { status: 404 })
  }
  if (!isFetchable(url, allowInsecureHosts)) {
    throw new FetchError('the introspection_endpoint is not https', { status: 404 })
  }
  url.hash = ''
  return url.href
}
