import { longestTolerance } from '../hints/time.ts'
import type { TrustedIssuer } from '../issuer/trusted-issuer.ts'
import type { ParsedToken } from '../jose/jws.ts'
import { type Trace, tracedNow } from './check.ts'
import { checkCommon } from './common-checks.ts'
import { checkRules } from './rule-checks.ts'
import { checkTimes, momentsOf, timesOf, type TokenMoments, type TokenTimes } from './times.ts'

/** The widest rules an issuer can have about time. */
const widestTimes = { clockTolerance: longestTolerance, maxTokenAge: undefined }

/** A token that the rules of some issuer could accept. */
class AcceptableToken {
  declare private readonly nominal: never
  readonly parsed: ParsedToken
  readonly moments: TokenMoments

  constructor(parsed: ParsedToken, moments: TokenMoments) {
    this.parsed = parsed
    this.moments = moments
  }
}
export type { AcceptableToken }

/** A token of a trusted issuer that passed every check that needs no key. Its signature is not verified yet. */
class PlausibleToken {
  declare private readonly nominal: never
  readonly parsed: ParsedToken
  readonly issuer: TrustedIssuer
  readonly times: TokenTimes

  constructor(parsed: ParsedToken, issuer: TrustedIssuer, times: TokenTimes) {
    this.parsed = parsed
    this.issuer = issuer
    this.times = times
  }
}
export type { PlausibleToken }

/**
 * Runs the checks that need no issuer, so that tokens that no rules could accept are refused before the function of
 * the `issuers` option is called.
 *
 * @param now seconds since the epoch
 * @throws {InvalidTokenError}
 */
export function acceptableToken(parsed: ParsedToken, now: number, trace?: Trace): AcceptableToken {
  const { header, payload } = parsed
  checkCommon({ header, claims: payload }, trace)
  // Checked again with the issuer's own tolerance, so a trace shows here what fails, and there what passes.
  const failures = trace && failuresTo(trace)
  const moments =
    failures === undefined ? momentsOf(payload) : tracedNow('times', failures, () => momentsOf(payload))
  // Whether a token just past its `exp` is expired depends on the tolerance of its issuer, and comes before every other
  // reason: `plausibleToken` checks its times.
  const isInTolerance = now >= moments.exp && now < moments.exp + longestTolerance
  if (!isInTolerance) checkTimes(timesOf(moments, widestTimes), now, failures)
  return new AcceptableToken(parsed, moments)
}

/**
 * Runs every check that needs neither network nor key, on unverified bytes: it may only refuse. Most
 * tokens that are refused are refused here, before any request to an issuer.
 *
 * @param now seconds since the epoch
 * @throws {InvalidTokenError}
 */
export function plausibleToken(
  { parsed, moments }: AcceptableToken,
  issuer: TrustedIssuer,
  now: number,
  trace?: Trace,
): PlausibleToken {
  const { header, payload } = parsed
  const { rules, algorithms } = issuer
  checkRules({ header, claims: payload, rules, algorithms }, trace)
  const times =
    trace === undefined ? timesOf(moments, rules) : tracedNow('times', trace, () => timesOf(moments, rules))
  checkTimes(times, now, trace)
  return new PlausibleToken(parsed, issuer, times)
}

function failuresTo(trace: Trace): Trace {
  return (step) => {
    if (!step.ok) trace(step)
  }
}
