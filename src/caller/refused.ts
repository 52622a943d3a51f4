import { isAuthError } from '../errors.ts'
import { asError } from '../lib/as-error.ts'
import { report } from '../lib/diagnostics.ts'

/**
 * Reports a refusal where it happens, once.
 *
 * @returns the same error, to be thrown; an error made of it where a hook threw something else
 */
export function refused(error: unknown): Error {
  if (!isAuthError(error)) return asError(error)
  report('refused', { reason: error.reason, status: error.status, detail: error.detail })
  return error
}
