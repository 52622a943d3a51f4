import { InvalidRequestError, MissingTokenError } from '../errors.ts'
import { schemeHint } from '../hints/form.ts'
import type { HttpRequest } from '../types.ts'
import { type Presented, presented } from './finder.ts'
import { withScheme } from './used-scheme.ts'
import { firstHeader, headerValues, onlyHeader } from './headers.ts'

// RFC 9110 §11.4: the scheme in any case, spaces, a token68. Outer white space belongs to the header, not to it.
const bearer = /^[\t ]*bearer +([^\t ](?:.*[^\t ])?)[\t ]*$/i
const dpopScheme = /^[\t ]*dpop(?![\w!#$%&'*+.^`|~-])/i
const dpopCredentials = /^[\t ]*dpop +([^\t ](?:.*[^\t ])?)[\t ]*$/i
// The scheme is ours, but what follows is not one token; or ours stands second in a list.
const brokenBearer = /^[\t ]*bearer(?![\w!#$%&'*+.^`|~-])|,[\t ]*(?:bearer|dpop)[\t ]/i
// Another scheme whose credentials are an access token.
const anyTokenScheme = /^[\t ]*(?:bearer|dpop)(?:[\t ]|$)|,[\t ]*(?:bearer|dpop)[\t ]/i
const otherTokenScheme = /^[\t ]*dpop(?:[\t ]|$)/i

/**
 * The token in `Authorization: Bearer ...`, if there is one, or in `Authorization: DPoP ...`.
 *
 * @param dpop whether the scheme DPoP is accepted; it is another scheme otherwise
 * @throws {InvalidRequestError}
 */
export function authorizationToken(request: HttpRequest, dpop: boolean): Presented | undefined {
  const value = authorizationOf(request)
  if (value === undefined) return undefined
  const common = tokenAfter('Bearer ', value)
  if (common !== undefined) return presented(common, 'header', request)
  const bound = dpop ? tokenAfter('DPoP ', value) : undefined
  if (bound !== undefined || (dpop && dpopScheme.test(value))) {
    const token = bound ?? dpopCredentials.exec(value)?.[1]
    // A second token can only stand behind a comma.
    if (token === undefined || (value.includes(',') && brokenBearer.test(value))) {
      throw brokenCredentials('DPoP')
    }
    return presented(token, 'header', request, 'DPoP')
  }
  return presented(tokenIn(value), 'header', request)
}

function tokenIn(value: string): string | undefined {
  const match = bearer.exec(value)
  if (match !== null) return match[1]
  if (brokenBearer.test(value)) throw brokenCredentials('Bearer')
  return undefined
}

function brokenCredentials(scheme: 'Bearer' | 'DPoP'): InvalidRequestError {
  const hint = `the Authorization header must be the word ${scheme}, a space and one token`
  return withScheme(new InvalidRequestError(undefined, { detail: { hint } }), scheme)
}

/**
 * The token in a value as nearly every client writes it, recognised without reading the whole value.
 *
 * @param scheme with one space behind it
 * @returns `undefined` for a value that is written in another way
 */
function tokenAfter(scheme: string, value: string): string | undefined {
  return value.startsWith(scheme) &&
    isInner(value.charCodeAt(scheme.length)) &&
    isInner(value.charCodeAt(value.length - 1))
    ? value.slice(scheme.length)
    : undefined
}

/** Neither white space nor the NaN beyond the end. */
function isInner(code: number): boolean {
  return code > 0x20
}

/** The text behind `Bearer` in the value of a header; the value itself without that word. */
export function withoutBearer(value: string): string {
  return bearer.exec(value)?.[1] ?? value
}

/**
 * Whether the Authorization header has a scheme whose credentials are an access token.
 *
 * @throws {InvalidRequestError} when there is more than one such header
 */
export function hasTokenScheme(request: HttpRequest): boolean {
  return anyTokenScheme.test(authorizationOf(request) ?? '')
}

/**
 * Whether the Authorization header has another scheme whose credentials are an access token.
 *
 * @throws {InvalidRequestError} when there is more than one such header
 */
export function hasOtherTokenScheme(request: HttpRequest): boolean {
  return otherTokenScheme.test(authorizationOf(request) ?? '')
}

function authorizationOf(request: HttpRequest): string | undefined {
  return onlyHeader(request, 'authorization', moreThanOneAuthorization)
}

/**
 * The refusal of a request in which no token was found, with what was found instead.
 *
 * @param readsBody whether a token in the form was looked for
 */
export function missingToken(request: HttpRequest, readsBody = false): MissingTokenError {
  const hint = missingHint(request) ?? (readsBody && request.body === undefined ? notParsed : undefined)
  return new MissingTokenError(hint === undefined ? {} : { detail: { hint } })
}

const notParsed =
  'fromBody() finds no parsed body: register a parser of forms before verifyJwt(); on Fastify use { preHandler: authenticate(api) }; on fetch servers pass a function as tokenFrom'

function missingHint(request: HttpRequest): string | undefined {
  if (request.method === 'OPTIONS' && headerValues(request, 'access-control-request-method') !== undefined) {
    return 'a CORS preflight carries no credentials: register cors() before verifyJwt()'
  }
  const value = firstHeader(request, 'authorization')
  if (value !== undefined) return schemeHint(value)
  return /[?&]access_token=/.test(request.url ?? '')
    ? 'the URL has an access_token, where it is not looked for: the client must send it in the Authorization header'
    : undefined
}

function moreThanOneAuthorization(): InvalidRequestError {
  const hint = 'the client, or a proxy in front of this API, sends the Authorization header twice'
  return new InvalidRequestError('More than one Authorization header was sent', { detail: { hint } })
}
