import type { KeyCounters } from './key-events.ts'
import type { VerificationKey } from '../jose/jwk.ts'
import type { KeySnapshot } from '../options/snapshot.ts'
import type { JwtHeader, MaybePromise } from '../types.ts'

export type { KeyCounters } from './key-events.ts'

/** Where the keys of one issuer come from. */
export interface KeySource {
  /**
   * Finds the key a token must be signed with; at once, where no network is needed.
   *
   * @throws {InvalidTokenError} when there is no such key
   * @throws {UpstreamError} when nobody can tell, because the keys cannot be had
   */
  readonly find: (header: JwtHeader) => MaybePromise<VerificationKey>
  /** Resolves once there are keys. @throws {UpstreamError} */
  readonly ready: () => MaybePromise<void>
  readonly health: () => KeyHealth
  /** The keys with their age, where they came over the network. */
  readonly snapshot: () => KeySnapshot | undefined
}

/** State of the keys of one issuer, for operators. */
export interface KeyHealth {
  /** `configured` where the keys are written in the configuration and never fetched. */
  readonly state: 'configured' | 'fresh' | 'refreshing' | 'stale' | 'empty'
  /** Seconds since the keys were last known to be the issuer's; `undefined` where they were never fetched. */
  readonly ageSeconds: number | undefined
  readonly keyCount: number
  /** Entries of the set that are not used: their position, and why. */
  readonly refusedKeys: readonly { readonly index: number; readonly reason: string }[]
  /** What went wrong the last time, until it goes right again. A fixed sentence. */
  readonly lastError: string | undefined
  readonly counters: KeyCounters
}
