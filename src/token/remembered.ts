import { digest } from '#platform'
import { boundedCache } from '../lib/cache.ts'
import type { Clock } from '../lib/clock.ts'
import { isObserved } from '../lib/diagnostics.ts'
import { andThen } from '../lib/maybe-promise.ts'
import type { MaybePromise } from '../types.ts'
import { ofIssuer } from './of-issuer.ts'
import { checkTimes } from './times.ts'
import type { TokenSource, VerifiedToken } from './verified-token.ts'

/** What is remembered of a token: that these bytes were verified with this key, and the claims in them. */
interface Entry {
  readonly verified: VerifiedToken
  /** Seconds since the epoch. */
  readonly verifiedAt: number
  /** Length of the token, as a measure of the memory its claims take. */
  readonly length: number
}

/** Limits of the memory of verified tokens. */
export interface MemoryLimits {
  /** Tokens. */
  readonly max: number
  /** Seconds. */
  readonly maxAge: number
}

/** Characters of all remembered tokens together: 10,000 tokens of a common size fit. */
const maxCharacters = 16_000_000

/**
 * Remembers what a source verified, under a hash of the token, so that the cache contains no credentials. Only the work
 * that depends on the token's bytes alone is spared: whether the key is still the issuer's, and the time, are checked
 * on every request. A trace never recalls, so that it shows every check.
 *
 * @param limits `undefined` remembers nothing
 */
export function remembered(source: TokenSource, limits: MemoryLimits | undefined, clock: Clock): TokenSource {
  if (limits === undefined) return source
  const { max, maxAge } = limits
  const entries = boundedCache<Entry>({ max, maxSize: maxCharacters, sizeOf: ({ length }) => length })

  function verifyAnew(name: string, token: string, now: number): MaybePromise<VerifiedToken> {
    const verified = source.verify(token, now)
    return verified instanceof Promise
      ? verified.then((it) => remember(name, token, it))
      : remember(name, token, verified)
  }

  function remember(name: string, token: string, verified: VerifiedToken): VerifiedToken {
    entries.set(name, { verified, verifiedAt: clock.wall(), length: token.length })
    return verified
  }

  function recall(name: string, token: string, now: number): MaybePromise<VerifiedToken> {
    const entry = entries.get(name)
    // A clock that was set back makes entries look young: they are verified anew.
    if (entry === undefined || now >= entry.verifiedAt + maxAge || now < entry.verifiedAt - 1) {
      return verifyAnew(name, token, now)
    }
    const { verified } = entry
    checkTimesOf(verified, now)
    const holds = source.stillHolds(verified)
    if (holds === true) return markRecalled(verified)
    // Another key under the same id, or other rules: whether the token is valid under them is not known yet.
    return andThen(holds, (still) => {
      // Finding out may have taken seconds.
      const later = clock.wall()
      if (!still) return verifyAnew(name, token, later)
      checkTimesOf(verified, later)
      return markRecalled(verified)
    })
  }

  return {
    verify(token, now, trace) {
      if (trace !== undefined) return source.verify(token, now, trace)
      const name = digest(token)
      return typeof name === 'string'
        ? recall(name, token, now)
        : name.then((it) => recall(it, token, clock.wall()))
    },
    stillHolds: source.stillHolds,
  }
}

function checkTimesOf({ times, issuer }: VerifiedToken, now: number): void {
  try {
    checkTimes(times, now)
  } catch (error) {
    throw ofIssuer(error, issuer)
  }
}

const recalledTokens = new WeakSet<VerifiedToken>()

/** Marks a token of which the bytes were verified for an earlier request, where observers are there to see it. */
export function markRecalled(verified: VerifiedToken): VerifiedToken {
  if (isObserved('verified')) recalledTokens.add(verified)
  return verified
}

/** Whether an earlier request verified the signature of this token, as far as observers were there to see it. */
export function wasRecalled(verified: VerifiedToken): boolean {
  return recalledTokens.has(verified)
}
