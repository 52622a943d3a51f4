import { InvalidRequestError, InvalidTokenError } from '../errors.ts'
import { own } from '../lib/objects.ts'
import type { Extractor, HttpRequest } from '../types.ts'
import { authorizationToken, hasOtherTokenScheme, hasTokenScheme, withoutBearer } from './bearer.ts'
import { bearerMethodsOfAll, withBearerMethods } from './bearer-methods.ts'
import {
  attempt,
  type BuiltIn,
  builtInOf,
  extractor,
  Failure,
  finder,
  type Finder,
  moreThanOneToken,
  type Presented,
  presented,
} from './finder.ts'
import { firstHeader, onlyHeader } from './headers.ts'

const token68 = /^[\w\-.~+/]+=*$/
const headerName = /^[\w!#$%&'*+.^`|~-]+$/

/**
 * Finds the token in `Authorization: Bearer ...` (RFC 6750 §2.1) and, with the `dpop` option, in
 * `Authorization: DPoP ...` (RFC 9449 §7.1): the default, and the only safe place. Its characters are not checked
 * here; see {@link asMalformed}.
 *
 * @param name of another header, whose value is the token, with or without `Bearer` before it
 * @throws {TypeError} for a name that no header can have, and for `cookie`
 */
export function fromHeader<R = HttpRequest>(name = 'authorization'): Extractor<R> {
  const lowerCase = typeof name === 'string' ? name.toLowerCase() : ''
  if (lowerCase === 'authorization') {
    const find = extractor<R>((request, dpop) => authorizationToken(request, dpop === true), {
      mayWait: false,
      readsAuthorization: true,
      readsCookies: false,
      onlyAuthorization: true,
    })
    return withBearerMethods(find, ['header'])
  }
  if (!headerName.test(lowerCase) || lowerCase === 'cookie') {
    const call = typeof name === 'object' ? '; as tokenFrom pass fromHeader(), called' : ''
    throw new TypeError(
      `fromHeader: must be the name of a header, for example x-api-token, and not Cookie${call}`,
    )
  }
  const find = extractor<R>((request) => {
    const value = onlyHeader(request, lowerCase, moreThanOneToken)
    const token = value === undefined || value === '' ? undefined : withoutBearer(value)
    return presented(token, 'header', request)
  })
  // Another header is none of the standard ways to send a bearer token.
  return withBearerMethods(find, [])
}

/**
 * Finds the token in the query parameter `access_token`. Such tokens end up in logs and histories, and RFC 9700
 * §4.3.2 forbids them; for clients that can do nothing else. Successful responses get `Cache-Control: private` unless
 * the handler sets its own (RFC 6750 §2.3).
 */
export function fromQuery<R = HttpRequest>(): Extractor<R>
export function fromQuery<R>(...names: readonly unknown[]): Extractor<R> {
  if (names.length > 0)
    throw new TypeError('fromQuery: takes no name; the parameter is access_token (RFC 6750 §2.3)')
  const find = extractor<R>((request) => {
    const { url = '' } = request
    const [target = ''] = url.split('#', 1)
    const start = target.indexOf('?')
    if (start === -1) return undefined
    const found: string[] = []
    for (const [name, value] of new URLSearchParams(target.slice(start + 1))) {
      if (name === 'access_token') found.push(value)
      else if (name.startsWith('access_token[')) throw malformed('the query has access_token as a list')
    }
    return onlyPlace(presented(onlyOne(found), 'query', request))
  })
  return withBearerMethods(find, ['query'])
}

const formReader: BuiltIn = {
  mayWait: false,
  readsAuthorization: false,
  readsCookies: false,
  readsBody: true,
}

/**
 * Finds the token in the form parameter `access_token` (RFC 6750 §2.2): never on GET or HEAD, and only of an
 * `application/x-www-form-urlencoded` body that a parser has read before. That is so on Express and Koa; Fastify
 * does so with `{ preHandler: authenticate(api) }`, and its plugin refuses `fromBody()`, as it runs before bodies are
 * read. A web `Request` has no parsed body: nothing is found there.
 */
export function fromBody<R = HttpRequest>(): Extractor<R>
export function fromBody<R>(...names: readonly unknown[]): Extractor<R> {
  if (names.length > 0)
    throw new TypeError('fromBody: takes no name; the parameter is access_token (RFC 6750 §2.2)')
  const find = extractor<R>((request) => {
    const { method = 'GET', body } = request
    const type = firstHeader(request, 'content-type') ?? ''
    if (method === 'GET' || method === 'HEAD') return undefined
    if (!/^application\/x-www-form-urlencoded *(?:;|$)/i.test(type)) return undefined
    if (typeof body !== 'object' || body === null) return undefined
    const token = own(body, 'access_token')
    if (token === undefined) return undefined
    if (typeof token !== 'string') throw malformed('the form has access_token more than once, or not as text')
    return onlyPlace(presented(token, 'body', request))
  }, formReader)
  return withBearerMethods(find, ['body'])
}

/**
 * Looks in every one of these places, and accepts at most one token (RFC 6750 §3.1). An `Authorization` header with
 * a token scheme, `Bearer` or `DPoP`, counts as a place whether or not `fromHeader()` is named.
 *
 * @throws {TypeError} when no place is named
 */
export function firstOf<R = HttpRequest>(...extractors: readonly Extractor<R>[]): Extractor<R> {
  if (extractors.length === 0 || extractors.some((each) => typeof each !== 'function')) {
    throw new TypeError('firstOf: pass at least one place, for example fromHeader()')
  }
  const finders = extractors.map(finder)
  const mayWait = extractors.some((each) => builtInOf(each)?.mayWait !== false)
  // A function of the application's may read the header too.
  const readsAuthorization = extractors.some((each) => builtInOf(each)?.readsAuthorization !== false)
  const readsCookies = extractors.some((each) => builtInOf(each)?.readsCookies !== false)
  const hasOther = readsAuthorization ? hasOtherTokenScheme : hasTokenScheme
  const find: Finder = (request, dpop) => {
    const found = finders.map((each) => attempt(each, request, dpop))
    const one = (all: readonly (Presented | Failure | undefined)[]): Presented | undefined => {
      const tokens: Presented[] = []
      for (const each of all) {
        if (each instanceof Failure) throw each.error
        if (each !== undefined) tokens.push(each)
      }
      const token = onlyOne(tokens)
      // One that came under DPoP is the token of that very header.
      if (token !== undefined && token.scheme !== 'DPoP' && hasOther(request)) throw moreThanOneToken()
      return token
    }
    return found.some((each) => each instanceof Promise)
      ? Promise.all(found).then(one)
      : one(found as (Presented | Failure | undefined)[])
  }
  const readsBody = extractors.every((each) => builtInOf(each)?.readsBody === true)
  const traits = { mayWait, readsAuthorization, readsCookies, readsBody } satisfies BuiltIn
  return withBearerMethods(extractor<R>(find, traits), bearerMethodsOfAll(extractors))
}

/**
 * Tells malformed credentials (400) from a malformed token (401): every valid token may stand in a Bearer header
 * (RFC 6750 §2.1), so this is called only for a token that was refused for its form.
 */
export function asMalformed(error: unknown, token: string): unknown {
  if (!(error instanceof InvalidTokenError)) return error
  const isOfForm = error.reason === 'malformed' || error.reason === 'too_large'
  return isOfForm && !token68.test(token)
    ? new InvalidRequestError(undefined, { detail: error.detail })
    : error
}

/** An Authorization header with an access token is a second place (RFC 6750 §2). */
function onlyPlace(found: Presented | undefined): Presented | undefined {
  if (found?.request !== undefined && hasTokenScheme(found.request)) throw moreThanOneToken()
  return found
}

function onlyOne<T>(found: readonly T[]): T | undefined {
  if (found.length > 1) throw moreThanOneToken()
  return found[0]
}

function malformed(hint: string): InvalidRequestError {
  return new InvalidRequestError(undefined, { detail: { hint } })
}
