import type { AlgorithmName } from '../algorithms.ts'
import type { Clock } from '../lib/clock.ts'
import type { DatedKeys } from './key-age.ts'
import type { KeyCacheSettings } from '../options/key-cache.ts'
import type { FetchedKeys } from './key-fetch.ts'
import { importKeySet } from '../jose/key-set.ts'
import type { KeySnapshot } from '../options/snapshot.ts'
import { isPromise } from '../lib/maybe-promise.ts'

/** Keys of an earlier process, judged, and how old they are. */
export interface RestoredKeys {
  readonly keys: FetchedKeys
  /** Seconds. */
  readonly age: number
}

/** Exports the cached keys. */
export function snapshotOf({ keys, fetchedAt }: DatedKeys, clock: Clock): KeySnapshot {
  return {
    jwks: keys.jwks,
    uri: keys.uri,
    etag: keys.etag,
    lastModified: keys.lastModified,
    fetchedAt: clock.wall() - (clock.steady() - fetchedAt),
    freshFor: keys.freshFor,
  }
}

/**
 * Restores exported keys, at the age they have by now. Ignores them when they are unusable, dated in the future, or
 * can only be imported asynchronously.
 */
export function restoredKeys(
  snapshot: KeySnapshot | null | undefined,
  algorithms: readonly AlgorithmName[],
  clock: Clock,
  settings: KeyCacheSettings,
): RestoredKeys | undefined {
  if (snapshot === null || snapshot === undefined) return undefined
  const { jwks, uri, fetchedAt } = snapshot
  const age = clock.wall() - fetchedAt
  // However it got there, no snapshot is trusted for longer than this configuration would trust an answer.
  const freshFor = Math.min(snapshot.freshFor, Math.max(settings.maxFreshFor, settings.freshFor))
  // Numbers alone: `Number.isFinite` converts nothing.
  if (!Number.isFinite(fetchedAt) || !Number.isFinite(snapshot.freshFor)) return undefined
  if (age < 0 || freshFor < 0) return undefined
  try {
    const set = importKeySet(jwks, algorithms, settings.maxKeys)
    if (isPromise(set)) return undefined
    const validators = { etag: headerText(snapshot.etag), lastModified: headerText(snapshot.lastModified) }
    return { keys: { set, jwks, uri, ...validators, freshFor, confirmed: false }, age }
  } catch {
    return undefined
  }
}

/** Text fit for a header: anything else would make every later fetch fail. */
function headerText(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\x20-\x7e]*$/.test(value) ? value : undefined
}
