import { fromBase64url } from './base64url.ts'
import { boundedCache } from '../lib/cache.ts'
import { InvalidTokenError } from '../errors.ts'
import { own } from '../lib/objects.ts'
import { parseJsonObject } from '../lib/json.ts'
import type { JwtHeader } from '../types.ts'

/** A compact JWS taken apart; nothing in it is verified yet (RFC 7515 §7.1). */
export interface ParsedToken {
  readonly header: JwtHeader
  readonly payload: Record<string, unknown>
  /** What the signature was made over: the header and payload parts as they arrived (RFC 7515 §5.2). */
  readonly signingInput: string
  readonly signature: Uint8Array
}

/** Longest `kid` we look up; issuers use well under 100 characters. */
const maxKeyIdLength = 256

/** Header parameters that change what the other parts mean: the token is something else than a plain JWS. */
const refusedParameters = ['crit', 'b64', 'enc', 'zip'] as const

/**
 * Takes a compact JWS apart, strictly: three parts of canonical base64url, header and payload UTF-8 JSON objects.
 *
 * @throws {InvalidTokenError} `malformed` for anything else, and for `crit`, `b64`, `enc`, `zip` and nested
 * tokens, of which we understand none (RFC 7515 §4.1.11).
 */
export function parseToken(token: string): ParsedToken {
  const headerEnd = token.indexOf('.')
  const payloadEnd = token.indexOf('.', headerEnd + 1)
  if (headerEnd < 1 || payloadEnd < headerEnd + 2) throw new InvalidTokenError('malformed')
  return {
    header: headerOf(token.slice(0, headerEnd)),
    payload: parsePart(token.slice(headerEnd + 1, payloadEnd)),
    signingInput: token.slice(0, payloadEnd),
    // A further dot is no character of base64url, so a JWE ends here too.
    signature: decodePart(token.slice(payloadEnd + 1)),
  }
}

function decodePart(part: string): Uint8Array {
  const bytes = fromBase64url(part)
  if (bytes === undefined) throw new InvalidTokenError('malformed')
  return bytes
}

function parsePart(part: string): Record<string, unknown> {
  try {
    return parseJsonObject(decodePart(part))
  } catch (error) {
    if (error instanceof InvalidTokenError) throw error
    // Not as `cause`: the parser's message quotes the text.
    throw new InvalidTokenError('malformed')
  }
}

// An issuer writes one header per key, so nearly every header was parsed before.
const parsedHeaders = boundedCache<JwtHeader>({ max: 100 })

function headerOf(part: string): JwtHeader {
  const known = parsedHeaders.get(part)
  if (known !== undefined) return known
  const header = parseHeader(part)
  // A copy of the text: a slice would keep the token it was cut from in memory. Long ones are no issuer's.
  if (part.length <= 512) parsedHeaders.set(` ${part}`.slice(1), header)
  return header
}

function parseHeader(part: string): JwtHeader {
  const header = parsePart(part)
  for (const name of refusedParameters) {
    if (Object.hasOwn(header, name)) throw new InvalidTokenError('malformed')
  }
  const kid = own(header, 'kid')
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > maxKeyIdLength)) {
    throw new InvalidTokenError('malformed')
  }
  const cty = own(header, 'cty')
  if (cty !== undefined && (typeof cty !== 'string' || mediaType(cty) === 'jwt')) {
    throw new InvalidTokenError('malformed')
  }
  if (typeof own(header, 'alg') !== 'string') throw new InvalidTokenError('algorithm')
  const typ = own(header, 'typ')
  if (typ !== undefined && typeof typ !== 'string') throw new InvalidTokenError('type')
  return header as JwtHeader
}

/** A `typ` or `cty` for comparison: without regard to case, and to `application/` (RFC 7515 §4.1.9). */
export function mediaType(value: string): string {
  const lower = value.toLowerCase()
  return lower.startsWith('application/') ? lower.slice('application/'.length) : lower
}
