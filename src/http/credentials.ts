import { InvalidRequestError, InvalidTokenError } from '../errors.ts'
import type { Limited } from '../lib/limited.ts'
import { isPromise } from '../lib/maybe-promise.ts'
import { own } from '../lib/objects.ts'
import type { Credentials, Extractor, HttpRequest, MaybePromise, TokenPlace } from '../types.ts'
import { bearerToken, hasOtherTokenScheme, withoutBearer } from './bearer.ts'
import { firstHeader, onlyHeader } from './headers.ts'

const token68 = /^[\w\-.~+/]+=*$/
const headerName = /^[\w!#$%&'*+.^`|~-]+$/

// Registered globally, so that extractors of either build are known to the other.
const builtIn = Symbol.for('oauth-resource-server.extractor')

/** A token as it came with a request; without one where a bare token is verified. */
export interface Presented extends Credentials {
  readonly request: HttpRequest | undefined
}

/** Finds what a request presents; never waits unless it says so. */
export type Finder = (request: HttpRequest) => MaybePromise<Presented | undefined>

/** What an extractor of this library tells beside the token. */
interface BuiltIn {
  /** Whether it may wait, for a function of the application's. */
  readonly mayWait: boolean
  /** Whether the request has credentials that this extractor leaves to others: they count as a place too. */
  readonly hasOtherToken: (request: HttpRequest) => boolean
}

const noOtherToken: BuiltIn = { mayWait: false, hasOtherToken: () => false }

function extractor(
  find: (request: HttpRequest) => Presented | undefined,
  traits: BuiltIn = noOtherToken,
): Extractor {
  return Object.defineProperty(find, builtIn, { value: traits })
}

function builtInOf(extract: Extractor): BuiltIn | undefined {
  return own(extract, builtIn) as BuiltIn | undefined
}

/**
 * Finds the token in `Authorization: Bearer ...` (RFC 6750 §2.1): the default, and the only safe place. Its
 * characters are not checked here; see {@link asMalformed}.
 *
 * @param name of another header, whose value is the token, with or without `Bearer` before it
 * @throws {TypeError} for a name that no header can have, and for `cookie`
 */
export function fromHeader(name = 'authorization'): Extractor {
  const lowerCase = typeof name === 'string' ? name.toLowerCase() : ''
  if (lowerCase === 'authorization') {
    return extractor((request) => presented(bearerToken(request), 'header', request), {
      mayWait: false,
      hasOtherToken: hasOtherTokenScheme,
    })
  }
  if (!headerName.test(lowerCase) || lowerCase === 'cookie') {
    throw new TypeError('fromHeader: must be the name of a header, for example x-api-token, and not Cookie')
  }
  return extractor((request) => {
    const value = onlyHeader(request, lowerCase, moreThanOneToken)
    const token = value === undefined || value === '' ? undefined : withoutBearer(value)
    return presented(token, 'header', request)
  })
}

function presented(
  token: string | undefined,
  place: TokenPlace,
  request: HttpRequest,
): Presented | undefined {
  return token === undefined ? undefined : { scheme: 'Bearer', token, place, request }
}

/**
 * Finds the token in the query parameter `access_token`. Such tokens end up in logs and histories, and RFC 9700
 * §4.3.2 forbids them; for clients that can do nothing else. Successful responses get `Cache-Control: private` unless
 * the handler sets its own (RFC 6750 §2.3).
 */
export function fromQuery(): Extractor {
  return extractor((request) => {
    const { url = '' } = request
    const [target = ''] = url.split('#', 1)
    const start = target.indexOf('?')
    if (start === -1) return undefined
    const found: string[] = []
    for (const [name, value] of new URLSearchParams(target.slice(start + 1))) {
      if (name === 'access_token') found.push(value)
      else if (name.startsWith('access_token[')) throw new InvalidRequestError()
    }
    return presented(onlyOne(found), 'query', request)
  })
}

/**
 * Finds the token in the form parameter `access_token` (RFC 6750 §2.2): never on GET or HEAD, and only of an
 * `application/x-www-form-urlencoded` body that a parser has read before. That is so on Express and Koa; Fastify
 * verifies before it reads a body, and a web `Request` has no parsed body: nothing is found there.
 */
export function fromBody(): Extractor {
  return extractor((request) => {
    const { method = 'GET', body } = request
    const type = firstHeader(request, 'content-type') ?? ''
    if (method === 'GET' || method === 'HEAD') return undefined
    if (!/^application\/x-www-form-urlencoded *(?:;|$)/i.test(type)) return undefined
    if (typeof body !== 'object' || body === null) return undefined
    const token = own(body, 'access_token')
    if (token === undefined) return undefined
    if (typeof token !== 'string') throw new InvalidRequestError()
    return presented(token, 'body', request)
  })
}

/**
 * Looks in every one of these places, and accepts at most one token (RFC 6750 §3.1). An `Authorization` header with
 * another token scheme, such as `DPoP`, counts as a place.
 *
 * @throws {TypeError} when no place is named
 */
export function firstOf(...extractors: readonly Extractor[]): Extractor {
  if (extractors.length === 0 || extractors.some((each) => typeof each !== 'function')) {
    throw new TypeError('firstOf: pass at least one place, for example fromHeader()')
  }
  const hasOtherToken = (request: HttpRequest): boolean =>
    extractors.some((each) => builtInOf(each)?.hasOtherToken(request) === true)
  const finders = extractors.map((each) => finder(each))
  const mayWait = extractors.some((each) => builtInOf(each)?.mayWait !== false)
  const find: Finder = (request) => {
    const found = finders.map((each) => each(request))
    const one = (all: readonly (Presented | undefined)[]): Presented | undefined => {
      const tokens = all.filter((each) => each !== undefined)
      if (tokens.length > 0 && hasOtherToken(request)) throw moreThanOneToken()
      return onlyOne(tokens)
    }
    return found.some((each) => each instanceof Promise)
      ? Promise.all(found).then(one)
      : one(found as (Presented | undefined)[])
  }
  const traits: BuiltIn = { mayWait, hasOtherToken }
  return Object.defineProperty(find as Extractor, builtIn, { value: traits })
}

/**
 * Makes an extractor ready for use. One of this library reads the neutral view of the request; a function of the
 * application's gets the framework's own request, and may wait.
 *
 * @param limit for what may wait
 * @throws {TypeError} from the finder, for a function that returned neither a string nor credentials
 */
export function finder(extract: Extractor, limit?: Limited): Finder {
  const traits = builtInOf(extract)
  const find = traits === undefined ? customFinder(extract) : (extract as Finder)
  return traits?.mayWait === false || limit === undefined ? find : (request) => limit(find(request))
}

function customFinder(extract: Extractor): Finder {
  return (request) => {
    const found: unknown = extract((request.raw ?? request) as HttpRequest)
    return isPromise(found)
      ? Promise.resolve(found).then((it) => customCredentials(it, request))
      : customCredentials(found, request)
  }
}

function customCredentials(found: unknown, request: HttpRequest): Presented | undefined {
  if (found === undefined) return undefined
  if (typeof found === 'string') return presented(found, 'custom', request)
  const { token, place } = Object(found) as Partial<Credentials>
  if (typeof token !== 'string') {
    throw new TypeError(
      'tokenFrom: the function must return a string, credentials with a token, or undefined',
    )
  }
  return presented(token, place ?? 'custom', request)
}

/**
 * Tells malformed credentials (400) from a malformed token (401): every valid token may stand in a Bearer header
 * (RFC 6750 §2.1), so this is asked only of a token that was refused for its form.
 */
export function asMalformed(error: unknown, token: string): unknown {
  if (!(error instanceof InvalidTokenError)) return error
  const isOfForm = error.reason === 'malformed' || error.reason === 'too_large'
  return isOfForm && !token68.test(token)
    ? new InvalidRequestError(undefined, { detail: error.detail })
    : error
}

function onlyOne<T>(found: readonly T[]): T | undefined {
  if (found.length > 1) throw moreThanOneToken()
  return found[0]
}

function moreThanOneToken(): InvalidRequestError {
  return new InvalidRequestError('More than one access token was sent')
}
