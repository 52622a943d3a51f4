import { type AdapterInterface, interfaceOf, proven } from './adapter-interface.ts'
import { MissingTokenError } from './errors.ts'
import { type RouteGuards, routeGuards } from './guards/route-guards.ts'
import { isPromise } from './lib/maybe-promise.ts'
import type { Auth, Guard, HttpRequest, HttpResponse, MaybePromise } from './types.ts'

/** What a response of Node shows of its state; other frameworks' responses show less. */
export interface ResponseState {
  readonly headersSent?: boolean
  readonly writableEnded?: boolean
  readonly destroyed?: boolean
}

/** What the kit has to know of a framework. Its hooks take three arguments, of which the first is the request. */
export interface Framework<A, B, C, R> {
  /** Node's own request, or the web `Request`: what was proven is kept by it. */
  readonly rawOf: (a: A) => object
  /** The request as the core reads it. */
  readonly requestOf: (a: A) => HttpRequest
  /** The response, looked at before it is written; `undefined` where there is none yet. */
  readonly responseOf: (a: A, b: B) => ResponseState | undefined
  /** Leaves the caller where handlers may look, as a convenience; what it throws is ignored. */
  readonly keep: (auth: Auth | undefined, a: A, c: C) => void
  /** Sets headers of a successful response, unless they are set. */
  readonly setHeaders: (headers: Readonly<Record<string, string>>, a: A, b: B, c: C) => void
  /** Goes on. */
  readonly next: (a: A, b: B, c: C) => R
  /** Sends a refusal. */
  readonly refuse: (refusal: HttpResponse, a: A, b: B, c: C) => R
  /** Hands an error to the framework's error path. */
  readonly fail: (error: unknown, a: A, b: B, c: C) => R
  /** Ends the hook where somebody else has answered, or the client has left: nothing is written. */
  readonly leave: (error: unknown, a: A) => R
  /** Whether the framework waits for what a hook returns, and handles its rejection. */
  readonly awaits: boolean
  /** What a hook returns that goes on later, where the framework does not wait. */
  readonly pending?: R
  /** The second argument of the core's `authenticate`. */
  readonly waitUntilOf?: (a: A, b: B) => ((work: Promise<unknown>) => void) | undefined
}

/** A hook, middleware or handler of a framework. */
export type Hook<A, B, C, R> = (a: A, b: B, c: C) => R

/** The part of a resource server that {@link Hooks.getAuth} takes the type of the claims from. */
export interface Verifier<C> {
  readonly verify: (token: string) => Promise<Auth<C>>
}

/** What an adapter is made of. */
export interface Hooks<A, B, C, R> {
  /** Lets only verified callers through that pass the guard, if there is one. */
  readonly verify: (api: object, guard?: Guard<A>) => Hook<A, B, C, R>
  /** Lets only callers through that pass the guard. */
  readonly guarded: (guard: Guard<A>) => Hook<A, B, C, R>
  /** The guards every adapter exports, in the form its framework takes. */
  readonly guardsBy: <H>(wrap: (guard: Guard<A>) => H) => RouteGuards<H, A>
  /** The caller. @throws {MissingTokenError} for an anonymous caller; an `Error` where nothing verified the request */
  readonly getAuth: <T>(request: A, api?: Verifier<T>) => Auth<T>
  /** The caller, or `undefined` for an anonymous one. @throws {Error} where nothing verified the request */
  readonly getOptionalAuth: <T>(request: A, api?: Verifier<T>) => Auth<T> | undefined
}

/** One decision of a hook: what to find out, and how to go on with it. */
interface Step<T, A, B, C, R> {
  readonly start: (a: A, b: B) => MaybePromise<T>
  readonly admit: (value: T, a: A, b: B, c: C) => R
  readonly refuse: (error: unknown, a: A, b: B, c: C) => R
}

/**
 * Makes the hooks of an adapter. They take three positional arguments, so that nothing is allocated per request while
 * nothing has to be waited for.
 */
