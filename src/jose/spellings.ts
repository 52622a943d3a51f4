import { decodeBase64url } from '#platform'

/** How often an encoding may be encoded again, for example PEM in base64. */
const maxLayers = 5

/** With this many results, nothing more is decoded. */
const maxSpellings = 1000

/** Fewer bytes than this are no key: they would be found by chance. */
export const shortestKey = 16

/** Longest run of digits read as one number: the time grows with the square. */
const longestNumber = 4096

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const base32hex = '0123456789ABCDEFGHIJKLMNOPQRSTUV'
const base58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/**
 * A secret as it is, and everything it may be an encoding of: base64, base64url, base32, base58, hex, decimal and
 * binary digits, lists of bytes, escapes, UTF-16, Latin-1 written as UTF-8, and these within each other.
 *
 * @returns texts of one character per byte
 */
export function spellingsOf(bytes: Uint8Array): readonly string[] {
  const found = new Set([textOf(bytes)])
  let layer: readonly string[] = [...found]
  for (let depth = 0; depth < maxLayers; depth++) {
    const next: string[] = []
    for (const text of layer) {
      if (found.size >= maxSpellings) return [...found]
      for (const inner of decodingsOf(text)) {
        if (inner.length < shortestKey || found.has(inner)) continue
        found.add(inner)
        next.push(inner)
      }
    }
    layer = next
  }
  return [...found]
}

/** A text with one character per byte. */
export function textOf(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

function decodingsOf(given: string): readonly string[] {
  // Texts of two bytes per character have zeros between the letters.
  const text = given.replaceAll('\0', '')
  const content = text
    // The lines around a key, line ends as text, and the header lines of RFC 4716.
    .replaceAll(/-{4,5}[^-\n]{0,80}-{4,5}|\\[nrt]/g, '\n')
    .replaceAll(/^[\w-]{1,64}: .*$/gm, '')
  const joined = content.replaceAll(/[^\w+/=-]+/g, '')
  const plain = text.replaceAll(/[^\da-z]+/gi, '')
  const digits = text.replaceAll(/0x|u00|x|[^\da-z]+/gi, '')
  return [
    text,
    fromUtf8(given),
    unescaped(text),
    ...runs(/[\w+/-]{20,}/g, text, content, joined).flatMap(fromBase64),
    ...runs(/[\da-f]{32,}/gi, text, joined, digits).flatMap((run) => [fromHex(run), fromHex(run.slice(1))]),
    ...runs(listOfBytes, text).flatMap(fromList),
    ...runs(/[01]{128,}/g, text.replaceAll(/0b|[^\da-z]+/gi, '')).map((run) => fromBits(run, 1, '01')),
    ...runs(/\d{39,}/g, joined).map((run) => fromNumber(run, '0123456789')),
    ...runs(/[a-z2-7]{32,}|[A-Z2-7]{32,}/g, content, joined, plain).flatMap((run) => fromBase32(run, base32)),
    ...runs(/[\da-v]{32,}|[\dA-V]{32,}/g, content, joined, plain).flatMap((run) =>
      fromBase32(run, base32hex),
    ),
    // Whole words alone, or much of base64 would match. The first letter may be the prefix of multibase.
    ...runs(/(?<![\w+/-])[1-9A-HJ-NP-Za-km-z]{32,}(?![\w+/-])/g, content, joined).flatMap((run) => [
      fromNumber(run, base58),
      fromNumber(run.slice(1), base58),
    ]),
  ]
}

/** At least 16 numbers of up to three digits. */
const listOfBytes = /(?:(?:0?x)?[\da-f]{1,3}[^\da-z]+){15,}(?:0?x)?[\da-f]{1,3}/gi

function runs(pattern: RegExp, ...texts: readonly string[]): readonly string[] {
  return [...new Set(texts.flatMap((text) => text.match(pattern) ?? []))]
}

/** Where a word stands before it, base64 may begin at any of four places. */
function fromBase64(run: string): readonly string[] {
  return [0, 1, 2, 3].flatMap((skipped) => {
    const text = run.slice(skipped).replaceAll('+', '-').replaceAll('/', '_')
    // One character alone encodes nothing.
    const bytes = decodeBase64url(text.length % 4 === 1 ? text.slice(0, -1) : text)
    return bytes === undefined ? [] : textOf(bytes)
  })
}

/** With or without the prefix of multibase. */
function fromBase32(run: string, alphabet: string): readonly string[] {
  const text = run.toUpperCase()
  return [fromBits(text, 5, alphabet), fromBits(text.slice(1), 5, alphabet)]
}

function fromHex(run: string): string {
  return fromBits(run.toLowerCase(), 4, '0123456789abcdef')
}

/** Reads digits that stand for a number of bits each. */
function fromBits(run: string, bits: number, alphabet: string): string {
  let [text, rest, length] = ['', 0, 0]
  for (const digit of run) {
    rest = ((rest << bits) | alphabet.indexOf(digit)) & 0xfff
    length += bits
    if (length < 8) continue
    length -= 8
    text += String.fromCharCode((rest >> length) & 0xff)
  }
  return text
}

/** Reads the digits of one large number. */
function fromNumber(run: string, alphabet: string): string {
  const base = alphabet.length
  let number = 0n
  // Seven digits at a time fit a number.
  for (const [part] of run.slice(0, longestNumber).matchAll(/.{1,7}/g)) {
    const value = Array.from(part).reduce((sum, digit) => sum * base + alphabet.indexOf(digit), 0)
    number = number * BigInt(base ** part.length) + BigInt(value)
  }
  const hex = number.toString(16)
  return fromHex(hex.length % 2 === 0 ? hex : `0${hex}`)
}

/** Reads a list of bytes in hex, decimal, signed or octal digits; an object has an index before each of them. */
function fromList(run: string): readonly string[] {
  const numbers = run.match(/[\dxa-f]+/gi) ?? []
  const signed = run.match(/-?\d+/g) ?? []
  return [
    bytesIn(16, run.replaceAll(/0?x/gi, '').match(/[\da-f]+/gi) ?? []),
    bytesIn(10, numbers),
    bytesIn(
      10,
      numbers.filter((_, at) => at % 2 === 1),
    ),
    bytesIn(10, signed),
    bytesIn(8, numbers),
  ]
}

function bytesIn(radix: number, items: readonly string[]): string {
  return items.map((item) => String.fromCharCode(parseInt(item, radix) & 0xff)).join('')
}

/** Escapes of URLs, quoted-printable and programming languages, also between other characters. */
function unescaped(text: string): string {
  return text.replaceAll(/(?:%|=|\\x|\\u00)([\da-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  )
}

/** Bytes that were taken for Latin-1, and written as UTF-8. */
function fromUtf8(text: string): string {
  return text.replaceAll(/([\u00c2\u00c3])([\u0080-\u00bf])/g, (_, first: string, second: string) =>
    String.fromCharCode(second.charCodeAt(0) + (first === '\u00c3' ? 0x40 : 0)),
  )
}
