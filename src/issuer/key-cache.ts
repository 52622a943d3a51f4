import { chooseKey, type KeySet } from '../jose/key-set.ts'
import type { VerificationKey } from '../jose/jwk.ts'
import { own } from '../lib/objects.ts'
import type { JwtHeader, MaybePromise } from '../types.ts'
import { noKey } from './configured-keys.ts'
import type { FetchWarnings } from './fetch-warnings.ts'
import type { AgeState } from './key-age.ts'
import { healthOf } from './key-health.ts'
import { keyEvents } from './key-events.ts'
import { type Arrival, keyFetches, type KeyFetchesOptions } from './key-fetches.ts'
import type { KeyHealth, KeySource } from './key-source.ts'
import { maxWaitMs } from './limits.ts'
import { snapshotOf } from './snapshot.ts'
import { missName, unknownKeys } from './unknown-keys.ts'

const ignore = (): void => undefined

/** What {@link publishedKeys} works with. */
export interface PublishedKeysOptions extends Omit<KeyFetchesOptions, 'events' | 'changed'> {
  /** Name of the issuer. */
  readonly issuer: string
  /** Where the configuration has the keys fetched from, for snapshots. */
  readonly place: string
  readonly warnings?: FetchWarnings | undefined
}

/**
 * Keys an issuer publishes, kept through everything that may happen to the issuer.
 *
 * | state | when | a request whose key is known |
 * |---|---|---|
 * | `fresh` | up to 80 % of the freshness, less jitter | goes on |
 * | `refreshing` | from there to the end of it | goes on; a fetch starts in the background |
 * | `stale` | up to `staleFor` after it; the last fetch did not fail | waits for the fetch to end; goes on when it fails |
 * | `stale` | the same, during the pause after a failed fetch | goes on |
 * | `stale` | the same, up to a minute after that pause | waits for the first second of a fetch, then goes on |
 * | `empty` | before the first set, and after all that | waits for the fetch, or 503 |
 *
 * So a withdrawn key is refused when its freshness is over, as long as the issuer responds, however slowly: old keys
 * serve on only after a recent failure. See `unknownKeys` for a request whose key is not in the set.
 *
 * There is at most one fetch at a time. A bounded number of requests wait for it; one more gets 503 at once. A late
 * fetch counts as failed; its response is ignored. A failed fetch keeps the keys and starts a pause; a successful one
 * replaces them all. Only requests that wait have timers; only requests start fetches.
 */
