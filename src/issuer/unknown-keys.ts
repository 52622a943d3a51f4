import { boundedCache } from '../lib/cache.ts'
import type { Clock } from '../lib/clock.ts'
import { own } from '../lib/objects.ts'
import type { JwtHeader } from '../types.ts'
import type { Allowance, FetchBudget } from './budget.ts'
import type { KeyEvents } from './key-events.ts'
import type { Arrival, InFlight, KeyFetches } from './key-fetches.ts'
import { missedKeyIds } from './limits.ts'

/** What {@link unknownKeys} works with. */
export interface UnknownKeysOptions {
  readonly fetches: Pick<KeyFetches, 'isNewer' | 'inFlight' | 'start' | 'join' | 'unavailable'>
  readonly clock: Clock
  readonly budget: FetchBudget
  readonly allowance: Allowance
  readonly events: KeyEvents
}

/** Looks for keys that the set does not have. */
export interface UnknownKeys {
  /**
   * Looks in newer sets, until there is one that was asked for after the token came.
   *
   * @param name what the key is remembered under when it is missing then; `undefined` for what must not be remembered
   * @param look looks in the newest set; `undefined` when it is not there
   * @returns `undefined` when it is missing, and when there are no permits left
   * @throws {UpstreamError} when the fetch fails, or no fetch may begin now
   */
  readonly find: <T>(
    name: string | undefined,
    arrival: Arrival,
    look: () => T | undefined,
  ) => Promise<T | undefined>
  /**
   * Remembers that a key is missing, where there is a set that was asked for after its token came: verified anew, the
   * token must not cause a second fetch for it.
   */
  readonly miss: (name: string, arrival: Arrival) => void
  /** Forgets which keys were missing, because the keys changed. */
  readonly forget: () => void
}

/**
 * Makes the {@link UnknownKeys} of one issuer.
 *
 * | what there is | a key that is not in the set |
 * |---|---|
 * | its name was missing less than a minute ago, in a set asked for after the token came | refused at once (401) |
 * | a fetch in flight | waits for it, and looks again |
 * | a permit | takes it for one fetch, shared by everyone; when the key is missing then too: 401, and remembered |
 * | a permit, but the fetch fails or a back-off is on | 503, and the permit is spent |
 * | no permit | 401 at once, and not remembered |
 *
 * So the 503 that unsigned tokens can cause are as many as the permits. A fetch that found new keys gives its permit
 * back.
 */
export function unknownKeys(options: UnknownKeysOptions): UnknownKeys {
  const { fetches, clock, budget, allowance, events } = options
  const { max, seconds } = missedKeyIds
  const missed = boundedCache<object>({ max, maxAge: seconds, now: clock.steady })

  async function find<T>(
    name: string | undefined,
    arrival: Arrival,
    look: () => T | undefined,
  ): Promise<T | undefined> {
    if (name !== undefined && missed.get(name) !== undefined) return undefined
    while (!fetches.isNewer(arrival)) {
      const fetch = fetches.inFlight() ?? startForcedRefresh()
      if (fetch === undefined) return undefined
      await fetches.join(fetch, arrival)
      const found = look()
      if (found !== undefined) return found
    }
    if (name !== undefined) missed.set(name, {})
    return undefined
  }

  /** @returns `undefined` when there is no permit */
  function startForcedRefresh(): InFlight | undefined {
    const permitted = budget.forced.take()
    if (permitted && budget.backOff.isOn()) throw fetches.unavailable()
    if (!permitted || !allowance.take()) {
      events.note('refreshLimited')
      return undefined
    }
    const started = fetches.start()
    started.done.then(
      (added) => {
        if (added > 0) budget.forced.refund()
      },
      () => undefined,
    )
    return started
  }

  return {
    find,
    miss(name, arrival) {
      if (fetches.isNewer(arrival)) missed.set(name, {})
    },
    forget: () => {
      missed.clear()
    },
  }
}

/** What a missing key is remembered under: its id, or the algorithm where the token names no key. */
export function missName(header: JwtHeader): string {
  const kid = own(header, 'kid')
  return typeof kid === 'string' ? `kid:${kid}` : `alg:${header.alg}`
}
