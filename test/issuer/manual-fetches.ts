import { type Allowance, fetchBudget, type FetchBudget, unlimited } from '../../src/issuer/budget.ts'
import type { FetchedKeys } from '../../src/issuer/key-fetch.ts'
import type { KeyFetchesOptions } from '../../src/issuer/key-fetches.ts'
import type { VerificationKey } from '../../src/jose/jwk.ts'
import type { Clock } from '../../src/lib/clock.ts'
import { keyCacheSettings } from '../../src/options/key-cache.ts'
import { turns } from '../support/time.ts'

export const manualUri = 'https://issuer.test/jwks'

/** A fetch that ends when a test says so. */
export interface ManualFetch {
  readonly previous: FetchedKeys | undefined
  readonly located: (uri: string) => void
  readonly finds: (...keys: readonly VerificationKey[]) => Promise<void>
  readonly brings: (keys: FetchedKeys) => Promise<void>
  readonly fails: (error: Error) => Promise<void>
}

/** A clock and fetches in the hands of a test. Timers fire when the clock is moved. */
export interface ManualFetches {
  readonly options: Omit<KeyFetchesOptions, 'events' | 'changed'> & { readonly budget: FetchBudget }
  readonly clock: Clock
  /** Begun so far, oldest first. */
  readonly begun: ManualFetch[]
  /** Milliseconds of the timers that were set. */
  readonly timers: number[]
  readonly advance: (seconds: number) => Promise<void>
}

/** A key that is no more than its name. */
export function keyOf(kid: string | undefined, material = kid ?? 'material'): VerificationKey {
  return { kid, algorithms: ['ES256'], key: {}, material }
}

/** Keys as a fetch brings them: fresh for 600 seconds. */
export function fetchedKeys(
  keys: readonly VerificationKey[],
  changes: Partial<FetchedKeys> = {},
): FetchedKeys {
  const byKeyId = new Map<string, VerificationKey[]>()
  for (const key of keys) {
    if (key.kid !== undefined) byKeyId.set(key.kid, [...(byKeyId.get(key.kid) ?? []), key])
  }
  return {
    set: { keys, byKeyId, withoutKeyId: keys.filter(({ kid }) => kid === undefined), refused: [] },
    jwks: { keys: keys.map(({ kid }) => ({ kid })) },
    uri: manualUri,
    etag: undefined,
    lastModified: undefined,
    freshFor: 600,
    confirmed: false,
    ...changes,
  }
}

/** Makes {@link ManualFetches}. The first pause after a failure is a second long. */
export function manualFetches(allowance: Allowance = unlimited): ManualFetches {
  let now = 1_900_000_000
  const waiting = new Set<{ readonly at: number; readonly run: () => void }>()
  const timers: number[] = []
  const begun: ManualFetch[] = []
  const clock: Clock = {
    wall: () => now,
    steady: () => now,
    pause: () => Promise.resolve(),
    deadline: () => new AbortController().signal,
    schedule(ms, run) {
      timers.push(ms)
      const timer = { at: now + ms / 1000, run }
      waiting.add(timer)
      return () => void waiting.delete(timer)
    },
  }
  return {
    clock,
    begun,
    timers,
    async advance(seconds) {
      now += seconds
      for (const timer of waiting) {
        if (timer.at > now) continue
        waiting.delete(timer)
        timer.run()
      }
      await turns()
    },
    options: {
      clock,
      allowance,
      random: () => 0,
      settings: keyCacheSettings(undefined),
      budget: fetchBudget(clock.steady, () => 0),
      fetchKeys: (previous, located) =>
        new Promise((resolve, reject) => {
          const brings = (keys: FetchedKeys): Promise<void> => {
            resolve(keys)
            return turns()
          }
          begun.push({
            previous,
            located,
            brings,
            finds: (...keys) => brings(fetchedKeys(keys)),
            fails(error) {
              reject(error)
              return turns()
            },
          })
        }),
    },
  }
}
