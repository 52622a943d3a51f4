import type { RefusalDetail } from '../detail.ts'
import { InsufficientUserAuthenticationError } from '../errors.ts'
import { isScopeName } from '../lib/characters.ts'
import { entriesOf, own } from '../lib/objects.ts'
import type { Auth, Guard } from '../types.ts'
import { requireNoMore } from './decide.ts'
import { type Moment, momentOf } from './moment.ts'
import { callerOf } from './names.ts'

/** How users must have logged in, for {@link recentLogin}. At least one of the two. */
export interface RecentLoginOptions {
  /** Accepted values of the claim `acr`, compared exactly, in order of preference. */
  readonly acrValues?: readonly string[] | undefined
  /** Seconds since the login (`auth_time`); 0 or more. */
  readonly maxAge?: number | undefined
}

const optionNames: readonly string[] = ['acrValues', 'maxAge']

/**
 * Allows callers whose user logged in strongly and recently enough (RFC 9470): `acr` is one of the accepted values, and
 * `auth_time` is at most `maxAge` seconds ago. Otherwise 401 `insufficient_user_authentication`, with everything that
 * is required in the challenge, so that the client can send the user to a new login.
 *
 * A token without a usable `acr` or `auth_time` is too weak, as is one with an `auth_time` in the future. The clock is
 * that of the resource server, with the `clockTolerance` of the issuer. It does not check how the issuer logs users in.
 *
 * @throws {TypeError} when nothing is required, for an option that is unknown or wrong, and for a second argument
 */
export function recentLogin(options: RecentLoginOptions): Guard
export function recentLogin(options: RecentLoginOptions, ...others: readonly unknown[]): Guard {
  requireNoMore('recentLogin', others, 'takes one object of options')
  const { acrValues, maxAge } = checked(options)
  return (auth) => {
    const { claims } = callerOf(auth, 'recentLogin')
    const detail = tooWeak(claims, acrValues) ?? tooOld(claims, maxAge, auth)
    if (detail === undefined) return true
    throw new InsufficientUserAuthenticationError({ acrValues, maxAge }, { detail })
  }
}

function tooWeak(
  claims: Auth['claims'],
  acrValues: readonly string[] | undefined,
): RefusalDetail | undefined {
  if (acrValues === undefined) return undefined
  const acr = own(claims, 'acr')
  if (typeof acr === 'string' && acrValues.includes(acr)) return undefined
  const hint =
    acr === undefined
      ? 'the token does not say how the user logged in: have the issuer put acr into access tokens'
      : 'the user must log in with a method that the issuer gives one of these values for'
  return { claim: 'acr', expected: acrValues, actual: acr, hint }
}

function tooOld(claims: Auth['claims'], maxAge: number | undefined, auth: Auth): RefusalDetail | undefined {
  if (maxAge === undefined) return undefined
  const authTime = own(claims, 'auth_time')
  const hint = hintOn(authTime, maxAge, momentOf(auth))
  return hint === undefined
    ? undefined
    : { claim: 'auth_time', expected: `at most ${maxAge} s ago`, actual: authTime, hint }
}

function hintOn(authTime: unknown, maxAge: number, { now, tolerance }: Moment): string | undefined {
  if (authTime === undefined) {
    return 'the token does not say when the user logged in: have the issuer put auth_time into access tokens'
  }
  if (typeof authTime !== 'number' || !(authTime >= 0)) return 'auth_time must be seconds since the epoch'
  if (authTime > now * 100) return 'auth_time is in milliseconds: it must be seconds since the epoch'
  if (authTime > now + tolerance) return 'auth_time is in the future: compare the clocks'
  return now - authTime > maxAge + tolerance ? 'the user must log in again' : undefined
}

/** @throws {TypeError} */
function checked(options: unknown): RecentLoginOptions {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) throw nothingRequired()
  const unknown = Object.keys(options).find((name) => !optionNames.includes(name))
  if (unknown !== undefined) {
    throw new TypeError(`recentLogin: ${unknown} is no option; the options are acrValues and maxAge`)
  }
  const { acrValues, maxAge } = options as { acrValues?: unknown; maxAge?: unknown }
  if (acrValues === undefined && maxAge === undefined) throw nothingRequired()
  return Object.freeze({ acrValues: checkedValues(acrValues), maxAge: checkedAge(maxAge) })
}

function nothingRequired(): TypeError {
  return new TypeError(
    "recentLogin: pass what is required: { acrValues: ['mfa'] }, { maxAge: 300 } (seconds), or both",
  )
}

function checkedValues(value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined
  const values: readonly unknown[] = Array.isArray(value) ? entriesOf(value as unknown[]) : []
  if (values.length === 0 || !values.every((it) => typeof it === 'string' && isScopeName(it))) {
    throw new TypeError(
      "recentLogin: acrValues must be a list of at least one value, each without spaces, quotes, backslashes or characters beyond ASCII, for example ['mfa']",
    )
  }
  if (new Set(values).size < values.length) throw new TypeError('recentLogin: acrValues has a value twice')
  // Frozen, as the errors of every caller show this list.
  return Object.freeze(values as readonly string[])
}

function checkedAge(value: unknown): number | undefined {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0)) {
    return value as number | undefined
  }
  throw new TypeError('recentLogin: maxAge must be whole seconds, 0 or more, for example 300')
}
