import type { Presented } from '../http/finder.ts'
import type { Clock } from '../lib/clock.ts'
import { andThen } from '../lib/maybe-promise.ts'
import { type Trace, traced } from '../token/check.ts'
import type { VerifiedToken } from '../token/verified-token.ts'
import type { Auth, MaybePromise } from '../types.ts'

/** Headers that a successful response to this caller carries. */
export type ResponseHeaders = Readonly<Record<string, string>>

/** What comes of a sender that is confirmed. */
export interface Confirmed {
  /** Headers of a successful response. */
  readonly headers?: ResponseHeaders | undefined
  /** Runs after every other check of the request: what can be used once is not used up by a refusal. @throws {AuthError} */
  readonly lastly?: (() => MaybePromise<void>) | undefined
}

/**
 * The checks that run on every request, for remembered tokens too. Every member is required; a check that is off is a
 * function whose name says so.
 */
export interface RequestChecks<C> {
  /**
   * Whether the sender is the one the token was issued to (RFC 7800 §3.1).
   *
   * @throws {AuthError}
   */
  readonly sender: (token: VerifiedToken, presented: Presented) => MaybePromise<Confirmed | undefined>
  /** Checks that the token was not revoked. @throws {AuthError} */
  readonly revocation: (token: VerifiedToken, presented: Presented) => MaybePromise<void>
  /** The claims as the application sees them. @throws {AuthError} */
  readonly claims: (token: VerifiedToken) => MaybePromise<C>
}

/** How a caller was accepted; one object serves all callers without anything of their own. */
export interface AcceptanceFacts {
  /** The acceptor, with the API's own identifier. */
  readonly by: { readonly resource?: string | undefined }
  readonly clock: Clock | undefined
  /** The same caller with every claim as it was signed, where a schema changed the claims. */
  readonly signed: Auth | undefined
  readonly responseHeaders: ResponseHeaders | undefined
}

/** Makes callers of verified tokens, and knows the ones it made. @template A a caller */
export interface AcceptorOf<A> {
  /** Accepts or refuses a verified token as it was presented. @throws {AuthError} */
  readonly accept: (token: VerifiedToken, presented: Presented, trace?: Trace) => MaybePromise<A>
  /** The caller as guards see it; `undefined` for anything this acceptor did not make. */
  readonly judged: (auth: unknown) => Auth | undefined
  readonly responseHeaders: (auth: unknown) => ResponseHeaders | undefined
  /** Counts the decisions about a caller that have not ended, where one begins or ends; 0 for any other value. */
  readonly open: (judged: unknown, change: 0 | 1 | -1) => number
  /** The same caller as another object, on which decisions are counted anew. */
  readonly copy: (judged: Auth) => Auth
}

/** The same checks, each of which adds its result to a trace. */
export function withTrace<C>(checks: RequestChecks<C>, trace: Trace): RequestChecks<C> {
  return {
    sender: (token, presented) =>
      andThen(
        traced('sender', trace, () => checks.sender(token, presented)),
        (confirmed) => lastTraced(confirmed, trace),
      ),
    revocation: (token, presented) => traced('revocation', trace, () => checks.revocation(token, presented)),
    claims: (token) => traced('schema', trace, () => checks.claims(token)),
  }
}

function lastTraced(confirmed: Confirmed | undefined, trace: Trace): Confirmed | undefined {
  const lastly = confirmed?.lastly
  return lastly === undefined ? confirmed : { ...confirmed, lastly: () => traced('replay', trace, lastly) }
}
