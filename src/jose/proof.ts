import { parseJsonObject } from '../lib/json.ts'
import { fromBase64url } from './base64url.ts'

/** A compact JWS of a client taken apart; nothing in it is checked or verified yet (RFC 7515 §7.1). */
export interface ParsedProof {
  /** As it is written: a client writes the same one into all of its proofs. See {@link headerOfProof}. */
  readonly header: string
  readonly payload: Readonly<Record<string, unknown>>
  /** What the signature was made over. */
  readonly signingInput: string
  readonly signature: Uint8Array
}

/**
 * Takes a compact JWS apart, strictly: three parts, of which the payload is a UTF-8 JSON object in canonical base64url.
 * The header is not read.
 *
 * @returns `undefined` for any other text
 */
export function parseProof(text: string): ParsedProof | undefined {
  const first = text.indexOf('.')
  const second = text.indexOf('.', first + 1)
  if (second === -1) return undefined
  // A third dot is no character of base64url.
  const signature = fromBase64url(text.slice(second + 1))
  const payload = objectIn(text.slice(first + 1, second))
  if (signature === undefined || payload === undefined) return undefined
  return { header: text.slice(0, first), payload, signingInput: text.slice(0, second), signature }
}

/** Reads the header, as strictly. @returns `undefined` for anything but a UTF-8 JSON object in canonical base64url */
export function headerOfProof({ header }: ParsedProof): Readonly<Record<string, unknown>> | undefined {
  return objectIn(header)
}

function objectIn(part: string): Record<string, unknown> | undefined {
  const bytes = fromBase64url(part)
  if (bytes === undefined) return undefined
  try {
    return parseJsonObject(bytes)
  } catch {
    return undefined
  }
}
