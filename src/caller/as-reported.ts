import type { AuthError } from '../errors.ts'
import { likeScheme } from '../http/used-scheme.ts'
import { type ErrorState, errorOfState, stateOfError } from '../lib/error-copy.ts'

const recorded = new WeakMap<object, ErrorState<AuthError>>()

/** Records what a refusal is, before a function of the application gets it. The first record counts. */
export function recordRefusal(error: AuthError): void {
  if (!recorded.has(error)) recorded.set(error, stateOfError(error))
}

/**
 * The refusal as it was recorded, whatever was done to the error since, or will be: the response does not depend on
 * what a function that is told of a refusal does.
 *
 * @returns a copy; the value itself where nothing was recorded
 */
export function asReported(error: unknown): unknown {
  // Nothing is found for a value that is no object.
  const state = recorded.get(error as object)
  return state === undefined ? error : likeScheme(errorOfState(state), state.error)
}
