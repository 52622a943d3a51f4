import type { AlgorithmName } from '../algorithms.ts'
import { audienceHint } from '../hints/audience.ts'
import { algorithmHint } from '../hints/key.ts'
import { nonceHint, typeHint } from '../hints/type.ts'
import { mediaType } from '../jose/jws.ts'
import { type ClaimsObject, isStringList } from '../lib/claim-path.ts'
import { own } from '../lib/objects.ts'
import type { ClaimRules } from '../options/rules.ts'
import type { JwtHeader } from '../types.ts'
import { type Check, runChecks, type Trace } from './check.ts'
import type { CommonSubject } from './common-checks.ts'

/** What the checks of an issuer's token look at. */
export interface RuledSubject extends CommonSubject {
  readonly rules: ClaimRules
  readonly algorithms: readonly AlgorithmName[]
}

/** Claims every token of the profile has (RFC 9068 §2.2); `iss`, `aud` and `exp` have checks of their own. */
const profileClaims = {
  rfc9068: ['sub', 'client_id', 'iat', 'jti'],
  compatible: [],
  fapi2: [],
} as const satisfies Record<ClaimRules['profile'], readonly string[]>

/** What the checks of an issuer's claims look at, with the header where there is one. */
export type RuledClaims = Pick<RuledSubject, 'claims' | 'rules'> & { readonly header?: JwtHeader | undefined }

/** What the rules of the issuer ask of the header: algorithm and type (RFC 9068 §4, RFC 8725 §3.1 and §3.11). */
const headerRuleChecks: readonly Check<RuledSubject>[] = [
  {
    name: 'algorithm',
    reason: 'algorithm',
    passes: hasAcceptedAlgorithm,
    facts: ({ header, algorithms }) => ({
      claim: 'alg',
      expected: algorithms,
      actual: header.alg,
      hint: algorithmHint(header.alg, algorithms),
    }),
  },
  {
    name: 'type',
    reason: 'type',
    passes: hasAcceptedType,
    facts: ({ header, rules }) => ({
      claim: 'typ',
      expected: rules.tokenTypes.map((type) => type ?? 'absent'),
      actual: own(header, 'typ'),
      hint: typeHint(typeOf(header), rules.tokenTypes),
    }),
  },
]

/** What the rules of the issuer ask of the claims, time aside: no nonce, audience, required claims and client. */
export const claimRuleChecks: readonly Check<RuledClaims>[] = [
  {
    name: 'nonce',
    reason: 'type',
    passes: mayHaveItsNonce,
    facts: ({ header, claims, rules }) => ({
      claim: 'nonce',
      expected: rules.acceptNonce ? 'absent, or in a token marked as an access token' : 'absent',
      actual: own(claims, 'nonce'),
      hint: nonceHint(isMarkedAsAccessToken(header, claims)),
    }),
  },
  {
    name: 'audience',
    reason: 'audience',
    passes: isMeantForUs,
    facts: ({ claims, rules }) => ({
      claim: 'aud',
      expected: rules.audience,
      actual: own(claims, 'aud'),
      hint: audienceHint(claims, rules.audience),
    }),
  },
  {
    name: 'required claims',
    reason: 'claim',
    passes: hasRequiredClaims,
    facts: ({ claims, rules }) => {
      const claim = missingClaim(claims, rules)
      if (claim === undefined) return {}
      const hint = (profileClaims[rules.profile] as readonly string[]).includes(claim)
        ? `the profile ${rules.profile} requires it (RFC 9068 §2.2)`
        : 'requiredClaims names it: ask the issuer to write it, or leave it out there'
      return { claim, expected: 'present', actual: own(claims, claim), hint }
    },
  },
  {
    name: 'client',
    reason: 'claim',
    passes: isOfAcceptedClient,
    facts: ({ claims, rules }) => {
      const claim = clientClaimOf(claims) ?? 'client_id'
      const hint = 'the token was issued to another client: where it may call this API, add it to clients'
      return { claim, expected: rules.clients ?? 'any client', actual: own(claims, claim), hint }
    },
  },
]

