import { interfaceOf, type Proven, proven } from './adapter-interface.ts'
import { type AuthError, MissingTokenError } from './errors.ts'
import { rawForAuth } from './framework-requests.ts'
import type { Hooks } from './framework-types.ts'
import { plainGuard } from './guards/decide.ts'
import { misuse, plain } from './hints/plain.ts'
import { asError } from './lib/as-error.ts'
import { isPromise } from './lib/maybe-promise.ts'
import type { Auth, Guard, MaybePromise } from './types.ts'

/** Makes the functions that read what `verifyJwt()` proved for a request. */
export function callersBy<A>(
  rawOf: (request: A) => object,
): Pick<Hooks<A, never, never, never>, 'getAuth' | 'getOptionalAuth' | 'callable'> {
  function getOptionalAuth<C>(request: A, api?: object): Auth<C> | undefined {
    const found = proven.get(rawForAuth(request, rawOf))
    if (found === undefined) throw missingVerifyJwt('getAuth() is called')
    if (api !== undefined && interfaceOf(api) !== found.by) throw anotherVerifyJwt()
    return found.auth as Auth<C> | undefined
  }

  function getAuth<C>(request: A, api?: object): Auth<C> {
    const auth = getOptionalAuth<C>(request, api)
    if (auth === undefined) throw anonymous(proven.get(rawOf(request)) as Proven, request)
    return auth
  }

  function ask(guard: Guard<A>, auth: unknown, request: A): MaybePromise<true> {
    const found = proven.get(rawForAuth(request, rawOf, 'a guard'))
    if (found === undefined) throw missingVerifyJwt('a guard runs')
    if (auth !== undefined && !isSameCaller(auth, found.auth)) throw anotherCaller()
    try {
      // Guards check the proven caller, whatever was passed.
      const allowed = found.by.ask(guard, found.auth, request, auth)
      return isPromise(allowed) ? allowed.then(allows, rethrow) : true
    } catch (error) {
      throw asError(error)
    }
  }

  function callable(guard: Guard<A>): Guard<A> {
    const asked: Guard<A> = (auth: unknown, request) => ask(guard, auth, request)
    return Object.defineProperty(asked, plainGuard, { value: guard })
  }

  return { getAuth, getOptionalAuth, callable }
}

const allows = (): true => true

function rethrow(error: unknown): never {
  throw asError(error)
}

/** Whether two callers were made of one token. A schema makes two callers: guards get the one with every claim. */
function isSameCaller(auth: unknown, found: Auth | undefined): boolean {
  if (auth === found) return true
  return (
    typeof auth === 'object' &&
    auth !== null &&
    found !== undefined &&
    // No other class has the private token.
    Object.getPrototypeOf(auth) === Object.getPrototypeOf(found) &&
    (auth as Auth).token === found.token
  )
}

/** Anonymous callers whose refusal was reported. */
const reported = new WeakSet<Proven>()

/** The refusal of an anonymous caller, with the headers that error handlers of frameworks send. */
function anonymous(found: Proven, request: unknown): AuthError {
  const hint = 'the caller is anonymous; use getOptionalAuth(), or verifyJwt() without optional'
  const error = new MissingTokenError({ detail: { hint } })
  // Once per request, however often a handler tries.
  if (!reported.has(found)) found.by.refused(error, request)
  reported.add(found)
  return found.by.forErrorPath(error)
}

/** The error for a request that nothing verified. @param what what the application does */
export function missingVerifyJwt(what: string): Error {
  return plain(
    new Error(
      `${what} on a route without verifyJwt() before it; add verifyJwt() to the app, router or route, before it and from the same subpath`,
    ),
  )
}

function anotherVerifyJwt(): Error {
  return plain(
    new Error(
      'getAuth(request, api): another resource server verified this request; add verifyJwt(api) to the route',
    ),
  )
}

function anotherCaller(): TypeError {
  return misuse('guard(auth, request): pass the auth that verifyJwt() returned for this request')
}
