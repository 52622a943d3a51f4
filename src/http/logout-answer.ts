import type { AuthError } from '../errors.ts'
import type { HttpResponse } from '../types.ts'
import { bodyWriter } from './error-body.ts'

// The specification names the members of the body, whatever `errorFormat` is.
const write = bodyWriter('oauth', () => undefined)

/**
 * Writes the response to a back-channel logout request (OpenID Connect Back-Channel Logout 1.0 §2.8).
 *
 * @param error left out when the user was logged out
 */
export function logoutAnswer(error?: AuthError): HttpResponse {
  const headers: Record<string, string> = { 'Cache-Control': 'no-store' }
  if (error === undefined) return { status: 200, headers, body: '' }
  const { body, contentType } = write(error)
  headers['Content-Type'] = contentType
  const { retryAfter } = error as { retryAfter?: unknown }
  if (typeof retryAfter === 'number') headers['Retry-After'] = String(retryAfter)
  return { status: error.status, headers, body }
}
