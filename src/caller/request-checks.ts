import type { Presented } from '../http/finder.ts'
import { type Trace, traced } from '../token/check.ts'
import type { VerifiedToken } from '../token/verified-token.ts'
import type { MaybePromise } from '../types.ts'

/** Headers that a successful response to this caller carries. */
export type ResponseHeaders = Readonly<Record<string, string>>

/**
 * The checks that run on every request, for remembered tokens too. Every member is required; a check that is off is a
 * function whose name says so.
 */
export interface RequestChecks<C> {
  /**
   * Whether the sender is the one the token was issued to (RFC 7800 §3.1).
   *
   * @returns headers for a successful response
   * @throws {AuthError}
   */
  readonly sender: (token: VerifiedToken, presented: Presented) => MaybePromise<ResponseHeaders | undefined>
  /** Checks that the token was not revoked. @throws {AuthError} */
  readonly revocation: (token: VerifiedToken, presented: Presented) => MaybePromise<void>
  /** The claims as the application sees them. @throws {AuthError} */
  readonly claims: (token: VerifiedToken) => MaybePromise<C>
}

/** The same checks, each of which adds its result to a trace. */
export function withTrace<C>(checks: RequestChecks<C>, trace: Trace): RequestChecks<C> {
  return {
    sender: (token, presented) => traced('sender', trace, () => checks.sender(token, presented)),
    revocation: (token, presented) => traced('revocation', trace, () => checks.revocation(token, presented)),
    claims: (token) => traced('schema', trace, () => checks.claims(token)),
  }
}
