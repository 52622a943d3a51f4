import type { AlgorithmName } from '../algorithms.ts'
import { importKeySet, type KeySet, UnusableKeySetError } from '../jose/key-set.ts'
import type { Clock } from '../lib/clock.ts'
import type { KeyCacheSettings } from '../options/key-cache.ts'
import type { MaybePromise } from '../types.ts'
import type { KeyLocation } from './discovery.ts'
import { beginExchange } from './exchange.ts'
import { FetchError } from './fetch-error.ts'
import { type Fetch, getJson, type JsonAnswer } from './fetch-json.ts'
import { boundedFreshness, freshnessOf } from './freshness.ts'
import { minFreshFor } from './limits.ts'

/** The keys an issuer published last. */
export interface FetchedKeys {
  readonly set: KeySet
  /** The document itself, for snapshots. */
  readonly jwks: { readonly keys: readonly unknown[] }
  /** Where they were found: a validator does not apply to another place (RFC 9110 §8.8). */
  readonly uri: string | undefined
  readonly etag: string | undefined
  readonly lastModified: string | undefined
  /** Seconds they are fresh, counted from the response. */
  readonly freshFor: number
  /** Whether the issuer only confirmed what we had. */
  readonly confirmed: boolean
}

/** Fetches the keys of one issuer once, given those we have. @throws {FetchError} */
export type KeyFetch = (previous: FetchedKeys | undefined) => Promise<FetchedKeys>

/** What {@link keyFetch} works with. */
export interface KeyFetchOptions {
  readonly location: KeyLocation
  readonly fetch: Fetch
  readonly clock: Clock
  /** A number from 0 up to 1. */
  readonly random: () => number
  readonly algorithms: readonly AlgorithmName[]
  readonly settings: KeyCacheSettings
}

/**
 * Makes the function that fetches: location, document, import, all within one time limit. A response that comes later
 * by the steady clock is not used, even when the timer is late as well (a machine that slept).
 *
 * What it returns may never settle: see {@link withSignal}.
 */
export function keyFetch(options: KeyFetchOptions): KeyFetch {
  const { location, clock, random, settings } = options
  return async (previous) => {
    const exchange = beginExchange(clock, random, settings.timeoutMs)
    const keys = await location.locate(
      (uri) => exchange.attempt(() => getKeys(uri, options, exchange.signal, previous)),
      exchange,
    )
    if (exchange.left() < 0) throw new FetchError('no complete response in time', { url: keys.uri })
    return keys
  }
}

async function getKeys(
  uri: string,
  { fetch, settings, algorithms }: KeyFetchOptions,
  signal: AbortSignal,
  previous: FetchedKeys | undefined,
): Promise<FetchedKeys> {
  const answer = await getJson(uri, {
    fetch,
    signal,
    maxBytes: settings.maxBytes,
    headers: previous?.uri === uri ? conditionsOf(previous) : {},
  })
  const freshFor = boundedFreshness(freshnessOf(answer.headers), minFreshFor, settings.maxFreshFor)
  if (answer.document === undefined && previous !== undefined) {
    // What a confirmation does not repeat stays as it was (RFC 9111 §4.3.4).
    return { ...previous, freshFor: freshFor ?? previous.freshFor, confirmed: true }
  }
  const set = await importedSet(uri, () =>
    importKeySet(answer.document, algorithms, settings.maxKeys, previous?.set),
  )
  return {
    set,
    jwks: answer.document as unknown as FetchedKeys['jwks'],
    uri,
    etag: answer.headers.get('etag') ?? undefined,
    lastModified: lastModifiedOf(answer),
    freshFor: freshFor ?? settings.freshFor,
    confirmed: false,
  }
}

async function importedSet(uri: string, judge: () => MaybePromise<KeySet>): Promise<KeySet> {
  try {
    return await judge()
  } catch (error) {
    throw asFetchError(error).at(uri)
  }
}

function conditionsOf({ etag, lastModified }: FetchedKeys): Record<string, string> {
  return {
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
    ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
  }
}

/** Counts in seconds: keys that changed just before the response may change once more under the same date. */
function lastModifiedOf({ headers }: JsonAnswer): string | undefined {
  const value = headers.get('last-modified') ?? ''
  const age = Date.parse(headers.get('date') ?? '') - Date.parse(value)
  // RFC 9110 §8.8.2.2
  return age >= 60_000 ? value : undefined
}

/** Every failure of a fetch as one class. Unexpected errors get a fixed message. */
export function asFetchError(error: unknown): FetchError {
  if (error instanceof FetchError) return error
  if (!(error instanceof UnusableKeySetError)) {
    return new FetchError('the keys cannot be read', { status: 200, cause: error })
  }
  const reasons = error.refused.slice(0, 10).map(({ index, reason }) => `keys[${index}]: ${reason}`)
  const detail = reasons.length === 0 ? undefined : { hint: `refused for ${reasons.join(', ')}` }
  return new FetchError(error.message, { status: 200, cause: error, detail })
}
