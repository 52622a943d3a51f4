import { InvalidTokenError, type TokenFailure } from '../errors.ts'
import type { Issuers } from '../issuer/issuers.ts'
import type { TrustedIssuer } from '../issuer/trusted-issuer.ts'
import { issuerHint } from '../hints/issuer.ts'
import { type ParsedToken, parseToken } from '../jose/jws.ts'
import type { ClaimsObject } from '../lib/claim-path.ts'
import type { Clock } from '../lib/clock.ts'
import { own } from '../lib/objects.ts'
import type { MaybePromise } from '../types.ts'
import { type Trace, traced, tracedNow } from './check.ts'
import { ofIssuer } from './of-issuer.ts'
import { type AcceptableToken, acceptableToken, plausibleToken } from './plausible-token.ts'
import { signedToken, type SignedToken } from './signed-token.ts'
import { type TokenSource, verification, type VerifiedToken } from './verified-token.ts'

/** What {@link jwtSource} works with. */
export interface JwtSourceOptions {
  readonly issuers: Issuers
  /** What a foreign `iss` is called: another name than that of the one issuer, or none of several. */
  readonly foreignIssuer: Extract<TokenFailure, 'issuer' | 'unknown_issuer'>
  readonly clock: Clock
}

/**
 * Verifies signed JWTs. Returns a promise only when it has to wait.
 *
 * The order: form, what no rules could accept, the issuer, everything else that needs no network, the key,
 * the signature, then the time once more.
 */
export function jwtSource(options: JwtSourceOptions): TokenSource {
  const { issuers, clock } = options

  function judged(
    acceptable: AcceptableToken,
    issuer: TrustedIssuer,
    now: number,
    trace: Trace | undefined,
  ): MaybePromise<VerifiedToken> {
    const signed = signedToken(plausibleToken(acceptable, issuer, now, trace), trace)
    return signed instanceof Promise ? signed.then((it) => proven(it, trace)) : proven(signed, trace)
  }

  function proven(signed: SignedToken, trace: Trace | undefined): VerifiedToken {
    issuers.prove(signed.issuer)
    // Read again: fetching keys may have taken seconds.
    return verification(signed, clock.wall(), trace)
  }

  function judgedBy(
    acceptable: AcceptableToken,
    issuer: TrustedIssuer,
    now: number,
    trace: Trace | undefined,
  ): MaybePromise<VerifiedToken> {
    try {
      const verified = judged(acceptable, issuer, now, trace)
      if (!(verified instanceof Promise)) return verified
      return verified.catch((error: unknown) => {
        throw ofIssuer(error, issuer.name)
      })
    } catch (error) {
      throw ofIssuer(error, issuer.name)
    }
  }

  function verify(token: string, now: number, trace?: Trace): MaybePromise<VerifiedToken> {
    const parsed = trace === undefined ? parseToken(token) : tracedNow('form', trace, () => parseToken(token))
    const acceptable = acceptableToken(parsed, now, trace)
    const found =
      trace === undefined
        ? trustedIssuer(parsed, options)
        : traced('issuer', trace, () => trustedIssuer(parsed, options))
    // The time is checked again in `verification`: the function that vouches for issuers may have taken seconds too.
    return found instanceof Promise
      ? found.then((issuer) => judgedBy(acceptable, issuer, now, trace))
      : judgedBy(acceptable, found, now, trace)
  }

  function isUnchanged(
    { claims, generation, header, key }: VerifiedToken,
    issuer: TrustedIssuer | undefined,
  ): MaybePromise<boolean> {
    if (issuer === undefined) throw notTrusted(claims, options)
    if (issuer.generation !== generation || header === undefined || key === undefined) return false
    const has = issuer.keys.stillHas(header, key)
    if (has === true) issuers.prove(issuer)
    return has
  }

  return {
    verify,
    stillHolds(token) {
      const issuer = issuers.find(token.issuer)
      return issuer instanceof Promise
        ? issuer.then((found) => isUnchanged(token, found))
        : isUnchanged(token, issuer)
    },
  }
}

function trustedIssuer({ payload }: ParsedToken, options: JwtSourceOptions): MaybePromise<TrustedIssuer> {
  const iss = own(payload, 'iss')
  if (typeof iss !== 'string') throw notTrusted(payload, options)
  const found = options.issuers.find(iss)
  return found instanceof Promise
    ? found.then((issuer) => issuer ?? refuse(payload, options))
    : (found ?? refuse(payload, options))
}

function refuse(claims: ClaimsObject, options: JwtSourceOptions): never {
  throw notTrusted(claims, options)
}

function notTrusted(claims: ClaimsObject, { issuers, foreignIssuer }: JwtSourceOptions): InvalidTokenError {
  const actual = own(claims, 'iss')
  return new InvalidTokenError(typeof actual === 'string' ? foreignIssuer : 'issuer', {
    detail() {
      const trusted = issuers.configured().map(({ name }) => name)
      const expected = trusted.length === 1 ? trusted[0] : trusted
      return { claim: 'iss', expected, actual, hint: issuerHint(actual, trusted) }
    },
  })
}
