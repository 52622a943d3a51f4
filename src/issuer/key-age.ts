import type { KeyCacheSettings } from '../options/key-cache.ts'
import type { FetchedKeys } from './key-fetch.ts'
import { refreshAhead } from './limits.ts'

/** A key set with the moments that its age decides about, in seconds of the steady clock. */
export interface DatedKeys {
  readonly keys: FetchedKeys
  /** Number of the fetch that brought it; 0 for a snapshot. */
  readonly number: number
  readonly fetchedAt: number
  readonly refreshAt: number
  readonly freshUntil: number
  readonly staleUntil: number
}

/** How old the keys are; see `publishedKeys` for what follows. */
export type AgeState = 'fresh' | 'refreshing' | 'stale' | 'empty'

/** Dates a key set. */
export function dated(
  keys: FetchedKeys,
  { number, fetchedAt }: Pick<DatedKeys, 'number' | 'fetchedAt'>,
  { staleFor }: KeyCacheSettings,
  random: () => number,
): DatedKeys {
  const { freshFor } = keys
  const ahead = refreshAhead.from - refreshAhead.jitter * random()
  return {
    keys,
    number,
    fetchedAt,
    refreshAt: fetchedAt + freshFor * ahead,
    freshUntil: fetchedAt + freshFor,
    staleUntil: fetchedAt + freshFor + staleFor,
  }
}

/** Tells how old a key set is. */
export function ageOf(set: DatedKeys | undefined, now: number): AgeState {
  if (set === undefined || now >= set.staleUntil) return 'empty'
  if (now >= set.freshUntil) return 'stale'
  return now >= set.refreshAt ? 'refreshing' : 'fresh'
}
