import { optionsReader } from './reader.ts'
import { wholeNumber } from './whole-number.ts'

/** Numbers of the key cache; each has a default that suits production. */
export interface KeyCacheOptions {
  /** Seconds a key set is fresh when the issuer does not say. 60 to 86400. @default 600 */
  readonly freshFor?: number | undefined
  /** Longest the issuer's own `max-age` counts, in seconds. 60 to 86400. @default 3600 */
  readonly maxFreshFor?: number | undefined
  /** Seconds that old keys stay in use past their freshness while new ones are not available. 0 to 86400. @default 3600 */
  readonly staleFor?: number | undefined
  /** Milliseconds for one fetch, from the first metadata to the last key. 500 to 60000. @default 5000 */
  readonly timeoutMs?: number | undefined
  /** Bytes of one response, after decompression. 1024 to 1048576. @default 262144 */
  readonly maxBytes?: number | undefined
  /** Keys in one set. 1 to 1000. @default 100 */
  readonly maxKeys?: number | undefined
  /** Dynamic issuers remembered at a time. 1 to 100000. @default 100 */
  readonly maxIssuers?: number | undefined
}

/** {@link KeyCacheOptions} with the defaults filled in. */
export type KeyCacheSettings = Readonly<Record<keyof KeyCacheOptions, number>>

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
  const read = optionsReader(value === undefined ? {} : value, 'keyCache', names)
  return Object.fromEntries(
    names.map((name) => {
      const [standard, min, max] = keyCacheLimits[name]
      const isCount = name === 'maxKeys' || name === 'maxIssuers'
      return [name, isCount ? wholeNumber(read, name, max, standard) : read.number(name, min, max, standard)]
    }),
  ) as unknown as KeyCacheSettings
}