/** What the rules of the issuer ask of a JWT, time aside. */
const ruleChecks: readonly Check<RuledSubject>[] = /* @__PURE__ */ headerRuleChecks.concat(claimRuleChecks)

/** Runs the checks that the rules of an issuer ask for. @throws {InvalidTokenError} */
export function checkRules(subject: RuledSubject, trace?: Trace): void {
  // Nearly every token, without a call through the list; a token that fails is refused by the first check it fails.
  if (trace === undefined && passesAll(subject)) return
  runChecks(ruleChecks, subject, trace)
}

function passesAll(subject: RuledSubject): boolean {
  return (
    hasAcceptedAlgorithm(subject) &&
    hasAcceptedType(subject) &&
    mayHaveItsNonce(subject) &&
    isMeantForUs(subject) &&
    hasRequiredClaims(subject) &&
    isOfAcceptedClient(subject)
  )
}

function hasAcceptedAlgorithm({ header, algorithms }: RuledSubject): boolean {
  return algorithms.includes(header.alg as AlgorithmName)
}

function hasAcceptedType({ header, rules }: RuledSubject): boolean {
  return rules.tokenTypes.includes(typeOf(header))
}

function mayHaveItsNonce({ header, claims, rules }: RuledClaims): boolean {
  return !Object.hasOwn(claims, 'nonce') || (rules.acceptNonce && isMarkedAsAccessToken(header, claims))
}

/** Compared exactly (RFC 7519 §4.1.3, RFC 8707 §2); without an audience the list of clients decides. */
function isMeantForUs({ claims, rules: { audience } }: RuledClaims): boolean {
  const aud = own(claims, 'aud')
  if (aud !== undefined && typeof aud !== 'string' && !isStringList(aud)) return false
  if (audience === null) return true
  return typeof aud === 'string'
    ? audience.includes(aud)
    : aud !== undefined && audience.some((name) => aud.includes(name))
}

function hasRequiredClaims({ claims, rules }: RuledClaims): boolean {
  return missingClaim(claims, rules) === undefined
}

function isOfAcceptedClient({ claims, rules: { clients } }: RuledClaims): boolean {
  if (clients === undefined) return true
  const client = clientOf(claims)
  return client !== undefined && clients.includes(client)
}

function typeOf(header: JwtHeader | undefined): string | undefined {
  const typ = header === undefined ? undefined : (own(header, 'typ') as string | undefined)
  return typ === undefined ? undefined : mediaType(typ)
}

function isMarkedAsAccessToken(header: JwtHeader | undefined, claims: ClaimsObject): boolean {
  return (
    typeOf(header) === 'at+jwt' ||
    own(claims, 'typ') === 'Bearer' ||
    own(claims, 'token_use') === 'access' ||
    Object.hasOwn(claims, 'scope') ||
    Object.hasOwn(claims, 'scp')
  )
}

function missingClaim(claims: ClaimsObject, rules: ClaimRules): string | undefined {
  for (const name of profileClaims[rules.profile]) if (isMissing(claims, name)) return name
  // RFC 7519 §4.1.2 has no meaning for a subject without a character.
  if (rules.profile === 'rfc9068' && own(claims, 'sub') === '') return 'sub'
  for (const name of rules.requiredClaims) if (isMissing(claims, name)) return name
  return undefined
}

function isMissing(claims: ClaimsObject, name: string): boolean {
  const value = own(claims, name)
  return value === undefined || value === null
}

/** The client a token was issued to: `client_id`, else `azp`, else `cid`, else `appid`. */
export function clientOf(claims: ClaimsObject): string | undefined {
  const client = own(claims, 'client_id') ?? own(claims, 'azp') ?? own(claims, 'cid') ?? own(claims, 'appid')
  return typeof client === 'string' ? client : undefined
}

/** Name of the claim that {@link clientOf} reads. */
function clientClaimOf(claims: ClaimsObject): string | undefined {
  return ['client_id', 'azp', 'cid', 'appid'].find((name) => (own(claims, name) ?? undefined) !== undefined)
}
