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
   * @throws {UpstreamError} when the keys are not available
   */
  readonly find: (header: JwtHeader) => MaybePromise<VerificationKey>
  /**
   * Tells whether a key that verified a token before is still the one this token must be signed with; at once, where
   * no network is needed. It never looks for a key that the set does not have.
   *
   * @throws {UpstreamError} when the keys are not available
   */
  readonly stillHas: (header: JwtHeader, key: VerificationKey) => MaybePromise<boolean>
  /**
   * Counts a wrong signature, and finds another key that may have made it.
   *
   * @returns `undefined` when the signature is simply wrong
   * @throws {UpstreamError} when the keys are not available
   */
  readonly afterBadSignature: (
    header: JwtHeader,
    key: VerificationKey,
  ) => MaybePromise<VerificationKey | undefined>
  /**
   * Resolves once this process has fetched keys that are fresh; keys of a snapshot are fetched again.
   *
   * @throws {UpstreamError} when the fetch fails
   */
  readonly ready: () => MaybePromise<void>
  /**
   * Fetches the keys again now; a fetch that began before this call does not count. Nothing happens where keys are
   * never fetched.
   *
   * @throws {UpstreamError} when the fetch fails
   */
  readonly refresh: () => Promise<void>
  /** Resolves with the fetch in flight, however it ends: a runtime has to be kept alive for as long. */
  readonly pending: () => Promise<void> | undefined
  /** State of the keys. Where there are none, a fetch is started in the background. */
  readonly health: () => KeyHealth
  /** The keys with their age, where they came over the network. */
  readonly snapshot: () => KeySnapshot | undefined
  /**
   * The JWK Set as the issuer published it last, where it is fetched. Starts a fetch in the background when the set is
   * not fresh.
   */
  readonly publishedJwks: () => KeySnapshot['jwks'] | undefined
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
  /**
   * The last fetch error, with its URL (without query) and the error code of the system where there is one; cleared by
   * the next success.
   */
  readonly lastError: string | undefined
  readonly counters: KeyCounters
}
