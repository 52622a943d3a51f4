import { ForbiddenError, isAuthError, MissingTokenError } from '../errors.ts'
import { unawaited } from './maybe-promise.ts'

const noError = 'a guard or hook threw a value that is not an error'
const noRefusal =
  'a guard or hook threw an error with the status of a refusal that is no AuthError; to refuse, throw an AuthError'

/** Statuses that only an `AuthError` may have. */
const refusals: readonly unknown[] = [new MissingTokenError().status, new ForbiddenError().status]

/**
 * Makes an error of any value that was thrown. Errors stay as they are, also those of another realm, except for those
 * that a framework would send as a refusal: the failed call of an HTTP client often has a `status` of its own.
 *
 * Frameworks need this: many take `undefined`, `null`, `0`, `''`, `'route'` or `'router'` for success.
 */
export function asError(thrown: unknown): Error {
  try {
    if (!isError(thrown)) {
      unawaited(thrown)
      return new Error(noError, { cause: thrown })
    }
    return isAuthError(thrown) || !looksLikeRefusal(thrown) ? thrown : new Error(noRefusal, { cause: thrown })
  } catch {
    // The value cannot be read, for example because it is a revoked proxy. So it is no cause either.
    return new Error(noError)
  }
}

function looksLikeRefusal(error: Error): boolean {
  const { status, statusCode } = error as { status?: unknown; statusCode?: unknown }
  return refusals.includes(status) || refusals.includes(statusCode)
}

function isError(value: unknown): value is Error {
  return (
    value instanceof Error || isAuthError(value) || Object.prototype.toString.call(value) === '[object Error]'
  )
}
