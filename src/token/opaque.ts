import { InvalidTokenError } from '../errors.ts'
import { issuerHint } from '../hints/issuer.ts'
import type { Introspection } from '../issuer/introspection.ts'
import type { ActiveAnswer } from '../issuer/introspection-answer.ts'
import type { Issuers } from '../issuer/issuers.ts'
import type { TrustedIssuer } from '../issuer/trusted-issuer.ts'
import { fromBase64url } from '../jose/base64url.ts'
import type { Clock } from '../lib/clock.ts'
import { andThen } from '../lib/maybe-promise.ts'
import { own } from '../lib/objects.ts'
import { isSame } from '../lib/same.ts'
import type { MaybePromise } from '../types.ts'
import { type Trace, traced } from './check.ts'
import { checkedAnswer } from './checked-answer.ts'
import { markRecalled } from './remembered.ts'
import { checkTimes } from './times.ts'
import { type TokenSource, verification, type VerifiedToken } from './verified-token.ts'

/** What an access token may consist of (RFC 6749 appendix A.12). */
const tokenCharacters = /^[\x20-\x7e]+$/

/**
 * Verifies tokens that only their issuer can read: it is asked what they are (RFC 7662), and what it says has to pass
 * the same checks as the claims of a JWT. Answers are remembered by the {@link Introspection}.
 */
export function opaqueSource(issuer: TrustedIssuer, introspection: Introspection, clock: Clock): TokenSource {
  /** The tokens that answers were verified as; an answer and its token are forgotten together. */
  const verified = new WeakMap<ActiveAnswer, VerifiedToken>()

  function verifiedBy(answer: ActiveAnswer, now: number, trace: Trace | undefined): VerifiedToken {
    const before = trace === undefined ? verified.get(answer) : undefined
    if (before !== undefined) {
      checkTimes(before.times, now)
      return markRecalled(before)
    }
    const token = verification(checkedAnswer(answer, issuer, now, trace), now, trace)
    verified.set(answer, token)
    return token
  }

  return {
    verify(token, now, trace) {
      // Anything else is no token of any issuer, and not worth a question.
      if (!tokenCharacters.test(token)) {
        throw new InvalidTokenError('malformed', {
          detail: { hint: 'the token has characters that no token has' },
        })
      }
      const answer = traced('introspection', trace, () => introspection.answerTo(token, 'unknown'))
      return answer instanceof Promise
        ? answer.then((it) => verifiedBy(it, clock.wall(), trace))
        : verifiedBy(answer, now, trace)
    },
    stillHolds: ({ generation }) => issuer.generation === generation,
  }
}

/**
 * Asks the issuer about tokens that a source verified, where the issuer's `introspection` is for all tokens. The
 * answer must be about an access token of this API as well, and bind it to the same keys; it can only refuse.
 */
export function introspected(source: TokenSource, issuers: Issuers, clock: Clock): TokenSource {
  function ask(
    token: string,
    verified: VerifiedToken,
    issuer: TrustedIssuer | undefined,
    trace: Trace | undefined,
  ): MaybePromise<VerifiedToken> {
    // The function of `issuers` stopped vouching for it while its token was verified.
    if (issuer === undefined) throw noLongerTrusted(verified.issuer)
    const { introspection } = issuer
    if (introspection?.tokens !== 'all') return verified
    const answer = traced('introspection', trace, () => introspection.answerTo(token, 'signed'))
    return andThen(answer, (it) => {
      const now = clock.wall()
      const { claims } = checkedAnswer(it, issuer, now, trace)
      if (Object.hasOwn(claims, 'cnf') && !isSame(own(claims, 'cnf'), own(verified.claims, 'cnf'))) {
        throw new InvalidTokenError('binding', {
          detail: { claim: 'cnf', hint: 'the issuer names another key' },
        })
      }
      // The answer may have taken seconds.
      checkTimes(verified.times, now)
      return verified
    })
  }

  return {
    verify(token, now, trace) {
      const verified = source.verify(token, now, trace)
      return andThen(verified, (it) =>
        andThen(issuers.find(it.issuer), (issuer) => ask(token, it, issuer, trace)),
      )
    },
    stillHolds: source.stillHolds,
  }
}

function noLongerTrusted(name: string): InvalidTokenError {
  const detail = { claim: 'iss', expected: [], actual: name, hint: issuerHint(name, []) }
  return new InvalidTokenError('unknown_issuer', { detail })
}

/** Chooses the source by the form of a token alone: what looks like a JWT is never verified as anything else. */
export function byForm(jwt: TokenSource, opaque: TokenSource): TokenSource {
  const sourceOf = (token: string): TokenSource => (looksLikeJwt(token) ? jwt : opaque)
  return {
    verify: (token, now, trace) => sourceOf(token).verify(token, now, trace),
    stillHolds: (token) => (token.header === undefined ? opaque : jwt).stillHolds(token),
  }
}

/** Three or five parts as signed and encrypted tokens have them, or a first part that is the header of one. */
function looksLikeJwt(token: string): boolean {
  const [first = '', ...others] = token.split('.', 7)
  return others.length === 2 || others.length === 4 || isHeader(first)
}

function isHeader(part: string): boolean {
  // The base64url of any text that begins with a brace begins like this, and no other JSON text does.
  if (!/^e[\w-]/.test(part)) return false
  const bytes = fromBase64url(part)
  if (bytes === undefined) return false
  try {
    JSON.parse(new TextDecoder().decode(bytes))
    return true
  } catch {
    return false
  }
}
