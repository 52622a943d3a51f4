import { UpstreamError } from '../errors.ts'
import { withResultAtOnce } from '../lib/at-once.ts'
import { keepingClock, systemClock } from '../lib/clock.ts'
import { type Expiring, expiringEntries } from '../lib/expiring.ts'
import { checkText, optionsReader } from '../options/reader.ts'
import type { ReplayStore } from '../stores.ts'
import { checkMoment } from './moment.ts'

/** Options of {@link replayStore}. */
export interface ReplayStoreOptions {
  /**
   * Keys in memory. A full store reserves nothing and forgets nothing. The proofs of one client key fill at most a
   * tenth of it. 1 to 10000000. @default 100000
   */
  readonly max?: number | undefined
  /** Used instead of `Date.now`. */
  readonly now?: (() => number) | undefined
}

interface Key extends Expiring {
  readonly name: string
  /** Thumbprint of the client's key, for a key that is of a DPoP proof. */
  readonly holder: string | undefined
}

/** Keys of proofs begin with a thumbprint. */
const ofProof = /^([\w-]{43})\./

/** Seconds for which a key is kept at least, also when its proof has just expired. */
const shortestLife = 1

/** Seconds after which a client may try again. */
const retryAfter = 1

/**
 * A store in the memory of this process: several processes need one on Redis, or a proof can be used once on each.
 *
 * @throws {TypeError} for options that are misspelled or out of bounds
 */
export function replayStore(options: ReplayStoreOptions = {}): ReplayStore {
  const read = optionsReader(options, 'replayStore', ['max', 'now'])
  const max = read.number('max', 1, 10_000_000, 100_000)
  const now = read.function<() => number>('now', 'Date.now')
  const { wall } = systemClock(now)
  const kept = keepingClock(now)
  const perHolder = Math.max(1, Math.floor(max / 10))
  const keys = new Set<string>()
  const held = new Map<string, number>()
  const expiring = expiringEntries<Key>(kept, ({ name, holder }) => {
    keys.delete(name)
    if (holder !== undefined) count(holder, -1)
  })

  function count(holder: string, change: 1 | -1): void {
    const now = (held.get(holder) ?? 0) + change
    if (now === 0) held.delete(holder)
    else held.set(holder, now)
  }

  function reserveNow(key: unknown, until: unknown): boolean {
    const name = checkText(key, 'reserve: key')
    const life = Math.max(shortestLife, checkMoment(until, 'reserve: expiresAt') - wall())
    expiring.sweep()
    if (keys.has(name)) return false
    if (keys.size >= max) throw full(`${max} keys`)
    const holder = ofProof.exec(name)?.[1]
    if (holder !== undefined) {
      if ((held.get(holder) ?? 0) >= perHolder) throw full(`${perHolder} proofs of one client`)
      count(holder, 1)
    }
    keys.add(name)
    expiring.add({ name, holder, expiresAt: kept() + life })
    return true
  }

  const reserve: ReplayStore['reserve'] = async (key, expiresAt) =>
    Promise.resolve(reserveNow(key, expiresAt))
  return Object.freeze({ reserve: withResultAtOnce(reserve, reserveNow) } satisfies ReplayStore)
}

function full(what: string): UpstreamError {
  const hint = `the replay store is full: ${what}; raise max, or use a store on Redis`
  return new UpstreamError(retryAfter, { detail: { hint } })
}
