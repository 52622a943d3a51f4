import { InvalidRequestError } from '../errors.ts'
import { own } from '../lib/objects.ts'
import { isOrigin } from '../lib/url.ts'
import type { Extractor, HttpRequest } from '../types.ts'
import { hasTokenScheme } from './bearer.ts'
import { withBearerMethods } from './bearer-methods.ts'
import { extractor, moreThanOneToken, type Presented } from './finder.ts'
import { headerValues } from './headers.ts'

/** How {@link fromCookie} protects against requests that other sites make a browser send. */
export interface CookieOptions {
  /** The check cannot be switched off; `{}` accepts requests of the API's own origin alone. */
  readonly csrf: {
    /**
     * Origins of the other pages that may send requests with the cookie, as browsers write them: scheme, host and
     * port alone, for example `https://app.example.com`.
     *
     * @default none
     */
    readonly origins?: readonly string[] | undefined
  }
}

const cookieName = /^[\w!#$%&'*+.^`|~-]+$/
const prefix = /^__(?:host|secure)-/i

/**
 * Finds the token in a cookie (RFC 6265), for browsers whose scripts must not see it.
 *
 * Every request with the cookie and another method than `GET`, `HEAD` or `OPTIONS`, and every `Upgrade` request, must
 * show that it comes from the API's own pages: `Sec-Fetch-Site` is `same-origin` or `none`, or `Origin` is the origin of
 * the option `resource` or one of `csrf.origins`. Otherwise it is refused with 403 `csrf` before the token is looked at.
 * `Host` decides nothing. A `GET` is never checked: it must not change anything.
 *
 * The cookie sent twice, or with a token in the `Authorization` header, is 400. An empty cookie is no token.
 *
 * @param name compared byte for byte; `__Host-` (or `__Secure-`) in front makes browsers refuse the cookie from
 *   other hosts and without `Secure`
 * @throws {TypeError} for a name that no cookie can have, and without `csrf`
 */
export function fromCookie<R = HttpRequest>(name: string, options: CookieOptions): Extractor<R> {
  const checkedName = checkName(name)
  const origins = originsOf(options)
  const find = (request: HttpRequest): Presented | undefined => {
    const [value = '', ...others] = cookies(request, checkedName)
    if (others.length > 0) throw moreThanOneToken()
    if (value === '') return undefined
    if (hasTokenScheme(request)) throw moreThanOneToken()
    return { scheme: 'Bearer', token: decoded(value), place: 'cookie', request, origins }
  }
  const fromCookies = extractor<R>(find, { mayWait: false, readsAuthorization: false, readsCookies: true })
  return withBearerMethods(fromCookies, [])
}

/** The values of every cookie with this name, as they were sent. */
function cookies(request: HttpRequest, name: string): readonly string[] {
  const found: string[] = []
  for (const pair of cookieText(request).split(';')) {
    const at = pair.indexOf('=')
    // Only the space that RFC 6265 §4.2.1 writes before a name is skipped: other readers skip more, and could be
    // shown another cookie than the browser protected.
    if (at !== -1 && withoutSpace(pair.slice(0, at)) === name) found.push(trimmed(pair.slice(at + 1)))
  }
  return found
}

/** Every Cookie header of a request; HTTP/2 may send one per cookie (RFC 9113 §8.2.3). */
export function cookieText(request: HttpRequest): string {
  const values = headerValues(request, 'cookie')
  return typeof values === 'string' || values === undefined ? (values ?? '') : values.join(';')
}

function withoutSpace(name: string): string {
  return name.replace(/^[\t ]+/, '')
}

function trimmed(value: string): string {
  return value.replace(/^[\t ]+|[\t ]+$/g, '')
}

/** Frameworks percent-encode what they write into a cookie. No token has a percent sign itself (RFC 6750 §2.1). */
function decoded(value: string): string {
  if (!value.includes('%')) return value
  try {
    return decodeURIComponent(value)
  } catch {
    throw new InvalidRequestError(undefined, {
      detail: { hint: 'the cookie is not percent-encoded as it should be' },
    })
  }
}

function checkName(name: unknown): string {
  if (typeof name !== 'string' || !cookieName.test(name)) {
    throw new TypeError("fromCookie: must be the name of a cookie, for example '__Host-token'")
  }
  const [written] = prefix.exec(name) ?? []
  if (written !== undefined && written !== '__Host-' && written !== '__Secure-') {
    throw new TypeError(`fromCookie: write ${name.slice(0, written.length)} as __Host- or __Secure-`)
  }
  return name
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a value is an object without other members than one. */
function hasOnly(value: unknown, name: string): value is object {
  return isObject(value) && Object.keys(value).every((key) => key === name)
}

function originsOf(options: unknown): readonly string[] {
  const csrf = hasOnly(options, 'csrf') ? own(options, 'csrf') : undefined
  if (!hasOnly(csrf, 'origins')) {
    throw new TypeError(
      'fromCookie: pass { csrf: {} }, or { csrf: { origins } } with the origins of other pages; the check cannot be switched off',
    )
  }
  const origins = own(csrf, 'origins') ?? []
  if (!Array.isArray(origins) || !Array.from(origins).every(isOrigin)) {
    throw new TypeError(
      "fromCookie: csrf.origins must be a list of origins as browsers send them, for example ['https://app.example.com'], without a path; http only for this machine",
    )
  }
  return Object.freeze(origins.map(String))
}
