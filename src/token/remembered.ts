import { digest } from '#platform'
import type { Proof } from '../caller/accept.ts'
import { boundedCache } from '../lib/cache.ts'
import type { TrustedIssuer } from '../issuer/trusted-issuer.ts'
import type { VerificationKey } from '../jose/jwk.ts'
import type { TokenCacheSettings } from '../options/types.ts'
import type { MaybePromise } from '../types.ts'

/** What is remembered of a token: that these bytes were signed by this key, and what they say. */
export interface VerifiedToken {
  readonly proof: Proof
  readonly key: VerificationKey
  /** The issuer under whose rules it was accepted. */
  readonly issuer: TrustedIssuer
  /** Seconds since the epoch. */
  readonly verifiedAt: number
  /** Length of the token, as a measure of the memory its claims take. */
  readonly length: number
}

/** Memory of verified signatures. */
export interface TokenCache {
  /** The name a token is remembered under: a hash, so that the memory holds no credentials. */
  readonly nameOf: (token: string) => MaybePromise<string>
  /** @param now seconds since the epoch */
  readonly get: (name: string, now: number) => VerifiedToken | undefined
  readonly set: (name: string, value: VerifiedToken) => void
}

/** Characters of all remembered tokens together: 10,000 tokens of a common size fit. */
const maxCharacters = 16_000_000

/** Makes a token cache; every resource server has its own. */
export function tokenCache({ max, maxAge }: TokenCacheSettings): TokenCache {
  const entries = boundedCache<VerifiedToken>({
    max,
    maxSize: maxCharacters,
    sizeOf: ({ length }) => length,
  })
  return {
    nameOf: digest,
    get(name, now) {
      const entry = entries.get(name)
      return entry !== undefined && now < entry.verifiedAt + maxAge ? entry : undefined
    },
    set(name, value) {
      entries.set(name, value)
    },
  }
}
