import type { FetchError } from './fetch-error.ts'
import { maxRetryAfter, pauses, recentFailure } from './limits.ts'

/** Fetches that failed in a row, and the pause before the next attempt. */
export interface BackOff {
  /** Whether the pause is on. */
  readonly isOn: () => boolean
  /** Seconds it goes on; below 0 when it is over. */
  readonly left: () => number
  /** Whether the last fetch failed, and so lately that the issuer counts as down. */
  readonly failedLately: () => boolean
  /** Records a failure and lengthens the pause. @returns how many fetches failed in a row */
  readonly failed: (error: FetchError) => number
  /** Records a success. */
  readonly succeeded: () => void
  /** Error of the last fetch; `undefined` when it succeeded. */
  readonly lastError: () => FetchError | undefined
}

/**
 * Makes a {@link BackOff}. The pause is drawn at random from a range that doubles with each failure, so that many
 * processes do not return at the same moment. `Retry-After` is honoured up to a limit.
 *
 * @param random a number from 0 up to 1
 */
export function backOff(now: () => number, random: () => number): BackOff {
  let failures = 0
  let until = -Infinity
  let lastError: FetchError | undefined
  return {
    isOn: () => now() < until,
    left: () => until - now(),
    failedLately: () => now() < until + recentFailure,
    failed(error) {
      const longest = Math.min(pauses.max, pauses.first * 2 ** failures)
      const drawn = Math.max(pauses.first, longest * random())
      until = now() + Math.max(drawn, Math.min(error.retryAfter ?? 0, maxRetryAfter))
      failures += 1
      lastError = error
      return failures
    },
    succeeded() {
      failures = 0
      until = -Infinity
      lastError = undefined
    },
    lastError: () => lastError,
  }
}
