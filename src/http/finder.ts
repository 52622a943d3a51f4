import { InvalidRequestError } from '../errors.ts'
import type { Limited } from '../lib/limited.ts'
import { unawaited, isPromise } from '../lib/maybe-promise.ts'
import { own } from '../lib/objects.ts'
import type { Credentials, Extractor, HttpRequest, MaybePromise, TokenPlace } from '../types.ts'

// Registered globally, so that extractors of either build are known to the other.
const builtIn = Symbol.for('oauth-resource-server.extractor')

/** A token as it came with a request; without one where a bare token is verified. */
export interface Presented extends Credentials {
  readonly request: HttpRequest | undefined
  /** Origins whose pages may send the cookie that the token was found in. */
  readonly origins?: readonly string[]
}

/**
 * Finds what a request presents. Only functions of the application may be asynchronous.
 *
 * @param dpop whether the Authorization header may have the scheme DPoP
 */
export type Finder = (request: HttpRequest, dpop?: boolean) => MaybePromise<Presented | undefined>

/** What an extractor of this library returns together with the token. */
export interface BuiltIn {
  /** Whether it may wait, for a function of the application's. */
  readonly mayWait: boolean
  /** Whether it reads the Authorization header. */
  readonly readsAuthorization: boolean
  /** Whether what it finds may come from a cookie, as with a function of the application's. */
  readonly readsCookies: boolean
  /** Whether it reads nothing but the Authorization header. */
  readonly onlyAuthorization?: boolean
  /** Whether it reads the parsed body. */
  readonly readsBody?: boolean
}

const elsewhere: BuiltIn = { mayWait: false, readsAuthorization: false, readsCookies: false }

/** Marks an extractor of this library. */
export function extractor<R>(find: Finder, traits: BuiltIn = elsewhere): Extractor<R> {
  Object.defineProperty(find, builtIn, { value: traits })
  // It reads the neutral view of any framework's request.
  return find as unknown as Extractor<R>
}

/** What is known of an extractor of this library; `undefined` for a function of the application's. */
export function builtInOf(extract: Extractor<never>): BuiltIn | undefined {
  return own(extract, builtIn) as BuiltIn | undefined
}

/** @throws {TypeError} for an extractor that reads anything but the Authorization header */
export function checkOnlyAuthorization(extract: Extractor<never>): void {
  if (builtInOf(extract)?.onlyAuthorization === true) return
  throw new TypeError(
    "tokenFrom: profile 'fapi2' accepts tokens in the Authorization header alone; leave it out, or pass fromHeader()",
  )
}

/** A token with the place it was found in. */
export function presented(
  token: string | undefined,
  place: TokenPlace,
  request: HttpRequest,
  scheme: Credentials['scheme'] = 'Bearer',
): Presented | undefined {
  return token === undefined ? undefined : { scheme, token, place, request }
}

/**
 * Makes an extractor ready for use. One of this library reads the neutral view of the request; a function of the
 * application's gets the framework's own request, and may wait: see {@link limitedFinder}.
 *
 * @throws {TypeError} from the finder, for a function that returned neither a string nor credentials
 */
export function finder(extract: Extractor<never>): Finder {
  return builtInOf(extract) === undefined ? customFinder(extract) : (extract as unknown as Finder)
}

/**
 * As {@link finder}, with a limit on what may wait.
 *
 * @param dpop whether the Authorization header may have the scheme DPoP
 */
export function limitedFinder(extract: Extractor<never>, limit: Limited, dpop = false): Finder {
  const find = finder(extract)
  return builtInOf(extract)?.mayWait === false
    ? (request) => find(request, dpop)
    : (request) => limit(find(request, dpop))
}

function customFinder(extract: Extractor<never>): Finder {
  return (request) => {
    const found: unknown = extract((request.raw ?? request) as never)
    return isPromise(found)
      ? Promise.resolve(found).then((it) => customCredentials(it, request))
      : customCredentials(found, request)
  }
}

function customCredentials(found: unknown, request: HttpRequest): Presented | undefined {
  // `headers.get()` returns null for a header that is not there.
  if (found === undefined || found === null) return undefined
  if (typeof found === 'string') return presented(found, 'custom', request)
  if (Array.isArray(found)) {
    if (found.length > 1) {
      unawaited(found)
      throw moreThanOneToken()
    }
    return customCredentials(found[0], request)
  }
  const { token, place = 'custom', scheme } = Object(found) as Partial<Credentials>
  if (typeof token !== 'string') {
    unawaited(found)
    throw new TypeError(
      'tokenFrom: the function must return a string, credentials with a token, or undefined',
    )
  }
  // Another word would switch off what a place requires, such as the check of cross-site requests for cookies.
  if (!places.includes(place)) {
    unawaited(found)
    throw new TypeError(`tokenFrom: place of the credentials must be one of ${places.join(', ')}`)
  }
  return { scheme: scheme === 'DPoP' ? 'DPoP' : 'Bearer', token, place, request }
}

const places: readonly TokenPlace[] = ['header', 'cookie', 'query', 'body', 'custom']
/** The refusal of a request with two access tokens (RFC 6750 §2). */
export function moreThanOneToken(): InvalidRequestError {
  const hint = 'the request has an access token in two places, or twice in one: send it once'
  return new InvalidRequestError('Credentials were sent more than once', { detail: { hint } })
}

/** An error as a value, so that no promise is left alone when another finder throws. */
export class Failure {
  readonly error: unknown

  constructor(error: unknown) {
    this.error = error
  }
}

/** Runs a finder. It never throws, and its promise never rejects. */
export function attempt(
  find: Finder,
  request: HttpRequest,
  dpop?: boolean,
): MaybePromise<Presented | Failure | undefined> {
  try {
    const found = find(request, dpop)
    return found instanceof Promise ? found.catch((error: unknown) => new Failure(error)) : found
  } catch (error) {
    return new Failure(error)
  }
}
