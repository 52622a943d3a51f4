import { boundedCache } from './cache.ts'
import type { Clock } from './clock.ts'
import { report } from './diagnostics.ts'
import { InvalidTokenError, UpstreamError } from './errors.ts'
import type { FetchError } from './http.ts'
import {
  backOff,
  forcedRefreshes,
  type KeyCacheSettings,
  maxRetryAfter,
  missedKeyIds,
  patienceMs,
  refreshAhead,
} from './key-cache-settings.ts'
import { asFetchError, type FetchedKeys, type KeyFetch } from './key-fetch.ts'
import { chooseKey, type KeySet } from './key-set.ts'
import { type KeyCounters, type KeySnapshot, type KeySource, noEvents, refusalFor } from './key-source.ts'
import type { VerificationKey } from './keys.ts'
import { own } from './json.ts'
import { tokenBucket } from './token-bucket.ts'
import type { JwtHeader, MaybePromise } from './types.ts'

/** What {@link publishedKeys} works with. */
export interface PublishedKeysOptions {
  readonly issuer: string
  readonly fetchKeys: KeyFetch
  readonly clock: Clock
  /** A number from 0 up to 1. */
  readonly random: () => number
  readonly settings: KeyCacheSettings
  /** Keys of an earlier process, already judged, and their age in seconds. */
  readonly restored?: { readonly keys: FetchedKeys; readonly age: number } | undefined
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
 * a pause in which nobody asks (`back-off`); a good one replaces them as a whole. No timer is involved: requests
 * alone move it on.
 */
export function publishedKeys(options: PublishedKeysOptions): KeySource {
  const { issuer, clock, settings } = options
  const now = clock.steady
  const takeForcedRefresh = tokenBucket(forcedRefreshes.burst, forcedRefreshes.every)
  const missed = boundedCache<object>({ max: missedKeyIds.max, maxAge: missedKeyIds.seconds, now })
  const counters = { ...noEvents } as { -readonly [name in keyof KeyCounters]: number }

  let held: HeldKeys | undefined
  let flight: Flight | undefined
  let flights = 0
  let failures = 0
  let retryAt = 0
  let lastError: string | undefined

  if (options.restored !== undefined) {
    held = hold(options.restored.keys, now() - options.restored.age, settings, options.random)
  }

  function state(): 'fresh' | 'refreshing' | 'stale' | 'empty' {
    const at = now()
    if (held === undefined || at >= held.staleUntil) return 'empty'
    if (at >= held.freshUntil) return 'stale'
    return at >= held.refreshAt ? 'refreshing' : 'fresh'
  }

  function find(header: JwtHeader): MaybePromise<VerificationKey> {
    switch (state()) {
      case 'fresh':
        return choose(header)
      case 'refreshing':
        refresh()
        return choose(header)
      case 'stale': {
        const underWay = refresh()
        return underWay === undefined ? choose(header) : underWay.patience.then(() => choose(header))
      }
      case 'empty':
        return fetched().then(() => choose(header))
    }
  }

  /** Looks in the set as it is now. */
  function choose(header: JwtHeader): MaybePromise<VerificationKey> {
    const set = usable()
    const found = chooseKey(set, header)
    if (found === 'absent') return afterNewerSet(header)
    if (typeof found === 'string') throw refusalFor(found)
    return found
  }

  /** The set, unless it became too old while someone waited. */
  function usable(): KeySet {
    const current = state()
    if (held === undefined || current === 'empty') throw unavailable()
    if (current === 'stale') {
      counters.staleServed += 1
      report('staleServed', { issuer, ageSeconds: Math.round(now() - held.fetchedAt) })
    }
    return held.keys.set
  }

  /** A token may name a key so new that only a set fetched after its arrival shows it. */
  async function afterNewerSet(header: JwtHeader): Promise<VerificationKey> {
    const name = missName(header)
    counters.unknownKeyIds += 1
    report('unknownKeyId', { issuer })
    if (missed.get(name) !== undefined) throw new InvalidTokenError('unknown_key')
    const arrivedAfter = flights
    for (;;) {
      const underWay: Flight = flight ?? force()
      await underWay.done
      const found = chooseKey(usable(), header)
      if (typeof found !== 'string') return found
      if (found !== 'absent') throw refusalFor(found)
      if (underWay.number > arrivedAfter) {
        missed.set(name, {})
        throw new InvalidTokenError('unknown_key')
      }
      // That fetch began before this token came, so its answer may be older than the token's key.
    }
  }

  /** Starts a fetch for an unknown key id. @throws when the issuer was asked too often, or is not to be asked now */
  function force(): Flight {
    // While fetches fail, nobody can tell whether the key exists: not the caller's fault.
    if (failures > 0 && now() < retryAt) throw unavailable()
    if (!takeForcedRefresh(now())) {
      counters.refreshLimited += 1
      report('refreshLimited', { issuer })
      throw new InvalidTokenError('unknown_key')
    }
    return start()
  }

  /** The fetch under way, or a new one; none while backing off. */
  function refresh(): Flight | undefined {
    if (flight !== undefined) return flight
    return now() < retryAt ? undefined : start()
  }

  /** Resolves once there is a set that was just fetched. */
  async function fetched(): Promise<void> {
    const underWay = refresh()
    if (underWay === undefined) throw unavailable()
    await underWay.done
  }

  function start(): Flight {
    counters.fetches += 1
    flights += 1
    report('fetchStart', { issuer })
    const begun = now()
    const done = options.fetchKeys(held?.keys).then(
      (keys) => {
        flight = undefined
        adopt(keys, now() - begun)
      },
      (error: unknown) => {
        flight = undefined
        fail(asFetchError(error))
        throw unavailable(error)
      },
    )
    const settled = done.catch(() => undefined)
    flight = { number: flights, done, patience: Promise.race([settled, clock.wait(patienceMs)]) }
    return flight
  }

  function adopt(keys: FetchedKeys, seconds: number): void {
    const before = held?.keys.set.keys ?? []
    const after = keys.set.keys
    held = hold(keys, now(), settings, options.random)
    failures = 0
    retryAt = 0
    lastError = undefined
    if (keys.confirmed) {
      counters.notModified += 1
      report('notModified', { issuer, seconds })
      return
    }
    report('fetched', { issuer, keyCount: after.length, seconds })
    const added = after.filter((key) => !before.includes(key)).length
    const removed = before.filter((key) => !after.includes(key)).length
    if (added > 0 || removed > 0) {
      missed.clear()
      report('keysChanged', { issuer, added, removed, refused: keys.set.refused.length })
    }
  }

  function fail(error: FetchError): void {
    counters.failures += 1
    lastError = error.message
    const ceiling = Math.min(backOff.max, backOff.first * 2 ** failures)
    const drawn = Math.max(backOff.first, ceiling * options.random())
    retryAt = now() + Math.max(drawn, Math.min(error.retryAfter ?? 0, maxRetryAfter))
    failures += 1
    report('fetchFailed', { issuer, error: error.message, failures, retryIn: retryAt - now() })
  }

  function unavailable(cause?: unknown): UpstreamError {
    return new UpstreamError(retryAt - now(), { cause: cause ?? lastError })
  }

  return {
    find,
    ready: () => (state() === 'empty' ? fetched() : undefined),
    health: () => ({
      state: state(),
      ageSeconds: held === undefined ? undefined : now() - held.fetchedAt,
      keyCount: held?.keys.set.keys.length ?? 0,
      refusedKeys: held?.keys.set.refused ?? [],
      lastError,
      counters: { ...counters },
    }),
    snapshot: () => (held === undefined ? undefined : snapshotOf(held, clock)),
  }
}

/** A set with the moments its age decides about. */
interface HeldKeys {
  readonly keys: FetchedKeys
  readonly fetchedAt: number
  readonly refreshAt: number
  readonly freshUntil: number
  readonly staleUntil: number
}

/** One fetch under way, shared by everyone. */
interface Flight {
  readonly number: number
  /** Settles with the fetch. */
  readonly done: Promise<void>
  /** Resolves with the fetch, or when waiting longer makes no sense while old keys still serve. */
  readonly patience: Promise<void>
}

function hold(
  keys: FetchedKeys,
  fetchedAt: number,
  settings: KeyCacheSettings,
  random: () => number,
): HeldKeys {
  const { freshFor } = keys
  const ahead = refreshAhead.from - refreshAhead.jitter * random()
  return {
    keys,
    fetchedAt,
    refreshAt: fetchedAt + freshFor * ahead,
    freshUntil: fetchedAt + freshFor,
    staleUntil: fetchedAt + freshFor + settings.staleFor,
  }
}

/** What a missed key is remembered under: its id, or the algorithm where the token names no key. */
function missName(header: JwtHeader): string {
  const kid = own(header, 'kid')
  return typeof kid === 'string' ? `kid:${kid}` : `alg:${header.alg}`
}

function snapshotOf({ keys, fetchedAt }: HeldKeys, clock: Clock): KeySnapshot {
  return {
    jwks: keys.jwks,
    etag: keys.etag,
    lastModified: keys.lastModified,
    fetchedAt: clock.wall() - (clock.steady() - fetchedAt),
    freshFor: keys.freshFor,
  }
}
