import type { FetchError } from './fetch-json.ts'
import { maxRetryAfter, pauses } from './limits.ts'

/** Fetches that failed in a row, and the pause in which nobody asks after them. */
export interface BackOff {
  /** Whether the issuer is to be left alone at this moment. */
  readonly isOn: () => boolean
  /** Seconds it goes on; below 0 when it is over. */
  readonly left: () => number
  /** Takes note of a failed fetch, and makes the pause longer. @returns how many failed in a row */
  readonly failed: (error: FetchError) => number
  /** Takes note of one that succeeded. */
  readonly succeeded: () => void
  /** What went wrong the last time; `undefined` where the last fetch went well. */
  readonly lastError: () => FetchError | undefined
}

/**
 * Makes a {@link BackOff}: the pause is drawn anew each time from a range that doubles, so that many processes do
 * not return at the same moment; what the server asked for is honoured within reason.
 *
 * @param random a number from 0 up to 1
 */
export function backOff(now: () => number, random: () => number): BackOff {
  let failures = 0
  let until = 0
  let lastError: FetchError | undefined
  return {
    isOn: () => now() < until,
    left: () => until - now(),
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
      until = 0
      lastError = undefined
    },
    lastError: () => lastError,
  }
}
