import { fromBase64url } from './base64url.ts'
import { boundedCache } from '../lib/cache.ts'
import type { RefusalDetail } from '../detail.ts'
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
const refusedParameters = ['crit', 'b64', 'enc'] as const

/**
 * Takes a compact JWS apart, strictly: three parts of canonical base64url, header and payload UTF-8 JSON objects.
 *
 * @throws {InvalidTokenError} `malformed` for anything else, and for `crit`, `b64`, `enc` and nested tokens,
 * of which we understand none (RFC 7515 §4.1.11). Other unknown parameters are ignored, `zip` among them: it belongs
 * to encrypted tokens (RFC 7516 §4.1.3).
 */
export function parseToken(token: string): ParsedToken {
  const headerEnd = token.indexOf('.')
  const payloadEnd = token.indexOf('.', headerEnd + 1)
  if (headerEnd < 1 || payloadEnd < headerEnd + 2) throw malformed({ hint: hintOf(token) })
  return {
    header: headerOf(token.slice(0, headerEnd)),
    payload: parsePart(token.slice(headerEnd + 1, payloadEnd)),
    signingInput: token.slice(0, payloadEnd),
    // A further dot is no character of base64url, so a JWE ends here too.
    signature: signatureOf(token, payloadEnd),
  }
}

function signatureOf(token: string, payloadEnd: number): Uint8Array {
  const bytes = fromBase64url(token.slice(payloadEnd + 1))
  if (bytes === undefined) throw malformed({ hint: hintOf(token) })
  return bytes
}

const encrypted = 'the token is encrypted (JWE): ask the issuer for signed tokens'

/** What a text is that is no signed token. */
function hintOf(token: string): string {
  const parts = token.split('.').length
  if (parts === 1) return 'the token is opaque: only signed tokens of three parts (JWT) can be verified'
  if (parts === 5) return encrypted
  return 'a signed token has three parts of base64url, separated by dots'
}

function malformed(detail: RefusalDetail = {}): InvalidTokenError {
  return new InvalidTokenError('malformed', { detail })
}

function decodePart(part: string): Uint8Array {
  const bytes = fromBase64url(part)
  if (bytes === undefined) throw malformed({ hint: 'a part of the token is not base64url' })
  return bytes
}

function parsePart(part: string): Record<string, unknown> {
  try {
    return parseJsonObject(decodePart(part))
  } catch (error) {
    if (error instanceof InvalidTokenError) throw error
    // Not as `cause`: the parser's message quotes the text.
    throw malformed({ hint: 'a part of the token is not a JSON object, or one that can be read in two ways' })
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
    if (Object.hasOwn(header, name)) {
      throw malformed({ claim: name, actual: header[name], ...(name === 'enc' && { hint: encrypted }) })
    }
  }
  const kid = own(header, 'kid')
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > maxKeyIdLength)) {
    throw malformed({ claim: 'kid', actual: kid })
  }
  const cty = own(header, 'cty')
  if (cty !== undefined && (typeof cty !== 'string' || mediaType(cty) === 'jwt')) {
    throw malformed({ claim: 'cty', actual: cty })
  }
  const alg = own(header, 'alg')
  if (typeof alg !== 'string')
    throw new InvalidTokenError('algorithm', { detail: { claim: 'alg', actual: alg } })
  const typ = own(header, 'typ')
  if (typ !== undefined && typeof typ !== 'string') {
    throw new InvalidTokenError('type', { detail: { claim: 'typ', actual: typ } })
  }
  return header as JwtHeader
}

/** A `typ` or `cty` for comparison: without regard to case, and to `application/` (RFC 7515 §4.1.9). */
export function mediaType(value: string): string {
  const lower = value.toLowerCase()
  return lower.startsWith('application/') ? lower.slice('application/'.length) : lower
}
