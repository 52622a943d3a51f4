import type { Clock } from '../lib/clock.ts'
import { FetchError } from './fetch-error.ts'
import { retryPauseMs } from './limits.ts'
import { withSignal } from './with-signal.ts'

/** One fetch of keys from its first step to its last: metadata and keys share one limit of time and one retry. */
export interface Exchange {
  /** Ends it. */
  readonly signal: AbortSignal
  /** Milliseconds that are left, by the steady clock. */
  readonly left: () => number
  /** Runs a step. Of all the steps, one is tried once more. */
  readonly attempt: <T>(step: () => Promise<T>) => Promise<T>
}

/**
 * Begins an {@link Exchange}.
 *
 * @param random a number from 0 up to 1
 */
export function beginExchange(clock: Clock, random: () => number, timeoutMs: number): Exchange {
  const begun = clock.steady()
  const signal = clock.deadline(timeoutMs)
  const left = (): number => timeoutMs - (clock.steady() - begun) * 1000
  let retried = false
  return {
    signal,
    left,
    async attempt(step) {
      try {
        return await step()
      } catch (error) {
        if (retried || signal.aborted || !(error instanceof FetchError) || !mayPass(error)) throw error
        retried = true
        const ms = retryPauseMs.min + random() * (retryPauseMs.max - retryPauseMs.min)
        await withSignal(clock.pause(ms), signal)
        return step()
      }
    },
  }
}

/** Failures worth one retry: no response, 408, 429, 5xx; not where the server sent Retry-After. */
function mayPass({ status, retryAfter }: FetchError): boolean {
  return retryAfter === undefined && isPassing(status)
}

/** Tells whether a status, or no response at all, means that the server is out of order for now. */
export function isPassing(status: number | undefined): boolean {
  return status === undefined || status === 408 || status === 429 || status >= 500
}
