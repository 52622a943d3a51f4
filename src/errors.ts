import { type RefusalDetail, shownDetail } from './detail.ts'
import { descriptions, type Reason, type TokenFailure } from './reasons.ts'

export type { Reason, TokenFailure } from './reasons.ts'

/** What an error can be made with, beside its reason. */
export interface RefusalOptions {
  /** The error behind this one. */
  readonly cause?: unknown
  /**
   * The facts of the decision, for operators; reduced to what may be shown. A function is called when they are read
   * first: a refusal that nobody looks at costs nothing more.
   */
  readonly detail?: RefusalDetail | (() => RefusalDetail)
}

// Registered globally, so that errors of the ESM and of the CommonJS build recognise each other.
const brand = Symbol.for('oauth-resource-server.error')

/**
 * Anything this library refuses a request with. Its `message` is a fixed sentence: no token, claim, key id or
 * library message is ever part of it.
 */
export abstract class AuthError extends Error {
  /** HTTP status of the refusal. */
  abstract readonly status: number
  /** What the client sees as `error`; `undefined` where the standard wants none. */
  abstract readonly code: string | undefined
  /** What the operator sees. */
  abstract readonly reason: Reason
  /** The facts of the decision, for operators. Not enumerable, and never sent. */
  declare readonly detail: RefusalDetail
  /** Response headers of the refusal, set when `onError: 'throw'` hands the error to the framework. */
  headers?: Readonly<Record<string, string>>

  /** @param message a fixed sentence */
  constructor(message: string, { cause, detail = {} }: RefusalOptions = {}) {
    super(message, cause === undefined ? undefined : { cause })
    Object.defineProperty(
      this,
      'detail',
      typeof detail === 'function' ? readOnce(detail) : { value: shownDetail(detail) },
    )
  }

  /** Same as `status`, under the name Express and Fastify read. */
  get statusCode(): number {
    return this.status
  }

  /** Whether the message may be shown to the caller: true for the caller's own mistakes. */
  get expose(): boolean {
    return this.status < 500
  }
}

/** A property that is made when it is read first. */
function readOnce(facts: () => RefusalDetail): PropertyDescriptor {
  let detail: RefusalDetail | undefined
  return { get: () => (detail ??= shownDetail(facts())) }
}

// On the prototype, where no serialiser finds it.
Object.defineProperty(AuthError.prototype, brand, { value: true })

/** Tells whether a value is an {@link AuthError}, also one made by the package's other build. */
export function isAuthError(value: unknown): value is AuthError {
  return typeof value === 'object' && value !== null && (value as { [brand]?: unknown })[brand] === true
}

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

/**
 * The caller may not do this, and no other token would change that: no `insufficient_scope` here, so that
 * clients do not loop through login.
 */
export class ForbiddenError extends AuthError {
  override readonly name = 'ForbiddenError'
  readonly status = 403
  readonly code = 'forbidden'
  readonly reason: 'role' | 'claim' | 'forbidden'

  constructor(reason: 'role' | 'claim' | 'forbidden' = 'forbidden', options?: RefusalOptions) {
    super('The caller is not allowed to do this', options)
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
