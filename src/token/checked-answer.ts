import type { ActiveAnswer } from '../issuer/introspection-answer.ts'
import type { TrustedIssuer } from '../issuer/trusted-issuer.ts'
import type { ClaimsObject } from '../lib/claim-path.ts'
import { own } from '../lib/objects.ts'
import type { ClaimRules } from '../options/rules.ts'
import { type Check, runChecks, type Trace, tracedNow } from './check.ts'
import { claimChecks } from './common-checks.ts'
import { claimRuleChecks } from './rule-checks.ts'
import { checkTimes, momentsOf, timesOf, type TokenTimes } from './times.ts'

/** What the issuer says of an active token, which passed every check that a JWT's claims have to pass. */
class CheckedAnswer {
  declare private readonly nominal: never
  readonly header = undefined
  readonly claims: ClaimsObject
  readonly issuer: TrustedIssuer
  readonly key = undefined
  readonly times: TokenTimes

  constructor(claims: ClaimsObject, issuer: TrustedIssuer, times: TokenTimes) {
    this.claims = claims
    this.issuer = issuer
    this.times = times
  }
}
export type { CheckedAnswer }

/** What the checks of an answer look at. */
interface AnswerSubject {
  readonly claims: ClaimsObject
  readonly rules: ClaimRules
  /** Name of the issuer. */
  readonly issuer: string
}

/** `token_use` of access tokens; Ory Hydra writes the longer one. */
const accessTokenUses: readonly unknown[] = [undefined, 'access', 'access_token']

/** `token_type` of access tokens, in lower case (RFC 6749 §5.1); ForgeRock wrote the last one. */
const accessTokenTypes: readonly unknown[] = ['bearer', 'dpop', 'access_token']

/**
 * What an answer must be on top of what a JWT's claims must be: from this issuer, where it says so, and about an access
 * token. Issuers call refresh tokens active, too.
 */
const answerChecks: readonly Check<AnswerSubject>[] = [
  {
    name: 'issuer',
    reason: 'issuer',
    passes: ({ claims, issuer }) => own(claims, 'iss') === undefined || own(claims, 'iss') === issuer,
    facts: ({ claims, issuer }) => ({ claim: 'iss', expected: issuer, actual: own(claims, 'iss') }),
  },
  {
    name: 'token type',
    reason: 'type',
    passes: ({ claims }) => {
      const type = own(claims, 'token_type')
      return type === undefined || isAccessTokenType(type)
    },
    facts: ({ claims }) => ({
      claim: 'token_type',
      expected: 'Bearer or DPoP',
      actual: own(claims, 'token_type'),
    }),
  },
  {
    // Without an audience to compare, nothing else tells an access token from a refresh token.
    name: 'kind of token',
    reason: 'type',
    passes: ({ claims, rules }) =>
      rules.audience !== null ||
      isAccessTokenType(own(claims, 'token_type')) ||
      own(claims, 'token_use') !== undefined ||
      own(claims, 'typ') === 'Bearer',
    facts: ({ claims }) => ({
      claim: 'token_type',
      expected: 'present, since audience is null',
      actual: own(claims, 'token_type'),
    }),
  },
  {
    name: 'key of a DPoP token',
    reason: 'binding',
    passes: ({ claims }) => !isDpop(claims) || Object.hasOwn(Object(own(claims, 'cnf')) as object, 'jkt'),
    facts: ({ claims }) => ({
      claim: 'cnf',
      expected: 'jkt, since token_type is DPoP',
      actual: own(claims, 'cnf'),
    }),
  },
  {
    name: 'type of scope',
    reason: 'claim',
    passes: ({ claims }) => ['undefined', 'string'].includes(typeof own(claims, 'scope')),
    facts: ({ claims }) => ({ claim: 'scope', expected: 'a string', actual: own(claims, 'scope') }),
  },
]

const claimsOfAnswers = /* @__PURE__ */ claimChecks(accessTokenUses)

/**
 * Checks what an issuer says of an active token (RFC 7662 §2.2 and §4): the kind of token, `iss` where present,
 * audience, client, required claims and times, by the rules of the issuer. The claims get the issuer's name as `iss`
 * where the answer has none.
 *
 * Not checked: `cnf`, which the request has to confirm, and revocation.
 *
 * @param now seconds since the epoch
 * @throws {InvalidTokenError}
 */
export function checkedAnswer(
  answer: ActiveAnswer,
  issuer: TrustedIssuer,
  now: number,
  trace?: Trace,
): CheckedAnswer {
  const { name, rules } = issuer
  runChecks(answerChecks, { claims: answer.claims, rules, issuer: name }, trace)
  const claims = Object.freeze({ ...answer.claims, iss: name })
  runChecks(claimsOfAnswers, { claims }, trace)
  runChecks(claimRuleChecks, { claims, rules }, trace)
  const times = tracedNow('times', trace, () => timesOf(momentsOf(claims), rules))
  checkTimes(times, now, trace)
  return new CheckedAnswer(claims, issuer, times)
}

function isAccessTokenType(type: unknown): boolean {
  return typeof type === 'string' && accessTokenTypes.includes(type.toLowerCase())
}

function isDpop(claims: ClaimsObject): boolean {
  const type = own(claims, 'token_type')
  return typeof type === 'string' && type.toLowerCase() === 'dpop'
}
