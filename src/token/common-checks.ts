import { isAlgorithmName } from '../algorithms.ts'
import type { RefusalDetail } from '../detail.ts'
import { type ClaimsObject, isStringList } from '../lib/claim-path.ts'
import { foreignClaims } from '../lib/foreign-tokens.ts'
import { algorithmHint } from '../hints/key.ts'
import { kindHint } from '../hints/type.ts'
import { own } from '../lib/objects.ts'
import type { JwtHeader } from '../types.ts'
import { type Check, runChecks, type Trace } from './check.ts'

/** What the checks of any token look at. */
export interface CommonSubject {
  readonly header: JwtHeader
  readonly claims: ClaimsObject
}

/** `token_use` of an access token, where an issuer writes one. */
const accessTokenUses: readonly unknown[] = [undefined, 'access']

/** Keycloak's marks of tokens that are no access tokens. */
const foreignPayloadTypes: readonly unknown[] = ['ID', 'Refresh', 'Offline', 'Logout']

/** Types of claims that decisions depend on. */
type ClaimType = 'string' | 'object' | 'string or list of strings'

const claimTypes: ReadonlyMap<string, ClaimType> = /* @__PURE__ */ new Map<string, ClaimType>([
  ['sub', 'string'],
  ['jti', 'string'],
  ['client_id', 'string'],
  ['azp', 'string'],
  ['cid', 'string'],
  ['appid', 'string'],
  ['sid', 'string'],
  ['cnf', 'object'],
  ['act', 'object'],
  ['scope', 'string or list of strings'],
  ['scp', 'string or list of strings'],
])

/** What a claim must be for a token to be an access token; `foreign`: absent, `mark`: see {@link usualMarks}. */
type ClaimKind = ClaimType | 'foreign' | 'mark'

const claimKinds: ReadonlyMap<string, ClaimKind> = /* @__PURE__ */ kindsOfClaims()

/** A function, so that bundlers can leave the map out. */
function kindsOfClaims(): ReadonlyMap<string, ClaimKind> {
  return new Map<string, ClaimKind>([
    ...claimTypes,
    ...foreignClaims.map((name) => [name, 'foreign'] as const),
    ['token_use', 'mark'],
    ['typ', 'mark'],
  ])
}

/** Claims that mark the kind of token, and how access tokens write them. */
const usualMarks: Readonly<Record<string, string>> = { token_use: 'access', typ: 'Bearer' }

const knownAlgorithm: Check<CommonSubject> = {
  name: 'known algorithm',
  reason: 'algorithm',
  passes: ({ header }) => isAlgorithmName(header.alg),
  facts: ({ header }) => ({
    claim: 'alg',
    expected: 'a signature algorithm that is in use (RFC 7518)',
    actual: header.alg,
    hint: algorithmHint(header.alg, []),
  }),
}

/**
 * What the claims of every access token must be, in a JWT or in an answer about a token: none that marks another kind
 * of token (RFC 8725 §3.12), and the registered types of those that decisions depend on. A claim of the wrong type is
 * a refusal, never "absent".
 *
 * @param tokenUses values of `token_use` that access tokens have; `undefined` for an absent one
 */
export function claimChecks(tokenUses: readonly unknown[]): readonly Check<Pick<CommonSubject, 'claims'>>[] {
  return [
    {
      name: 'foreign claims',
      reason: 'type',
      passes: ({ claims }) => foreignClaimOf(claims) === undefined,
      facts: ({ claims }) => {
        const claim = foreignClaimOf(claims)
        if (claim === undefined) return {}
        return { claim, expected: 'absent', actual: own(claims, claim), hint: kindHint(claims, claim) }
      },
    },
    {
      name: 'token use',
      reason: 'type',
      passes: ({ claims }) => tokenUses.includes(own(claims, 'token_use')),
      facts: ({ claims }) => markOf(claims, 'token_use', 'access'),
    },
    {
      name: 'payload type',
      reason: 'type',
      passes: ({ claims }) => !foreignPayloadTypes.includes(own(claims, 'typ')),
      facts: ({ claims }) => markOf(claims, 'typ', 'no other kind of token'),
    },
    {
      name: 'claim types',
      reason: 'claim',
      passes: ({ claims }) => wronglyTyped(claims) === undefined,
      facts: ({ claims }) => {
        const claim = wronglyTyped(claims)
        if (claim === undefined) return {}
        const hint =
          'a claim that decisions depend on must have its registered type: ask the issuer to write it so'
        return { claim, expected: claimTypes.get(claim), actual: own(claims, claim), hint }
      },
    },
  ]
}

/** What every access token must be, whatever its issuer's rules: an algorithm we know, and {@link claimChecks}. */
const commonChecks: readonly Check<CommonSubject>[] = /* @__PURE__ */ [knownAlgorithm].concat(
  /* @__PURE__ */ claimChecks(accessTokenUses),
)

function markOf(claims: ClaimsObject, claim: string, expected: string): RefusalDetail {
  return { claim, expected, actual: own(claims, claim), hint: kindHint(claims, claim) }
}

/** Runs the checks that are the same for every issuer. @throws {InvalidTokenError} */
export function checkCommon(subject: CommonSubject, trace?: Trace): void {
  // Nearly every token, in one look at its claims; the checks themselves decide everything else.
  if (trace === undefined && isUsual(subject)) return
  runChecks(commonChecks, subject, trace)
}

/** Whether a token has nothing that any of the checks could refuse. */
function isUsual({ header, claims }: CommonSubject): boolean {
  if (!isAlgorithmName(header.alg)) return false
  // Twice as fast as a list of the names. A name that a polluted prototype adds is one name more that must pass.
  for (const name in claims) {
    const kind = claimKinds.get(name)
    if (kind === undefined) continue
    const value = claims[name]
    if (kind === 'mark' ? value !== usualMarks[name] : kind === 'foreign' || !isOfType(value, kind))
      return false
  }
  return true
}

function foreignClaimOf(claims: ClaimsObject): string | undefined {
  return Object.keys(claims).find((name) => foreignClaims.includes(name))
}

/** Looks at the claims there are, which are fewer than those that could be. */
function wronglyTyped(claims: ClaimsObject): string | undefined {
  for (const name of Object.keys(claims)) {
    const type = claimTypes.get(name)
    if (type !== undefined && !isOfType(claims[name], type)) return name
  }
  return undefined
}

function isOfType(value: unknown, type: ClaimType): boolean {
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return typeof value === 'string' || (type !== 'string' && isStringList(value))
}
