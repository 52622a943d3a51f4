import { type ClaimPath, claimAt } from '../lib/claim-path.ts'
import { ForbiddenError, InsufficientScopeError } from '../errors.ts'
import { isScopeName } from '../lib/characters.ts'
import type { Guard } from '../types.ts'

/** Names given one by one, or as one list. */
export type NameArguments = readonly string[] | readonly [readonly string[]]

/**
 * Allows callers holding every one of these scopes, compared exactly.
 *
 * @throws {TypeError} when no scope is named, or a name is not a scope (RFC 6749 §3.3)
 */
export function scope(...names: NameArguments): Guard {
  const required = scopeNames('scope', names)
  return ({ scopes }) => {
    for (const name of required) if (!scopes.has(name)) throw new InsufficientScopeError(required)
    return true
  }
}

/**
 * Allows callers holding at least one of these scopes. The challenge names all of them.
 *
 * @throws {TypeError} when no scope is named, or a name is not a scope (RFC 6749 §3.3)
 */
export function anyScope(...names: NameArguments): Guard {
  const accepted = scopeNames('anyScope', names)
  return ({ scopes }) => {
    for (const name of accepted) if (scopes.has(name)) return true
    throw new InsufficientScopeError(accepted)
  }
}

/** Allows callers having every one of these roles. @throws {TypeError} when no role is named */
export function role(...names: NameArguments): Guard {
  const required = namesOf('role', names)
  return ({ roles }) => {
    for (const name of required) if (!roles.has(name)) throw new ForbiddenError('role')
    return true
  }
}

/** Allows callers having at least one of these roles. @throws {TypeError} when no role is named */
export function anyRole(...names: NameArguments): Guard {
  const accepted = namesOf('anyRole', names)
  return ({ roles }) => {
    for (const name of accepted) if (roles.has(name)) return true
    throw new ForbiddenError('role')
  }
}

/** What a claim may be compared with. */
export type ClaimValue = string | number | boolean | null

/** A value, a list of values of which one must match, or a predicate. */
export type ExpectedClaim = ClaimValue | readonly ClaimValue[] | ((value: unknown) => boolean)

/**
 * Allows callers whose claim is one of the expected values, or, where the claim is a list, holds one of them.
 * A predicate sees the claim as it is, `undefined` when there is none, and must answer `true`.
 *
 * @param path name of the claim, or the names that lead to a nested one; a name is never split
 * @throws {TypeError} when the path or the list of values is empty
 */
export function claim(path: ClaimPath, expected: ExpectedClaim): Guard {
  if (path.length === 0) throw new TypeError('claim: name the claim, or the names that lead to it')
  // Copied: what happens to the lists later changes nothing.
  const at = typeof path === 'string' ? path : [...path]
  if (typeof expected === 'function') {
    return ({ claims }) => {
      if ((expected(claimAt(claims, at)) as unknown) !== true) throw new ForbiddenError('claim')
      return true
    }
  }
  const accepted: readonly unknown[] = Array.isArray(expected) ? [...(expected as unknown[])] : [expected]
  if (
    accepted.length === 0 ||
    accepted.some((value) => value === undefined || (typeof value === 'object' && value !== null))
  ) {
    throw new TypeError(
      'claim: say which value is expected: a string, number, boolean, null, or a list of these',
    )
  }
  return ({ claims }) => {
    const value = claimAt(claims, at)
    const matches = Array.isArray(value)
      ? value.some((item) => accepted.includes(item))
      : accepted.includes(value)
    if (!matches) throw new ForbiddenError('claim')
    return true
  }
}

function namesOf(guard: string, names: NameArguments): readonly string[] {
  const [first] = names
  const list =
    Array.isArray(first) && names.length === 1 ? (first as readonly string[]) : (names as readonly string[])
  if (list.length === 0 || list.some((name) => typeof name !== 'string' || name === '')) {
    throw new TypeError(`${guard}: name at least one, as strings or as one list of strings`)
  }
  return [...list]
}

function scopeNames(guard: string, names: NameArguments): readonly string[] {
  const list = namesOf(guard, names)
  if (!list.every(isScopeName)) {
    throw new TypeError(
      `${guard}: a scope has no spaces, quotes, backslashes or characters beyond ASCII (RFC 6749 §3.3); name several scopes one by one`,
    )
  }
  return list
}
