import type { Clock } from '../lib/clock.ts'
import { isObserved, report } from '../lib/diagnostics.ts'
import { type Trace, traced } from '../token/check.ts'
import { wasRecalled } from '../token/remembered.ts'
import { checkTimes } from '../token/times.ts'
import type { VerifiedToken } from '../token/verified-token.ts'
import type { Auth, Credentials, HttpRequest, JwtHeader, MaybePromise } from '../types.ts'

/** A token as it came with a request; without one where a bare token is verified. */
export interface Presented extends Credentials {
  readonly request: HttpRequest | undefined
}

/** Headers that a successful response to this caller carries. */
export type ResponseHeaders = Readonly<Record<string, string>>

/**
 * Everything that is asked on every request, of remembered tokens too. Each member has to be given; what is switched
 * off is a function that says so by its name.
 */
export interface RequestChecks<C> {
  /**
   * Whether the sender is the one the token was issued to (RFC 7800 §3.1).
   *
   * @returns headers for a successful response
   * @throws {AuthError}
   */
  readonly sender: (token: VerifiedToken, presented: Presented) => MaybePromise<ResponseHeaders | undefined>
  /** Whether the token still counts. @throws {AuthError} */
  readonly revocation: (token: VerifiedToken, presented: Presented) => MaybePromise<void>
  /** The claims as the application sees them. @throws {AuthError} */
  readonly claims: (token: VerifiedToken) => MaybePromise<C>
}

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
  readonly #judged: VerifiedAuth<unknown>
  readonly #responseHeaders: ResponseHeaders | undefined
  readonly #acceptedBy: object

  constructor(
    verified: VerifiedToken,
    { scheme, token }: Presented,
    claims: C,
    responseHeaders: ResponseHeaders | undefined,
    acceptedBy: object,
    judged?: VerifiedAuth<unknown>,
  ) {
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
    this.#judged = judged ?? this
    this.#responseHeaders = responseHeaders
    this.#acceptedBy = acceptedBy
  }

  get token(): string {
    return this.#token
  }

  /** What guards judge: the same caller with every verified claim as the issuer signed it. */
  static judgedOf(auth: unknown, acceptedBy: object): Auth | undefined {
    const isOurs = typeof auth === 'object' && auth !== null && #acceptedBy in auth
    return isOurs && auth.#acceptedBy === acceptedBy ? (auth.#judged as Auth) : undefined
  }

  static responseHeadersOf(auth: unknown): ResponseHeaders | undefined {
    return typeof auth === 'object' && auth !== null && #responseHeaders in auth
      ? auth.#responseHeaders
      : undefined
  }
}
export type { VerifiedAuth }

/** Accepts or refuses a verified token as it was presented. */
export type Acceptance<C> = (
  token: VerifiedToken,
  presented: Presented,
  trace?: Trace,
) => MaybePromise<VerifiedAuth<C>>

/** Makes callers of verified tokens, and knows the ones it made. */
export interface Acceptor<C> {
  readonly accept: Acceptance<C>
  /** The caller as guards judge it; `undefined` for anything this acceptor did not make. */
  readonly judged: (auth: unknown) => Auth | undefined
  readonly responseHeaders: (auth: unknown) => ResponseHeaders | undefined
}

/** The same checks, each of which adds its result to a trace. */
function withTrace<C>(checks: RequestChecks<C>, trace: Trace): RequestChecks<C> {
  return {
    sender: (token, presented) => traced('sender', trace, () => checks.sender(token, presented)),
    revocation: (token, presented) => traced('revocation', trace, () => checks.revocation(token, presented)),
    claims: (token) => traced('schema', trace, () => checks.claims(token)),
  }
}

/**
 * Makes the last stage: the sender, revocation, the application's claims, and the time once more after the last wait.
 * Nothing here is ever remembered.
 */
export function acceptance<C>(requestChecks: RequestChecks<C>, clock: Clock): Acceptor<C> {
  const mark = {}

  function afterSender(
    checks: RequestChecks<C>,
    token: VerifiedToken,
    presented: Presented,
    headers: ResponseHeaders | undefined,
    waited: boolean,
  ): MaybePromise<VerifiedAuth<C>> {
    const revocation = checks.revocation(token, presented)
    return revocation instanceof Promise
      ? revocation.then(() => afterRevocation(checks, token, presented, headers, true))
      : afterRevocation(checks, token, presented, headers, waited)
  }

  function afterRevocation(
    checks: RequestChecks<C>,
    token: VerifiedToken,
    presented: Presented,
    headers: ResponseHeaders | undefined,
    waited: boolean,
  ): MaybePromise<VerifiedAuth<C>> {
    const claims = checks.claims(token)
    return claims instanceof Promise
      ? claims.then((it) => admit(token, presented, it, headers, true))
      : admit(token, presented, claims, headers, waited)
  }

  function admit(
    token: VerifiedToken,
    presented: Presented,
    claims: C,
    headers: ResponseHeaders | undefined,
    waited: boolean,
  ): VerifiedAuth<C> {
    // What was waited for may have taken seconds.
    if (waited) checkTimes(token.times, clock.wall())
    if (isObserved('verified')) {
      report('verified', { issuer: token.issuer, remembered: wasRecalled(token) })
    }
    const judged =
      (claims as unknown) === token.claims
        ? undefined
        : new VerifiedAuth(token, presented, token.claims, headers, mark)
    return new VerifiedAuth(token, presented, claims, headers, mark, judged)
  }

  return {
    accept(token, presented, trace) {
      const checks = trace === undefined ? requestChecks : withTrace(requestChecks, trace)
      const sender = checks.sender(token, presented)
      return sender instanceof Promise
        ? sender.then((headers) => afterSender(checks, token, presented, headers, true))
        : afterSender(checks, token, presented, sender, false)
    },
    judged: (auth) => VerifiedAuth.judgedOf(auth, mark),
    responseHeaders: (auth) => VerifiedAuth.responseHeadersOf(auth),
  }
}
