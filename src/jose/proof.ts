import { parseJsonObject } from '../lib/json.ts'
import { fromBase64url } from './base64url.ts'

/** A compact JWS of a client taken apart; nothing in it is checked or verified yet (RFC 7515 §7.1). */
export interface ParsedProof {
  readonly header: Readonly<Record<string, unknown>>
  readonly payload: Readonly<Record<string, unknown>>
  /** What the signature was made over. */
  readonly signingInput: string
  readonly signature: Uint8Array
}

/**
 * Takes a compact JWS apart, strictly: three parts of canonical base64url, header and payload UTF-8 JSON objects.
 * Nothing is remembered, since clients write as many headers as they like.
 *
 * @returns `undefined` for any other text
 */
export function parseProof(text: string): ParsedProof | undefined {
  const [header = '', payload = '', signature = '', more] = text.split('.', 4)
  const bytes = more === undefined ? fromBase64url(signature) : undefined
  const [headerObject, payloadObject] = [objectIn(header), objectIn(payload)]
  if (bytes === undefined || headerObject === undefined || payloadObject === undefined) return undefined
  return {
    header: headerObject,
    payload: payloadObject,
    signingInput: `${header}.${payload}`,
    signature: bytes,
  }
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
