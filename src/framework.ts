import type { ClaimPath } from './lib/claim-path.ts'
import { claim, type ExpectedClaim } from './guards/claim.ts'
import type { NameArguments } from './guards/names.ts'
import { anyRole, role } from './guards/role.ts'
import { anyScope, scope } from './guards/scope.ts'
import type { Guard } from './types.ts'

/** The guards every adapter exports, in the form its framework takes. */
export interface RouteGuards<H, R> {
  /** Lets callers through who hold every one of these scopes; 403 naming them all otherwise. */
  readonly requireScope: (...scopes: NameArguments) => H
  /** Lets callers through who hold at least one of these scopes. */
  readonly requireAnyScope: (...scopes: NameArguments) => H
  /** Lets callers through who have every one of these roles. */
  readonly requireRole: (...roles: NameArguments) => H
  /** Lets callers through who have at least one of these roles. */
  readonly requireAnyRole: (...roles: NameArguments) => H
  /** Lets callers through whose claim is, or holds, one of the expected values. */
  readonly requireClaim: (path: ClaimPath, expected: ExpectedClaim) => H
  /** Lets callers through whom a guard allows, or for whom a predicate answers `true`. */
  readonly authorize: (guard: Guard<R>) => H
}

/** Makes the guards of an adapter from what wraps one guard for its framework. */
export function routeGuards<H, R>(wrap: (guard: Guard<R>) => H): RouteGuards<H, R> {
  return {
    requireScope: (...scopes) => wrap(scope(...scopes)),
    requireAnyScope: (...scopes) => wrap(anyScope(...scopes)),
    requireRole: (...roles) => wrap(role(...roles)),
    requireAnyRole: (...roles) => wrap(anyRole(...roles)),
    requireClaim: (path, expected) => wrap(claim(path, expected)),
    authorize(guard) {
      if (typeof guard !== 'function') throw new TypeError('authorize: give it a guard or a predicate')
      return wrap(guard)
    },
  }
}

/** The programming error of a guard on a route that nothing verifies. */
export function missingVerifyJwt(): Error {
  return new Error(
    'a guard runs on a route without verifyJwt() before it; add verifyJwt() to the app, router or route',
  )
}
