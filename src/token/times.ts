import { InvalidTokenError } from '../errors.ts'
import type { ClaimsObject } from '../lib/claim-path.ts'
import { aheadHint, century, expiredHint, longestTolerance, numericDateHint } from '../hints/time.ts'
import { own } from '../lib/objects.ts'
import type { ClaimRules } from '../options/rules.ts'
import { type Check, runChecks, type Trace } from './check.ts'

/** The moments a token names, in seconds since the epoch. */
export interface TokenMoments {
  readonly exp: number
  readonly nbf: number | undefined
  readonly iat: number | undefined
}

/** The moments a token names, with what rules allow them. */
export interface TokenTimes extends TokenMoments {
  /** Seconds. */
  readonly tolerance: number
  /** Seconds since `iat`. */
  readonly maxAge: number | undefined
  /** Between these moments every check of time passes. */
  readonly validAfter: number
  readonly validBefore: number
}

/** Kept from both ends of the span in which no check has to run, so that rounding decides nothing. Seconds. */
const margin = 0.001

/**
 * Reads `exp`, which must be present, `nbf` and `iat` (RFC 7519 §4.1.4 to §4.1.6).
 *
 * @throws {InvalidTokenError} `claim`, when `exp` is missing, or one of them is no number that a date can have
 */
export function momentsOf(claims: ClaimsObject): TokenMoments {
  const exp = numericDate(claims, 'exp')
  const nbf = numericDate(claims, 'nbf')
  const iat = numericDate(claims, 'iat')
  if (exp === undefined) throw notAcceptable('exp', 'a number', undefined)
  return { exp, nbf, iat }
}

/**
 * Adds what rules allow the moments of a token.
 *
 * @throws {InvalidTokenError} `claim`, when the rules need an `iat` and there is none
 */
export function timesOf(
  moments: TokenMoments,
  rules: Pick<ClaimRules, 'clockTolerance' | 'maxTokenAge'>,
): TokenTimes {
  const { exp, nbf, iat } = moments
  if (rules.maxTokenAge !== undefined && iat === undefined) {
    throw notAcceptable('iat', 'present, since maxTokenAge is set', undefined)
  }
  const { clockTolerance: tolerance, maxTokenAge: maxAge } = rules
  const latest = Math.min(exp, (iat ?? Infinity) + (maxAge ?? Infinity))
  const earliest = Math.max((nbf ?? 0) - tolerance, (iat ?? 0) - tolerance, exp - century)
  return {
    exp,
    nbf,
    iat,
    tolerance,
    maxAge,
    validAfter: isOrdered(moments) ? earliest + margin : Infinity,
    validBefore: latest + tolerance - margin,
  }
}

/** Whether a token is valid at any time: otherwise whoever wrote it made a mistake. */
function isOrdered({ exp, nbf, iat }: TokenMoments): boolean {
  return Math.max(iat ?? 0, nbf ?? 0) <= exp
}

/** The last moment a `Date` can represent, in seconds. */
const latestDate = 8.64e12

function numericDate(claims: ClaimsObject, name: string): number | undefined {
  const value = own(claims, name)
  if (value === undefined) return undefined
  // `1e400` parses as Infinity, and a token would never expire.
  if (typeof value !== 'number' || value < 0 || value > latestDate) {
    throw notAcceptable(name, 'seconds since the epoch', value)
  }
  return value
}

function notAcceptable(claim: string, expected: string, actual: unknown): InvalidTokenError {
  return new InvalidTokenError('claim', {
    detail: { claim, expected, actual, hint: numericDateHint(claim, actual) },
  })
}

/** A token at one moment. */
interface Moment {
  readonly times: TokenTimes
  /** Seconds since the epoch. */
  readonly now: number
}

const timeChecks: readonly Check<Moment>[] = [
  {
    name: 'expiry',
    reason: 'expired',
    passes: ({ times, now }) => now < times.exp + times.tolerance,
    facts: ({ times, now }) => ({
      claim: 'exp',
      expected: `after ${Math.floor(now)}, ${toleranceOf(times)}`,
      actual: times.exp,
      hint: expiredHint(now - times.exp, times.tolerance),
    }),
  },
  {
    name: 'unit of exp',
    reason: 'claim',
    passes: ({ times, now }) => times.exp - now <= century,
    facts: ({ times }) => ({
      claim: 'exp',
      expected: 'at most a century ahead',
      actual: times.exp,
      hint: 'exp counts seconds; this value looks like milliseconds',
    }),
  },
  /* @__PURE__ */ notInFuture('nbf', 'not before'),
  /* @__PURE__ */ notInFuture('iat', 'issued at'),
  {
    name: 'order of times',
    reason: 'claim',
    passes: ({ times }) => isOrdered(times),
    facts: ({ times: { exp, nbf, iat } }) => {
      const [claim, actual] = (iat ?? 0) > exp ? (['iat', iat] as const) : (['nbf', nbf] as const)
      const hint = 'the token is valid at no time: the issuer made a mistake'
      return { claim, expected: `at most exp, which is ${exp}`, actual, hint }
    },
  },
  {
    name: 'age',
    reason: 'too_old',
    passes: ({ times: { iat, maxAge, tolerance }, now }) =>
      now - (iat ?? now) <= (maxAge ?? Infinity) + tolerance,
    facts: ({ times: { iat, maxAge }, now }) => ({
      claim: 'iat',
      expected: maxAge === undefined ? 'any age' : `at most ${maxAge} s ago`,
      actual: iat,
      hint: `issued ${Math.round(now - (iat ?? now))} s ago: get a new token`,
    }),
  },
]

/** Tokens that no issuer's rules could accept are refused with the longest tolerance there is. */
function toleranceOf({ tolerance }: TokenTimes): string {
  return tolerance === longestTolerance ? 'with any tolerance' : `with a tolerance of ${tolerance} s`
}

function notInFuture(claim: 'nbf' | 'iat', name: string): Check<Moment> {
  return {
    name,
    reason: 'not_yet_valid',
    passes: ({ times, now }) => (times[claim] ?? now) <= now + times.tolerance,
    facts: ({ times, now }) => ({
      claim,
      expected: `at most ${Math.floor(now)}, ${toleranceOf(times)}`,
      actual: times[claim],
      hint: aheadHint(claim, (times[claim] ?? now) - now, times.tolerance),
    }),
  }
}

/**
 * Requires `exp` not reached, `nbf` and `iat` reached, and the age within bounds. Asked on every request, of
 * remembered tokens too, and once more after the last wait.
 *
 * @param now seconds since the epoch
 * @throws {InvalidTokenError}
 */
export function checkTimes(times: TokenTimes, now: number, trace?: Trace): void {
  // Nearly every token, on every request; the checks themselves decide everything else.
  if (trace === undefined && now > times.validAfter && now < times.validBefore) return
  runChecks(timeChecks, { times, now }, trace)
}
