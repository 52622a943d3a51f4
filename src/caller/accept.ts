import type { ClaimsObject } from '../lib/claim-path.ts'
import { clientOf, type TokenTimes } from '../token/claims.ts'
import { own } from '../lib/objects.ts'
import type { TrustedIssuer } from '../issuer/trusted-issuer.ts'
import type { Auth, JwtHeader } from '../types.ts'

/** Everything of an `Auth` that depends on the token's bytes alone. */
export interface Proof {
  readonly header: JwtHeader
  readonly claims: ClaimsObject
  readonly issuer: string
  readonly subject: string | undefined
  readonly clientId: string | undefined
  readonly scopes: ReadonlySet<string>
  readonly roles: ReadonlySet<string>
  readonly times: TokenTimes
}

/** Draws the proof from a verified token. */
export function proofOf(
  header: JwtHeader,
  claims: ClaimsObject,
  times: TokenTimes,
  issuer: TrustedIssuer,
): Proof {
  return {
    header,
    claims,
    issuer: issuer.name,
    subject: own(claims, 'sub') as string | undefined,
    clientId: clientOf(claims),
    scopes: issuer.scopesOf(claims),
    roles: issuer.rolesOf(claims),
    times,
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
    this.expiresAt = new Date(proof.times.exp * 1000)
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
