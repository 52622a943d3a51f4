import { decodeBase64url, digest } from '#platform'
import { isPromise } from '../lib/maybe-promise.ts'
import { own } from '../lib/objects.ts'
import { isDerOfKey } from './der.ts'
import { isEcPoint } from './ec-point.ts'
import { remainderOf } from './rsa.ts'
import { shortestKey, spellingsOf, textOf } from './spellings.ts'

/** A part of a secret, in one of its spellings. */
interface Block {
  readonly secret: Uint8Array
  readonly text: string
}

/** Blocks by their first bytes. */
type Blocks = Map<number, Block[]>

/** How far apart blocks begin: less, so that a key of 23 bytes has at least one of them in it. */
const blockDistance = 8

/** Members of a JWK that anyone may know, and that identify the key. */
const publicMembers = ['n', 'x', 'y', 'pub', 'x5t', 'x5t#S256']

/** The members that make the thumbprint of a key, in order (RFC 7638 §3.2, RFC 9964 §6). */
const thumbprintMembers: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['RSA', ['e', 'kty', 'n']],
  ['EC', ['crv', 'kty', 'x', 'y']],
  ['OKP', ['crv', 'kty', 'x']],
  ['AKP', ['alg', 'kty', 'pub']],
])

/**
 * Tells whether a secret is recognisably a key that others may know: PEM, JWK, XML, OpenSSH, RFC 4716, `did:key`, the
 * modulus of an RSA key, the point of an EC key, or a key or certificate in DER; as text or bytes, also within the
 * encodings of {@link spellingsOf}. Anyone who knows a public key could sign with such a secret.
 */
export function isPublished(secret: Uint8Array): boolean {
  return spellingsOf(secret).some(
    (text) =>
      isKeyText(text) ||
      isSshKey(text) ||
      isModulus(text) ||
      isEcPoint(bytesOf(text)) ||
      (text.startsWith('0') && isDerOfKey(bytesOf(text))),
  )
}

/** Tells whether a secret has a part of this public key in it; see {@link keyMaterialIn}. */
export function isKeyMaterial(secret: Uint8Array, jwk: unknown): boolean {
  let find = finders.get(secret)
  if (find === undefined) {
    find = keyMaterialIn([secret])
    finders.set(secret, find)
  }
  return find(jwk).size > 0
}

/** The parts of secrets that were compared before. Secrets are never changed. */
const finders = new WeakMap<Uint8Array, ReturnType<typeof keyMaterialIn>>()

/**
 * Finds secrets that have a public key, a part of it or its thumbprint in them, in any of the encodings of
 * {@link spellingsOf}. The secrets are decoded once.
 *
 * @returns a function that finds which of the secrets are such, for an entry of a JWK Set; what it may be used for does not matter
 */
export function keyMaterialIn(secrets: readonly Uint8Array[]): (jwk: unknown) => ReadonlySet<Uint8Array> {
  const blocks: Blocks = new Map()
  for (const secret of secrets) addBlocks(blocks, secret)
  return (jwk) => {
    const found = new Set<Uint8Array>()
    for (const form of formsOf(jwk)) {
      for (let at = 0; at + shortestKey <= form.length; at++) {
        for (const { secret, text } of blocks.get(headAt(form, at)) ?? []) {
          if (form.startsWith(text, at)) found.add(secret)
        }
      }
    }
    return found
  }
}

function addBlocks(blocks: Blocks, secret: Uint8Array): void {
  const seen = new Set<string>()
  for (const spelling of spellingsOf(secret)) {
    for (let at = 0; at + shortestKey <= spelling.length; at += blockDistance) {
      const text = spelling.slice(at, at + shortestKey)
      if (seen.has(text)) continue
      seen.add(text)
      const head = headAt(text, 0)
      const others = blocks.get(head)
      if (others === undefined) blocks.set(head, [{ secret, text }])
      else others.push({ secret, text })
    }
  }
}

/** Thirty bits as one number, which is small enough to be looked up fast. */
function headAt(text: string, at: number): number {
  return (
    ((text.charCodeAt(at) & 0x3f) << 24) |
    (text.charCodeAt(at + 1) << 16) |
    (text.charCodeAt(at + 2) << 8) |
    text.charCodeAt(at + 3)
  )
}

/** What identifies a public key, as texts of one character per byte. */
function formsOf(jwk: unknown): readonly string[] {
  if (typeof jwk !== 'object' || jwk === null) return []
  const kid = own(jwk, 'kid')
  const numbers = publicMembers
    .map((name) => own(jwk, name))
    // A `kid` of this length is a thumbprint.
    .concat(typeof kid === 'string' && kid.length === 43 ? kid : [])
    .flatMap((member) => (typeof member === 'string' ? (decodeBase64url(member) ?? []) : []))
  // Microsoft's blobs have the lowest byte first.
  return [...numbers.flatMap((number) => [textOf(number), textOf(number.toReversed())]), ...thumbprintOf(jwk)]
}

/** Where the platform computes it only later, a thumbprint is known by `kid` alone. */
function thumbprintOf(jwk: object): readonly string[] {
  const names = thumbprintMembers.get(own(jwk, 'kty'))
  if (names === undefined) return []
  const thumbprint = digest(JSON.stringify(Object.fromEntries(names.map((name) => [name, own(jwk, name)]))))
  return isPromise(thumbprint) ? [] : [thumbprint]
}

function isKeyText(text: string): boolean {
  // Texts of two bytes per character have zeros between the letters.
  return /-{4,5} ?BEGIN |^\s*(?:sk-)?(?:ssh-|ecdsa-)|^\s*[[{][^]*"(?:kty|keys|x5c)"|<(?:RSAKeyValue|Modulus)>|(?:^|did:key:)z(?:6Mk|6LS|Dna|82L|2J9|Q3s|4MX)[1-9A-HJ-NP-Za-km-z]{40}/.test(
    text.replaceAll('\0', ''),
  )
}

/** The wire format of SSH begins with the length and the name of the algorithm (RFC 4253 §6.6). */
function isSshKey(text: string): boolean {
  return /^\0{3}[^\0](?:sk-)?(?:ssh|ecdsa|rsa)-/.test(text)
}

/** Bytes of the common moduli, of 2048 to 8192 bits. */
const modulusLengths: readonly number[] = [256, 384, 512, 1024]

/**
 * Tells what looks like the modulus of an RSA key: a number of such a length without small factors. Of secrets of 256
 * random bytes and more one in 27 does, too, in hex one in 15, as hex can be read as base64; of shorter ones none.
 */
function isModulus(text: string): boolean {
  const digits = text.startsWith('\0') ? text.slice(1) : text
  if (!modulusLengths.includes(digits.length) || digits.charCodeAt(0) < 0x80) return false
  const number = bytesOf(digits)
  if (remainderOf(number, 2) === 0) return false
  for (let factor = 3; factor < 2000; factor += 2) if (remainderOf(number, factor) === 0) return false
  return true
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}
