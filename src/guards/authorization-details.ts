import type { RefusalDetail } from '../detail.ts'
import { ForbiddenError } from '../errors.ts'
import { isPromise } from '../lib/maybe-promise.ts'
import { own } from '../lib/objects.ts'
import type { Guard, MaybePromise } from '../types.ts'
import { anyOf } from './combined.ts'
import { requireBoolean, requireNoMore } from './decide.ts'
import { callerOf } from './names.ts'

/** One entry of the claim `authorization_details` (RFC 9396 §2). Only `type` is checked; frozen. */
export interface AuthorizationDetail {
  readonly type: string
  readonly [member: string]: unknown
}

/** Decides whether an entry allows a request: `true` allows, and `false` refuses. */
export type DetailPredicate<R = unknown> = (detail: AuthorizationDetail, request: R) => MaybePromise<boolean>

/**
 * Allows callers that have at least one entry of this type in `authorization_details` (RFC 9396) for which the
 * predicate returns `true`. Otherwise 403 with the reason `authorization_details`.
 *
 * The first entry that allows decides; when none does, an error that the predicate threw for one of them is passed on
 * as it is. A result of the predicate that is no boolean is a TypeError. A claim that is not a list of objects with a
 * string `type` each grants nothing. Without a predicate, only the type is checked.
 *
 * @param type compared exactly
 * @throws {TypeError} when the type is no string or empty, the predicate is no function, or more than these two are given
 */
export function authorizationDetails<R = unknown>(type: string, match?: DetailPredicate<R>): Guard<R>
export function authorizationDetails<R>(
  type: string,
  match?: DetailPredicate<R>,
  ...others: readonly unknown[]
): Guard<R> {
  requireNoMore('authorizationDetails', others, 'takes a type and one predicate')
  if (typeof type !== 'string' || type === '') {
    throw new TypeError("authorizationDetails: name the type of the entries, for example 'payment'")
  }
  if (match !== undefined && typeof match !== 'function') {
    throw new TypeError(
      'authorizationDetails: the second argument must be a function (detail, request) => boolean',
    )
  }
  return (auth, request) => {
    const claim = own(callerOf(auth, 'authorizationDetails').claims, 'authorization_details')
    const entries = isDetails(claim) ? claim.filter((entry) => own(entry, 'type') === type) : []
    if (entries.length === 0) throw refusal(type, claim, hintOn(claim, type))
    if (match === undefined) return true
    const noEntry = refusal(type, claim, 'the predicate of the guard returned false for every entry')
    const guards = entries.map((entry) => guardOf(entry, match, noEntry))
    return anyOf(...guards)(auth, request)
  }
}

function guardOf<R>(entry: AuthorizationDetail, match: DetailPredicate<R>, noEntry: Error): Guard<R> {
  const conclude = (result: unknown): true => {
    if (requireBoolean(result, 'authorizationDetails: the predicate')) return true
    throw noEntry
  }
  return (_auth, request) => {
    const result: unknown = match(entry, request)
    return isPromise(result) ? Promise.resolve(result).then(conclude) : conclude(result)
  }
}

function isDetails(claim: unknown): claim is readonly AuthorizationDetail[] {
  return Array.isArray(claim) && claim.every(isDetail)
}

function isDetail(entry: unknown): boolean {
  const isObject = typeof entry === 'object' && entry !== null && !Array.isArray(entry)
  return isObject && typeof own(entry, 'type') === 'string'
}

function hintOn(claim: unknown, type: string): string {
  if (claim === undefined) {
    return 'the client must request authorization details, and the issuer put them into access tokens'
  }
  return isDetails(claim)
    ? `the token has no entry of the type ${JSON.stringify(type)}`
    : 'authorization_details must be a list of objects with a string type each (RFC 9396)'
}

function refusal(type: string, actual: unknown, hint: string): ForbiddenError {
  const detail: RefusalDetail = { claim: 'authorization_details', expected: [type], actual, hint }
  return new ForbiddenError('authorization_details', { detail })
}
