import { UpstreamError } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import { type Limited, limited } from '../lib/limited.ts'
import { isPromise } from '../lib/maybe-promise.ts'
import type { MaybePromise } from '../types.ts'
import { maxAsking, maxWaiting } from './limits.ts'

/** Milliseconds that a request waits beyond the time of the function. */
const marginMs = 100

/** What {@link questions} works with. */
export interface QuestionsOptions<A, I> {
  /** Calls the function that vouches for issuers. */
  readonly resolve: (name: string) => MaybePromise<A>
  /** Makes an issuer of its answer. */
  readonly remember: (name: string, answer: A) => I
  readonly isProven: (name: string) => boolean
  readonly clock: Clock
  /** Milliseconds the function may take. */
  readonly hookTimeoutMs: number
}

/**
 * Asks the function that vouches for issuers, once at a time for each name. It gets a limited time, after which it is
 * asked again; names of unproven issuers are asked about in a limited number, and a limited number of requests wait
 * for them. Proven issuers wait on their own, so that nobody can keep them from being vouched for again.
 *
 * @throws {UpstreamError} over a limit; the function's own errors pass through
 */
export function questions<A, I>(options: QuestionsOptions<A, I>): (name: string) => MaybePromise<I> {
  const { resolve, remember, isProven, clock, hookTimeoutMs: timeoutMs } = options
  const asking = new Map<string, { readonly answer: Promise<I>; readonly join: Limited }>()
  const inTime = limited(clock, { name: 'issuers', timeoutMs, maxPending: Infinity })
  const waitingRoom = (): Limited =>
    limited(clock, { name: 'issuers', timeoutMs: timeoutMs + marginMs, maxPending: maxWaiting })
  const joinUnproven = waitingRoom()
  let unproven = 0

  function ask(name: string): MaybePromise<I> {
    const proven = isProven(name)
    if (!proven && unproven >= maxAsking) {
      throw new UpstreamError(1, { detail: { hint: `issuers: ${maxAsking} calls are pending` } })
    }
    const result = resolve(name)
    if (!isPromise(result)) return remember(name, result)
    if (!proven) unproven += 1
    const answer = Promise.resolve(inTime(result))
      .then((settled) => remember(name, settled))
      .finally(() => {
        asking.delete(name)
        if (!proven) unproven -= 1
      })
    answer.catch(() => undefined)
    const join = proven ? waitingRoom() : joinUnproven
    asking.set(name, { answer, join })
    return join(answer)
  }

  return (name) => {
    const underWay = asking.get(name)
    return underWay === undefined ? ask(name) : underWay.join(underWay.answer)
  }
}
