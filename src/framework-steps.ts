import type { AdapterInterface } from './adapter-interface.ts'
import type { Framework, Hook, ResponseState } from './framework-types.ts'
import type { MetadataHandler } from './http/metadata.ts'
import { asError } from './lib/as-error.ts'
import { isPromise } from './lib/maybe-promise.ts'
import type { HttpResponse, MaybePromise } from './types.ts'

/** One decision of a hook: how to find out, and what to do with the result. */
export interface Step<T, A, B, C, R> {
  readonly start: (a: A, b: B) => MaybePromise<T>
  readonly admit: (value: T, a: A, b: B, c: C) => R
  readonly refuse: (error: unknown, a: A, b: B, c: C) => R
}

/** How the decisions of hooks are made and carried out. */
export interface Steps<A, B, C, R> {
  /** Makes a decision, and uses its result: at once, or when its promise settles. */
  readonly settle: <T>(step: Step<T, A, B, C, R>, a: A, b: B, c: C) => R
  /**
   * Sends the refusal that an error stands for, unless it is too late.
   *
   * @param by the resource server that refused; `undefined` for an error that goes to the error path
   * @param scopes that a 401 names in place of the option `challengeScopes`
   */
  readonly refuse: (
    by: AdapterInterface<unknown> | undefined,
    error: unknown,
    a: A,
    b: B,
    c: C,
    scopes?: readonly string[],
  ) => R
  /** Sends a response. Where it cannot be written, the error goes to the error path. */
  readonly send: (response: HttpResponse, a: A, b: B, c: C) => R
  readonly fail: (error: unknown, a: A, b: B, c: C) => R
  /** Sends what a handler of metadata responds with, and goes on with every other request. */
  readonly serving: (respond: MetadataHandler, otherwise: Hook<A, B, C, R>) => Hook<A, B, C, R>
}

/** Makes the steps of the hooks of one adapter. */
export function stepsFor<A, B, C, R>(framework: Framework<A, B, C, R>): Steps<A, B, C, R> {
  function stateOf(a: A, b: B): ResponseState | undefined {
    try {
      return framework.responseOf(a, b)
    } catch {
      // We then write to the response all the same. What that throws goes to the error path.
      return undefined
    }
  }

  /** The only call of the error path: frameworks take `undefined`, `null` and some strings for success. */
  function fail(error: unknown, a: A, b: B, c: C): R {
    return framework.fail(asError(error), a, b, c)
  }

  function refuse(
    by: AdapterInterface<unknown> | undefined,
    error: unknown,
    a: A,
    b: B,
    c: C,
    scopes?: readonly string[],
  ): R {
    let refusal: HttpResponse
    try {
      const response = stateOf(a, b)
      if (isOver(response)) return framework.leave(asError(error), a)
      // The headers were sent before: only the framework's error path can end this response.
      if (by === undefined || response?.headersSent === true) throw error
      refusal = by.answer(error, a, scopes)
    } catch (unanswered) {
      return fail(unanswered, a, b, c)
    }
    return send(refusal, a, b, c)
  }

  function send(response: HttpResponse, a: A, b: B, c: C): R {
    try {
      return framework.refuse(response, a, b, c)
    } catch (unwritten) {
      return fail(unwritten, a, b, c)
    }
  }

  /** The only place that uses a result: at once, or when its promise settles. */
  function settle<T>(step: Step<T, A, B, C, R>, a: A, b: B, c: C): R {
    let result: MaybePromise<T>
    try {
      result = step.start(a, b)
    } catch (error) {
      return step.refuse(error, a, b, c)
    }
    // Outside the `try`: an error of a handler is not a refusal.
    return isPromise(result) ? settleLater(result, step, a, b, c) : step.admit(result, a, b, c)
  }

  function settleLater<T>(result: Promise<T>, step: Step<T, A, B, C, R>, a: A, b: B, c: C): R {
    const begun = stateOf(a, b)?.headersSent === true
    // The response was sent or closed while we waited: do nothing.
    const isTaken = (): boolean => {
      const response = stateOf(a, b)
      return isOver(response) || (!begun && response?.headersSent === true)
    }
    const settled = Promise.resolve(result).then(
      (value) => (isTaken() ? framework.leave(undefined, a) : step.admit(value, a, b, c)),
      (error: unknown) => (isTaken() ? framework.leave(asError(error), a) : step.refuse(error, a, b, c)),
    )
    if (framework.awaits) return settled as R
    settled.catch(throwLater)
    return framework.pending as R
  }

  function serving(respond: MetadataHandler, otherwise: Hook<A, B, C, R>): Hook<A, B, C, R> {
    const step: Step<HttpResponse | undefined, A, B, C, R> = {
      start: (a) => respond(framework.requestOf(a)),
      admit(response, a, b, c) {
        if (response === undefined) return otherwise(a, b, c)
        return isOver(stateOf(a, b)) ? framework.leave(undefined, a) : send(response, a, b, c)
      },
      refuse: (error, a, b, c) => refuse(undefined, error, a, b, c),
    }
    return (a, b, c) => settle(step, a, b, c)
  }

  return { settle, refuse, send, fail, serving }
}

/** Whether the response can no longer be written. */
function isOver(response: ResponseState | undefined): boolean {
  return response !== undefined && (response.writableEnded === true || response.destroyed === true)
}

/** Throws what a handler threw: the process sees an uncaught exception, as from any other callback. */
function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
