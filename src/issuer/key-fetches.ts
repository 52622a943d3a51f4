import { UpstreamError } from '../errors.ts'
import type { KeySet } from '../jose/key-set.ts'
import type { Clock } from '../lib/clock.ts'
import { limited } from '../lib/limited.ts'
import { shownUrl } from '../lib/url.ts'
import type { KeyCacheSettings } from '../options/key-cache.ts'
import type { Allowance, FetchBudget } from './budget.ts'
import { causedBy, FetchError } from './fetch-error.ts'
import { type AgeState, ageOf, dated, type DatedKeys } from './key-age.ts'
import type { KeyEvents } from './key-events.ts'
import { asFetchError, type FetchedKeys } from './key-fetch.ts'
import { fetchMarginMs, maxWaiting } from './limits.ts'
import { datedRestored, type RestoredKeys } from './snapshot.ts'

/** What {@link keyFetches} works with. */
export interface KeyFetchesOptions {
  /** Fetches once. `located` is called with the URL of the keys before they are fetched. */
  readonly fetchKeys: (
    previous: FetchedKeys | undefined,
    located: (uri: string) => void,
  ) => Promise<FetchedKeys>
  readonly clock: Clock
  /** A number from 0 up to 1. */
  readonly random: () => number
  readonly settings: KeyCacheSettings
  readonly budget: FetchBudget
  readonly allowance: Allowance
  readonly events: KeyEvents
  readonly restored?: RestoredKeys | undefined
  /** Called when a fetch found other keys than before. */
  readonly changed: () => void
}

/** A fetch, shared by all requests. */
export interface InFlight {
  /** Fetches are numbered from 1. */
  readonly number: number
  /** Seconds of the steady clock. */
  readonly begunAt: number
  /** Resolves to the number of keys that are new. @throws {UpstreamError} */
  readonly done: Promise<number>
}

/** When a request came. */
export interface Arrival {
  /** Fetches that had begun by then. */
  readonly fetchesBefore: number
  /** Seconds of the steady clock. */
  readonly at: number
}

/** The keys an issuer published last, and the one fetch that may be in flight. */
export interface KeyFetches {
  readonly arrive: () => Arrival
  readonly keys: () => DatedKeys | undefined
  readonly age: () => AgeState
  /** The keys while no fetch is due; cheap, since every request of a known token calls it. */
  readonly fresh: () => KeySet | undefined
  /** Whether the keys were fetched after a request came. */
  readonly isNewer: (arrival: Arrival) => boolean
  /** The fetch in flight. A fetch that is older than its limit has failed. */
  readonly inFlight: () => InFlight | undefined
  /** Starts a fetch, whatever the budget is. Only while no other is running. */
  readonly start: () => InFlight
  /** The fetch in flight, or a new one; `undefined` during a back-off, or when the allowance is used up. */
  readonly refresh: () => InFlight | undefined
  /**
   * Waits for a fetch, each caller with a timer of its own: never longer than one fetch may take.
   *
   * @param withinMs a shorter limit
   * @throws {UpstreamError} when it fails or takes too long; at once, not as a rejection, when too many wait already
   */
  readonly join: (fetch: InFlight, arrival: Arrival, withinMs?: number) => Promise<void>
  readonly unavailable: () => UpstreamError
}

/** Makes the {@link KeyFetches} of one place. */
export function keyFetches(options: KeyFetchesOptions): KeyFetches {
  const { clock, settings, random, events, allowance, restored } = options
  const { backOff } = options.budget
  const now = clock.steady
  const limitMs = settings.timeoutMs + fetchMarginMs
  const wait = limited(clock, { name: 'keys', timeoutMs: limitMs, maxPending: maxWaiting })

  let current = restored && datedRestored(restored, now(), settings, random)
  let flight: InFlight | undefined
  let fetches = 0

  function inFlight(): InFlight | undefined {
    if (flight !== undefined && now() - flight.begunAt >= limitMs / 1000) {
      const { begunAt } = flight
      flight = undefined
      fail(new FetchError('no complete response in time'), begunAt)
    }
    return flight
  }

  function start(): InFlight {
    const number = ++fetches
    const begunAt = now()
    events.note('fetchStart')
    const done = options.fetchKeys(current?.keys, located).then(
      (keys) => {
        if (!endsInTime(number)) throw unavailable()
        return adopt(keys, number, now() - begunAt)
      },
      (error: unknown) => {
        if (endsInTime(number)) fail(asFetchError(error), begunAt)
        throw unavailable()
      },
    )
    // join() reports the error.
    done.catch(() => undefined)
    return (flight = { number, begunAt, done })
  }

  /** Ends a fetch. A late fetch counts as failed; its response is ignored. */
  function endsInTime(number: number): boolean {
    if (inFlight()?.number !== number) return false
    flight = undefined
    return true
  }

  function adopt(keys: FetchedKeys, number: number, seconds: number): number {
    const before = current?.keys.set.keys ?? []
    const after = keys.set.keys
    current = dated(keys, { number, fetchedAt: now() }, settings, random)
    backOff.succeeded()
    if (keys.confirmed) {
      events.note('notModified', { seconds })
      return 0
    }
    events.note('fetched', { url: shownUrl(keys.uri ?? ''), keyCount: after.length, seconds })
    const added = after.filter((key) => !before.includes(key)).length
    const removed = before.filter((key) => !after.includes(key)).length
    if (added > 0 || removed > 0) {
      options.changed()
      events.note('keysChanged', { added, removed, refused: keys.set.refused.length })
    }
    return added
  }

  function fail(error: FetchError, begunAt: number): void {
    const failures = backOff.failed(error)
    const seconds = now() - begunAt
    events.failed(error, { seconds, failures, retryIn: backOff.left() })
  }

  /** Keys of a snapshot are trusted for the place they came from alone. */
  function located(uri: string): void {
    if (current?.number === 0 && current.keys.uri !== uri) current = undefined
  }

  function refresh(): InFlight | undefined {
    const running = inFlight()
    if (running !== undefined) return running
    return backOff.isOn() || !allowance.take() ? undefined : start()
  }

  function join(fetch: InFlight, arrival: Arrival, withinMs = Infinity): Promise<void> {
    const leftMs = limitMs - (now() - arrival.at) * 1000
    if (leftMs <= 0) throw unavailable()
    try {
      return Promise.resolve(wait(fetch.done, Math.min(leftMs, withinMs))).then(
        () => undefined,
        (error: unknown) => joinAnother(error, fetch, arrival, withinMs),
      )
    } catch (error) {
      events.note('refreshLimited')
      throw error
    }
  }

  async function joinAnother(error: unknown, ended: InFlight, arrival: Arrival, ms: number): Promise<void> {
    if (error instanceof UpstreamError) throw error
    // Workers: a fetch ends with the request that began it, and then rejects in every other request.
    if (flight === ended) flight = undefined
    const another = refresh()
    if (another === undefined) throw unavailable()
    await join(another, arrival, ms)
  }

  function unavailable(): UpstreamError {
    return new UpstreamError(backOff.left(), causedBy(backOff.lastError()))
  }

  return {
    arrive: () => ({ fetchesBefore: fetches, at: now() }),
    keys: () => current,
    age: () => ageOf(current, now()),
    fresh: () => (current !== undefined && now() < current.refreshAt ? current.keys.set : undefined),
    isNewer: ({ fetchesBefore }) => current !== undefined && current.number > fetchesBefore,
    inFlight,
    start,
    refresh,
    join,
    unavailable,
  }
}
