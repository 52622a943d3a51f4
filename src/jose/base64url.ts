import { decodeBase64url, encodeBase64url } from '#platform'

/**
 * Decodes canonical base64url (RFC 7515 §2): no padding, no white space, no other character, and no bits beyond
 * the last byte, so that every value has exactly one spelling.
 *
 * @returns `undefined` for anything else, the empty text included.
 */
export function fromBase64url(text: string): Uint8Array | undefined {
  if (text === '') return undefined
  const bytes = decodeBase64url(text)
  // Decoders forgive much; only the canonical spelling survives the way back.
  return bytes !== undefined && encodeBase64url(bytes) === text ? bytes : undefined
}

/**
 * Decodes canonical base64 (RFC 4648 §4), with its padding.
 *
 * @returns `undefined` for anything else, the empty text included.
 */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !base64.test(text)) return undefined
  return fromBase64url(text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''))
}

const base64 = /^[\d+/A-Za-z]+={0,2}$/
