import { boundedCache } from '../lib/cache.ts'
import { permits } from '../lib/permits.ts'
import { isSame } from '../lib/same.ts'
import type { KeySnapshot } from '../options/snapshot.ts'
import type { MaybePromise } from '../types.ts'
import { type Allowance, type FetchBudget, fetchBudget } from './budget.ts'
import type { Issuers } from './issuers.ts'
import type { KeySource } from './key-source.ts'
import { maxBudgets, maxUnproven, unprovenFetches, vouchedFor } from './limits.ts'
import { segments } from './segments.ts'
import {
  issuerOf,
  type IssuerWithReaders,
  type NetworkOptions,
  placeOf,
  publishedSource,
  type TrustedIssuer,
} from './trusted-issuer.ts'
import { questions } from './vouching.ts'

/** An issuer with what it was made of. */
interface Entry {
  readonly issuer: TrustedIssuer
  readonly settings: IssuerWithReaders
  readonly published: KeySource | undefined
  /** Seconds of the steady clock until the function is called again. */
  until: number
}

/** What {@link dynamicIssuers} works with. */
export interface DynamicIssuersOptions extends NetworkOptions {
  /** Calls the function, and checks what it returns; its errors pass through. */
  readonly resolve: (name: string) => MaybePromise<IssuerWithReaders | undefined>
  /** Milliseconds the function may take. */
  readonly hookTimeoutMs: number
}

/**
 * Issuers that a function accepts: called once for any number of concurrent requests, its result kept for ten
 * minutes. A name it does not vouch for is never contacted and never remembered.
 *
 * Anyone can name an issuer in a token that nobody signed. So an issuer is unproven until a signature of it was
 * verified. Unproven issuers have few places of their own, and share one budget of fetches; over it their tokens get
 * 503 while there are no keys to check them with. A fetch that led to a verified signature costs nothing of it. So a
 * new tenant's first token is accepted as long as a permit is left; when someone floods with names of tenants, it
 * competes for the permits that come back with time. No unsigned token takes anything from a proven issuer: it keeps
 * its place, its keys and its own budget.
 */
export function dynamicIssuers(options: DynamicIssuersOptions): Issuers {
  const { clock, random, settings: cache } = options
  const now = clock.steady
  const unprovenBudget = permits(unprovenFetches, now)
  /** By place. Kept longer than the issuers: evicting an issuer must not refill its budget. */
  const budgets = boundedCache<FetchBudget>({ max: Math.max(maxBudgets, cache.maxIssuers) })
  /** Permits that the fetches of an unproven issuer took. */
  const taken = new Map<string, number>()
  const snapshots = new Map(Object.entries(options.snapshots))
  const madeOf = new WeakMap<TrustedIssuer, Entry>()
  const entries = segments<Entry>({
    maxProven: cache.maxIssuers,
    maxUnproven,
    isBusy: ({ published }) => published?.pending() !== undefined,
    forgotten: (name) => taken.delete(name),
  })
  const ask = questions({ ...options, isProven: entries.isProven, remember })

  function remember(name: string, answer: IssuerWithReaders | undefined): TrustedIssuer | undefined {
    const before = entries.get(name)
    if (answer === undefined) {
      entries.delete(name)
      taken.delete(name)
      return undefined
    }
    const until = now() + vouchedFor
    if (before !== undefined && areSame(before.settings, answer)) {
      before.until = until
      return before.issuer
    }
    const place = placeOf(answer)
    const isThere = place !== undefined && before !== undefined && placeOf(before.settings) === place
    const snapshot = takeSnapshot(name)
    const published = isThere ? before.published : sourceOf(answer, place, snapshot)
    const issuer = issuerOf(answer, published, options)
    const entry = { issuer, settings: answer, published, until }
    madeOf.set(issuer, entry)
    // What an earlier process had proven, as long as there is room.
    const hasKeys = published !== undefined && published.health().state !== 'empty'
    const isRestored = snapshot !== undefined && hasKeys && entries.hasRoom()
    if (isRestored) entries.prove(name, entry)
    else entries.set(name, entry)
    return issuer
  }

  /** A snapshot is used once: keys that were seen later must not give way to it. */
  function takeSnapshot(name: string): KeySnapshot | undefined {
    const snapshot = snapshots.get(name)
    snapshots.delete(name)
    return snapshot
  }

  function sourceOf(
    answer: IssuerWithReaders,
    place: string | undefined,
    snapshot: KeySnapshot | undefined,
  ): KeySource | undefined {
    if (place === undefined) return undefined
    const budget = budgets.get(place) ?? fetchBudget(now, random)
    budgets.set(place, budget)
    return publishedSource(answer, options, { budget, allowance: allowanceOf(answer.issuer), snapshot })
  }

  function allowanceOf(name: string): Allowance {
    return {
      isProven: () => entries.isProven(name),
      take() {
        if (entries.isProven(name)) return true
        if (!unprovenBudget.take()) return false
        if (entries.get(name) !== undefined) taken.set(name, (taken.get(name) ?? 0) + 1)
        return true
      },
    }
  }

  return {
    find(name) {
      const entry = entries.get(name)
      return entry !== undefined && now() < entry.until ? entry.issuer : ask(name)
    },
    prove(issuer) {
      const { name } = issuer
      const known = entries.get(name)
      const entry = known ?? madeOf.get(issuer)
      if (entry === undefined || now() >= entry.until) return
      // Forgotten while its token was verified: the function may have returned something else since, so it is called again.
      if (known === undefined) entry.until = now()
      entries.prove(name, entry)
      for (let count = taken.get(name) ?? 0; count > 0; count--) unprovenBudget.giveBack()
      taken.delete(name)
    },
    proven: () => entries.provenValues().map(({ issuer }) => issuer),
    known: () => entries.values().map(({ issuer }) => issuer),
    configured: () => [],
  }
}

/** Whether a function returned the same options again; what reads scopes and roles is made anew each time. */
function areSame(one: IssuerWithReaders, other: IssuerWithReaders): boolean {
  const compared = ({
    rules,
    algorithms,
    keys,
    scopes,
    roles,
    introspection,
  }: IssuerWithReaders): unknown => [rules, algorithms, comparable(keys), scopes, roles, introspection]
  return isSame(compared(one), compared(other))
}

/** Imported keys are objects of the platform: they are compared by what they were made of. */
function comparable({ public: place, secrets }: IssuerWithReaders['keys']): unknown {
  const set = place?.from === 'set' && !(place.set instanceof Promise) ? place.set : undefined
  return [
    set?.keys.map(({ kid, algorithms, material }) => [kid, algorithms, material]) ?? place,
    secrets.map(({ bytes }) => bytes),
  ]
}
