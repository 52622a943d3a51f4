import { UpstreamError } from '../errors.ts'
import { type Clock, keepingClock, systemClock } from '../lib/clock.ts'
import {
  listOptionNames,
  listSettings,
  type RevocationListOptions,
  type RevocationListSettings,
} from '../options/revocation.ts'
import { optionsReader } from '../options/reader.ts'
import { asList, type RevocableToken, type RevocationEntry, type RevocationList } from '../stores.ts'
import type { MaybePromise } from '../types.ts'
import { entryOf, lifetimeOf } from './revocation-entry.ts'
import { type RevocationIndex, revocationIndex } from './revocation-index.ts'

/** Where the entries of a list are kept. */
export interface RevocationStore {
  /** @throws {UpstreamError} when it cannot take the entry */
  readonly add: (entry: RevocationEntry) => MaybePromise<void>
  /** @throws {UpstreamError} when it could not be found out */
  readonly has: (token: RevocableToken) => MaybePromise<boolean>
  /** A resource server uses this list. */
  readonly open?: () => void
  readonly ready?: () => MaybePromise<void>
  readonly isReady?: () => boolean
  readonly close?: () => void
}

/** What a store is made with. */
export interface StoreTools extends RevocationListSettings {
  /** Seconds for which the longest entry lives. */
  readonly longestLife: number
  /** Makes an index in memory. */
  readonly index: (max: number) => RevocationIndex
}

/** Seconds that `issuedBefore` may be ahead until a resource server uses the list: the default `clockTolerance`. */
const usualTolerance = 30

/**
 * A list in the memory of this process. What is revoked here is refused here, at once; other processes do not know of
 * it, and it is gone after a restart. It forgets an entry only when no token can be accepted that it would refuse.
 *
 * @throws {TypeError} for options that are misspelled or out of bounds
 */
export function revocationList(options: RevocationListOptions = {}): RevocationList {
  const read = optionsReader(options, 'revocationList', listOptionNames)
  return listOf(listSettings(read), ({ max, index }) => {
    const entries = index(max)
    return {
      add(entry) {
        if (!entries.add(entry)) throw full(max)
      },
      has: (token) => entries.has(token),
    }
  })
}

/** Makes a list whose entries are kept in a store. */
export function listOf(
  settings: RevocationListSettings,
  makeStore: (tools: StoreTools) => RevocationStore,
): RevocationList {
  const { tokenLifetime, requireJti, onUnavailable } = settings
  const clocks = adoptedClocks(settings.now)
  const store = makeStore({
    ...settings,
    longestLife: lifetimeOf(tokenLifetime),
    index: (max) => revocationIndex(max, clocks.kept),
  })
  let tolerance: number | undefined
  const ready = (): MaybePromise<void> => store.ready?.()

  const list: RevocationList = {
    async revoke(revocation) {
      const rules = { now: clocks.wall(), tokenLifetime, mayLead: tolerance ?? usualTolerance }
      await store.add(await entryOf(revocation, rules))
    },
    ready: async () => ready(),
    close: () => store.close?.(),
  }
  return asList(list, {
    tokenLifetime,
    requireJti,
    onUnavailable,
    join({ clockTolerance, now }) {
      clocks.adopt(now)
      tolerance = Math.max(tolerance ?? 0, clockTolerance)
      store.open?.()
    },
    has: (token) => store.has(token),
    async add(entry) {
      const ahead = Math.max(0, (entry.issuedBefore ?? 0) - clocks.wall())
      await store.add({ ...entry, lifetime: lifetimeOf(tokenLifetime) + ahead, expiresIn: undefined })
    },
    ready,
    isReady: () => store.isReady?.() ?? true,
  })
}

interface AdoptedClocks extends Pick<Clock, 'wall'> {
  /** The clock by which entries expire. */
  readonly kept: () => number
  readonly adopt: (now: (() => number) | undefined) => void
}

/**
 * The clocks of a list: its own `now`, else that of the first resource server that joins and has one. Once a clock was
 * read it stays, since entries are counted by it.
 */
function adoptedClocks(own: (() => number) | undefined): AdoptedClocks {
  let wall: (() => number) | undefined
  let kept: (() => number) | undefined
  let now = own
  return {
    wall: () => (wall ??= systemClock(now).wall)(),
    kept: () => (kept ??= keepingClock(now))(),
    adopt(given) {
      if (wall === undefined && kept === undefined) now ??= given
    },
  }
}

/** Seconds after which a client may try again: entries are forgotten one by one. */
const retryAfter = 60

function full(max: number): UpstreamError {
  return new UpstreamError(retryAfter, {
    detail: { hint: `the revocation list is full: ${max} entries; raise max, or use a list on Redis` },
  })
}
