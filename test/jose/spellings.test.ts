import { createHash, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isKeyMaterial, isPublished, keyMaterialIn } from '../../src/jose/published.ts'
import { spellingsOf } from '../../src/jose/spellings.ts'
import { tries } from '../support/tries.ts'

const keys = [
  generateKeyPairSync('ed25519'),
  generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  generateKeyPairSync('rsa', { modulusLength: 2048 }),
].map(({ publicKey }) => {
  const jwk = publicKey.export({ format: 'jwk' }) as Record<string, string>
  const der = publicKey.export({ type: 'spki', format: 'der' })
  return { jwk, der, raw: Buffer.from(jwk['n'] ?? jwk['x'] ?? '', 'base64url') }
})
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })

function digitsOf(bytes: Uint8Array, alphabet: string): string {
  const base = BigInt(alphabet.length)
  let [number, text] = [BigInt(`0x${Buffer.from(bytes).toString('hex')}`), '']
  for (; number > 0n; number /= base) text = `${alphabet[Number(number % base)] ?? ''}${text}`
  return text
}

function base32(bytes: Uint8Array, alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{1,5}/g) ?? []).map((part) => alphabet[parseInt(part.padEnd(5, '0'), 2)]).join('')
}

const base58 = (bytes: Uint8Array): string =>
  digitsOf(bytes, '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz')
const listOf = (bytes: Uint8Array, between: string, before = '', radix = 16, width = 2): string =>
  Array.from(bytes, (byte) => before + byte.toString(radix).padStart(width, '0')).join(between)
const base64Times = (times: number) => (bytes: Uint8Array) => {
  let text: string | Uint8Array = bytes
  for (let done = 0; done < times; done++) text = Buffer.from(text as string).toString('base64')
  return text as string
}

const encodings: Readonly<Record<string, (bytes: Buffer) => string>> = {
  'hex with 0x': (bytes) => listOf(bytes, ', ', '0x'),
  'hex with 0x, without leading zeros': (bytes) => listOf(bytes, ', ', '0x', 16, 1),
  'hex with \\x': (bytes) => listOf(bytes, '', '\\x'),
  'hex with %': (bytes) => listOf(bytes, '', '%'),
  'quoted-printable': (bytes) => listOf(bytes, '', '=').toUpperCase(),
  'hex with dashes': (bytes) => listOf(bytes, '-'),
  'hex with dots': (bytes) => listOf(bytes, '.'),
  'hex with colons': (bytes) => listOf(bytes, ':'),
  'hex with a name before it': (bytes) => `face: ${bytes.toString('hex')}`,
  'a decimal list': (bytes) => JSON.stringify([...bytes]),
  'a signed list': (bytes) => JSON.stringify([...new Int8Array(bytes)]),
  'an octal list': (bytes) => listOf(bytes, '', '\\', 8, 3),
  'JSON of a Buffer': (bytes) => JSON.stringify(bytes),
  'JSON of a Uint8Array': (bytes) => JSON.stringify(Uint8Array.from(bytes)),
  'binary digits': (bytes) => listOf(bytes, '', '', 2, 8),
  'one decimal number': (bytes) => BigInt(`0x${bytes.toString('hex')}`).toString(),
  base32: (bytes) => base32(bytes),
  'base32 in lower case': (bytes) => `b${base32(bytes).toLowerCase()}`,
  base32hex: (bytes) => base32(bytes, '0123456789ABCDEFGHIJKLMNOPQRSTUV'),
  base58,
  'base58 with the prefix of multibase': (bytes) => `z${base58(bytes)}`,
  'base64 five times': base64Times(5),
  'base58 of base32 of hex': (bytes) => base58(Buffer.from(base32(Buffer.from(bytes.toString('hex'))))),
  'Latin-1 written as UTF-8': (bytes) => bytes.toString('latin1'),
}

