import { isAuthError, MissingTokenError } from '../errors.ts'
import { decide } from '../guards/decide.ts'
import { withScheme } from '../http/used-scheme.ts'
import { misuse } from '../hints/plain.ts'
import { asError } from '../lib/as-error.ts'
import type { Limited } from '../lib/limited.ts'
import { isPromise } from '../lib/maybe-promise.ts'
import type { Auth, Guard, MaybePromise } from '../types.ts'
import type { Acceptor } from './accept.ts'
import type { Refused } from './refused.ts'

/**
 * Runs guards. They see every verified claim as the issuer signed it, whatever a schema made of the claims.
 *
 * A guard may ask other guards about its caller, and allow what they refuse. So a refusal is reported by the decision
 * that no other decision waits for, once. What a guard asks is told from what is asked at the same time by the caller
 * it asks about: by the object, as nothing else goes along with asynchronous work on every platform.
 */
export interface Authorizer {
  /**
   * Decides about a request. The caller belongs to this request alone: whoever asks about it before the decision was
   * made is one of its guards. So is whoever asks after a refusal.
   *
   * @throws {AuthError}
   */
  readonly decide: <R>(guard: Guard<R>, auth: Auth | undefined, request: R) => MaybePromise<void>
  /**
   * Answers the application's own question. Others may ask about the same caller at the same time, so guards get a copy
   * of the caller: a question about the copy is part of this one. So is every question before the guard returns.
   *
   * @param asker the caller that was passed, where it is not `auth` itself
   * @throws {AuthError}
   */
  readonly ask: <R>(
    guard: Guard<R>,
    auth: Auth | undefined,
    request: R,
    asker?: unknown,
  ) => MaybePromise<void>
}

/**
 * Makes the functions that run guards.
 *
 * @param limit for guards that are asynchronous
 */
export function authorizer(acceptor: Acceptor<unknown>, limit: Limited, refused: Refused): Authorizer {
  const { open } = acceptor

  function judgedOf(auth: Auth | undefined, request: unknown): Auth {
    if (auth === undefined) {
      const hint = 'the caller is anonymous, and a guard needs a caller'
      throw refused(new MissingTokenError({ detail: { hint } }), { request })
    }
    const judged = acceptor.judged(auth)
    if (judged !== undefined) return judged
    const hint = isPromise(auth) ? '; this is a promise: await it' : ''
    throw misuse(`authorize: the caller must be an Auth that this resource server returned${hint}`)
  }

  /** @param outermost whether no other guard waits for this one, and decides in its place */
  function run<R>(guard: Guard<R>, caller: Auth, request: R, outermost: boolean): MaybePromise<void> {
    let refusal: MaybePromise<unknown>
    try {
      refusal = limit(decide(guard, caller, request))
    } catch (error) {
      throw failure(error, caller, request, outermost)
    }
    if (refusal instanceof Promise) return runLater(refusal, caller, request, outermost)
    conclude(refusal, caller, request, outermost)
  }

  // A function of its own, so that a guard that is synchronous allocates nothing.
  function runLater(
    refusal: Promise<unknown>,
    caller: Auth,
    request: unknown,
    outermost: boolean,
  ): Promise<void> {
    return refusal.then(
      (found) => conclude(found, caller, request, outermost),
      (error: unknown) => {
        throw failure(error, caller, request, outermost)
      },
    )
  }

  /** @throws {AuthError} for a refusal */
  function conclude(refusal: unknown, caller: Auth, request: unknown, outermost: boolean): void {
    if (refusal !== undefined) throw failure(refusal, caller, request, outermost)
    if (outermost) open(caller, -1)
  }

  /** The error to throw, which is reported where the outermost guard refuses. */
  function failure(error: unknown, caller: Auth, request: unknown, outermost: boolean): Error {
    if (!outermost) return asError(error)
    // Otherwise not ended: what is refused stays refused, and that was reported.
    if (!isAuthError(error)) open(caller, -1)
    return refused(withScheme(error, caller.scheme), { request, issuer: caller.issuer })
  }

  /** Runs a guard that no other one waits for. */
  function judge<R>(guard: Guard<R>, caller: Auth, request: R): MaybePromise<void> {
    open(caller, 1)
    return run(guard, caller, request, true)
  }

  return {
    decide(guard, auth, request) {
      const judged = judgedOf(auth, request)
      return open(judged, 0) > 0 ? run(guard, judged, request, false) : judge(guard, judged, request)
    },
    ask(guard, auth, request, asker = auth) {
      const judged = judgedOf(auth, request)
      const asking = acceptor.judged(asker)
      const known = asking !== undefined && open(asking, 0) > 0 ? asking : judged
      if (open(known, 0) > 0) return run(guard, known, request, false)
      open(judged, 1)
      try {
        return judge(guard, acceptor.copy(judged), request)
      } finally {
        open(judged, -1)
      }
    },
  }
}
