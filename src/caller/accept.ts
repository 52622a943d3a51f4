import { moment, type Moment } from '../guards/moment.ts'
import { namesFrom } from '../hints/names.ts'
import type { Presented } from '../http/finder.ts'
import type { Clock } from '../lib/clock.ts'
import { isObserved, report } from '../lib/diagnostics.ts'
import { resourceOf } from '../lib/resource-of.ts'
import { wasRecalled } from '../token/remembered.ts'
import { signedHash, signedHashOf } from '../token/signed-hash.ts'
import { checkTimes } from '../token/times.ts'
import type { VerifiedToken } from '../token/verified-token.ts'
import type { Auth, JwtHeader, MaybePromise } from '../types.ts'
import {
  type AcceptanceFacts,
  type AcceptorOf,
  type Confirmed,
  type RequestChecks,
  type ResponseHeaders,
  withTrace,
} from './request-checks.ts'

/** Who is calling, proven: made by {@link acceptance} alone. */
class VerifiedAuth<C> implements Auth<C> {
  readonly scheme: Auth['scheme']
  declare readonly header?: JwtHeader
  readonly claims: C
  readonly issuer: string
  declare readonly subject?: string
  declare readonly clientId?: string
  readonly scopes: ReadonlySet<string>
  readonly roles: ReadonlySet<string>
  readonly expiresAt: Date
  // Private, so that neither JSON.stringify nor console.log shows them.
  readonly #token: string
  readonly #acceptance: AcceptanceFacts
  readonly #verified: VerifiedToken
  /** Decisions about this very object that have not been made yet. */
  #open = 0

  constructor(verified: VerifiedToken, { scheme, token }: Presented, claims: C, facts: AcceptanceFacts) {
    this.scheme = scheme
    if (verified.header !== undefined) this.header = verified.header
    this.claims = claims
    this.issuer = verified.issuer
    if (verified.subject !== undefined) this.subject = verified.subject
    if (verified.clientId !== undefined) this.clientId = verified.clientId
    this.scopes = verified.scopes
    this.roles = verified.roles
    this.expiresAt = new Date(verified.times.exp * 1000)
    this.#token = token
    this.#acceptance = facts
    this.#verified = verified
    // Guards check this very object: nobody may change who is calling.
    Object.freeze(this)
  }

  get token(): string {
    return this.#token
  }

  static verified(auth: VerifiedAuth<unknown>): VerifiedToken {
    return auth.#verified
  }

  /** How this caller was accepted; `undefined` for anything that is no caller. */
  static factsOf(auth: unknown): AcceptanceFacts | undefined {
    return typeof auth === 'object' && auth !== null && #acceptance in auth ? auth.#acceptance : undefined
  }

  /** Counts the decisions about this very object that have not been made yet. */
  static open(auth: unknown, change: 0 | 1 | -1): number {
    return typeof auth === 'object' && auth !== null && #open in auth ? (auth.#open += change) : 0
  }

