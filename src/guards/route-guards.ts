import type { ClaimPath } from '../lib/claim-path.ts'
import type { Guard } from '../types.ts'
import { authorizationDetails, type DetailPredicate } from './authorization-details.ts'
import { claim, type ExpectedClaim } from './claim.ts'
import { plainGuard, requireGuards, requireOneGuard, routeGuard } from './decide.ts'
import type { NameArguments } from './names.ts'
import { recentLogin, type RecentLoginOptions } from './recent-login.ts'
import { anyRole, role } from './role.ts'
import { anyScope, scope } from './scope.ts'

/** The guards every adapter exports, in the form its framework takes. */
export interface RouteGuards<H, R> {
  /** Allows callers that have all of these scopes; 403 with all of them otherwise. */
  readonly requireScope: (...scopes: NameArguments) => H
  /** Allows callers that have at least one of these scopes. */
  readonly requireAnyScope: (...scopes: NameArguments) => H
  /** Allows callers that have all of these roles. */
  readonly requireRole: (...roles: NameArguments) => H
  /** Allows callers that have at least one of these roles. */
  readonly requireAnyRole: (...roles: NameArguments) => H
  /** Allows callers whose claim is, or contains, one of the expected values. */
  readonly requireClaim: (path: ClaimPath, expected: ExpectedClaim) => H
  /** Allows callers whose user logged in strongly and recently enough (RFC 9470); 401 that says how otherwise. */
  readonly requireRecentLogin: (options: RecentLoginOptions) => H
  /** Allows callers that have an entry of this type in `authorization_details` (RFC 9396) that passes the predicate. */
  readonly requireAuthorizationDetails: (type: string, match?: DetailPredicate<R>) => H
  /** Allows callers that pass the guard, or for whom the predicate returns `true`. */
  readonly authorize: (guard: Guard<R>) => H
}

/** Makes the guards of an adapter from a function that wraps one guard for its framework. */
export function routeGuards<H, R>(toRoute: (guard: Guard<R>) => H): RouteGuards<H, R> {
  function wrap(guard: Guard<R>): H {
    const route = toRoute(guard)
    // What judges a caller on fetch servers is a guard itself.
    if (typeof route === 'function' && !Object.hasOwn(route, plainGuard)) {
      // The member alone is the mark: its value is never read.
      Object.defineProperty(route, routeGuard, {})
    }
    return route
  }
  return {
    requireScope: (...scopes) => wrap(scope(...scopes)),
    requireAnyScope: (...scopes) => wrap(anyScope(...scopes)),
    requireRole: (...roles) => wrap(role(...roles)),
    requireAnyRole: (...roles) => wrap(anyRole(...roles)),
    requireClaim: (...args) => wrap(claim(...args)),
    requireRecentLogin: (...args) => wrap(recentLogin(...args)),
    requireAuthorizationDetails: (...args) => wrap(authorizationDetails(...args)),
    authorize(guard, ...others: readonly unknown[]) {
      if (typeof guard !== 'function') throw new TypeError('authorize: pass a guard or a predicate')
      requireGuards('authorize', [guard])
      requireOneGuard('authorize', others)
      return wrap(guard)
    },
  }
}
