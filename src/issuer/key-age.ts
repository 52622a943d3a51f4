import type { FetchedKeys } from './key-fetch.ts'
import type { KeyCacheSettings } from '../options/key-cache.ts'
import { refreshAhead } from './limits.ts'

/** A key set with the moments its age decides about, in seconds of the steady clock. */
export interface HeldKeys {
  readonly keys: FetchedKeys
  /** Number of the fetch that brought it. */
  readonly flight: number
  readonly fetchedAt: number
  readonly refreshAt: number
  readonly freshUntil: number
  readonly staleUntil: number
}

/** How old the keys are; what follows from it is told at `publishedKeys`. */
export type AgeState = 'fresh' | 'refreshing' | 'stale' | 'empty'

/** Dates a key set. */
export function hold(
  keys: FetchedKeys,
  { flight, fetchedAt }: Pick<HeldKeys, 'flight' | 'fetchedAt'>,
  { staleFor }: KeyCacheSettings,
  random: () => number,
): HeldKeys {
  const { freshFor } = keys
  const ahead = refreshAhead.from - refreshAhead.jitter * random()
  return {
    keys,
    flight,
    fetchedAt,
    refreshAt: fetchedAt + freshFor * ahead,
    freshUntil: fetchedAt + freshFor,
    staleUntil: fetchedAt + freshFor + staleFor,
  }
}

/** Judges the age of what is held. */
export function stateOf(held: HeldKeys | undefined, now: number): AgeState {
  if (held === undefined || now >= held.staleUntil) return 'empty'
  if (now >= held.freshUntil) return 'stale'
  return now >= held.refreshAt ? 'refreshing' : 'fresh'
}
