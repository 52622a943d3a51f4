import { vi } from 'vitest'
import type { KeySource } from '../../src/issuer/key-source.ts'
import type { TrustedIssuer } from '../../src/issuer/trusted-issuer.ts'
import type { VerificationKey } from '../../src/jose/jwk.ts'
import { parseToken } from '../../src/jose/jws.ts'
import { importKeySet } from '../../src/jose/key-set.ts'
import { acceptableToken, type PlausibleToken, plausibleToken } from '../../src/token/plausible-token.ts'
import { issuer, now } from './verdict.ts'

/** The key that signs the tokens of the test issuer. */
export const key = (await importKeySet(issuer.jwks, ['ES256'], 10)).keys[0] as VerificationKey

/** A source that has the key of the test issuer and no other, with some members replaced. */
export function keysWith(changes: Partial<KeySource> = {}): KeySource {
  return {
    find: () => key,
    stillHas: () => true,
    afterBadSignature: () => undefined,
    ...changes,
  } as unknown as KeySource
}

/** The test issuer as a trusted one. */
export function trusted(keys: KeySource = keysWith(), changes: Partial<TrustedIssuer> = {}): TrustedIssuer {
  return {
    name: issuer.issuer,
    rules: {
      audience: ['https://api.test'],
      clients: undefined,
      profile: 'compatible',
      tokenTypes: ['at+jwt'],
      acceptNonce: false,
      requiredClaims: [],
      clockTolerance: 0,
      maxTokenAge: undefined,
    },
    algorithms: ['ES256'],
    keys,
    introspection: undefined,
    scopesOf: Object.assign(
      vi.fn(() => new Set(['read'])),
      { claimNames: [] },
    ),
    rolesOf: Object.assign(
      vi.fn(() => new Set(['clerk'])),
      { claimNames: [] },
    ),
    generation: Symbol('generation'),
    namesFrom: { scopes: ['scope'], roles: ['roles'] },
    ...changes,
  }
}

/** A token of the test issuer before its signature is looked at. */
export function plausible(token: string, from: TrustedIssuer): PlausibleToken {
  return plausibleToken(acceptableToken(parseToken(token), now), from, now)
}
