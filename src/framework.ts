import { type AdapterInterface, interfaceOf, proven } from './adapter-interface.ts'
import { callersBy, missingVerifyJwt } from './framework-callers.ts'
import type {
  Framework,
  Hook,
  Hooks,
  LogoutArguments,
  MetadataArguments,
  MetadataHook,
} from './framework-types.ts'
import { scopesOf } from './guards/guard-scopes.ts'
import { rawIn, requireRequest, withoutNext } from './framework-requests.ts'
import { type Step, stepsFor } from './framework-steps.ts'
import { routeGuards } from './guards/route-guards.ts'
import { misuse } from './hints/plain.ts'
import { isPromise } from './lib/maybe-promise.ts'
import type { Auth, Guard, HttpResponse, MaybePromise } from './types.ts'

/**
 * Makes the hooks of an adapter. They take three positional arguments, so that a request that waits for nothing
 * allocates nothing.
 */
export function hooksFor<A, B, C, R>(framework: Framework<A, B, C, R>): Hooks<A, B, C, R> {
  const { rawOf, hasNext } = framework

  const { settle, refuse, send, fail, serving } = stepsFor(framework)

  function verify(api: object, guard?: Guard<A>): Hook<A, B, C, R> {
    const by = interfaceOf(api)
    if (by === undefined) throw misuse('verifyJwt: pass options or a resource server')
    const guardScopes = guard === undefined ? [] : scopesOf(guard)
    const scopes = guardScopes.length === 0 ? undefined : guardScopes
    const step: Step<Auth | undefined, A, B, C, R> = {
      start(a, b) {
        requireRequest(a, rawOf)
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
        const raw = rawIn(a, rawOf)
        if (raw !== undefined) proven.delete(raw)
        return refuse(by, error, a, b, c, scopes)
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
    const verifying: Hook<A, B, C, R> = (a, b, c) => settle(step, a, b, c)
    const serve = serving((request) => by.published?.(request), verifying)
    return (a, b, c) => {
      if (!hasNext(b, c)) return fail(withoutNext(), a, b, c)
      return by.published === undefined ? verifying(a, b, c) : serve(a, b, c)
    }
  }

  function guarded(guard: Guard<A>): Hook<A, B, C, R> {
    const step: Step<void, A, B, C, R> = {
      start(a) {
        requireRequest(a, rawOf, 'a guard')
        const found = proven.get(rawOf(a))
        if (found === undefined) throw missingVerifyJwt('a guard runs')
        return found.by.authorize(guard, found.auth, a)
      },
      admit: (_allowed, a, b, c) => framework.next(a, b, c),
      refuse(error, a, b, c) {
        const raw = rawIn(a, rawOf)
        return refuse(raw && proven.get(raw)?.by, error, a, b, c)
      },
    }
    return (a, b, c) => {
      if (!hasNext(b, c)) return fail(withoutNext(), a, b, c)
      return settle(step, a, b, c)
    }
  }

  function logout(...[api, list, options]: LogoutArguments): Hook<A, B, C, R> {
    const by = interfaceOf(api)
    if (by === undefined) {
      throw misuse('backChannelLogout: pass a resource server, as createResourceServer() returns it')
    }
    const handle = by.logout(list, options)
    const step: Step<HttpResponse, A, B, C, R> = {
      start(a) {
        requireRequest(a, rawOf)
        return handle(framework.requestOf(a), rawOf(a))
      },
      admit: send,
      refuse: (error, a, b, c) => refuse(undefined, error, a, b, c),
    }
    return (a, b, c) => settle(step, a, b, c)
  }

  function metadata(...[api, options]: MetadataArguments): MetadataHook<A, B, C, R> {
    const by = interfaceOf(api)
    if (by === undefined) {
      throw misuse('protectedResourceMetadata: pass a resource server, as createResourceServer() returns it')
    }
    const { path, respond } = by.publish(options)
    return { path, hook: serving(respond, (a, b, c) => framework.next(a, b, c)) }
  }

  const readsBody = (api: object): boolean => interfaceOf(api)?.readsBody === true
  return { verify, guarded, logout, metadata, readsBody, guardsBy: routeGuards, misuse, ...callersBy(rawOf) }
}