  static copy(auth: Auth, facts: AcceptanceFacts): Auth {
    if (!(#verified in auth)) return auth
    const { scheme, token, claims } = auth
    const presented = { scheme, token, place: 'custom', request: undefined } as const
    return new VerifiedAuth(auth.#verified, presented, claims, facts)
  }
}
/** Where hints, guards and the kit for MCP find what is nobody else's business. */
function hide(name: symbol, read: (auth: VerifiedAuth<unknown>) => unknown): void {
  const get = function (this: VerifiedAuth<unknown>): unknown {
    return read(this)
  }
  Object.defineProperty(VerifiedAuth.prototype, name, { get })
}
hide(namesFrom, (auth) => VerifiedAuth.verified(auth).namesFrom)
hide(resourceOf, (auth) => VerifiedAuth.factsOf(auth)?.by.resource)
hide(signedHash, (auth) => signedHashOf(VerifiedAuth.verified(auth)))
hide(moment, (auth): Moment | undefined => {
  const clock = VerifiedAuth.factsOf(auth)?.clock
  return clock && { now: clock.wall(), tolerance: VerifiedAuth.verified(auth).times.tolerance }
})
export type { VerifiedAuth }

/** The acceptor of callers that are not accepted yet: it belongs to no resource server, so no guard accepts them. */
const nobody: AcceptanceFacts = { by: {}, clock: undefined, signed: undefined, responseHeaders: undefined }

/** A caller as a check of the application's sees it, before it is accepted. */
export function unacceptedAuth(token: VerifiedToken, presented: Presented): Auth {
  return new VerifiedAuth(token, presented, token.claims, nobody) as unknown as Auth
}

/** The caller with every claim as it was signed; `undefined` for anything that was not made here. */
export function asSignedAuth(auth: unknown): Auth | undefined {
  const facts = VerifiedAuth.factsOf(auth)
  return facts && (facts.signed ?? (auth as Auth))
}

/** Makes callers of verified tokens. */
export type Acceptor<C> = AcceptorOf<VerifiedAuth<C>>

/**
 * Makes the last stage: the sender, revocation, the application's claims, what can be used once, and the time once
 * more after the last wait. Nothing here is ever remembered.
 */
export function acceptance<C>(requestChecks: RequestChecks<C>, clock: Clock, resource?: string): Acceptor<C> {
  const by = { resource }
  const plain: AcceptanceFacts = { by, clock, signed: undefined, responseHeaders: undefined }

  function afterSender(
    checks: RequestChecks<C>,
    token: VerifiedToken,
    presented: Presented,
    confirmed: Confirmed | undefined,
    waited: boolean,
  ): MaybePromise<VerifiedAuth<C>> {
    const revocation = checks.revocation(token, presented)
    return revocation instanceof Promise
      ? revocation.then(() => afterRevocation(checks, token, presented, confirmed, true))
      : afterRevocation(checks, token, presented, confirmed, waited)
  }

  function afterRevocation(
    checks: RequestChecks<C>,
    token: VerifiedToken,
    presented: Presented,
    confirmed: Confirmed | undefined,
    waited: boolean,
  ): MaybePromise<VerifiedAuth<C>> {
    const claims = checks.claims(token)
    return claims instanceof Promise
      ? claims.then((it) => afterClaims(token, presented, it, confirmed, true))
      : afterClaims(token, presented, claims, confirmed, waited)
  }

  function afterClaims(
    token: VerifiedToken,
    presented: Presented,
    claims: C,
    confirmed: Confirmed | undefined,
    waited: boolean,
  ): MaybePromise<VerifiedAuth<C>> {
    const last = confirmed?.lastly?.()
    return last instanceof Promise
      ? last.then(() => admit(token, presented, claims, confirmed?.headers, true))
      : admit(token, presented, claims, confirmed?.headers, waited)
  }

  function admit(
    token: VerifiedToken,
    presented: Presented,
    claims: C,
    responseHeaders: ResponseHeaders | undefined,
    waited: boolean,
  ): VerifiedAuth<C> {
    // What was waited for may have taken seconds.
    if (waited) checkTimes(token.times, clock.wall())
    if (isObserved('verified')) {
      report('verified', { issuer: token.issuer, remembered: wasRecalled(token) })
    }
    const isSigned = (claims as unknown) === token.claims
    if (isSigned && responseHeaders === undefined) return new VerifiedAuth(token, presented, claims, plain)
    const signed = isSigned
      ? undefined
      : (new VerifiedAuth(token, presented, token.claims, plain) as unknown as Auth)
    return new VerifiedAuth(token, presented, claims, { by, clock, signed, responseHeaders })
  }

  return {
    accept(token, presented, trace) {
      const checks = trace === undefined ? requestChecks : withTrace(requestChecks, trace)
      const sender = checks.sender(token, presented)
      return sender instanceof Promise
        ? sender.then((confirmed) => afterSender(checks, token, presented, confirmed, true))
        : afterSender(checks, token, presented, sender, false)
    },
    judged(auth) {
      const facts = VerifiedAuth.factsOf(auth)
      return facts?.by === by ? (facts.signed ?? (auth as Auth)) : undefined
    },
    responseHeaders: (auth) => VerifiedAuth.factsOf(auth)?.responseHeaders,
    open: (judged, change) => VerifiedAuth.open(judged, change),
    copy: (judged) => VerifiedAuth.copy(judged, plain),
  }
}
