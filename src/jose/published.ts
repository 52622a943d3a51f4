import { decodeBase64url } from '#platform'
import { own } from '../lib/objects.ts'
import { isDerOfKey } from './der.ts'

/** One character per byte. */
const characters = new TextDecoder('latin1')

/** How often an encoding may be encoded again, for example PEM in base64. */
const maxLayers = 3

/** Fewer bytes than this are no key: they would be found by chance. */
const shortestKey = 16

/**
 * Tells whether a secret is recognisably a key that others may know: PEM, JWK, XML, OpenSSH, RFC 4716, or a key or
 * certificate in DER; as text or bytes, also within base64, base64url or hex. Anyone who knows a public key could
 * sign with such a secret.
 */
export function isPublished(secret: Uint8Array): boolean {
  return spellingsOf(secret, maxLayers).some(
    (bytes) => isKeyText(textOf(bytes)) || isSshKey(bytes) || isDerOfKey(bytes),
  )
}

/**
 * Tells whether a secret is, contains, or is a part of this public key, in any of the encodings of
 * {@link isPublished}, or as the bare number in bytes, hex, base64url or decimal digits.
 *
 * @param jwk an entry of a JWK Set; what it may be used for does not matter
 */
export function isKeyMaterial(secret: Uint8Array, jwk: unknown): boolean {
  if (typeof jwk !== 'object' || jwk === null) return false
  const numbers = ['n', 'x', 'y', 'pub']
    .map((name) => own(jwk, name))
    .flatMap((member) => (typeof member === 'string' ? [decodeBase64url(member) ?? new Uint8Array()] : []))
    // Microsoft's blobs have the lowest byte first.
    .flatMap((number) => [textOf(number), textOf(number.toReversed())])
    .map((number) => number.replace(/^\0+/, ''))
    .filter(({ length }) => length >= shortestKey)
  return spellingsOf(secret, maxLayers).some((bytes) => {
    const text = textOf(bytes)
    return numbers.some(
      (number) => text.includes(number) || (text.length >= shortestKey && number.includes(text)),
    )
  })
}

function isKeyText(text: string): boolean {
  // Texts of two bytes per character have zeros between the letters.
  return /-{4,5} ?BEGIN |^\s*(?:sk-)?(?:ssh-|ecdsa-)|^\s*[[{][^]*"(?:kty|keys|x5c)"|<(?:RSAKeyValue|Modulus)>/.test(
    text.replaceAll('\0', ''),
  )
}

/** The wire format of SSH begins with the length and the name of the algorithm (RFC 4253 §6.6). */
function isSshKey(bytes: Uint8Array): boolean {
  return /^\0{3}[^\0](?:sk-)?(?:ssh|ecdsa|rsa)-/.test(textOf(bytes))
}

/** A secret as it is, and everything it may be an encoding of. */
function spellingsOf(bytes: Uint8Array, layers: number): readonly Uint8Array[] {
  if (layers === 0) return [bytes]
  const text = textOf(bytes).replaceAll('\0', '')
  return [bytes, ...decodingsOf(text).flatMap((inner) => spellingsOf(inner, layers - 1))]
}

function decodingsOf(text: string): readonly Uint8Array[] {
  const plain = text.includes('%') ? withoutPercents(text) : text
  const content = plain
    // The lines around a key, line ends as text, and the header lines of RFC 4716.
    .replaceAll(/-{4,5}[^-\n]{0,80}-{4,5}|\\[nrt]/g, '\n')
    .replaceAll(/^[\w-]{1,64}: .*$/gm, '')
  const joined = content.replaceAll(/[\s:,]+/g, '')
  return [
    ...[...content.matchAll(/[\w+/-]{20,}/g), ...joined.matchAll(/[\w+/-]{20,}/g)].flatMap(([run]) =>
      base64Of(run),
    ),
    ...[...joined.matchAll(/[\da-f]{32,}/gi)].flatMap(([run]) => [hexOf(run), hexOf(run.slice(1))]),
    ...[...joined.matchAll(/\d{39,}/g)].map(([run]) => hexOf(evenHex(BigInt(run)))),
  ]
}

/** Where a word stands before it, base64 may begin at any of four places. */
function base64Of(run: string): readonly Uint8Array[] {
  return [0, 1, 2, 3].flatMap((skipped) => {
    const text = run.slice(skipped).replaceAll('+', '-').replaceAll('/', '_')
    // One character alone encodes nothing.
    return decodeBase64url(text.length % 4 === 1 ? text.slice(0, -1) : text) ?? []
  })
}

function hexOf(run: string): Uint8Array {
  return Uint8Array.from({ length: Math.floor(run.length / 2) }, (_, at) =>
    parseInt(run.slice(2 * at, 2 * at + 2), 16),
  )
}

function evenHex(number: bigint): string {
  const hex = number.toString(16)
  return hex.length % 2 === 0 ? hex : `0${hex}`
}

function withoutPercents(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function textOf(bytes: Uint8Array): string {
  return characters.decode(bytes)
}
