import type { AuthError, InsufficientScopeError, LoginRequirements } from '../errors.ts'
import { quoted } from '../lib/characters.ts'
import { errorOfState, stateOfError } from '../lib/error-copy.ts'
import type { HttpResponse } from '../types.ts'
import type { BodyWriter } from './error-body.ts'
import { likeScheme, schemeOf } from './used-scheme.ts'

/** What every challenge of one API has in common. */
export interface ChallengeOptions {
  /** Protection space (RFC 9110 §11.5). */
  readonly realm: string
  /** URL of the metadata of this API (RFC 9728 §5.1); `undefined`: it has none. */
  readonly resourceMetadata: string | undefined
  /** Scopes that a refused token, or none at all, is answered with (RFC 6750 §3), where no guard has run. */
  readonly challengeScopes: readonly string[]
  /** `undefined`: the scheme DPoP is not accepted. */
  readonly dpop: DpopChallenge | undefined
}

/** What a challenge of the scheme DPoP says. */
export interface DpopChallenge {
  /** Algorithms of proofs (RFC 9449 §7.1). */
  readonly algorithms: readonly string[]
  /** Whether it is the only challenge. */
  readonly only: boolean
}

/** How refusals of one API are written. */
export interface AnswerOptions extends ChallengeOptions {
  readonly writeBody: BodyWriter
}

/**
 * Writes the response for a refusal: status, headers, body. What it writes depends on the kind of error and on
 * configuration alone, never on what the token contained.
 */
export function answerFor(error: AuthError, options: AnswerOptions): HttpResponse {
  // First: a function of the application's may change the error.
  const { status } = error
  const headers = headersFor(error, options)
  const { contentType, body } = options.writeBody(error)
  return { status, headers: { ...headers, 'Content-Type': contentType }, body }
}

/** The headers of a refusal, without those of its body. */
function headersFor(error: AuthError, options: ChallengeOptions): Record<string, string> {
  const headers: Record<string, string> = { 'Cache-Control': 'no-store' }
  const challenge = challengeOf(error, options)
  if (challenge !== undefined) headers['WWW-Authenticate'] = challenge
  const { nonce } = error as { nonce?: unknown }
  if (error.code === 'use_dpop_nonce' && typeof nonce === 'string') headers['DPoP-Nonce'] = nonce
  const retryAfter = (error as { retryAfter?: unknown }).retryAfter
  if (error.status === 503 && typeof retryAfter === 'number') headers['Retry-After'] = String(retryAfter)
  return headers
}

/** Errors of the scheme DPoP (RFC 9449 §7.1, §9). */
const proofCodes: readonly (string | undefined)[] = ['invalid_dpop_proof', 'use_dpop_nonce']

/** The errors that a challenge is defined for (RFC 6750 §3.1 and others); for the others, a new token would not help. */
const challenged: ReadonlySet<string | undefined> = new Set([
  undefined,
  'invalid_request',
  'invalid_token',
  'insufficient_scope',
  // RFC 9470 §3.
  'insufficient_user_authentication',
  ...proofCodes,
])

/**
 * The challenges of every accepted scheme. The error stands in that of the scheme which was used, which comes first, as
 * some clients read no further (RFC 9449 §7.2). The scopes of a 401 stand in both.
 */
function challengeOf(error: AuthError, options: ChallengeOptions): string | undefined {
  if (error.status >= 500 || !challenged.has(error.code)) return undefined
  const { realm, resourceMetadata } = options
  const common = [`realm=${quoted(realm)}`]
  if (resourceMetadata !== undefined) common.push(`resource_metadata=${quoted(resourceMetadata)}`)
  const parameters = [...common, ...errorParameters(error, options)]
  const { dpop } = options
  if (dpop === undefined) return `Bearer ${parameters.join(', ')}`
  const algs = `algs=${quoted(dpop.algorithms.join(' '))}`
  if (dpop.only) return `DPoP ${[...parameters, algs].join(', ')}`
  // A client that reads this one alone has to know what to request, too.
  const other = [...common, ...scopeParameter(scopesFor(error, options))]
  return isDpopError(error)
    ? `DPoP ${[...parameters, algs].join(', ')}, Bearer ${other.join(', ')}`
    : `Bearer ${parameters.join(', ')}, DPoP ${[...other, algs].join(', ')}`
}

function isDpopError(error: AuthError): boolean {
  return proofCodes.includes(error.code) || schemeOf(error) === 'DPoP'
}

function errorParameters(error: AuthError, options: ChallengeOptions): readonly string[] {
  const parameters: string[] = []
  // A request without any credentials gets no error code (RFC 6750 §3.1).
  if (error.code !== undefined) {
    parameters.push(`error=${quoted(error.code)}`, `error_description=${quoted(error.message)}`)
  }
  parameters.push(...scopeParameter(isScopeError(error) ? error.scopes : scopesFor(error, options)))
  if (isLoginError(error)) parameters.push(...loginParameters(error))
  return parameters
}

function scopeParameter(scopes: readonly string[]): readonly string[] {
  return scopes.length === 0 ? [] : [`scope=${quoted(scopes.join(' '))}`]
}

/** The scopes that a client needs to know before it asks for its first token, or for a new one. */
function scopesFor(error: AuthError, { challengeScopes }: ChallengeOptions): readonly string[] {
  return error.code === undefined || error.code === 'invalid_token' ? challengeScopes : []
}

function isScopeError(error: AuthError): error is InsufficientScopeError {
  // By code, not by class: the error may be one of the package's other build.
  return error.code === 'insufficient_scope'
}

function isLoginError(error: AuthError): error is AuthError & LoginRequirements {
  return error.code === 'insufficient_user_authentication'
}

function loginParameters({ acrValues, maxAge }: LoginRequirements): string[] {
  const parameters: string[] = []
  if (acrValues !== undefined) parameters.push(`acr_values=${quoted(acrValues.join(' '))}`)
  if (maxAge !== undefined) parameters.push(`max_age=${quoted(String(maxAge))}`)
  return parameters
}

/** The refused error with what a framework's error path reads. The framework writes the body, and sets its type. */
export function withHeaders(error: AuthError, options: ChallengeOptions): AuthError {
  const headers = headersFor(error, options)
  try {
    return Object.assign(error, { headers })
  } catch {
    // A frozen error, for example a constant that every refusal shares. Koa writes to the error too.
    return Object.assign(likeScheme(errorOfState(stateOfError(error)), error), { headers })
  }
}
