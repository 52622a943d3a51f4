import { shownNames } from '../detail.ts'
import { InsufficientScopeError } from '../errors.ts'
import { namesHint } from '../hints/names.ts'
import { isScopeName } from '../lib/characters.ts'
import type { Auth, Guard } from '../types.ts'
import { withScopes } from './guard-scopes.ts'
import { callerOf, type NameArguments, namesOf } from './names.ts'

/**
 * Allows callers that have all of these scopes, compared exactly.
 *
 * @throws {TypeError} when no scope is named, or a name is not a scope (RFC 6749 §3.3)
 */
export function scope(...names: NameArguments): Guard {
  const required = scopeNames('scope', names)
  const guard: Guard = (auth) => {
    const { scopes } = callerOf(auth, 'scope')
    for (const name of required) if (!scopes.has(name)) throw missing(required, auth)
    return true
  }
  return withScopes(guard, required)
}

/**
 * Allows callers that have at least one of these scopes. The challenge names all of them.
 *
 * @throws {TypeError} when no scope is named, or a name is not a scope (RFC 6749 §3.3)
 */
export function anyScope(...names: NameArguments): Guard {
  const accepted = scopeNames('anyScope', names)
  const guard: Guard = (auth) => {
    const { scopes } = callerOf(auth, 'anyScope')
    for (const name of accepted) if (scopes.has(name)) return true
    throw missing(accepted, auth)
  }
  return withScopes(guard, accepted)
}

function missing(expected: readonly string[], auth: Auth): InsufficientScopeError {
  const lacking = expected.filter((name) => !auth.scopes.has(name))
  const hint = namesHint('scopes', lacking, auth)
  const detail = { claim: 'scope', expected, actual: shownNames(auth.scopes), hint }
  return new InsufficientScopeError(expected, { detail })
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
