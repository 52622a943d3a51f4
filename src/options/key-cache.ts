import { checkNumber, copyOptions } from './reader.ts'

/** Numbers of the key cache; each has a default that suits production. */
export interface KeyCacheOptions {
  /** Seconds a key set is fresh when the issuer does not say. 60 to 86400. @default 600 */
  readonly freshFor?: number
  /** Longest the issuer's own `max-age` counts, in seconds. 60 to 86400. @default 3600 */
  readonly maxFreshFor?: number
  /** Seconds old keys go on past their freshness while no new ones can be had. 0 to 86400. @default 3600 */
  readonly staleFor?: number
  /** Milliseconds for one fetch, from the first metadata to the last key. 500 to 60000. @default 5000 */
  readonly timeoutMs?: number
  /** Bytes of one answer, after decompression. 1024 to 1048576. @default 262144 */
  readonly maxBytes?: number
  /** Keys in one set. 1 to 1000. @default 100 */
  readonly maxKeys?: number
  /** Dynamic issuers remembered at a time. 1 to 100000. @default 100 */
  readonly maxIssuers?: number
}

/** {@link KeyCacheOptions} with the defaults filled in. */
export type KeyCacheSettings = Required<KeyCacheOptions>

/** Default, least and greatest value of each number. */
export const keyCacheLimits: Readonly<Record<keyof KeyCacheSettings, readonly [number, number, number]>> = {
  freshFor: [600, 60, 86_400],
  maxFreshFor: [3600, 60, 86_400],
  staleFor: [3600, 0, 86_400],
  timeoutMs: [5000, 500, 60_000],
  maxBytes: [262_144, 1024, 1_048_576],
  maxKeys: [100, 1, 1000],
  maxIssuers: [100, 1, 100_000],
}

/** Fills in the numbers of the key cache. @throws {TypeError} */
export function keyCacheSettings(value: unknown): KeyCacheSettings {
  const names = Object.keys(keyCacheLimits) as (keyof KeyCacheSettings)[]
  const options = value === undefined ? {} : copyOptions(value, 'keyCache', names)
  return Object.fromEntries(
    names.map((name) => {
      const [standard, min, max] = keyCacheLimits[name]
      const given = options[name]
      return [name, given === undefined ? standard : checkNumber(given, `keyCache.${name}`, min, max)]
    }),
  ) as unknown as KeyCacheSettings
}

/** Least freshness, whatever the issuer says: `max-age=0` must not become a fetch per request. Seconds. */
export const minFreshFor = 60

/** A background refresh starts at this part of the freshness, less the jitter that spreads a fleet. */
export const refreshAhead = { from: 0.8, jitter: 0.1 }

/** Milliseconds before the one retry within a fetch. */
export const retryPauseMs = { min: 100, max: 300 }

/** Milliseconds a request waits for new keys while old ones would still do. */
export const patienceMs = 1000

/** Seconds before asking again after failures in a row: doubling, drawn anew each time. */
export const backOff = { first: 1, max: 60 }

/** Longest a `Retry-After` is honoured, in seconds. */
export const maxRetryAfter = 300

/** Refetches for unknown key ids: so many at once, one more each so many seconds. */
export const forcedRefreshes = { burst: 2, every: 30 }

/** Requests that wait for an unknown key id at a time: each holds memory for as long as the issuer hangs. */
export const maxWaiting = 5000

/** Unknown key ids remembered: so many, for so many seconds. */
export const missedKeyIds = { max: 256, seconds: 60 }