export function publishedKeys(options: PublishedKeysOptions): KeySource {
  const { issuer, clock, allowance } = options
  const { backOff } = options.budget
  const events = keyEvents(issuer, options.warnings)
  const fetches = keyFetches({
    ...options,
    events,
    changed: () => {
      unknown.forget()
    },
  })
  const unknown = unknownKeys({ ...options, fetches, events })

  /** Waits for newer keys, as far as the age of those there are demands. */
  function upToDate(age: AgeState): Promise<void> | undefined {
    switch (age) {
      case 'fresh':
        return undefined
      case 'refreshing':
        fetches.refresh()
        return undefined
      case 'stale':
        return orStale()
      case 'empty':
        return fetched()
    }
  }

  /** Waits for a fetch; ends without one where the old keys may go on. @throws {UpstreamError} */
  function orStale(): Promise<void> | undefined {
    const arrival = fetches.arrive()
    const inFlight = fetches.refresh()
    const isDown = backOff.failedLately()
    if (inFlight === undefined) {
      if (isDown) return undefined
      throw fetches.unavailable()
    }
    const withinMs = isDown ? maxWaitMs - (arrival.at - inFlight.begunAt) * 1000 : undefined
    if (withinMs !== undefined && withinMs <= 0) return undefined
    try {
      return fetches.join(inFlight, arrival, withinMs).catch(() => undefined)
    } catch (error) {
      // Too many wait.
      if (isDown) return undefined
      throw error
    }
  }

  /** Resolves once there is a set that was just fetched. */
  async function fetched(): Promise<void> {
    const arrival = fetches.arrive()
    const inFlight = fetches.refresh()
    if (inFlight === undefined) throw fetches.unavailable()
    await fetches.join(inFlight, arrival)
  }

  function currentSet(age = fetches.age()): KeySet {
    const current = fetches.keys()
    if (current === undefined || age === 'empty') throw fetches.unavailable()
    if (age === 'stale') {
      events.note('staleServed', { ageSeconds: Math.round(clock.steady() - current.fetchedAt) })
    }
    return current.keys.set
  }

  function find(header: JwtHeader): MaybePromise<VerificationKey> {
    const fresh = fetches.fresh()
    if (fresh !== undefined) return choose(header, fresh)
    const age = fetches.age()
    const arrival = fetches.arrive()
    const newer = upToDate(age)
    return newer === undefined
      ? choose(header, currentSet(age), arrival)
      : newer.then(() => choose(header, currentSet(), arrival))
  }

  function choose(header: JwtHeader, set: KeySet, arrival?: Arrival): MaybePromise<VerificationKey> {
    const found = chooseKey(set, header)
    if (found === 'absent') return afterNewerSet(header, arrival ?? fetches.arrive())
    if (typeof found === 'string') throw noKey(found, header, issuer)
    return found
  }

  async function afterNewerSet(header: JwtHeader, arrival: Arrival): Promise<VerificationKey> {
    events.note('unknownKeyId')
    const found = await unknown.find(missName(header), arrival, () => {
      const choice = chooseKey(currentSet(), header)
      return choice === 'absent' ? undefined : choice
    })
    if (found === undefined || typeof found === 'string') throw noKey(found ?? 'absent', header, issuer)
    return found
  }

  function stillHas(header: JwtHeader, key: VerificationKey): MaybePromise<boolean> {
    const fresh = fetches.fresh()
    if (fresh !== undefined) return chooseKey(fresh, header) === key
    const age = fetches.age()
    const arrival = fetches.arrive()
    const newer = upToDate(age)
    if (newer === undefined) return chooseKey(currentSet(age), header) === key
    return newer.then(() => {
      const found = chooseKey(currentSet(), header)
      if (found === 'absent') unknown.miss(missName(header), arrival)
      return found === key
    })
  }

  /** A key that was chosen without an id may have been replaced in a newer set. */
  function afterBadSignature(
    header: JwtHeader,
    key: VerificationKey,
  ): MaybePromise<VerificationKey | undefined> {
    events.count('badSignatures')
    if (own(header, 'kid') !== undefined) return undefined
    const another = (): VerificationKey | undefined => {
      const choice = chooseKey(currentSet(), header)
      return choice === key || typeof choice === 'string' ? undefined : choice
    }
    return another() ?? unknown.find(undefined, fetches.arrive(), another)
  }

  async function refresh(): Promise<void> {
    const earlier = fetches.inFlight()
    if (earlier !== undefined) await fetches.join(earlier, fetches.arrive()).catch(() => undefined)
    await fetches.join(fetches.inFlight() ?? fetches.start(), fetches.arrive())
  }

  /** Whether this process fetched keys that are fresh. */
  function isFetched(): boolean {
    const age = fetches.age()
    return fetches.keys()?.number !== 0 && (age === 'fresh' || age === 'refreshing')
  }

  function health(): KeyHealth {
    const report = healthOf(fetches, backOff, events.counters(), clock.steady())
    // So that a readiness route becomes ready without traffic.
    if (report.state === 'empty' && allowance.isProven()) fetches.refresh()
    return report
  }

  return {
    find,
    stillHas,
    afterBadSignature,
    ready: () => (isFetched() ? undefined : fetched()),
    refresh,
    pending: () => fetches.inFlight()?.done.then(ignore, ignore),
    health,
    publishedJwks() {
      if (fetches.fresh() === undefined) fetches.refresh()
      return fetches.keys()?.keys.jwks
    },
    snapshot: () => (allowance.isProven() ? snapshotOf(fetches.keys(), options.place, clock) : undefined),
  }
}
