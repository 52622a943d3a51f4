import { UnusableKeySetError } from '../jose/key-set.ts'
import { described } from './fetch-error.ts'
import type { BackOff } from './back-off.ts'
import type { KeyCounters } from './key-events.ts'
import type { KeyFetches } from './key-fetches.ts'
import type { KeyHealth } from './key-source.ts'

/** Describes fetched keys for operators. @param now seconds of the steady clock */
export function healthOf(
  fetches: Pick<KeyFetches, 'age' | 'keys'>,
  backOff: Pick<BackOff, 'lastError'>,
  counters: KeyCounters,
  now: number,
): KeyHealth {
  const current = fetches.keys()
  const lastError = backOff.lastError()
  const cause = lastError?.cause
  // A set whose every key is refused never becomes the current one.
  const refused = cause instanceof UnusableKeySetError ? cause.refused : current?.keys.set.refused
  return {
    state: fetches.age(),
    ageSeconds: current === undefined ? undefined : now - current.fetchedAt,
    keyCount: current?.keys.set.keys.length ?? 0,
    refusedKeys: refused ?? [],
    lastError: lastError && described(lastError),
    counters,
  }
}
