import { InvalidRequestError } from '../errors.ts'
import { own } from '../lib/objects.ts'
import type { Credentials, Extractor, HttpRequest } from '../types.ts'

// RFC 9110 §11.4: the scheme in any case, spaces, a token68. Outer white space belongs to the header, not to it.
const bearer = /^[\t ]*bearer +([^\t ](?:.*[^\t ])?)[\t ]*$/i
// The scheme is ours, but what follows is not one token; or ours stands second in a list.
const brokenBearer = /^[\t ]*bearer(?![\w!#$%&'*+.^`|~-])|,[\t ]*(?:bearer|dpop)[\t ]/i
const token68 = /^[\w\-.~+/]+=*$/

/**
 * Finds the token in `Authorization: Bearer ...` (RFC 6750 §2.1): the default, and the only safe place. Its
 * characters are not looked at here; see {@link isToken68}.
 */
export function fromHeader(): Extractor {
  return (request) => {
    const value = authorizationOf(request)
    if (value === undefined) return undefined
    // How nearly every client writes it, told apart without reading the whole value.
    if (
      value.startsWith('Bearer ') &&
      isInner(value.charCodeAt(7)) &&
      isInner(value.charCodeAt(value.length - 1))
    ) {
      return value.slice(7)
    }
    const match = bearer.exec(value)
    if (match !== null) return match[1]
    if (brokenBearer.test(value)) throw new InvalidRequestError()
    return undefined
  }
}

/** Neither white space nor the NaN beyond the end. */
function isInner(code: number): boolean {
  return code > 0x20
}

/**
 * Finds the token in the query parameter `access_token`. Such tokens end up in logs and histories, and RFC 9700
 * §4.3.2 forbids them; for clients that can do nothing else. Good answers get `Cache-Control: private` unless the
 * handler says otherwise (RFC 6750 §2.3).
 */
export function fromQuery(): Extractor {
  return Object.assign((request: HttpRequest) => tokenInQuery(request), { readsUrl: true })
}

function tokenInQuery({ url = '' }: HttpRequest): string | undefined {
  const [target = ''] = url.split('#', 1)
  const start = target.indexOf('?')
  if (start === -1) return undefined
  const found: string[] = []
  for (const [name, value] of new URLSearchParams(target.slice(start + 1))) {
    if (name === 'access_token') found.push(value)
    else if (name.startsWith('access_token[')) throw new InvalidRequestError()
  }
  return onlyOne(found)
}

/**
 * Finds the token in the form parameter `access_token` (RFC 6750 §2.2): never on GET or HEAD, and only of an
 * `application/x-www-form-urlencoded` body that a parser has read before. That is so on Express and Koa; Fastify
 * verifies before it reads a body, and a web `Request` holds none that is parsed: nothing is found there.
 */
export function fromBody(): Extractor {
  return ({ method = 'GET', headers, rawHeaders, body }) => {
    const [type = ''] = [headerValues(headers, rawHeaders, 'content-type')].flat()
    if (method === 'GET' || method === 'HEAD' || !/^application\/x-www-form-urlencoded *(?:;|$)/i.test(type))
      return
    if (typeof body !== 'object' || body === null) return
    const value = own(body, 'access_token')
    if (value === undefined) return
    if (typeof value !== 'string') throw new InvalidRequestError()
    return value
  }
}

/**
 * Looks in every one of these places, and insists on at most one answer (RFC 6750 §3.1).
 *
 * @throws {TypeError} when no place is named
 */
export function firstOf(...extractors: readonly Extractor[]): Extractor {
  if (extractors.length === 0)
    throw new TypeError('firstOf: name at least one place, for example fromHeader()')
  const extract = (request: HttpRequest): Credentials | string | undefined =>
    onlyOne(extractors.flatMap((each) => each(request) ?? []))
  return Object.assign(extract, { readsUrl: extractors.some(({ readsUrl }) => readsUrl === true) })
}

/** The token an extractor found. @throws {TypeError} for a function of the user's that returned nonsense */
export function tokenOf(extract: Extractor, request: HttpRequest): string | undefined {
  const found: unknown = extract(request)
  if (typeof found === 'string' || found === undefined) return found
  const { token } = Object(found) as { token?: unknown }
  if (typeof token !== 'string')
    throw new TypeError('tokenFrom: the function must return a string or undefined')
  return token
}

/**
 * Tells whether a text may stand in a Bearer header at all (RFC 6750 §2.1). Every token that holds may; so only
 * of one that was refused for its form it is asked, to tell malformed credentials from a malformed token.
 */
export function isToken68(text: string): boolean {
  return token68.test(text)
}

function onlyOne<T>(found: readonly T[]): T | undefined {
  if (found.length > 1) throw new InvalidRequestError('More than one access token was sent')
  return found[0]
}

// Members of an Express request are slow, since each request has a hidden class of its own: read once.
function authorizationOf({ headers, rawHeaders }: HttpRequest): string | undefined {
  // Node keeps the first of two Authorization headers and says nothing (RFC 9110 §5.3 allows one).
  if (rawHeaders !== undefined && countOf(rawHeaders, 'authorization') > 1) throw moreThanOneHeader()
  const values = headerValues(headers, rawHeaders, 'authorization')
  if (values === undefined || typeof values === 'string') return values
  if (values.length > 1) throw moreThanOneHeader()
  return values[0]
}

function moreThanOneHeader(): InvalidRequestError {
  return new InvalidRequestError('More than one Authorization header was sent')
}

function countOf(rawHeaders: readonly string[], name: string): number {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const candidate = rawHeaders[at] as string
    if (candidate.length === name.length && candidate.toLowerCase() === name) count++
  }
  return count
}

function headerValues(
  headers: HttpRequest['headers'],
  rawHeaders: HttpRequest['rawHeaders'],
  name: string,
): string | readonly string[] | undefined {
  if (typeof headers.get === 'function') return headers.get(name) ?? undefined
  const record = headers as Readonly<Record<string, string | readonly string[] | undefined>>
  // Node writes every name in lower case; the parts of an event may not.
  if (rawHeaders !== undefined) return own(record, name) as string | readonly string[] | undefined
  const names = Object.keys(record).filter((key) => key.toLowerCase() === name)
  return names.flatMap((key) => record[key] ?? [])
}
