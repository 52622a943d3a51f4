import { decodeBase64url } from '#platform'
import { shownText } from '../detail.ts'
import { ForbiddenError } from '../errors.ts'
import { isOrigin } from '../lib/url.ts'
import type { Extractor, HttpRequest } from '../types.ts'
import { cookieText } from './cookie.ts'
import { builtInOf, type Finder, type Presented } from './finder.ts'
import { firstHeader, headerValues, onlyHeader } from './headers.ts'

/** Methods that change nothing (RFC 9110 §9.2.1). `TRACE` is not among them: no page sends it. */
const safeMethods: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Checks every request whose token came in a cookie against forgery by other sites, whoever found the token. Browsers
 * send cookies along whatever page makes the request; so the request itself must show where it comes from.
 *
 * @param resource origin of the API itself, where it is known
 */
export function withCrossSiteCheck(
  extract: Extractor<never>,
  find: Finder,
  resource: string | undefined,
): Finder {
  if (builtInOf(extract)?.readsCookies === false) return find
  const checked = (found: Presented | undefined, request: HttpRequest): Presented | undefined => {
    if (found === undefined || !isOfCookie(found, request)) return found
    checkSite(request, found.origins ?? [], resource)
    return found.place === 'cookie' ? found : { ...found, place: 'cookie' }
  }
  return (request) => {
    const found = find(request)
    return found instanceof Promise ? found.then((it) => checked(it, request)) : checked(found, request)
  }
}

/** Shortest signature by itself that is looked for in cookies: some applications split a token among two. */
const signatureLength = 16

/** Whether a token is a cookie's: it says so, or stands in the Cookie header and not in the Authorization header. */
function isOfCookie({ place, token }: Presented, request: HttpRequest): boolean {
  if (place === 'cookie') return true
  if (token === '' || headerValues(request, 'cookie') === undefined) return false
  if (firstHeader(request, 'authorization')?.includes(token) === true) return false
  const signature = token.slice(token.lastIndexOf('.') + 1)
  return readingsOf(cookieText(request)).some(
    (each) => each.includes(token) || (signature.length >= signatureLength && each.includes(signature)),
  )
}

/** The cookies as they stand, percent-decoded, and what is base64 in them: so sessions are kept in cookies. */
function readingsOf(text: string): readonly string[] {
  const plain = decoded(text)
  const parts = plain.match(/[\w+/-]{22,}/g) ?? []
  return [text, plain, ...parts.map(decodedBase64)]
}

function decodedBase64(part: string): string {
  const bytes = decodeBase64url(part.replaceAll('+', '-').replaceAll('/', '_'))
  return new TextDecoder().decode(bytes)
}

function decoded(text: string): string {
  return text.replaceAll(/%[\da-f]{2}/gi, (escape) =>
    String.fromCharCode(Number.parseInt(escape.slice(1), 16)),
  )
}

/**
 * Checks where a request comes from (Fetch Metadata, RFC 6454 §7). The Host header decides nothing.
 *
 * @throws {ForbiddenError}
 */
function checkSite(request: HttpRequest, listed: readonly string[], resource: string | undefined): void {
  if (isSafe(request)) return
  const site = onlyHeader(request, 'sec-fetch-site', () => refused('the request has Sec-Fetch-Site twice'))
  const origin = onlyHeader(request, 'origin', () => refused('the request has Origin twice'))
  if (origin !== undefined && listed.includes(origin)) return
  if (site === undefined) {
    if (origin !== undefined && origin === resource) return
    throw refused(origin === undefined ? nothing : ofOrigin(origin))
  }
  const isOwn = site === 'same-origin' || (site === 'none' && origin !== 'null')
  if (!isOwn) throw refused(`${ofSite(site)}${origin === undefined ? '' : `, ${ofOrigin(origin)}`}`)
  // No browser says so of a page elsewhere; only where the API's own origin is known can that be told.
  if (resource !== undefined && origin !== undefined && origin !== 'null' && origin !== resource)
    throw refused(ofOrigin(origin))
}

/** By the method on the wire and by the one that a method override made of it: the handler sees either. */
function isSafe(request: HttpRequest): boolean {
  const { method, originalMethod = method } = request
  // WebSockets begin with a GET, which browsers send for any page.
  if (headerValues(request, 'upgrade') !== undefined) return false
  return safeMethods.has(method) && safeMethods.has(originalMethod)
}

const nothing =
  'the request has a cookie, but neither Sec-Fetch-Site nor Origin: programs that are no browser send the token in the Authorization header'

function ofSite(site: string): string {
  const known = /^(?:same-site|cross-site|none)$/.test(site) ? site : 'another value than browsers send'
  return `Sec-Fetch-Site is ${known}`
}

function ofOrigin(origin: string): string {
  if (origin === 'null') return 'Origin is null, which stands for any page'
  return isOrigin(origin)
    ? `the origin is ${shownText(origin)}: if that page is yours, list it in csrf.origins of fromCookie()`
    : 'Origin is no origin of a web page'
}

function refused(hint: string): ForbiddenError {
  return new ForbiddenError('csrf', { detail: { hint } })
}
