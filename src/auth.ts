import { frozenSet } from './frozen-set.ts'
import type { ClaimsObject } from './claims.ts'
import { clientOf } from './claims.ts'
import { own } from './json.ts'
import type { TrustedIssuer } from './issuers.ts'
import type { Auth, JwtHeader } from './types.ts'

/** Everything of an `Auth` that depends on the token's bytes alone. */
export interface Proof {
  readonly header: JwtHeader
  readonly claims: ClaimsObject
  readonly issuer: string
  readonly subject: string | undefined
  readonly clientId: string | undefined
  readonly scopes: ReadonlySet<string>
  readonly roles: ReadonlySet<string>
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/** Draws the proof from a verified token. */
export function proofOf(header: JwtHeader, claims: ClaimsObject, issuer: TrustedIssuer): Proof {
  return {
    header,
    claims,
    issuer: issuer.issuer,
    subject: own(claims, 'sub') as string | undefined,
    clientId: clientOf(claims),
    scopes: frozenSet(issuer.scopesOf(claims)),
    roles: frozenSet(issuer.rolesOf(claims)),
    expiresAt: (own(claims, 'exp') as number) * 1000,
  }
}

class VerifiedAuth<C> implements Auth<C> {
  readonly scheme = 'Bearer'
  readonly header: JwtHeader
  readonly claims: C
  readonly issuer: string
  declare readonly subject?: string
  declare readonly clientId?: string
  readonly scopes: ReadonlySet<string>
  readonly roles: ReadonlySet<string>
  readonly expiresAt: Date
  // Private, so that neither JSON.stringify nor console.log shows it.
  readonly #token: string

  constructor(proof: Proof, claims: C, token: string) {
    this.header = proof.header
    this.claims = claims
    this.issuer = proof.issuer
    if (proof.subject !== undefined) this.subject = proof.subject
    if (proof.clientId !== undefined) this.clientId = proof.clientId
    this.scopes = proof.scopes
    this.roles = proof.roles
    this.expiresAt = new Date(proof.expiresAt)
    this.#token = token
  }

  get token(): string {
    return this.#token
  }
}

/** The caller of one request. */
export function authOf<C>(proof: Proof, claims: C, token: string): Auth<C> {
  return new VerifiedAuth(proof, claims, token)
}
