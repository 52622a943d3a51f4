import { isAuthError } from '../errors.ts'
import { report } from '../lib/diagnostics.ts'

/**
 * Reports a refusal where it happens, once.
 *
 * @returns the same error, to be thrown
 */
export function refused(error: unknown): unknown {
  if (isAuthError(error)) {
    report('refused', { reason: error.reason, status: error.status, detail: error.detail })
  }
  return error
}
