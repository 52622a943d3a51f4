import { createPublicKey } from 'node:crypto'
import { CompactEncrypt } from 'jose'
import {
  createRange,
  expected,
  jwkOf,
  parts,
  type Range,
  signed,
  type TokenCase,
  tryTokens,
  b64,
} from '../support/range.ts'
import { describe, expect, it } from 'vitest'

const good = (range: Range): Promise<string> => range.issuer.sign()
const around = (change: (token: string) => unknown) => async (range: Range) => change(await good(range))

async function encrypted(range: Range, content: string, header: object = {}): Promise<string> {
  const key = createPublicKey({ key: { ...jwkOf(range.issuer, 'RS256') }, format: 'jwk' })
  return await new CompactEncrypt(Buffer.from(content))
    .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT', ...header })
    .encrypt(key)
}

const flattened = (token: string): object => {
  const [header, payload, signature] = parts(token)
  return { protected: header, payload, signature }
}

// The characters a copy, a header line or a template may leave around a token.
const strays: Readonly<Record<string, string>> = {
  space: ' ',
  tab: '\t',
  CR: '\r',
  LF: '\n',
  'line break': '\r\n',
  'byte order mark': '\ufeff',
  NUL: '\0',
  'zero-width space': '\u200b',
  'zero-width joiner': '\u200d',
  'no-break space': '\u00a0',
  'line separator': '\u2028',
}

