import { UpstreamError } from '../errors.ts'
import { systemClock, unhurriedClock } from '../lib/clock.ts'
import { type Expiring, expiringEntries } from '../lib/expiring.ts'
import { checkText, optionsReader } from '../options/reader.ts'
import type { ReplayStore } from '../stores.ts'
import { checkMoment } from './moment.ts'

/** Options of {@link replayStore}. */
export interface ReplayStoreOptions {
  /** Keys in memory. A full store reserves nothing and forgets nothing. 1 to 10000000. @default 100000 */
  readonly max?: number | undefined
  /** Used instead of `Date.now`. */
  readonly now?: (() => number) | undefined
}

interface Key extends Expiring {
  readonly name: string
}

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
  const unhurried = unhurriedClock(now)
  const keys = new Map<string, Key>()
  const expiring = expiringEntries<Key>(unhurried, ({ name }) => void keys.delete(name))

  function reserve(key: unknown, until: unknown): boolean {
    const name = checkText(key, 'reserve: key')
    const life = Math.max(shortestLife, checkMoment(until, 'reserve: expiresAt') - wall())
    expiring.sweep()
    if (keys.has(name)) return false
    if (keys.size >= max) {
      const hint = `the replay store is full: ${max} keys; raise max, or use a store on Redis`
      throw new UpstreamError(retryAfter, { detail: { hint } })
    }
    const entry = { name, expiresAt: unhurried() + life }
    keys.set(name, entry)
    expiring.add(entry)
    return true
  }

  return Object.freeze({
    reserve: async (key, expiresAt) => Promise.resolve(reserve(key, expiresAt)),
  } satisfies ReplayStore)
}
