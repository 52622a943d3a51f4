import { type AuthError, ForbiddenError, InsufficientScopeError, isAuthError } from '../errors.ts'
import { isPromise } from '../lib/maybe-promise.ts'
import type { Auth, Guard, MaybePromise } from '../types.ts'

/**
 * Allows callers every one of these guards allows. All are asked, so that the challenge names every missing
 * scope at once; a role or claim that is missing comes first, since no scope would help then.
 *
 * @throws {TypeError} when no guard is given
 */
export function allOf<R = unknown>(...guards: readonly Guard<R>[]): Guard<R> {
  requireGuards('allOf', guards)
  return (auth, request) => combine(guards, auth, request, whenAll)
}

/**
 * Allows callers at least one of these guards allows.
 *
 * @throws {TypeError} when no guard is given
 */
export function anyOf<R = unknown>(...guards: readonly Guard<R>[]): Guard<R> {
  requireGuards('anyOf', guards)
  return (auth, request) => combine(guards, auth, request, whenAny)
}

/** Allows callers this guard forbids. Errors other than its refusal pass through. */
export function not<R = unknown>(guard: Guard<R>): Guard<R> {
  requireGuards('not', [guard])
  return (auth, request) =>
    combine([guard], auth, request, ([refusal]) => {
      if (refusal === undefined) throw new ForbiddenError()
      return true
    })
}

function whenAll(refusals: readonly (AuthError | undefined)[]): true {
  const failed = refusals.filter((refusal) => refusal !== undefined)
  const hopeless = failed.find((refusal) => !(refusal instanceof InsufficientScopeError))
  if (hopeless !== undefined) throw hopeless
  if (failed.length > 0) throw new InsufficientScopeError(scopesWanted(failed))
  return true
}

function whenAny(refusals: readonly (AuthError | undefined)[]): true {
  if (refusals.includes(undefined)) return true
  const wanted = scopesWanted(refusals)
  throw wanted.length > 0 ? new InsufficientScopeError(wanted) : (refusals[0] as AuthError)
}

function scopesWanted(refusals: readonly (AuthError | undefined)[]): readonly string[] {
  return [
    ...new Set(
      refusals.flatMap((refusal) => (refusal instanceof InsufficientScopeError ? refusal.scopes : [])),
    ),
  ]
}

type Verdict = (refusals: readonly (AuthError | undefined)[]) => true

/** Asks every guard, and hands their refusals to the verdict: `undefined` where a guard allows. */
function combine<R>(
  guards: readonly Guard<R>[],
  auth: Auth,
  request: R,
  verdict: Verdict,
): MaybePromise<true> {
  const answers = guards.map((guard) => ask(guard, auth, request))
  return answers.some(isPromise)
    ? Promise.all(answers).then(verdict)
    : verdict(answers as (AuthError | undefined)[])
}

function ask<R>(guard: Guard<R>, auth: Auth, request: R): MaybePromise<AuthError | undefined> {
  try {
    const answer = guard(auth, request)
    return isPromise(answer) ? answer.then(refusalUnlessTrue, refusalOf) : refusalUnlessTrue(answer)
  } catch (error) {
    return refusalOf(error)
  }
}

// Only `true` allows: a predicate that forgot its `return` must not let anyone in.
function refusalUnlessTrue(answer: unknown): AuthError | undefined {
  return answer === true ? undefined : new ForbiddenError()
}

function refusalOf(error: unknown): AuthError {
  if (isAuthError(error)) return error
  throw error
}

function requireGuards(name: string, guards: readonly unknown[]): void {
  if (guards.length === 0 || guards.some((guard) => typeof guard !== 'function')) {
    throw new TypeError(`${name}: give it guards, for example ${name}(scope('reports:read'))`)
  }
}
