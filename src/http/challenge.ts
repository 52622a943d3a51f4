import type { AuthError, InsufficientScopeError } from '../errors.ts'
import { quoted } from '../lib/characters.ts'
import type { HttpResponse } from '../types.ts'

/** What every challenge of one API says. */
export interface ChallengeOptions {
  /** Protection space (RFC 9110 §11.5). */
  readonly realm: string
}

/**
 * Writes the response for a refusal: status, `WWW-Authenticate`, JSON body. What it writes depends on the kind of
 * error and on configuration alone, never on what the token contained.
 */
export function answerFor(error: AuthError, options: ChallengeOptions): HttpResponse {
  const headers: Record<string, string> = {
    'Cache-Control': 'no-store',
    'Content-Type': 'application/json',
  }
  const challenge = challengeOf(error, options)
  if (challenge !== undefined) headers['WWW-Authenticate'] = challenge
  const retryAfter = (error as { retryAfter?: unknown }).retryAfter
  if (error.status === 503 && typeof retryAfter === 'number') headers['Retry-After'] = String(retryAfter)
  return { status: error.status, headers, body: JSON.stringify(bodyOf(error)) }
}

/** The errors RFC 6750 §3.1 defines a challenge for; the others would have clients ask for a new token in vain. */
const challenged: ReadonlySet<string | undefined> = new Set([
  undefined,
  'invalid_request',
  'invalid_token',
  'insufficient_scope',
])

function challengeOf(error: AuthError, { realm }: ChallengeOptions): string | undefined {
  if (error.status >= 500 || !challenged.has(error.code)) return undefined
  const parameters = [`realm=${quoted(realm)}`]
  // A request without any credentials gets no error code (RFC 6750 §3.1).
  if (error.code !== undefined) {
    parameters.push(`error=${quoted(error.code)}`, `error_description=${quoted(error.message)}`)
  }
  if (isScopeError(error)) parameters.push(`scope=${quoted(error.scopes.join(' '))}`)
  return `Bearer ${parameters.join(', ')}`
}

/** One shape for every refusal; the body may name what the challenge must not. */
function bodyOf(error: AuthError): Record<string, string> {
  const code = error.code ?? (error.status === 503 ? 'temporarily_unavailable' : 'unauthorized')
  return { error: code, error_description: error.message }
}

function isScopeError(error: AuthError): error is InsufficientScopeError {
  // By code, not by class: the error may be one of the package's other build.
  return error.code === 'insufficient_scope'
}

/** The refused error with what a framework's error path reads; the body's type is the framework's business. */
export function withHeaders(error: AuthError, refusal: HttpResponse): AuthError {
  const { 'Content-Type': _type, ...headers } = refusal.headers
  try {
    return Object.assign(error, { headers })
  } catch {
    // A frozen error, for example a constant that every refusal shares.
    return Object.create(error, { headers: { value: headers, enumerable: true } }) as AuthError
  }
}
