import { UpstreamError } from '../errors.ts'
import type { MaybePromise } from '../types.ts'
import type { Clock } from './clock.ts'
import { isPromise } from './maybe-promise.ts'
import { pendingWork } from './pending.ts'

/** Limits of one kind of work that code of the user's does. */
export interface WorkLimits {
  /** What the work is, for the detail of the error, for example `schema`. */
  readonly name: string
  /** Milliseconds one piece of work may take. */
  readonly timeoutMs: number
  /** Pieces of work that may be pending at the same time. */
  readonly maxPending: number
}

/**
 * Waits for a result within the limits. A value and an error pass through unchanged. A promise that is late, or one
 * too many, becomes an {@link UpstreamError}; its later result is ignored.
 *
 * @param withinMs a shorter limit for this piece of work
 */
export type Limited = <T>(result: MaybePromise<T>, withinMs?: number) => MaybePromise<T>

/** Seconds after which a client may try again. */
const retryAfter = 1

/** Makes a {@link Limited}; each kind of work has one of its own. */
export function limited(
  clock: Pick<Clock, 'schedule' | 'steady'>,
  { name, timeoutMs, maxPending }: WorkLimits,
): Limited {
  const begin = pendingWork(clock.steady, maxPending)
  return <T>(result: MaybePromise<T>, withinMs = timeoutMs): MaybePromise<T> => {
    if (!isPromise(result)) return result
    // A promise of this realm, whatever `then` the result brings: Promise.resolve would return a native one as it is.
    const work = new Promise<T>((resolve) => resolve(result))
    const end = begin(withinMs)
    if (end === undefined) {
      work.catch(() => undefined)
      throw unknown(`${name}: ${maxPending} calls are pending`)
    }
    // Whatever comes second changes nothing: neither the promise nor what is pending.
    return new Promise<T>((resolve, reject) => {
      const cancel = clock.schedule(withinMs, () => {
        end()
        reject(unknown(`${name}: no result within ${withinMs} ms`))
      })
      const settle = (): void => {
        cancel()
        end()
      }
      work.then(
        (value) => {
          settle()
          resolve(value)
        },
        (error: unknown) => {
          settle()
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the user's own error may be any value
          reject(error)
        },
      )
    })
  }
}

function unknown(hint: string): UpstreamError {
  return new UpstreamError(retryAfter, { detail: { hint } })
}
