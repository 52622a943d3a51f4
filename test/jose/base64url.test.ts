import { describe, expect, it } from 'vitest'
import { fromBase64, fromBase64url } from '../../src/jose/base64url.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const decoded = (text: string): string | undefined => {
  const bytes = fromBase64url(text)
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('hex')
}

describe('fromBase64url', () => {
  it.each([
    ['AA', '00'],
    ['_w', 'ff'],
    ['AAA', '0000'],
    ['__8', 'ffff'],
    ['AAAA', '000000'],
    ['-_-_', 'fbffbf'],
    ['Zm9vYmFy', '666f6f626172'],
  ])('decodes %s', (text, bytes) => {
    expect(decoded(text)).toBe(bytes)
  })

  it('gives back what was encoded, whatever its length and bytes', () => {
    for (let length = 1; length < 70; length++) {
      for (const start of [0, 97, 200]) {
        const bytes = Buffer.from(Array.from({ length }, (_, index) => (start + index * 37) % 256))
        expect(decoded(bytes.toString('base64url'))).toBe(bytes.toString('hex'))
      }
    }
  })

  it('has one spelling for each byte: of the 4096 texts of two characters 256 are taken', () => {
    const taken = Array.from(alphabet).flatMap((first) =>
      Array.from(alphabet).filter((second) => fromBase64url(first + second) !== undefined),
    )
    expect(taken).toHaveLength(256)
    expect(new Set(taken)).toEqual(new Set(['A', 'Q', 'g', 'w']))
  })

  it('has one spelling for two bytes: of the last characters every fourth is taken', () => {
    const taken = Array.from(alphabet).filter((last) => fromBase64url(`AA${last}`) !== undefined)
    expect(taken.join('')).toBe('AEIMQUYcgkosw048')
  })

  it.each(['', 'A', 'AAAAA', 'A===', 'AA==', 'AAA=', '=', 'AA=', 'QQ==QQ=='])(
    'refuses %j, for its length or padding',
    (text) => {
      expect(fromBase64url(text)).toBeUndefined()
    },
  )

  it('refuses every character outside the alphabet, in every place', () => {
    const strangers = Array.from({ length: 0x180 }, (_, code) => String.fromCharCode(code)).filter(
      (character) => !alphabet.includes(character),
    )
    for (const stranger of [...strangers, '\u2028', '\ufeff', 'Ａ', '\ud83d\ude00', '\ud800']) {
      for (const text of [
        `${stranger}AAA`,
        `AA${stranger}A`,
        `AAA${stranger}`,
        `AAAA${stranger}`,
        `${stranger}AAAA`,
      ]) {
        expect(fromBase64url(text)).toBeUndefined()
      }
    }
  })
})

describe('fromBase64', () => {
  it('decodes what was encoded, whatever its length', () => {
    for (let length = 1; length < 10; length++) {
      const bytes = Buffer.alloc(length, 0xfb)
      expect(fromBase64(bytes.toString('base64'))).toEqual(bytes)
    }
    expect(fromBase64('++//')).toEqual(Buffer.of(0xfb, 0xef, 0xff))
  })

  it.each([
    '',
    '=',
    '====',
    'A===',
    'AA',
    'AA=',
    'AAA',
    'AAAAA===',
    '-_-_',
    '-AAA',
    'AAA-',
    'AA==AA==',
    'AB==',
    'AAAA\n',
    '!AAAA',
    ' AAAA',
    'AAA*',
  ])('refuses %j', (text) => {
    expect(fromBase64(text)).toBeUndefined()
  })
})