export function hooksFor<A, B, C, R>(framework: Framework<A, B, C, R>): Hooks<A, B, C, R> {
  const { rawOf } = framework

  function stateOf(a: A, b: B): ResponseState | undefined {
    try {
      return framework.responseOf(a, b)
    } catch {
      // A response that cannot be looked at is written, and what that throws goes to the error path.
      return undefined
    }
  }

  function refuse(by: AdapterInterface<unknown> | undefined, error: unknown, a: A, b: B, c: C): R {
    let refusal: HttpResponse
    try {
      const response = stateOf(a, b)
      if (isOver(response)) return framework.leave(error, a)
      // Headers were sent before we were asked: only the framework's error path can end such a response.
      if (by === undefined || response?.headersSent === true) throw error
      refusal = by.answer(error, a)
    } catch (unanswered) {
      return framework.fail(unanswered, a, b, c)
    }
    try {
      return framework.refuse(refusal, a, b, c)
    } catch (unwritten) {
      return framework.fail(unwritten, a, b, c)
    }
  }

  /** The one place that goes on with a result: at once, or when its promise settles. */
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
    // Somebody else has answered while we waited, or the client has left: then nobody may write or go on.
    const isTaken = (): boolean => {
      const response = stateOf(a, b)
      return isOver(response) || (!begun && response?.headersSent === true)
    }
    const settled = Promise.resolve(result).then(
      (value) => (isTaken() ? framework.leave(undefined, a) : step.admit(value, a, b, c)),
      (error: unknown) => (isTaken() ? framework.leave(error, a) : step.refuse(error, a, b, c)),
    )
    if (framework.awaits) return settled as R
    settled.catch(throwLater)
    return framework.pending as R
  }

  function verify(api: object, guard?: Guard<A>): Hook<A, B, C, R> {
    const by = interfaceOf(api)
    if (by === undefined) throw new TypeError('verifyJwt: give it options or a resource server')
    const step: Step<Auth | undefined, A, B, C, R> = {
      start(a, b) {
        const auth = by.authenticate(framework.requestOf(a), framework.waitUntilOf?.(a, b)) as MaybePromise<
          Auth | undefined
        >
        if (guard === undefined) return auth
        return isPromise(auth) ? auth.then((found) => guardedAuth(found, a)) : guardedAuth(auth, a)
      },
      admit(auth, a, b, c) {
        proven.set(rawOf(a), { by, auth })
        try {
          framework.keep(auth, a, c)
        } catch {
          // Guards and getAuth() do not read it.
        }
        try {
          const headers = by.headersFor(auth)
          if (headers !== undefined) framework.setHeaders(headers, a, b, c)
        } catch (error) {
          return framework.fail(error, a, b, c)
        }
        return framework.next(a, b, c)
      },
      refuse(error, a, b, c) {
        // What an earlier verifyJwt() proved does not count any more.
        proven.delete(rawOf(a))
        return refuse(by, error, a, b, c)
      },
    }
    function guardedAuth(auth: Auth | undefined, a: A): MaybePromise<Auth | undefined> {
      const allowed = by?.authorize(guard as Guard<A>, auth, a)
      return isPromise(allowed) ? allowed.then(() => auth) : auth
    }
    return (a, b, c) => settle(step, a, b, c)
  }

  function guarded(guard: Guard<A>): Hook<A, B, C, R> {
    const step: Step<void, A, B, C, R> = {
      start(a) {
        const found = proven.get(rawOf(a))
        if (found === undefined) throw missingVerifyJwt('a guard runs')
        return found.by.authorize(guard, found.auth, a)
      },
      admit: (_allowed, a, b, c) => framework.next(a, b, c),
      refuse: (error, a, b, c) => refuse(proven.get(rawOf(a))?.by, error, a, b, c),
    }
    return (a, b, c) => settle(step, a, b, c)
  }

  function getOptionalAuth<T>(request: A, api?: Verifier<T>): Auth<T> | undefined {
    const found = proven.get(rawOf(request))
    if (found === undefined) throw missingVerifyJwt('getAuth() is called')
    if (api !== undefined && interfaceOf(api) !== found.by) throw anotherVerifyJwt()
    return found.auth as Auth<T> | undefined
  }

  function getAuth<T>(request: A, api?: Verifier<T>): Auth<T> {
    const auth = getOptionalAuth(request, api)
    if (auth === undefined) throw new MissingTokenError()
    return auth
  }

  return { verify, guarded, guardsBy: routeGuards, getAuth, getOptionalAuth }
}

/** Whether nothing can be written any more. */
function isOver(response: ResponseState | undefined): boolean {
  return response !== undefined && (response.writableEnded === true || response.destroyed === true)
}

/** What a handler throws is its application's: it reaches the process as from any callback, not as a rejection. */
function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}

function missingVerifyJwt(what: string): Error {
  return new Error(
    `${what} on a route without verifyJwt() before it; add verifyJwt() to the app, router or route`,
  )
}

function anotherVerifyJwt(): Error {
  return new Error(
    'getAuth(request, api): another resource server verified this request; add verifyJwt(api) to the route',
  )
}