describe('spellingsOf', () => {
  // Small and large bytes, letters, and no zero; base64 of 32 characters, without padding.
  const bytes = Buffer.from('c801ff10416284bf5a7ac0fe9b0d6b31e5d7f00961b87379', 'hex')
  const hex = bytes.toString('hex')
  const base64 = bytes.toString('base64')
  const [first, second] = [base64.slice(0, 16), base64.slice(16)]
  const lines = `${first}\n${second}`
  const numbers = [...bytes].join(', ')
  const escaped = (mark: string): string =>
    Array.from(bytes, (byte) =>
      /[a-z]/i.test(String.fromCharCode(byte))
        ? String.fromCharCode(byte)
        : mark + byte.toString(16).padStart(2, '0'),
    ).join('')
  const bits = listOf(bytes, '', '', 2, 8)
  const grouped = (text: string, size: number): string =>
    (text.match(new RegExp(`.{1,${size}}`, 'g')) ?? []).join('-')
  const hex32 = '0123456789ABCDEFGHIJKLMNOPQRSTUV'
  const has = (text: string | Uint8Array, expected = bytes): boolean =>
    spellingsOf(typeof text === 'string' ? Buffer.from(text, 'latin1') : text).includes(
      expected.toString('latin1'),
    )

  it.each<readonly [string, string | Uint8Array]>([
    ['the bytes', bytes],
    ['two bytes per character', Buffer.from(bytes.toString('latin1'), 'utf16le')],
    ['UTF-8', Buffer.from(bytes.toString('latin1'))],
    ['base64', base64],
    ['base64url', bytes.toString('base64url')],
    ['base64 in lines', lines],
    ['base64 in lines of two bytes per character', Buffer.from(lines, 'utf16le')],
    ['base64 behind one letter', `k${base64}`],
    ['base64 behind two letters', `ke${base64}`],
    ['base64 behind three letters', `key${base64}`],
    ['PEM', `-----BEGIN PUBLIC KEY-----\n${lines}\n-----END PUBLIC KEY-----`],
    ['PEM in one line, behind a word', `secret-----BEGIN KEY-----${base64}-----END KEY-----`],
    ['PEM with 80 characters between dashes', `-----${'X'.repeat(80)}-----\n${lines}`],
    ['RFC 4716', `---- BEGIN SSH2 PUBLIC KEY ----\nComment: a key\nx-note: 1\n${lines}`],
    ['RFC 4716 with a header of 64 letters', `${'N'.repeat(64)}: x\n${lines}`],
    ...['n', 'r', 't'].map(
      (letter) => [`lines that end in \\${letter}`, lines.replace('\n', `\\${letter}`)] as const,
    ),
    ['hex', hex],
    ['hex in capitals', hex.toUpperCase()],
    ['hex behind a word', `dead: ${hex}`],
    ['hex with the prefix of multibase', `f${hex}`],
    ['hex in groups', grouped(hex, 4)],
    ['hex with 0x', listOf(bytes, '', '0x')],
    ['hex with u00', listOf(bytes, '', 'u00')],
    ['a list in hex', listOf(bytes, ', ', '0x', 16, 1)],
    ['a list in hex without a mark', listOf(bytes, ', ', '', 16, 1)],
    ['a list with x', listOf(bytes, ' ', 'x', 16, 1)],
    ['a list', numbers],
    ['a list with dashes', [...bytes].join('-')],
    ['a list in brackets', `key: [${numbers}]`],
    ['a list in octal', listOf(bytes, ' ', '', 8, 3)],
    ['an object with an index', JSON.stringify(Uint8Array.from(bytes))],
    ['bits', bits],
    ['bits in groups', listOf(bytes, ' ', '0b', 2, 8)],
    ['one number', digitsOf(bytes, '0123456789')],
    ['base32', base32(bytes)],
    ['base32 in lower case', base32(bytes).toLowerCase()],
    ['base32 with the prefix of multibase', `b${base32(bytes).toLowerCase()}`],
    ['base32 in groups', grouped(base32(bytes), 8)],
    ['base32hex', base32(bytes, hex32)],
    ['base32hex in lower case and groups', grouped(base32(bytes, hex32), 8).toLowerCase()],
    ['base58', base58(bytes)],
    ['base58 between words', `the key ${base58(bytes)} of it`],
    ['base58 with the prefix of multibase', `z${base58(bytes)}`],
    ...['%', '=', '\\x', '\\u00'].map((mark) => [`escapes with ${mark}`, escaped(mark)] as const),
    ['base64 five times', base64Times(5)(bytes)],
  ])('finds the bytes in %s', (_what, text) => {
    expect(has(text)).toBe(true)
  })

  it.each<[string, string]>([
    ['base64 behind four letters', `face${base64}`],
    ['PEM with 81 characters between dashes', `-----${'X'.repeat(81)}-----\n${lines}`],
    ['a header of 65 letters', `${'N'.repeat(65)}: x\n${lines}`],
    ['lines that end in another letter', lines.replace('\n', '\\x')],
    ['base58 behind a plus', `+${base58(bytes)}`],
    ['base58 before a plus', `${base58(bytes)}+`],
    ['base64 six times', base64Times(6)(bytes)],
  ])('does not find them in %s', (_what, text) => {
    expect(has(text)).toBe(false)
  })

  it('reads signed numbers', () => {
    const positive = bytes.subarray(1)
    expect(has([...new Int8Array(positive)].join(', '), positive)).toBe(true)
  })

  it('reads base64url that looks like the lines around a key', () => {
    const dashes = Buffer.from('fbefbe6d6964fbefbe0102030405060708090a0b', 'hex')
    expect(dashes.toString('base64url')).toMatch(/^----bWlk----/)
    expect(has(dashes.toString('base64url'), dashes)).toBe(true)
  })

  it('reads numbers whose first digit of hex stands alone', () => {
    const number = Buffer.concat([Buffer.of(7), bytes])
    expect(has(digitsOf(number, '0123456789'), number)).toBe(true)
    expect(has(base58(number), number)).toBe(true)
  })

  it('reads no more of a number than 4,096 digits: the time grows with the square', () => {
    const digits = '7'.repeat(5000)
    const bytesOf = (text: string): typeof bytes => {
      const number = BigInt(text).toString(16)
      return Buffer.from(number.padStart(number.length + (number.length % 2), '0'), 'hex')
    }
    expect(has(digits, bytesOf(digits.slice(0, 4096)))).toBe(true)
    expect(has(digits, bytesOf(digits))).toBe(false)
  })

  it('decodes nothing more when there are 1,000 texts', () => {
    const word = (_: unknown, at: number): string => createHash('sha256').update(`${at}`).digest('base64url')
    const among = (words: number): string =>
      [base64Times(2)(bytes), ...Array.from({ length: words }, word)].join(' ')
    expect(has(among(2))).toBe(true)
    expect(has(among(500))).toBe(false)
    expect(spellingsOf(Buffer.from(among(500))).length).toBeGreaterThan(1000)
  })

  it('reads 16 bytes and more, and nothing shorter', () => {
    for (const spell of [
      (part: Buffer) => part.toString('hex'),
      (part: Buffer) => [...part].join(','),
      (part: Buffer) => listOf(part, '', '', 2, 8),
    ]) {
      expect(has(spell(bytes.subarray(0, 16)), bytes.subarray(0, 16))).toBe(true)
      expect(has(spell(bytes.subarray(0, 15)), bytes.subarray(0, 15))).toBe(false)
    }
    expect(has(bytes.subarray(0, 15).toString('base64'), bytes.subarray(0, 15))).toBe(false)
  })
})

