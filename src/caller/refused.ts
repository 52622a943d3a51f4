import { type AuthError, isAuthError } from '../errors.ts'
import { explain } from '../explain.ts'
import { asError } from '../lib/as-error.ts'
import { debug, isObserved, report } from '../lib/diagnostics.ts'
import { isPromise, unawaited } from '../lib/maybe-promise.ts'
import { issuerOf } from '../token/of-issuer.ts'
import type { HttpRequest } from '../types.ts'
import { recordRefusal } from './as-reported.ts'

/** What the application does about a refusal. Its result is ignored. */
export type RefusedHook = (error: AuthError, request: unknown) => unknown

/** What is known where a request is refused. */
export interface Refusing {
  /** The request; `undefined` where a bare token is verified. */
  readonly request?: unknown
  /** Name of the trusted issuer, where the token was found to name one. */
  readonly issuer?: string | undefined
}

/**
 * Reports a refusal: to the hook, to the diagnostics channel, and with `NODE_DEBUG`. It is called once per refusal,
 * where nobody can allow the request any more.
 *
 * @returns the same error, to be thrown; an error made of it where a hook threw something else
 */
export type Refused = (error: unknown, known?: Refusing) => Error

/** Makes a {@link Refused}. */
export function refusedBy(hook: RefusedHook | undefined): Refused {
  return (error, { request, issuer } = {}) => {
    if (!isAuthError(error)) return asError(error)
    tell(error, issuer ?? issuerOf(error))
    if (hook !== undefined) {
      recordRefusal(error)
      call(hook, error, request)
    }
    return error
  }
}

/** Tells observers. */
function tell(error: AuthError, issuer: string | undefined): void {
  if (isObserved('refused')) {
    const { reason, status, detail } = error
    report('refused', { reason, status, issuer, detail })
  }
  if (debug.enabled) debug(`refused ${error.status} ${explain(error)}`)
}

/** Calls the hook. What it throws or rejects with changes nothing for the client. */
function call(hook: RefusedHook, error: AuthError, request: unknown): void {
  try {
    const result = hook(error, request)
    if (isPromise(result)) Promise.resolve(result).then(undefined, failed)
    // Other objects are what a logger returns.
    else if (Array.isArray(result)) unawaited(result)
  } catch (thrown) {
    failed(thrown)
  }
}

function failed(thrown: unknown): void {
  if (debug.enabled) debug(`onRefused failed: ${explain(thrown)}`)
}

/** The request as the application knows it: the framework's own object where there is one. */
export function rawOf(request: HttpRequest): unknown {
  return request.raw ?? request
}
