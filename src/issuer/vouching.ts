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
  /** Makes an issuer of its result. */
  readonly remember: (name: string, answer: A) => I
  readonly isProven: (name: string) => boolean
  readonly clock: Clock
  /** Milliseconds the function may take. */
  readonly hookTimeoutMs: number
}

/** A call of the function that has not ended yet. */
interface Question<I> {
  /** Never rejects: a rejection comes from the runtime, not from the function. */
  readonly answer: Promise<Outcome<I>>
  readonly join: Limited
  readonly proven: boolean
  /** Seconds of the steady clock. */
  readonly askedAt: number
}

type Outcome<I> = { readonly issuer: I } | { readonly error: unknown }

/**
 * Asks the function that vouches for issuers, once at a time for each name. The call has a time limit, after which the
 * function is asked again. Names of unproven issuers are asked about in a limited number, and a limited number of
 * requests wait for them. Proven issuers wait separately, so that unproven ones cannot take their places.
 *
 * Some runtimes (Workers) end the promises and timers of a request together with it. So a call that is older than its
 * limit by the steady clock has failed, and one that rejects because its request ended is replaced.
 *
 * @throws {UpstreamError} over a limit; the function's own errors pass through
 */
export function questions<A, I>(options: QuestionsOptions<A, I>): (name: string) => MaybePromise<I> {
  const { resolve, remember, isProven, clock, hookTimeoutMs: timeoutMs } = options
  const now = clock.steady
  const limitMs = timeoutMs + marginMs
  const asking = new Map<string, Question<I>>()
  const inTime = limited(clock, { name: 'issuers', timeoutMs, maxPending: Infinity })
  const waitingRoom = (): Limited =>
    limited(clock, { name: 'issuers', timeoutMs: limitMs, maxPending: maxWaiting })
  const joinUnproven = waitingRoom()
  let unproven = 0

  function ask(name: string, since: number): MaybePromise<I> {
    removeOverdue()
    const proven = isProven(name)
    if (!proven && unproven >= maxAsking) {
      throw new UpstreamError(1, { detail: { hint: `issuers: ${maxAsking} calls are pending` } })
    }
    const result = resolve(name)
    if (!isPromise(result)) return remember(name, result)
    const answer = Promise.resolve(inTime(result))
      .then((settled): Outcome<I> => {
        // A newer result must not be replaced by an older one.
        if (asking.get(name) !== question) throw late()
        return { issuer: remember(name, settled) }
      })
      .catch((error: unknown): Outcome<I> => ({ error }))
      .finally(() => {
        remove(name, question)
      })
    const question = { answer, join: proven ? waitingRoom() : joinUnproven, proven, askedAt: now() }
    asking.set(name, question)
    if (!proven) unproven += 1
    return join(name, question, since)
  }

  function remove(name: string, question: Question<I>): void {
    if (asking.get(name) !== question) return
    asking.delete(name)
    if (!question.proven) unproven -= 1
  }

  /** The map is in the order of the calls, which all have the same limit. */
  function removeOverdue(): void {
    for (const [name, question] of asking) {
      if (!isOver(question.askedAt)) return
      remove(name, question)
    }
  }

  function join(name: string, question: Question<I>, since: number): Promise<I> {
    return Promise.resolve(question.join(question.answer)).then(
      (outcome) => {
        if ('error' in outcome) throw outcome.error
        return outcome.issuer
      },
      (error: unknown) => {
        if (error instanceof UpstreamError) throw error
        remove(name, question)
        if (isOver(since)) throw late()
        return find(name, since)
      },
    )
  }

  const isOver = (since: number): boolean => (now() - since) * 1000 >= limitMs

  const late = (): UpstreamError =>
    new UpstreamError(1, { detail: { hint: `issuers: no result within ${timeoutMs} ms` } })

  /** @param since seconds of the steady clock: when the request came */
  function find(name: string, since: number): MaybePromise<I> {
    const question = asking.get(name)
    return question === undefined || isOver(question.askedAt) ? ask(name, since) : join(name, question, since)
  }

  return (name) => find(name, now())
}
