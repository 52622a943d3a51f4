import type { AlgorithmName } from '../algorithms.ts'
import type { Clock } from '../lib/clock.ts'
import type { KeyLocation } from './discovery.ts'
import { type Fetch, FetchError, getJson, type JsonAnswer, withSignal } from './fetch-json.ts'
import { freshnessOf } from './freshness.ts'
import type { KeyCacheSettings } from '../options/key-cache.ts'
import { minFreshFor, retryPauseMs } from './limits.ts'
import { importKeySet, type KeySet } from '../jose/key-set.ts'

/** What is known of the keys an issuer published last. */
export interface FetchedKeys {
  readonly set: KeySet
  /** The document itself, for snapshots. */
  readonly jwks: { readonly keys: readonly unknown[] }
  /** Where they were found: a validator says nothing about another place (RFC 9110 §8.8). */
  readonly uri: string | undefined
  readonly etag: string | undefined
  readonly lastModified: string | undefined
  /** Seconds they are fresh, counted from the answer. */
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

/** Makes the function that fetches: location, document, judgement, all within one deadline. */
export function keyFetch(options: KeyFetchOptions): KeyFetch {
  const { location, clock, settings } = options
  return async (previous) => {
    const signal = clock.deadline(settings.timeoutMs)
    const attempt = withOneRetry(options, signal)
    const from = (uri: string): Promise<FetchedKeys> => getKeys(uri, options, signal, previous)
    const { uri, remembered } = await attempt(() => location.get(signal))
    try {
      const keys = await attempt(() => from(uri))
      location.succeeded()
      return keys
    } catch (error) {
      const failure = asFetchError(error)
      location.failed(failure)
      if (!remembered || (failure.status !== 404 && failure.status !== 410)) throw failure
      // The keys moved: the metadata may know where to.
      const moved = await location.get(signal)
      if (moved.uri === uri) throw failure
      const keys = await from(moved.uri)
      location.succeeded()
      return keys
    }
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
  const freshFor = clampedFreshness(answer, settings)
  if (answer.document === undefined && previous !== undefined) {
    // What a confirmation does not say anew stays as it was (RFC 9111 §4.3.4).
    return { ...previous, freshFor: freshFor ?? previous.freshFor, confirmed: true }
  }
  const set = await importKeySet(answer.document, algorithms, settings.maxKeys, previous?.set)
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

function conditionsOf({ etag, lastModified }: FetchedKeys): Record<string, string> {
  return {
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
    ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
  }
}

/** Counts in seconds: keys that changed just before the answer may change once more under the same date. */
function lastModifiedOf({ headers }: JsonAnswer): string | undefined {
  const value = headers.get('last-modified')
  const age = Date.parse(headers.get('date') ?? '') - Date.parse(value ?? '')
  // RFC 9110 §8.8.2.2
  return value !== null && age >= 60_000 ? value : undefined
}

function clampedFreshness({ headers }: JsonAnswer, settings: KeyCacheSettings): number | undefined {
  const said = freshnessOf(headers)
  return said === undefined ? undefined : Math.min(Math.max(said, minFreshFor), settings.maxFreshFor)
}

/** Runs the steps of one exchange; of all its steps, one is tried once more. */
function withOneRetry(
  { clock, random }: KeyFetchOptions,
  signal: AbortSignal,
): <T>(step: () => Promise<T>) => Promise<T> {
  let retried = false
  return async (step) => {
    try {
      return await step()
    } catch (error) {
      if (retried || signal.aborted || !mayPass(asFetchError(error))) throw error
      retried = true
      const ms = retryPauseMs.min + random() * (retryPauseMs.max - retryPauseMs.min)
      await withSignal(clock.pause(ms), signal)
      return step()
    }
  }
}

/** What may be gone a moment later: no answer, 408, 429, 5xx; but not where the server said when. */
function mayPass({ status, retryAfter }: FetchError): boolean {
  return (
    retryAfter === undefined && (status === undefined || status === 408 || status === 429 || status >= 500)
  )
}

/** Every failure of a fetch as one class; what we did not foresee is told by its class alone. */
export function asFetchError(error: unknown): FetchError {
  if (error instanceof FetchError) return error
  const known = error instanceof Error && error.name === 'UnusableKeySetError'
  return new FetchError(known ? error.message : 'the keys cannot be read', { status: 200, cause: error })
}
