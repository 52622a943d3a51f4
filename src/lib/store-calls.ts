import { UpstreamError } from '../errors.ts'
import { type Clock, unhurriedClock } from './clock.ts'
import { isPromise } from './maybe-promise.ts'
import { factsOf, safeCause } from './safe-cause.ts'

/** Limits of the calls to one store. */
export interface StoreLimits {
  /** What the store is, for the detail of errors. */
  readonly name: string
  /** Milliseconds one call may take, whatever the client library does. */
  readonly timeoutMs: number
  /** Calls that may wait for an answer at the same time. */
  readonly maxInFlight: number
}

/** Calls to a store outside of the process. */
export interface StoreCalls {
  /**
   * Makes a call. While the store is silent only one call at a time goes out, to find out whether it responds again;
   * every other one is refused at once.
   *
   * @throws {UpstreamError} when it fails, is late, or is not made; `cause.original` is the client's own error. One that
   * the call throws itself is passed on
   */
  readonly ask: <T>(call: () => PromiseLike<T>) => Promise<T>
  /** Whether the last call was answered. */
  readonly isAnswering: () => boolean
}

/** Seconds after which a client may try again. */
const retryAfter = 1

/** Seconds between two calls to a silent store whose client fails them. */
const pauseAfterFailure = 0.1

/** Seconds to wait for the answer to such a call before another one is sent: a client may lose calls. */
const probePause = { least: 0.4, most: 5 }

/**
 * Makes calls with a deadline of our own. A store that is hung answers nothing, and some clients then wait for ever:
 * so each call has a deadline, only so many wait at the same time, and after a deadline within which nothing at all
 * was answered the store counts as silent. Any answer ends that, a late one too.
 *
 * A store that answers, but nothing in time any more, counts as silent as well: more was asked than it can answer, and
 * what waits in the client would only grow. An answer in time ends that, or one to the last call: then nothing waits.
 */
export function storeCalls(
  clock: Pick<Clock, 'schedule'>,
  { name, timeoutMs, maxInFlight }: StoreLimits,
  now: () => number = unhurriedClock(),
): StoreCalls {
  let waiting = 0
  let sent = 0
  let answering = false
  let answeredAt = -Infinity
  let answeredInTimeAt = -Infinity
  let silentSince: number | undefined
  /** Whether it is silent for being late alone. */
  let isBehind = false
  /** No further call goes to a silent store before this. */
  let probeAt = -Infinity

  function refusalNow(): string | undefined {
    const time = now()
    if (silentSince !== undefined) {
      if (time < probeAt) return 'the store does not respond'
      probeAt = time + Math.min(probePause.most, Math.max(probePause.least, (time - silentSince) / 20))
    } else if (waiting >= maxInFlight) return `${maxInFlight} calls are pending`
    return undefined
  }

  function answered(isInTime: boolean, isLast: boolean): void {
    answering = true
    answeredAt = now()
    if (isInTime) answeredInTimeAt = answeredAt
    if (!isBehind || isInTime || isLast) silentSince = undefined
  }

  function failed(): void {
    answering = false
    // The client failed the call by itself, so that a later one tells more.
    if (silentSince !== undefined) probeAt = Math.min(probeAt, now() + pauseAfterFailure)
  }

  function late(sentAt: number): void {
    if (answeredInTimeAt >= sentAt) return
    answering = false
    if (silentSince !== undefined) return
    silentSince = now()
    isBehind = answeredAt >= sentAt
  }

  const unavailable = (hint: string, cause?: Error): UpstreamError =>
    new UpstreamError(retryAfter, { cause, detail: { hint: `${name}: ${hint}` } })

  function send<T>(call: () => PromiseLike<T>): Promise<T> {
    const sentAt = now()
    const number = (sent += 1)
    waiting += 1
    return new Promise<T>((resolve, reject) => {
      let isWaiting = true
      const end = (): void => {
        if (!isWaiting) return
        isWaiting = false
        waiting -= 1
        cancel()
      }
      const giveUp = (): void => {
        end()
        late(sentAt)
        reject(unavailable(`no answer within ${timeoutMs} ms`))
      }
      // A process that was busy runs its timers before it reads what has arrived: one more turn lets it read.
      let cancel = clock.schedule(timeoutMs, () => {
        cancel = clock.schedule(0, giveUp)
      })
      begun(call).then(
        (value) => {
          answered(isWaiting, number === sent)
          end()
          resolve(value)
        },
        (error: unknown) => {
          end()
          failed()
          // An error of ours tells more: that an answer could not be read.
          if (error instanceof UpstreamError) reject(error)
          else reject(unavailable(`the call failed, ${factsOf(error)}`, safeCause(error)))
        },
      )
    })
  }

  return {
    ask<T>(call: () => PromiseLike<T>) {
      const hint = refusalNow()
      return hint === undefined ? send(call) : Promise.reject<T>(unavailable(hint))
    },
    isAnswering: () => answering,
  }
}

/** The call as a promise of this realm, also where the client throws at once. */
async function begun<T>(call: () => PromiseLike<T>): Promise<T> {
  const result = call()
  if (!isPromise(result as Promise<T>)) throw new TypeError('the client returned no promise')
  return result
}
