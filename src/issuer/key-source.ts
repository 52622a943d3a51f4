import { InvalidTokenError } from '../errors.ts'
import { type KeyCounters, noEvents } from './key-events.ts'
import { chooseKey, type KeySet } from '../jose/key-set.ts'
import type { VerificationKey } from '../jose/jwk.ts'
import { isPromise } from '../lib/maybe-promise.ts'
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

/** Keys as they were fetched, with what is needed to judge their age elsewhere. */
export interface KeySnapshot {
  readonly jwks: { readonly keys: readonly unknown[] }
  /** Where they were fetched from. */
  readonly uri?: string | undefined
  readonly etag?: string | undefined
  readonly lastModified?: string | undefined
  /** Seconds since the epoch. */
  readonly fetchedAt: number
  /** Seconds they are fresh from then on. */
  readonly freshFor: number
}

/** Keys written in the configuration. */
export function configuredKeys(set: MaybePromise<KeySet>): KeySource {
  let imported = isPromise(set) ? undefined : set
  const arriving = Promise.resolve(set).then((keys) => (imported = keys))
  // Told to whoever asks for a key.
  arriving.catch(() => undefined)
  return {
    find: (header) =>
      imported === undefined ? arriving.then((keys) => chosenKey(keys, header)) : chosenKey(imported, header),
    ready: () => arriving.then(() => undefined),
    health: () => ({
      state: 'configured',
      ageSeconds: undefined,
      keyCount: imported?.keys.length ?? 0,
      refusedKeys: imported?.refused ?? [],
      lastError: undefined,
      counters: noEvents,
    }),
    snapshot: () => undefined,
  }
}

/** The one key of a shared secret; `kid` says nothing there. */
export function secretKey(key: MaybePromise<VerificationKey>): KeySource {
  const source = configuredKeys({ keys: [], byKeyId: new Map(), refused: [] })
  return { ...source, find: () => key, health: () => ({ ...source.health(), keyCount: 1 }) }
}

/** The key for a token, in a set that is all there is. @throws {InvalidTokenError} */
export function chosenKey(set: KeySet, header: JwtHeader): VerificationKey {
  const found = chooseKey(set, header)
  if (typeof found === 'string') throw refusalFor(found)
  return found
}

/** A key that is there but for another algorithm is no reason to ask the issuer again. */
export function refusalFor(outcome: 'absent' | 'ambiguous' | 'misfit'): InvalidTokenError {
  return new InvalidTokenError(outcome === 'misfit' ? 'algorithm' : 'unknown_key')
}
