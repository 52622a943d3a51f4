import type { AlgorithmName } from '../algorithms.ts'
import type { Clock } from '../lib/clock.ts'
import { dated, type DatedKeys } from './key-age.ts'
import type { KeyCacheSettings } from '../options/key-cache.ts'
import type { FetchedKeys } from './key-fetch.ts'
import { importKeySet } from '../jose/key-set.ts'
import type { KeySnapshot } from '../options/snapshot.ts'
import { isPromise } from '../lib/maybe-promise.ts'

/** Keys of an earlier process that passed the checks, and how old they are. */
export interface RestoredKeys {
  readonly keys: FetchedKeys
  /** Seconds. */
  readonly age: number
  /** Whether metadata has to confirm where the keys are. */
  readonly isDiscovered: boolean
}

/** The place where an issuer's keys are fetched from. */
export interface KeyPlace {
  /** The configured place: equal for the same place only. */
  readonly name: string
  /** The URL of the keys; `undefined` when it has to be discovered. */
  readonly uri: string | undefined
}

/** Exports the cached keys, where there are any. */
export function snapshotOf(
  current: DatedKeys | undefined,
  place: string,
  clock: Clock,
): KeySnapshot | undefined {
  if (current === undefined) return undefined
  const { keys, fetchedAt } = current
  return {
    jwks: keys.jwks,
    place,
    uri: keys.uri,
    etag: keys.etag,
    lastModified: keys.lastModified,
    fetchedAt: clock.wall() - (clock.steady() - fetchedAt),
    freshFor: keys.freshFor,
  }
}

/**
 * Restores exported keys, at the age they have by now. Ignores them when they are unusable, dated in the future, from
 * another place, or can only be imported asynchronously; also when the clock of this machine is wrong.
 *
 * The URL of discovered keys may have changed since. So they never count as fresh: the first request starts a fetch in
 * the background, and they are dropped as soon as the metadata names another URL. While the metadata is not available
 * they serve for as long as other keys would, so that a process can start during an outage of the issuer.
 */
export function restoredKeys(
  snapshot: KeySnapshot | null | undefined,
  algorithms: readonly AlgorithmName[],
  clock: Clock,
  settings: KeyCacheSettings,
  place: KeyPlace,
): RestoredKeys | undefined {
  if (snapshot === null || snapshot === undefined || snapshot.place !== place.name) return undefined
  const { jwks, uri, fetchedAt } = snapshot
  if (place.uri !== undefined && uri !== place.uri) return undefined
  // However it got there, no snapshot is trusted for longer than this configuration would trust a response.
  const freshFor = Math.min(snapshot.freshFor, Math.max(settings.maxFreshFor, settings.freshFor))
  // Numbers alone: `Number.isFinite` converts nothing.
  if (!Number.isFinite(fetchedAt) || !Number.isFinite(snapshot.freshFor)) return undefined
  try {
    const age = clock.wall() - fetchedAt
    if (age < 0 || freshFor < 0) return undefined
    const set = importKeySet(jwks, algorithms, settings.maxKeys)
    if (isPromise(set)) return undefined
    const validators = { etag: headerText(snapshot.etag), lastModified: headerText(snapshot.lastModified) }
    return {
      keys: { set, jwks, uri, ...validators, freshFor, confirmed: false },
      age,
      isDiscovered: place.uri === undefined,
    }
  } catch {
    return undefined
  }
}

/** Dates restored keys. Those of a discovered place are due for a refresh at once. @param now seconds of the steady clock */
export function datedRestored(
  { keys, age, isDiscovered }: RestoredKeys,
  now: number,
  settings: KeyCacheSettings,
  random: () => number,
): DatedKeys {
  const set = dated(keys, { number: 0, fetchedAt: now - age }, settings, random)
  return isDiscovered ? { ...set, refreshAt: -Infinity } : set
}

/** Text fit for a header: anything else would make every later fetch fail. */
function headerText(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\x20-\x7e]*$/.test(value) ? value : undefined
}
