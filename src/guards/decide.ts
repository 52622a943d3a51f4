import { type AuthError, ForbiddenError, isRefusal } from '../errors.ts'
import { misuse } from '../hints/plain.ts'
import { isPromise, unawaited } from '../lib/maybe-promise.ts'
import type { Auth, Guard, MaybePromise } from '../types.ts'

/** A guard could not find out whether the caller may pass. */
export class Unknown {
  /** What the guard threw, passed on as it is. */
  readonly error: unknown

  constructor(error: unknown) {
    this.error = error
  }
}

/** Result of a guard as a value: `undefined` when it allows, the error when it refuses, else {@link Unknown}. */
export type Outcome = AuthError | Unknown | undefined

/**
 * Runs a guard. Only `true` allows. `false`, or an {@link AuthError} with status 401 or 403, refuses. Everything else
 * means that the guard could not find out.
 *
 * @returns the refusal, or `undefined` when the guard allows
 * @throws the guard's other errors as they are, and a TypeError when its result is not a boolean
 */
export function decide<R>(guard: Guard<R>, auth: Auth, request: R): MaybePromise<AuthError | undefined> {
  const outcome = outcomeOf(guard, auth, request)
  return outcome instanceof Promise ? outcome.then(refusalIn) : refusalIn(outcome)
}

/** Member of an adapter's guard: the guard it was made of, which runs where a guard is expected. */
export const plainGuard: unique symbol = Symbol.for('oauth-resource-server.guard') as never

/** Member of the guard of an adapter for the routes of a framework, which is no guard to combine. */
export const routeGuard: unique symbol = Symbol.for('oauth-resource-server.route-guard') as never

/** Checks that values are guards. @param name of the function they were given to @throws {TypeError} */
export function requireGuards(name: string, guards: readonly unknown[]): void {
  if (guards.length === 0 || guards.some((guard) => typeof guard !== 'function')) {
    throw misuse(`${name}: pass guards, for example ${name}(scope('reports:read'))`)
  }
  if (guards.some((guard) => Object.hasOwn(guard as object, routeGuard))) {
    throw misuse(
      `${name}: a guard for the routes of a framework cannot be used here; use scope(), role() or claim() of the core, or the guards of the adapter in use`,
    )
  }
}

/**
 * Checks that a function which takes one guard was given no other, which would never run.
 *
 * @param others arguments behind the guard; a number and a list where `map()` calls the function
 * @throws {TypeError}
 */
export function requireOneGuard(name: string, others: readonly unknown[]): void {
  if (typeof others[0] !== 'object' && others.every((other) => typeof other !== 'function')) return
  throw misuse(
    `${name}: takes one guard; combine several: ${name}(allOf(scope('reports:read'), role('admin')))`,
  )
}

/**
 * Checks that a guard was given nothing that it would ignore: a second predicate would never run.
 *
 * @param others arguments behind those that it takes
 * @param takes what it takes instead
 * @throws {TypeError}
 */
export function requireNoMore(name: string, others: readonly unknown[], takes: string): void {
  if (others.length > 0) throw misuse(`${name}: ${takes}; combine several guards with allOf() or anyOf()`)
}

/** Runs a guard. It never throws, and its promise never rejects, so that no error is lost or left unhandled. */
export function outcomeOf<R>(guard: Guard<R>, auth: Auth, request: R): MaybePromise<Outcome> {
  try {
    const plain = (guard as { [plainGuard]?: Guard<R> })[plainGuard] ?? guard
    const result: unknown = plain(auth, request)
    // First, as it is the common case.
    if (result === true) return undefined
    return isPromise(result) ? settled(result) : outcomeOfResult(result)
  } catch (error) {
    return outcomeOfError(error)
  }
}

/** Checks the result of a guard or predicate. @throws {TypeError} when it is not a boolean */
export function requireBoolean(result: unknown, name: string): boolean {
  if (typeof result === 'boolean') return result
  // A list of promises, for example, in which `Promise.all` is forgotten.
  unawaited(result)
  const type = result === null ? 'null' : typeof result
  throw misuse(`${name}: must return true or false, or a promise of one, not ${type}`)
}

// `await` copes with thenables and with promises of another realm.
async function settled(result: Promise<unknown>): Promise<Outcome> {
  try {
    return outcomeOfResult(await result)
  } catch (error) {
    return outcomeOfError(error)
  }
}

function outcomeOfResult(result: unknown): Outcome {
  return requireBoolean(result, 'guard') ? undefined : new ForbiddenError()
}

function outcomeOfError(error: unknown): Outcome {
  try {
    return isRefusal(error) ? error : new Unknown(error)
  } catch (unreadable) {
    // A revoked proxy, for example.
    return new Unknown(unreadable)
  }
}

function refusalIn(outcome: Outcome): AuthError | undefined {
  if (outcome instanceof Unknown) throw outcome.error
  return outcome
}
