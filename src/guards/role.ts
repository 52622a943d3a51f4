import { shownNames } from '../detail.ts'
import { ForbiddenError } from '../errors.ts'
import { namesHint } from '../hints/names.ts'
import type { Auth, Guard } from '../types.ts'
import { callerOf, type NameArguments, namesOf } from './names.ts'

/** Allows callers that have all of these roles, compared exactly. @throws {TypeError} when no role is named */
export function role(...names: NameArguments): Guard {
  const required = namesOf('role', names)
  return (auth) => {
    const { roles } = callerOf(auth, 'role')
    for (const name of required) if (!roles.has(name)) throw missing(required, auth)
    return true
  }
}

/** Allows callers that have at least one of these roles. @throws {TypeError} when no role is named */
export function anyRole(...names: NameArguments): Guard {
  const accepted = namesOf('anyRole', names)
  return (auth) => {
    const { roles } = callerOf(auth, 'anyRole')
    for (const name of accepted) if (roles.has(name)) return true
    throw missing(accepted, auth)
  }
}

function missing(expected: readonly string[], auth: Auth): ForbiddenError {
  const lacking = expected.filter((name) => !auth.roles.has(name))
  const hint = namesHint('roles', lacking, auth)
  return new ForbiddenError('role', {
    detail: { claim: 'roles', expected, actual: shownNames(auth.roles), hint },
  })
}
