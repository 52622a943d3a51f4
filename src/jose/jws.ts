import { fromBase64url } from './base64url.ts'
import { boundedCache } from '../lib/cache.ts'
import type { RefusalDetail } from '../detail.ts'
import { InvalidTokenError } from '../errors.ts'
import { algorithmHint } from '../hints/key.ts'
import { encrypted, formHint } from '../hints/form.ts'
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
  if (headerEnd < 1 || payloadEnd < headerEnd + 2) throw malformed({ hint: formHint(token) })
  return {
    header: headerOf(token.slice(0, headerEnd), token),
    payload: parsePart(token.slice(headerEnd + 1, payloadEnd), token),
    signingInput: token.slice(0, payloadEnd),
    // A further dot is no character of base64url, so a JWE ends here too.
    signature: signatureOf(token, payloadEnd),
  }
}

function signatureOf(token: string, payloadEnd: number): Uint8Array {
  const bytes = fromBase64url(token.slice(payloadEnd + 1))
  if (bytes === undefined) throw malformed({ hint: formHint(token) })
  return bytes
}

function malformed(detail: RefusalDetail = {}): InvalidTokenError {
  return new InvalidTokenError('malformed', { detail })
}

function decodePart(part: string, token: string): Uint8Array {
  const bytes = fromBase64url(part)
  if (bytes === undefined) throw malformed({ hint: formHint(token) })
  return bytes
}

function parsePart(part: string, token: string): Record<string, unknown> {
  try {
    return parseJsonObject(decodePart(part, token))
  } catch (error) {
    if (error instanceof InvalidTokenError) throw error
    // Not as `cause`: the parser's message quotes the text.
    throw malformed({ hint: 'a part of the token is not a JSON object, or one that can be read in two ways' })
  }
}

// An issuer writes one header per key, so nearly every header was parsed before.
const parsedHeaders = boundedCache<JwtHeader>({ max: 100 })

function headerOf(part: string, token: string): JwtHeader {
  const known = parsedHeaders.get(part)
  if (known !== undefined) return known
  const header = parseHeader(part, token)
  // A copy of the text: a slice would keep the token it was cut from in memory. Long ones are no issuer's.
  if (part.length <= 512) parsedHeaders.set(` ${part}`.slice(1), header)
  return header
}

function parseHeader(part: string, token: string): JwtHeader {
  const header = parsePart(part, token)
  for (const name of refusedParameters) {
    if (Object.hasOwn(header, name)) {
      const hint = name === 'enc' ? encrypted : 'the header asks for a form of JWS that is not supported'
      throw malformed({ claim: name, expected: 'absent', actual: header[name], hint })
    }
  }
  const kid = own(header, 'kid')
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > maxKeyIdLength)) {
    throw malformed({
      claim: 'kid',
      expected: `a string of at most ${maxKeyIdLength} characters`,
      actual: kid,
    })
  }
  const cty = own(header, 'cty')
  if (cty !== undefined && (typeof cty !== 'string' || mediaType(cty) === 'jwt')) {
    const hint = 'the token has another token in it, as encrypted ones do'
    throw malformed({ claim: 'cty', expected: 'no token', actual: cty, hint })
  }
  const alg = own(header, 'alg')
  if (typeof alg !== 'string') {
    const detail = { claim: 'alg', expected: 'a string', actual: alg, hint: algorithmHint(alg, []) }
    throw new InvalidTokenError('algorithm', { detail })
  }
  const typ = own(header, 'typ')
  if (typ !== undefined && typeof typ !== 'string') {
    throw new InvalidTokenError('type', { detail: { claim: 'typ', expected: 'a string', actual: typ } })
  }
  return header as JwtHeader
}

/** A `typ` or `cty` for comparison: without regard to case, and to `application/` (RFC 7515 §4.1.9). */
export function mediaType(value: string): string {
  const lower = value.toLowerCase()
  return lower.startsWith('application/') ? lower.slice('application/'.length) : lower
}