describe.each(Object.entries(encodings))('G3 a public key in %s', (_name, spell) => {
  it('is known next to the key, and not next to another', () => {
    for (const { jwk, der, raw } of keys) {
      for (const bytes of [raw, der]) {
        const secret = Buffer.from(spell(bytes))
        expect(isKeyMaterial(secret, jwk)).toBe(true)
        expect(isKeyMaterial(secret, other)).toBe(false)
      }
    }
  })

  it('is known alone when it is DER', () => {
    for (const { der } of keys) expect(isPublished(Buffer.from(spell(der)))).toBe(true)
  })
})

describe('G3 what identifies a public key', () => {
  const [ed, ec, rsa] = keys.map(({ jwk }) => jwk)
  it.each([
    [ed, ['crv', 'kty', 'x']],
    [ec, ['crv', 'kty', 'x', 'y']],
    [rsa, ['e', 'kty', 'n']],
  ])('is also its thumbprint: %#', (jwk = {}, members) => {
    const text = JSON.stringify(Object.fromEntries(members.map((name) => [name, jwk[name]])))
    for (const encoding of ['base64url', 'hex'] as const) {
      const thumbprint = createHash('sha256').update(text).digest(encoding)
      expect(isKeyMaterial(Buffer.from(thumbprint), jwk)).toBe(true)
      expect(isKeyMaterial(Buffer.from(thumbprint), other)).toBe(false)
      expect(
        isKeyMaterial(Buffer.from(thumbprint), {
          kid: createHash('sha256').update(text).digest('base64url'),
        }),
      ).toBe(true)
    }
  })

  it('is a did:key of the same key', () => {
    for (const { jwk, raw } of keys) {
      const secret = Buffer.from(`z${base58(Buffer.concat([Buffer.from([0xed, 1]), raw]))}`)
      expect(isKeyMaterial(secret, jwk)).toBe(true)
      expect(isKeyMaterial(secret, other)).toBe(false)
    }
  })

  it('is a did:key, also where the key is not known', () => {
    const bytes = Buffer.concat([Buffer.from([0xed, 1]), keys[0]?.raw ?? Buffer.alloc(0)])
    expect(isPublished(Buffer.from(`did:key:z${base58(bytes)}`))).toBe(true)
    expect(isPublished(Buffer.from(`z${base58(bytes)}`))).toBe(true)
    expect(isPublished(Buffer.from(`did:key:${base58(bytes)}`))).toBe(false)
  })

  it('is found among many secrets, each in its own place', () => {
    const random = Array.from({ length: 8 }, () => randomBytes(48))
    const [first, second] = keys.map(({ raw }) => Buffer.from(base58(raw)))
    const find = keyMaterialIn([...random, first ?? Buffer.alloc(0), second ?? Buffer.alloc(0)])
    expect([...find(ed)]).toEqual([first])
    expect([...find(ec)]).toEqual([second])
    expect([...find(rsa)]).toEqual([])
  })

  it('is found in a large key that was encoded four times', () => {
    const pub = randomBytes(2592)
    const jwk = { kty: 'AKP', alg: 'ML-DSA-87', pub: pub.toString('base64url') }
    expect(isKeyMaterial(Buffer.from(base64Times(4)(pub)), jwk)).toBe(true)
  })
})