const cases: readonly TokenCase[] = [
  ['STR class: the token all others differ from is accepted', good, 'accepted'],
  ['STR-1 the empty string', () => '', 'malformed'],
  ['STR-2 one part', () => 'abc', 'malformed'],
  ['STR-2 the header of a good token alone', around((token) => parts(token)[0]), 'malformed'],
  ['STR-3 two parts', around((token) => token.slice(0, token.lastIndexOf('.'))), 'malformed'],
  [
    'STR-3 two parts, payload and signature',
    around((token) => token.slice(token.indexOf('.') + 1)),
    'malformed',
  ],
  ['STR-5 four parts', around((token) => `${token}.x`), 'malformed'],
  ['STR-5 four parts, the last one empty', around((token) => `${token}.`), 'malformed'],
  ['STR-5 four parts, the first one empty', around((token) => `.${token}`), 'malformed'],
  ['STR-5 four parts, an empty one in the middle', around((token) => token.replace('.', '..')), 'malformed'],
  ['STR-5 a good token twice, joined by a dot', around((token) => `${token}.${token}`), 'malformed'],
  [
    'STR-6 a JWE to our public key around an unsigned token',
    (range) => encrypted(range, `${b64('{"alg":"none"}')}.${b64(JSON.stringify(range.claims()))}.`),
    'malformed',
  ],
  [
    'STR-6 a JWE to our public key around bare claims',
    (range) => encrypted(range, JSON.stringify(range.claims())),
    'malformed',
  ],
  ['STR-7 a JWE around a good token', async (range) => encrypted(range, await good(range)), 'malformed'],
  ['STR-7 five parts that are no JWE', around((token) => `${token}.AA.AA`), 'malformed'],
  ['STR-8 an empty header', around((token) => token.slice(token.indexOf('.'))), 'malformed'],
  ['STR-8 an empty payload', around((token) => `${parts(token)[0]}..${parts(token)[2]}`), 'malformed'],
  ['STR-8 an empty signature', around((token) => token.slice(0, token.lastIndexOf('.') + 1)), 'malformed'],
  ['STR-8 nothing but dots', () => '..', 'malformed'],
  ['STR-8 one dot', () => '.', 'malformed'],
  ['STR-8 as many dots as fit', () => '.'.repeat(16_384), 'malformed'],
  [
    'STR-9 the flattened JSON serialisation',
    around((token) => JSON.stringify(flattened(token))),
    'malformed',
  ],
  [
    'STR-9 the general JSON serialisation',
    around((token) => {
      const { payload, ...rest } = flattened(token) as Record<string, string>
      return JSON.stringify({ payload, signatures: [rest] })
    }),
    'malformed',
  ],
  ['STR-10 JSON around a compact token', around((token) => JSON.stringify({ token })), 'malformed'],
  ['STR-10 a JSON string that is a compact token', around((token) => JSON.stringify(token)), 'malformed'],
  [
    'STR-10 JSON that falls into three parts at its dots',
    around((token) => `{"a":"${token}","b":""}`),
    'malformed',
  ],
  ...Object.entries(strays).flatMap(([name, character]): TokenCase[] => [
    [`STR-11 a leading ${name}`, around((token) => character + token), 'malformed'],
    [`STR-11 a trailing ${name}`, around((token) => token + character), 'malformed'],
    [`STR-11 a ${name} before a dot`, around((token) => token.replace('.', `${character}.`)), 'malformed'],
  ]),
  [
    'STR-12 a Cyrillic letter in place of a Latin one',
    around((token) => token.replace('e', 'е')),
    'malformed',
  ],
  ['STR-12 full-width dots', around((token) => token.replaceAll('.', '．')), 'malformed'],
  ['STR-12 a full-width letter', around((token) => token.replace('J', 'Ｊ')), 'malformed'],
  // Beyond U+00FF, where taking the low byte of a character code would give the letter back.
  [
    'STR-12 a character whose low byte is the letter',
    around((token) => token.replace('e', '\u0165')),
    'malformed',
  ],
  [
    'STR-14 a token too long, signed in good order',
    (range) => range.issuer.sign({ pad: 'x'.repeat(13_000) }),
    'too_large',
  ],
  ['STR-14 a megabyte of letters', () => 'a'.repeat(1_000_000), 'too_large'],
  ['STR-14 ten million dots', () => '.'.repeat(10_000_000), 'too_large'],
  ['STR-16 a Buffer', around((token) => Buffer.from(token)), 'malformed'],
  ['STR-16 a list of one token', around((token) => [token]), 'malformed'],
  ['STR-16 an object that turns into a token', around((token) => ({ toString: () => token })), 'malformed'],
  ['STR-16 a String object', around((token) => Object(token) as unknown), 'malformed'],
  ['STR-16 undefined', () => undefined, 'malformed'],
  ['STR-16 null', () => null, 'malformed'],
  ['STR-16 a number', () => 42, 'malformed'],
  ['STR-16 true', () => true, 'malformed'],
  ['STR-17 percent-encoded dots', around((token) => token.replaceAll('.', '%2E')), 'malformed'],
  ['STR-17 percent-encoded letters', around((token) => token.replace('e', '%65')), 'malformed'],
  ['STR-18 quotes around it', around((token) => `"${token}"`), 'malformed'],
  ['STR class: the scheme in front of it', around((token) => `Bearer ${token}`), 'malformed'],
  ['STR class: a comma and a second token', around((token) => `${token},${token}`), 'malformed'],
  [
    'STR class: an SD-JWT, a good token with disclosures behind tildes',
    around((token) => `${token}~WyJhIl0~`),
    'malformed',
  ],
]

tryTokens('the form of a token', cases, ['ES256', 'RS256'])

describe('STR-15 the length of a token', () => {
  it.each([8192, 300 * 4])(
    'STR-15 accepts %d characters where that is the limit, and not one more',
    async (limit) => {
      const range = await createRange()
      const options = { maxTokenLength: limit }
      expect(await range.judge(ofLength(range, limit), options)).toEqual(expected('accepted'))
      expect(await range.judge(ofLength(range, limit + 1), options)).toEqual(expected('too_large'))
    },
  )
})

/** A good token of exactly so many characters. */
function ofLength(range: Range, length: number): string {
  for (const inHeader of ['', 'x', 'xx', 'xxx']) {
    for (let pad = 0; pad < length; pad++) {
      const header = range.header({ pad: inHeader })
      const claims = range.claims({ pad: 'x'.repeat(pad) })
      const unsigned = b64(JSON.stringify(header)).length + b64(JSON.stringify(claims)).length + 2
      // The signature of ES256 always takes 86 characters.
      if (unsigned + 86 === length) return signed(header, claims, range.issuer.privateKey())
    }
  }
  throw new Error(`no token of ${length} characters can be made`)
}
