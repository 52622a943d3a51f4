import type { Choices } from './choices.ts'
import { audience, issuer, now } from './world.ts'

type Tell = (what: string) => void

/** Pieces of JSON, and of what is nearly JSON. */
const pieces: readonly string[] = [
  ' ',
  '\n',
  '\t\r',
  '\u00a0',
  '\ufeff',
  '\u0000',
  ',',
  ':',
  '"',
  '\\',
  '{}',
  '[]',
  '{',
  '}',
  '[',
  ']',
  '/**/',
  '//',
  'NaN',
  'Infinity',
  '1e400',
  '-0',
  '01',
  '1.',
  '.5',
  '+1',
  '0x10',
  "'",
  '\\u0000',
  '\\ud800',
  '\\ud83d\\ude00',
  '\\x41',
  '\u{1f600}',
  'null',
  `"exp":1e400,`,
  `"exp":${now + 60},`,
  `"\\u0065xp":${now + 60},`,
  `,"iss":"${issuer}"`,
  `"aud":"${audience}",`,
  `"alg":"none",`,
  `"alg":"ES256",`,
  `"\\u0061lg":"ES256",`,
  `"kid":"es256",`,
  `"__proto__":{"exp":1},`,
  `"x":{"exp":1},`,
  `"x":{"a":1,"a":2},`,
  `"x":"${'y'.repeat(9000)}",`,
  `"x":${'['.repeat(40)}${']'.repeat(40)},`,
  '['.repeat(100_000),
]

/** Changes a JSON text at one or two places. */
export function mutateJson(text: string, choices: Choices, tell: Tell): string {
  let changed = text
  for (let count = 1 + choices.int(2); count > 0; count--) {
    // Most of the time where a member may begin, or at either end, for those are the places that parse.
    const places = [0, 1, changed.length - 1, changed.length, ...indexesOf(changed, ',').map((at) => at + 1)]
    const at = choices.oneIn(3) ? choices.int(changed.length + 1) : choices.pick(places)
    const piece = choices.pick(pieces)
    const cut = choices.pick([0, 0, 0, 1, 2])
    tell(`json: ${JSON.stringify(piece.slice(0, 30))} at ${at} for ${cut}`)
    changed = changed.slice(0, at) + piece + changed.slice(at + cut)
  }
  return changed
}

const oddBytes: readonly (readonly number[])[] = [
  [0],
  [0x80],
  [0xc0, 0xaf],
  [0xef, 0xbb, 0xbf],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xff],
  [0xfe, 0xff],
  [0xe2, 0x82],
]

/** Changes bytes: a bit, an odd sequence more, some bytes less. */
export function mutateBytes(bytes: Uint8Array, choices: Choices, tell: Tell): Uint8Array {
  const at = choices.int(bytes.length + 1)
  switch (choices.int(4)) {
    case 0: {
      tell(`bit of byte ${at}`)
      const changed = Uint8Array.from(bytes)
      if (at < changed.length) changed[at] = (changed[at] as number) ^ (1 << choices.int(8))
      return changed
    }
    case 1:
      tell(`odd bytes at ${at}`)
      return spliced(bytes, at, 0, choices.pick(oddBytes))
    case 2:
      tell(`bytes from ${at} cut`)
      return spliced(bytes, at, 1 + choices.int(4), [])
    default:
      tell('utf-16')
      return Buffer.from(Buffer.from(bytes).toString(), 'utf16le')
  }
}

const oddCharacters = [
  '=',
  '==',
  ' ',
  '\n',
  '\r\n',
  '\t',
  '+',
  '/',
  '%3D',
  'A',
  '.',
  '\u0000',
  'é',
  '~',
  '\u2013',
  ',',
]

/** Changes how one part is written in base64url. */
export function mutatePart(part: string, choices: Choices, tell: Tell): string {
  switch (choices.int(6)) {
    case 0:
      tell('stray bits')
      return part.slice(0, -1) + neighbour(part.at(-1) ?? 'A', 1 + choices.int(3))
    case 1:
      tell('padded')
      return part + '='.repeat((4 - (part.length % 4)) % 4 || 4)
    case 2:
      tell('base64')
      return part.replaceAll('-', '+').replaceAll('_', '/')
    case 3: {
      const at = choices.pick([part.length, 0, choices.int(part.length + 1)])
      const odd = choices.pick(oddCharacters)
      tell(`${JSON.stringify(odd)} at ${at}`)
      return part.slice(0, at) + odd + part.slice(at)
    }
    case 4:
      tell('cut')
      return part.slice(choices.int(2), -choices.int(4) || undefined)
    default:
      tell('empty')
      return ''
  }
}

/** Changes a token as a whole. */
export function mutateToken(token: string, choices: Choices, tell: Tell): string {
  const parts = token.split('.')
  const [header = '', payload = '', signature = ''] = parts
  const forms: Readonly<Record<string, () => string>> = {
    'without signature': () => `${header}.${payload}.`,
    'two parts': () => `${header}.${payload}`,
    'four parts': () => `${token}.${signature}`,
    'five parts': () => `${token}.${payload}.${signature}`,
    'parts exchanged': () => `${payload}.${header}.${signature}`,
    'signature changed in writing': () => `${header}.${payload}.${mutatePart(signature, choices, tell)}`,
    'dot in front': () => `.${token}`,
    'dot behind': () => `${token}.`,
    'dots only': () => '.'.repeat(2 + choices.int(9000)),
    'Bearer in front': () => `Bearer ${token}`,
    'line break behind': () => `${token}\n`,
    'space in front': () => ` ${token}`,
    'percent encoding': () => token.replaceAll('.', '%2E'),
    'upper case': () => token.toUpperCase(),
    twice: () => `${token},${token}`,
    'too long': () => token + 'A'.repeat(16_384),
    JSON: () => JSON.stringify({ protected: header, payload, signature }),
    'a character changed': () => {
      const at = choices.int(token.length)
      return token.slice(0, at) + neighbour(token[at] ?? 'A', 1 + choices.int(62)) + token.slice(at + 1)
    },
    empty: () => '',
  }
  const name = choices.pick(Object.keys(forms))
  tell(name)
  return (forms[name] as () => string)()
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

function neighbour(character: string, distance: number): string {
  const value = alphabet.indexOf(character)
  return alphabet[(value + distance) % 64] as string
}

function spliced(bytes: Uint8Array, at: number, cut: number, added: readonly number[]): Uint8Array {
  return Uint8Array.from([...bytes.subarray(0, at), ...added, ...bytes.subarray(at + cut)])
}

function indexesOf(text: string, character: string): number[] {
  return [...text.matchAll(new RegExp(character, 'g'))].map(({ index }) => index)
}
