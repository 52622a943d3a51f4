import { type RefusalDetail, shownDetail } from './detail.ts'
import type { Reason } from './reasons.ts'

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
