import { UpstreamError } from '../errors.ts'
import type { MaybePromise } from '../types.ts'
import type { Clock } from './clock.ts'
import { isPromise } from './maybe-promise.ts'

/** Limits of one kind of work that somebody else's code does. */
export interface WorkLimits {
  /** What the work is, for the detail of the error, for example `schema`. */
  readonly name: string
  /** Milliseconds one piece of work may take. */
  readonly timeoutMs: number
  /** Pieces of work that may be pending at the same time. */
  readonly maxPending: number
}

/**
 * Waits for a result no longer than the limits say. A value passes through at once, and an error as it is; a promise
 * that is late, or one too many, becomes an {@link UpstreamError}: nobody could find out. What it settles to later is
 * ignored.
 *
 * @param withinMs a shorter limit for this piece of work
 */
export type Limited = <T>(result: MaybePromise<T>, withinMs?: number) => MaybePromise<T>

/** Seconds after which a client may try again. */
const retryAfter = 1

/** Makes a {@link Limited}; each kind of work has one of its own. */
export function limited(
  clock: Pick<Clock, 'schedule'>,
  { name, timeoutMs, maxPending }: WorkLimits,
): Limited {
  let pending = 0
  return <T>(result: MaybePromise<T>, withinMs = timeoutMs): MaybePromise<T> => {
    if (!isPromise(result)) return result
    // A promise of this realm, whatever `then` the result brings: Promise.resolve would return a native one as it is.
    const work = new Promise<T>((resolve) => resolve(result))
    if (pending >= maxPending) {
      work.catch(() => undefined)
      throw unknown(`${name}: ${maxPending} calls are pending`)
    }
    pending += 1
    return new Promise<T>((resolve, reject) => {
      let settled = false
      const settle = (): boolean => {
        if (settled) return false
        settled = true
        pending -= 1
        return true
      }
      const cancel = clock.schedule(withinMs, () => {
        if (settle()) reject(unknown(`${name}: no result within ${withinMs} ms`))
      })
      work.then(
        (value) => {
          cancel()
          if (settle()) resolve(value)
        },
        (error: unknown) => {
          cancel()
          // Passed on as it is: the user's own error may be any value.
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
          if (settle()) reject(error)
        },
      )
    })
  }
}

function unknown(hint: string): UpstreamError {
  return new UpstreamError(retryAfter, { detail: { hint } })
}
