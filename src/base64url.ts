import { decodeBase64url } from '#platform'

// `base64url` is what a JWS is written in (RFC 7515 §2).
const alphabet = /^[A-Za-z0-9_-]+$/

// Bits of the last character that no byte uses, by the length of the text modulo 4.
const strayBits = [0, undefined, 0b1111, 0b11] as const

/**
 * Decodes canonical base64url: no padding, no white space, no other character, and no bits beyond the last
 * byte, so that every value has exactly one spelling.
 *
 * @returns `undefined` for anything else, the empty text included.
 */
export function fromBase64url(text: string): Uint8Array | undefined {
  const stray = strayBits[text.length % 4]
  if (stray === undefined || !alphabet.test(text)) return undefined
  if (stray !== 0 && (valueOf(text.charCodeAt(text.length - 1)) & stray) !== 0) return undefined
  return decodeBase64url(text)
}

function valueOf(code: number): number {
  if (code >= 0x61) return code - 71 // a..z
  if (code === 0x5f) return 63 // _
  if (code >= 0x41) return code - 65 // A..Z
  if (code >= 0x30) return code + 4 // 0..9
  return 62 // -
}
