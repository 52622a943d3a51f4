import { AuthError, isAuthError, type RefusalOptions } from './auth-error.ts'
import { descriptions, proofDescriptions, type ProofFailure, type TokenFailure } from './reasons.ts'

export { AuthError, isAuthError, type RefusalOptions } from './auth-error.ts'
export type { ProofFailure, Reason, TokenFailure } from './reasons.ts'

/** Tells whether a status refuses the caller: 401 or 403. */
export function isRefusalStatus(status: unknown): boolean {
  return status === 401 || status === 403
}

/** Tells whether an error refuses the caller. Any other error means that nobody could find out. */
export function isRefusal(value: unknown): value is AuthError {
  return isAuthError(value) && isRefusalStatus(value.status)
}

/** Tells whether the caller can pass with a new token: never where a role or a claim is missing. */
export function helpsNewToken({ status, reason }: AuthError): boolean {
  return status === 401 || reason === 'scope' || reason === 'authorization_details'
}

/** No access token was found (RFC 6750 §3.1: no error code then). */
export class MissingTokenError extends AuthError {
  override readonly name = 'MissingTokenError'
  readonly status = 401
  readonly code = undefined
  readonly reason = 'missing'

  constructor(options?: RefusalOptions) {
    super('No access token was found', options)
  }
}

/** The request carries its credentials in a way that cannot be read, or more than once (RFC 6750 §3.1). */
export class InvalidRequestError extends AuthError {
  override readonly name = 'InvalidRequestError'
  readonly status = 400
  readonly code = 'invalid_request'
  readonly reason = 'malformed'

  /** @param message a fixed sentence; it is shown to the client. */
  constructor(message = 'The credentials are malformed', options?: RefusalOptions) {
    super(message, options)
  }
}

/** The access token is expired, revoked, malformed, or otherwise invalid (RFC 6750 §3.1). */
export class InvalidTokenError extends AuthError {
  override readonly name = 'InvalidTokenError'
  readonly status = 401
  readonly code = 'invalid_token'
  readonly reason: TokenFailure

  constructor(reason: TokenFailure, options?: RefusalOptions) {
    super(descriptions[reason], options)
    this.reason = reason
  }
}

/** The DPoP proof is missing, broken or used before, or has no nonce of ours (RFC 9449 §7.1, §9). */
export class InvalidProofError extends AuthError {
  override readonly name = 'InvalidProofError'
  readonly status = 401
  readonly code: 'invalid_dpop_proof' | 'use_dpop_nonce'
  readonly reason: ProofFailure
  /** What the next proof must have as `nonce`; sent as `DPoP-Nonce`. */
  readonly nonce: string | undefined

  /** @param nonce for the reason `nonce` */
  constructor(
    reason: ProofFailure,
    { nonce, ...options }: RefusalOptions & { readonly nonce?: string } = {},
  ) {
    super(proofDescriptions[reason], options)
    this.reason = reason
    this.code = reason === 'nonce' ? 'use_dpop_nonce' : 'invalid_dpop_proof'
    this.nonce = nonce
  }
}

/** The token holds, but grants too little (RFC 6750 §3.1). */
export class InsufficientScopeError extends AuthError {
  override readonly name = 'InsufficientScopeError'
  readonly status = 403
  readonly code = 'insufficient_scope'
  readonly reason = 'scope'
  /** Every scope the route needs. */
  readonly scopes: readonly string[]

  constructor(scopes: readonly string[], options?: RefusalOptions) {
    super('The scopes of the access token are not enough for this request', options)
    this.scopes = scopes
  }
}

/** How a user must have logged in (RFC 9470 §3). */
export interface LoginRequirements {
  /** Accepted values of `acr`, in order of preference; `undefined` where any will do. */
  readonly acrValues?: readonly string[] | undefined
  /** Seconds since the login; `undefined` where any age will do. */
  readonly maxAge?: number | undefined
}

/** The token holds, but the login of its user is too weak or too long ago (RFC 9470 §3). */
export class InsufficientUserAuthenticationError extends AuthError implements LoginRequirements {
  override readonly name = 'InsufficientUserAuthenticationError'
  readonly status = 401
  readonly code = 'insufficient_user_authentication'
  readonly reason = 'step_up'
  readonly acrValues: readonly string[] | undefined
  readonly maxAge: number | undefined

  constructor({ acrValues, maxAge }: LoginRequirements, options?: RefusalOptions) {
    super('A stronger or more recent login of the user is required', options)
    this.acrValues = acrValues
    this.maxAge = maxAge
  }
}

/**
 * The caller may not do this, and no error code tells the client which token would change that: no
 * `insufficient_scope` here, so that clients do not loop through login.
 */
export class ForbiddenError extends AuthError {
  override readonly name = 'ForbiddenError'
  readonly status = 403
  readonly code = 'forbidden'
  readonly reason: 'role' | 'claim' | 'authorization_details' | 'csrf' | 'forbidden'

  constructor(reason: ForbiddenError['reason'] = 'forbidden', options?: RefusalOptions) {
    super(
      reason === 'csrf'
        ? 'The request does not show that it comes from a page that may send it'
        : 'The caller is not allowed to do this',
      options,
    )
    this.reason = reason
  }
}

/** Reason phrases of our statuses (RFC 9110 §15). */
const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  503: 'Service Unavailable',
}

/** The reason phrase of the status of a refusal; `Refused` for a status that is none of ours. */
export function titleOf(status: number): string {
  return titles[status] ?? 'Refused'
}

/** Longest `Retry-After` we send. Seconds. */
const longestRetry = 86_400

/**
 * The issuer's keys cannot be had, so nobody can tell whether the token holds: 503, never 401 (RFC 9110
 * §15.6.4).
 */
export class UpstreamError extends AuthError {
  override readonly name = 'UpstreamError'
  readonly status = 503
  readonly code = undefined
  readonly reason = 'unavailable'
  /** Seconds after which asking again makes sense; 1 to 86400. */
  readonly retryAfter: number

  /** @param retryAfter seconds */
  constructor(retryAfter: number, options?: RefusalOptions) {
    super('Access cannot be checked at the moment', options)
    this.retryAfter = Math.min(Math.max(1, Math.ceil(retryAfter) || 1), longestRetry)
  }
}
