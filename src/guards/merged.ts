import { shownNames } from '../detail.ts'
import {
  type AuthError,
  InsufficientScopeError,
  InsufficientUserAuthenticationError,
  type LoginRequirements,
} from '../errors.ts'
import { namesHint } from '../hints/names.ts'
import { isStringList } from '../lib/claim-path.ts'
import type { Auth } from '../types.ts'

/**
 * One refusal for missing scopes that names the scopes of them all.
 *
 * @param used scopes of the guards that the caller has to satisfy too: named as well where the caller has them, since
 *   the next token must have them again
 */
export function missingScopes(
  refusals: readonly AuthError[],
  auth: Auth,
  used: readonly string[],
): AuthError | undefined {
  const missing = refusals.flatMap(scopesOf)
  const needed = used.filter((name) => auth.scopes.has(name) || missing.includes(name))
  const expected = Object.freeze([...new Set([...needed, ...missing])])
  const [first] = refusals
  if (refusals.length === 1 && expected.length === new Set(missing).size) return first
  const lacking = expected.filter((name) => !auth.scopes.has(name))
  const hint = namesHint('scopes', lacking, auth)
  const detail = { claim: 'scope', expected, actual: shownNames(auth.scopes), hint }
  return new InsufficientScopeError(expected, { detail })
}

// By shape: the error may be of the package's other build.
function scopesOf(refusal: AuthError): readonly string[] {
  const { scopes } = refusal as Partial<InsufficientScopeError>
  return isStringList(scopes) ? scopes : []
}

/**
 * One refusal that requires a login that all of these refusals accept: a client that follows them one by one would get
 * a login that fits the one and not the other, and come back for ever. Refusals that no login can satisfy together are
 * reported one by one.
 */
export function loginForAll(refusals: readonly AuthError[]): AuthError {
  const [first, ...others] = refusals as readonly [AuthError, ...AuthError[]]
  let all: LoginRequirements = requirementsOf(first)
  for (const other of others) {
    const both = together(all, requirementsOf(other))
    if (both === undefined) return first
    all = both
  }
  const alone = requirementsOf(first)
  if (alone.maxAge === all.maxAge && alone.acrValues?.length === all.acrValues?.length) return first
  return new InsufficientUserAuthenticationError(all, { detail: first.detail })
}

function requirementsOf(refusal: AuthError): LoginRequirements {
  const { acrValues, maxAge } = refusal as Partial<InsufficientUserAuthenticationError>
  return {
    acrValues: isStringList(acrValues) ? acrValues : undefined,
    maxAge: typeof maxAge === 'number' ? maxAge : undefined,
  }
}

function together(one: LoginRequirements, other: LoginRequirements): LoginRequirements | undefined {
  const common = one.acrValues?.filter((value) => other.acrValues?.includes(value) !== false)
  if (common?.length === 0) return undefined
  const ages = [one.maxAge, other.maxAge].filter((age) => age !== undefined)
  return {
    acrValues: common ?? other.acrValues,
    maxAge: ages.length === 0 ? undefined : Math.min(...ages),
  }
}
