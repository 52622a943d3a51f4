import { isAlgorithmName } from '../algorithms.ts'
import { type ClaimsObject, isStringList } from '../lib/claim-path.ts'
import { own } from '../lib/objects.ts'
import type { JwtHeader } from '../types.ts'
import type { Check } from './check.ts'

/** What the checks of any token look at. */
export interface CommonSubject {
  readonly header: JwtHeader
  readonly claims: ClaimsObject
}

/** Claims that only ID tokens, logout tokens, presentations and introspection responses have. */
const foreignClaims = ['at_hash', 'c_hash', 's_hash', 'events', 'vp', 'token_introspection'] as const

/** `token_use` of an access token, where an issuer writes one. */
const accessTokenUses: readonly unknown[] = [undefined, 'access']

/** Keycloak's marks of tokens that are no access tokens. */
const foreignPayloadTypes: readonly unknown[] = ['ID', 'Refresh', 'Offline', 'Logout']

const stringClaims = ['sub', 'jti', 'client_id', 'azp', 'cid', 'appid', 'sid'] as const
const objectClaims = ['cnf', 'act'] as const
const scopeClaims = ['scope', 'scp'] as const

const expectedTypes: Readonly<Record<string, string>> = {
  cnf: 'object',
  act: 'object',
  scope: 'string or list of strings',
  scp: 'string or list of strings',
}

/**
 * What every access token must be, whatever its issuer's rules: an algorithm we know, claims that mark no other kind
 * of token (RFC 8725 §3.12), and the registered types of the claims that decisions depend on. A claim of the wrong
 * type is a refusal, never "absent".
 */
export const commonChecks: readonly Check<CommonSubject>[] = [
  {
    name: 'known algorithm',
    reason: 'algorithm',
    passes: ({ header }) => isAlgorithmName(header.alg),
    facts: ({ header }) => ({ claim: 'alg', expected: 'an algorithm of RFC 7518', actual: header.alg }),
  },
  {
    name: 'foreign claims',
    reason: 'type',
    passes: ({ claims }) => foreignClaimOf(claims) === undefined,
    facts: ({ claims }) => {
      const claim = foreignClaimOf(claims)
      return claim === undefined ? {} : { claim, expected: 'absent', actual: own(claims, claim) }
    },
  },
  {
    name: 'token use',
    reason: 'type',
    passes: ({ claims }) => accessTokenUses.includes(own(claims, 'token_use')),
    facts: ({ claims }) => ({ claim: 'token_use', expected: 'access', actual: own(claims, 'token_use') }),
  },
  {
    name: 'payload type',
    reason: 'type',
    passes: ({ claims }) => !foreignPayloadTypes.includes(own(claims, 'typ')),
    facts: ({ claims }) => ({ claim: 'typ', expected: 'no other kind of token', actual: own(claims, 'typ') }),
  },
  {
    name: 'claim types',
    reason: 'claim',
    passes: ({ claims }) => wronglyTyped(claims) === undefined,
    facts: ({ claims }) => {
      const claim = wronglyTyped(claims)
      if (claim === undefined) return {}
      const expected = expectedTypes[claim] ?? 'string'
      return { claim, expected, actual: own(claims, claim) }
    },
  },
]

function foreignClaimOf(claims: ClaimsObject): string | undefined {
  for (const name of foreignClaims) if (Object.hasOwn(claims, name)) return name
  return undefined
}

function wronglyTyped(claims: ClaimsObject): string | undefined {
  for (const name of stringClaims) {
    const value = own(claims, name)
    if (value !== undefined && typeof value !== 'string') return name
  }
  for (const name of objectClaims) {
    const value = own(claims, name)
    if (value !== undefined && (typeof value !== 'object' || value === null || Array.isArray(value)))
      return name
  }
  for (const name of scopeClaims) {
    const value = own(claims, name)
    if (value !== undefined && typeof value !== 'string' && !isStringList(value)) return name
  }
  return undefined
}
