import type { AlgorithmName } from './algorithms.ts'
import type { Clock } from './clock.ts'
import type { KeyLocation } from './discovery.ts'
import { type Fetch, FetchError, freshnessOf, getJson, type JsonAnswer } from './http.ts'
import { type KeyCacheSettings, minFreshFor, retryPauseMs } from './key-cache-settings.ts'
import { importKeySet, type KeySet } from './key-set.ts'

/** What is known of the keys an issuer published last. */
export interface FetchedKeys {
  readonly set: KeySet
  /** The document itself, for snapshots. */
  readonly jwks: { readonly keys: readonly unknown[] }
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
    const { uri, remembered } = await withRetry(options, signal, () => location.get(signal))
    try {
      const keys = await withRetry(options, signal, () => getKeys(uri, options, signal, previous))
      location.succeeded()
      return keys
    } catch (error) {
      const failure = asFetchError(error)
      location.failed(failure)
      if (!remembered || (failure.status !== 404 && failure.status !== 410)) throw failure
      // The keys moved: the metadata may know where to.
      const moved = await location.get(signal)
      if (moved.uri === uri) throw failure
      return getKeys(moved.uri, options, signal, previous)
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
    headers: previous === undefined ? {} : conditionsOf(previous),
  })
  const freshFor = clampedFreshness(answer, settings)
  if (answer.document === undefined) {
    // Only a request with conditions is answered so, and only what we have gives conditions.
    return { ...(previous as FetchedKeys), freshFor, confirmed: true }
  }
  const set = await importKeySet(answer.document, algorithms, settings.maxKeys, previous?.set)
  return {
    set,
    jwks: answer.document as unknown as FetchedKeys['jwks'],
    etag: answer.headers.get('etag') ?? undefined,
    lastModified: answer.headers.get('last-modified') ?? undefined,
    freshFor,
    confirmed: false,
  }
}

function conditionsOf({ etag, lastModified }: FetchedKeys): Record<string, string> {
  return {
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
    ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
  }
}

function clampedFreshness({ headers }: JsonAnswer, settings: KeyCacheSettings): number {
  const said = freshnessOf(headers)
  if (said === undefined) return settings.freshFor
  return Math.min(Math.max(said, minFreshFor), settings.maxFreshFor)
}

/** Tries once more after what may pass: no answer, 408, 429, 5xx; but not where the server said when. */
async function withRetry<T>(
  { clock, random }: KeyFetchOptions,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { status, retryAfter } = asFetchError(error)
    const mayPass = status === undefined || status === 408 || status === 429 || status >= 500
    if (!mayPass || retryAfter !== undefined || signal.aborted) throw error
    await clock.wait(retryPauseMs.min + random() * (retryPauseMs.max - retryPauseMs.min))
    return work()
  }
}

/** Every failure of a fetch as one class; what we did not foresee is told by its class alone. */
export function asFetchError(error: unknown): FetchError {
  if (error instanceof FetchError) return error
  const known = error instanceof Error && error.name === 'UnusableKeySetError'
  return new FetchError(known ? error.message : 'the keys cannot be read', { status: 200, cause: error })
}