describe('random secrets', () => {
  const words = Array.from({ length: 2048 }, () =>
    base32(randomBytes(5)).slice(0, 3 + ((randomBytes(1)[0] ?? 0) % 6)),
  )
  const word = (): string => words[randomBytes(2).readUInt16BE() % words.length] ?? ''
  const kinds: Readonly<Record<string, () => string | Uint8Array>> = {
    bytes: () => randomBytes(64),
    base64: () => randomBytes(64).toString('base64'),
    base64url: () => randomBytes(48).toString('base64url'),
    hex: () => randomBytes(32).toString('hex'),
    'Latin-1': () => randomBytes(64).toString('latin1'),
    UUIDs: () => randomUUID() + randomUUID(),
    'UUIDs with a space': () => `${randomUUID()} ${randomUUID()}`,
    'eight words': () => Array.from({ length: 8 }, word).join(' '),
    'eight words with dashes': () => Array.from({ length: 8 }, word).join('-').toLowerCase(),
  }

  it.each(Object.entries(kinds))('in %s are not refused, alone or next to public keys', (_name, draw) => {
    const secrets = Array.from({ length: tries(2000) }, () => Buffer.from(draw() as string))
    expect(secrets.filter(isPublished)).toEqual([])
    const find = keyMaterialIn(secrets)
    expect(keys.flatMap(({ jwk }) => [...find(jwk)])).toEqual([])
  })
})
