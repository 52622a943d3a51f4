import { backOff } from './back-off.ts'
import { boundedCache } from '../lib/cache.ts'
import type { Clock } from '../lib/clock.ts'
import { InvalidTokenError, UpstreamError } from '../errors.ts'
import { type AgeState, hold, stateOf } from './key-age.ts'
import type { FetchError } from './fetch-json.ts'
import { andThen } from '../lib/maybe-promise.ts'
import { own } from '../lib/objects.ts'
import type { KeyCacheSettings } from '../options/key-cache.ts'
import { forcedRefreshes, maxWaiting, maxWaitMs, missedKeyIds } from './limits.ts'
import { keyEvents } from './key-events.ts'
import { asFetchError, type FetchedKeys, type KeyFetch } from './key-fetch.ts'
import { chooseKey, type KeySet } from '../jose/key-set.ts'
import { noKey } from './configured-keys.ts'
import type { KeySource } from './key-source.ts'
import type { VerificationKey } from '../jose/jwk.ts'
import { type RestoredKeys, snapshotOf } from './snapshot.ts'
import { tokenBucket } from '../lib/permits.ts'
import type { JwtHeader, MaybePromise } from '../types.ts'

/** What {@link publishedKeys} works with. */
export interface PublishedKeysOptions {
  readonly issuer: string
  readonly fetchKeys: KeyFetch
  readonly clock: Clock
  /** A number from 0 up to 1. */
  readonly random: () => number
  readonly settings: KeyCacheSettings
  readonly restored?: RestoredKeys | undefined
}

/** One fetch under way, shared by everyone. */
interface Flight {
  /** Settles with the fetch. @throws {UpstreamError} */
  readonly done: Promise<void>
  /** Resolves with the fetch, or when waiting longer makes no sense while old keys still serve. */
  readonly patience: Promise<unknown>
}

/**
 * Keys an issuer publishes, kept through everything that may happen to the issuer.
 *
 * | state | when | a request whose key is known | whose key is not |
 * |---|---|---|---|
 * | `fresh` | up to 80 % of the freshness, less jitter | goes on | waits for one forced fetch, if one is left |
 * | `refreshing` | from there to the end of it | goes on; a fetch starts in the background | the same |
 * | `stale` | up to `staleFor` after it | waits a second for a fetch at most, then goes on | the same |
 * | `empty` | before the first set, and after all that | waits for the fetch, or 503 | the same |
 *
 * There is at most one fetch at a time, whoever asked for it. A failed one leaves the keys as they are and starts
 * a pause in which nobody asks; a good one replaces them as a whole. No timer is involved: requests alone move it
 * on.
 */
