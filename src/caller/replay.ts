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

/** Length of a thumbprint (RFC 7638), with which keys of proofs begin. */
const thumbprintLength = 43

/** Seconds for which a key is kept at least, also when its proof has just expired. */
const shortestLife = 1

/** Seconds by which a key may be forgotten late. */
const forgottenWithin = 0.25

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
  // Read once for each key: on each request, every reading counts.
  let time = kept()
  const expiring = expiringEntries<Key>(
    () => time,
    ({ name, holder }) => {
      keys.delete(name)
      if (holder !== undefined) count(holder, -1)
    },
    forgottenWithin,
  )

  function count(holder: string, change: 1 | -1): void {
    const now = (held.get(holder) ?? 0) + change
    if (now === 0) held.delete(holder)
    else held.set(holder, now)
  }

  function reserveNow(key: unknown, until: unknown): boolean {
    const name = checkText(key, 'reserve: key')
    const life = Math.max(shortestLife, checkMoment(until, 'reserve: expiresAt') - wall())
    time = kept()
    expiring.sweep()
    if (keys.has(name)) return false
    if (keys.size >= max) throw full(`${max} keys`)
    const holder = holderIn(name)
    if (holder !== undefined) {
      if ((held.get(holder) ?? 0) >= perHolder) throw full(`${perHolder} proofs of one client`)
      count(holder, 1)
    }
    keys.add(name)
    expiring.add({ name, holder, expiresAt: time + life })
    return true
  }

  const reserve: ReplayStore['reserve'] = async (key, expiresAt) =>
    Promise.resolve(reserveNow(key, expiresAt))
  return Object.freeze({ reserve: withResultAtOnce(reserve, reserveNow) } satisfies ReplayStore)
}

/** The thumbprint that a key of a proof begins with; `undefined` for any other key. */
function holderIn(name: string): string | undefined {
  if (name.charAt(thumbprintLength) !== '.') return undefined
  for (let at = 0; at < thumbprintLength; at += 1) if (!isBase64url(name.charCodeAt(at))) return undefined
  return name.slice(0, thumbprintLength)
}

function isBase64url(code: number): boolean {
  // Letters without regard to case, digits, '-' and '_'.
  const letter = code | 0x20
  return (letter > 0x60 && letter < 0x7b) || (code > 0x2f && code < 0x3a) || code === 0x2d || code === 0x5f
}

function full(what: string): UpstreamError {
  const hint = `the replay store is full: ${what}; raise max, or use a store on Redis`
  return new UpstreamError(retryAfter, { detail: { hint } })
}
