import type { RefusalDetail } from '../detail.ts'
import { ForbiddenError } from '../errors.ts'
import { type ClaimPath, claimReader } from '../lib/claim-path.ts'
import { isPromise } from '../lib/maybe-promise.ts'
import { entriesOf } from '../lib/objects.ts'
import type { Guard, MaybePromise } from '../types.ts'
import { requireBoolean, requireNoMore } from './decide.ts'
import { callerOf } from './names.ts'

/** What a claim may be compared with. */
export type ClaimValue = string | number | boolean | null

/** A value, a list of values of which one must match, or a predicate. */
export type ExpectedClaim = ClaimValue | readonly ClaimValue[] | ((value: unknown) => MaybePromise<boolean>)

/**
 * Allows callers whose claim is one of the expected values or, when the claim is a list, has one of them in it.
 *
 * A predicate gets the claim as it is, `undefined` when there is none. `true` allows and `false` refuses; any other
 * result is a TypeError, and its errors are passed on as they are.
 *
 * @param path name of the claim, or a JSON Pointer when it begins with `/` (RFC 6901)
 * @throws {TypeError} when the path is no claim path, no value is expected, or more than these two are given
 */
export function claim(path: ClaimPath, expected: ExpectedClaim): Guard
export function claim(path: ClaimPath, expected: ExpectedClaim, ...others: readonly unknown[]): Guard {
  requireNoMore('claim', others, 'takes a path and one value, list of values or predicate')
  const read = claimReader(path, 'claim')
  if (typeof expected === 'function') {
    return (auth) => {
      const value = read(callerOf(auth, 'claim').claims)
      const result: unknown = expected(value)
      if (result === true) return true
      const conclude = (it: unknown): true => {
        if (requireBoolean(it, 'claim: the predicate')) return true
        throw refusal({ claim: path, actual: value, hint: 'the predicate of the guard returned false' })
      }
      return isPromise(result) ? Promise.resolve(result).then(conclude) : conclude(result)
    }
  }
  const accepted = valuesOf(expected)
  return (auth) => {
    const value = read(callerOf(auth, 'claim').claims)
    const matches = Array.isArray(value)
      ? value.some((entry) => accepted.includes(entry))
      : accepted.includes(value)
    if (!matches) throw refusal({ claim: path, expected: accepted, actual: value })
    return true
  }
}

function refusal(detail: RefusalDetail): ForbiddenError {
  return new ForbiddenError('claim', { detail })
}

function valuesOf(expected: ClaimValue | readonly ClaimValue[]): readonly unknown[] {
  const values: readonly unknown[] = Array.isArray(expected) ? entriesOf(expected as unknown[]) : [expected]
  if (values.length === 0 || !values.every(isClaimValue)) {
    throw new TypeError(
      'claim: pass the value that is expected: a string, number, boolean, null, or a list of these',
    )
  }
  return Object.freeze(values)
}

function isClaimValue(value: unknown): boolean {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}