export function publishedKeys(options: PublishedKeysOptions): KeySource {
  const { issuer, clock, settings, random } = options
  const now = clock.steady
  const events = keyEvents(issuer)
  const pause = backOff(now, random)
  const takeForcedRefresh = tokenBucket(forcedRefreshes.burst, forcedRefreshes.every)
  const missed = boundedCache<object>({ max: missedKeyIds.max, maxAge: missedKeyIds.seconds, now })

  let held =
    options.restored &&
    hold(options.restored.keys, { flight: 0, fetchedAt: now() - options.restored.age }, settings, random)
  let flight: Flight | undefined
  let flights = 0
  let waiting = 0

  const state = (): AgeState => stateOf(held, now())

  function find(header: JwtHeader): MaybePromise<VerificationKey> {
    const arrivedAfter = flights
    const current = state()
    switch (current) {
      case 'fresh':
        return choose(header, arrivedAfter, current)
      case 'refreshing':
        refresh()
        return choose(header, arrivedAfter, current)
      case 'stale': {
        const underWay = refresh()
        if (underWay === undefined) return choose(header, arrivedAfter, current)
        return underWay.patience.then(() => choose(header, arrivedAfter))
      }
      case 'empty':
        return fetched().then(() => choose(header, arrivedAfter))
    }
  }

  /** @param current the state, where it was told since anyone waited last */
  function choose(header: JwtHeader, arrivedAfter: number, current = state()): MaybePromise<VerificationKey> {
    const found = chooseKey(usable(current), header)
    if (found === 'absent') return afterNewerSet(header, arrivedAfter)
    if (typeof found === 'string') throw noKey(found, header)
    return found
  }

  /** The set as it is now, unless it became too old while someone waited. */
  function usable(current = state()): KeySet {
    if (held === undefined || current === 'empty') throw unavailable()
    if (current === 'stale') {
      events.note('staleServed', { ageSeconds: Math.round(now() - held.fetchedAt) })
    }
    return held.keys.set
  }

  /**
   * A token may name a key so new that only a set asked for after the token's arrival is sure to have it.
   *
   * @param arrivedAfter how many fetches had begun by then
   */
  async function afterNewerSet(header: JwtHeader, arrivedAfter: number): Promise<VerificationKey> {
    const name = missName(header)
    events.note('unknownKeyId')
    if (missed.get(name) !== undefined) throw new InvalidTokenError('unknown_key')
    while (held === undefined || held.flight <= arrivedAfter) {
      await landing(flight ?? force())
      const found = chooseKey(usable(), header)
      if (typeof found !== 'string') return found
      if (found !== 'absent') throw noKey(found, header)
    }
    missed.set(name, {})
    throw new InvalidTokenError('unknown_key')
  }

  /** Waits for a fetch to land, in company of a limited number. @throws {UpstreamError} */
  async function landing({ done }: Flight): Promise<void> {
    if (waiting >= maxWaiting) {
      events.note('refreshLimited')
      throw unavailable()
    }
    waiting += 1
    try {
      await done
    } finally {
      waiting -= 1
    }
  }

  /** Starts a fetch for an unknown key id. @throws when the issuer was asked too often, or is not to be asked now */
  function force(): Flight {
    if (pause.isOn()) throw unavailable()
    if (takeForcedRefresh(now())) return start()
    events.note('refreshLimited')
    // While fetches fail, nobody can tell whether the key exists: not the caller's fault.
    throw pause.lastError() === undefined ? new InvalidTokenError('unknown_key') : unavailable()
  }

  /** The fetch under way, or a new one; none while the issuer is to be left alone. */
  function refresh(): Flight | undefined {
    return flight ?? (pause.isOn() ? undefined : start())
  }

  /** Resolves once there is a set that was just fetched. */
  async function fetched(): Promise<void> {
    const underWay = refresh()
    if (underWay === undefined) throw unavailable()
    await underWay.done
  }

  function start(): Flight {
    const number = ++flights
    const begun = now()
    events.note('fetchStart')
    const done = options.fetchKeys(held?.keys).then(
      (keys) => {
        flight = undefined
        adopt(keys, number, now() - begun)
      },
      (error: unknown) => {
        flight = undefined
        fail(asFetchError(error), now() - begun)
        throw unavailable()
      },
    )
    const settled = done.catch(() => undefined)
    return (flight = { done, patience: Promise.race([settled, clock.wait(maxWaitMs)]) })
  }

  function adopt(keys: FetchedKeys, number: number, seconds: number): void {
    const before = held?.keys.set.keys ?? []
    const after = keys.set.keys
    held = hold(keys, { flight: number, fetchedAt: now() }, settings, random)
    pause.succeeded()
    if (keys.confirmed) {
      events.note('notModified', { seconds })
      return
    }
    events.note('fetched', { keyCount: after.length, seconds })
    const added = after.filter((key) => !before.includes(key)).length
    const removed = before.filter((key) => !after.includes(key)).length
    if (added === 0 && removed === 0) return
    missed.clear()
    events.note('keysChanged', { added, removed, refused: keys.set.refused.length })
  }

  function fail(error: FetchError, seconds: number): void {
    const failures = pause.failed(error)
    events.note('fetchFailed', { error: error.message, seconds, failures, retryIn: pause.left() })
  }

  function unavailable(): UpstreamError {
    return new UpstreamError(pause.left(), { cause: pause.lastError() })
  }

  return {
    find,
    stillHas: (header, key) => andThen(find(header), (found) => found === key),
    afterBadSignature: () => undefined,
    refresh: () => start().done,
    pending: () => flight?.done.catch(() => undefined),
    ready: () => (state() === 'empty' ? fetched() : undefined),
    health: () => ({
      state: state(),
      ageSeconds: held === undefined ? undefined : now() - held.fetchedAt,
      keyCount: held?.keys.set.keys.length ?? 0,
      refusedKeys: held?.keys.set.refused ?? [],
      lastError: pause.lastError()?.message,
      counters: events.counters(),
    }),
    snapshot: () => (held === undefined ? undefined : snapshotOf(held, clock)),
  }
}

/** What a missed key is remembered under: its id, or the algorithm where the token names no key. */
function missName(header: JwtHeader): string {
  const kid = own(header, 'kid')
  return typeof kid === 'string' ? `kid:${kid}` : `alg:${header.alg}`
}
