import type { MaybePromise } from '../types.ts'
import type { TrustedIssuer } from './trusted-issuer.ts'

/** The issuers of one resource server. */
export interface Issuers {
  /** Finds an issuer by its exact name; `undefined` when it is not trusted. */
  readonly find: (name: string) => MaybePromise<TrustedIssuer | undefined>
  /** A signature of this issuer was verified: from now on no unsigned token can make it forgotten. */
  readonly prove: (issuer: TrustedIssuer) => void
  /** Those in the configuration, and those of which a signature was verified. */
  readonly proven: () => readonly TrustedIssuer[]
  /** Those known by now, proven or not. */
  readonly known: () => readonly TrustedIssuer[]
  /** Those the API cannot do without: written in the configuration. */
  readonly configured: () => readonly TrustedIssuer[]
}

/** Issuers written in the configuration. */
export function fixedIssuers(issuers: readonly TrustedIssuer[]): Issuers {
  const byName = new Map(issuers.map((issuer) => [issuer.name, issuer]))
  return {
    find: (name) => byName.get(name),
    prove: () => undefined,
    proven: () => issuers,
    known: () => issuers,
    configured: () => issuers,
  }
}
