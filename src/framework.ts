import { type AdapterInterface, interfaceOf, proven } from './adapter-interface.ts'
import { callersBy, missingVerifyJwt } from './framework-callers.ts'
import type { Framework, Hook, Hooks, LogoutArguments, ResponseState } from './framework-types.ts'
import { routeGuards } from './guards/route-guards.ts'
import { misuse } from './hints/plain.ts'
import { asError } from './lib/as-error.ts'
import { isPromise } from './lib/maybe-promise.ts'
import type { Auth, Guard, HttpResponse, MaybePromise } from './types.ts'

/** One decision of a hook: how to find out, and what to do with the result. */
interface Step<T, A, B, C, R> {
  readonly start: (a: A, b: B) => MaybePromise<T>
  readonly admit: (value: T, a: A, b: B, c: C) => R
  readonly refuse: (error: unknown, a: A, b: B, c: C) => R
}

/**
 * Makes the hooks of an adapter. They take three positional arguments, so that a request that waits for nothing
 * allocates nothing.
 */
export function hooksFor<A, B, C, R>(framework: Framework<A, B, C, R>): Hooks<A, B, C, R> {
  const { rawOf } = framework

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

  function refuse(by: AdapterInterface<unknown> | undefined, error: unknown, a: A, b: B, c: C): R {
    let refusal: HttpResponse
    try {
      const response = stateOf(a, b)
      if (isOver(response)) return framework.leave(asError(error), a)
      // The headers were sent before: only the framework's error path can end this response.
      if (by === undefined || response?.headersSent === true) throw error
      refusal = by.answer(error, a)
    } catch (unanswered) {
      return fail(unanswered, a, b, c)
    }
    try {
      return framework.refuse(refusal, a, b, c)
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

  function verify(api: object, guard?: Guard<A>): Hook<A, B, C, R> {
    const by = interfaceOf(api)
    if (by === undefined) throw misuse('verifyJwt: pass options or a resource server')
    const step: Step<Auth | undefined, A, B, C, R> = {
      start(a, b) {
        const auth = by.authenticate(framework.requestOf(a), framework.waitUntilOf?.(a, b)) as MaybePromise<
          Auth | undefined
        >
        if (guard === undefined) return auth
        return isPromise(auth) ? auth.then((found) => guardedAuth(found, a)) : guardedAuth(auth, a)
      },
      admit(auth, a, b, c) {
        if (guard === undefined) remember(auth, a)
        try {
          framework.keep(auth, a, c)
        } catch {
          // Guards and getAuth() do not read this property.
        }
        try {
          const headers = by.headersFor(auth)
          if (headers !== undefined) framework.setHeaders(headers, a, b, c)
        } catch (error) {
          return fail(error, a, b, c)
        }
        return framework.next(a, b, c)
      },
      refuse(error, a, b, c) {
        // The result of an earlier verifyJwt() is no longer valid.
        proven.delete(rawOf(a))
        return refuse(by, error, a, b, c)
      },
    }
    function remember(auth: Auth | undefined, a: A): void {
      proven.set(rawOf(a), { by: by as AdapterInterface<unknown>, auth })
    }
    function guardedAuth(auth: Auth | undefined, a: A): MaybePromise<Auth | undefined> {
      // Before the guard runs: it may call other guards, and getAuth().
      remember(auth, a)
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

  function logout(...[api, list, options]: LogoutArguments): Hook<A, B, C, R> {
    const by = interfaceOf(api)
    if (by === undefined) {
      throw misuse('backChannelLogout: pass a resource server, as createResourceServer() returns it')
    }
    const handle = by.logout(list, options)
    const step: Step<HttpResponse, A, B, C, R> = {
      start: (a) => handle(framework.requestOf(a), rawOf(a)),
      admit: (response, a, b, c) => framework.refuse(response, a, b, c),
      refuse: (error, a, b, c) => refuse(undefined, error, a, b, c),
    }
    return (a, b, c) => settle(step, a, b, c)
  }

  return { verify, guarded, logout, guardsBy: routeGuards, misuse, ...callersBy(rawOf) }
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
