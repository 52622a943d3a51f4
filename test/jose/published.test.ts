import { createHash, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isKeyMaterial, isPublished, keyMaterialIn } from '../../src/jose/published.ts'
import { tries } from '../support/tries.ts'

/** Whether a text, or bytes, are a published key. */
const published = (secret: string | Uint8Array): boolean => isPublished(Buffer.from(secret as string))
const base58 = 'abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQ'

describe('G3 a text that is a published key', () => {
  it.each([
    '-----BEGIN PUBLIC KEY-----',
    'a note, then -----BEGIN CERTIFICATE',
    '---- BEGIN SSH2 PUBLIC KEY ----',
    'ssh-ed25519 a key',
    ' \n ssh-rsa a key',
    'ecdsa-sha2-nistp256 a key',
    'sk-ssh-ed25519@openssh.com a key',
    'sk-ecdsa-sha2-nistp256@openssh.com a key',
    '{"kty":"RSA"}',
    ' [{"a":1,\n"kty":"EC"}]',
    '{"keys":[]}',
    '{"x5c":[]}',
    'a note, then <RSAKeyValue>',
    'a note, then <Modulus>',
    ...['6Mk', '6LS', 'Dna', '82L', '2J9', 'Q3s', '4MX'].map((kind) => `z${kind}${base58}`),
    `a note, then did:key:z6Mk${base58}`,
    Buffer.from('-----BEGIN PUBLIC KEY-----', 'utf16le'),
    '\0\0\0\x07ssh-rsa',
    '\0\0\0\x13ecdsa-sha2-nistp256',
    '\0\0\0\x1ask-ssh-ed25519@openssh.com',
    '\0\0\0\x0crsa-sha2-512',
  ])('is known: %s', (text) => {
    expect(published(text)).toBe(true)
  })

  it.each([
    '--- BEGIN PUBLIC KEY ---',
    '-----BEGINNING OF A SECRET-----',
    '-----  BEGIN SECRET',
    'with ssh-rsa in it',
    'with ecdsa- in it',
    'ssh and ecdsa',
    'sk-live-and-a-long-secret',
    'with {"kty":"RSA"} in it',
    '{kty, keys, x5c}',
    '<RSAKeyValues> and <Modulo>',
    `z6Mk${base58.slice(1)}`,
    `z6Mk${base58.slice(1)}0`,
    `z6Ml${base58}`,
    `6Mk${base58}`,
    `xz6Mk${base58}`,
    `key:z6Mk${base58}`,
    '\0\0\x07ssh-rsa and more of it',
    '\0\0\0\0rsa-and more of it',
    '\x01\0\0\0\x07ssh-rsa and more of it',
    '\0\0\0\x07dsa-and more of it',
    '\0\0\0\x07ssh and more of it',
  ])('is not seen in %j', (text) => {
    expect(published(text)).toBe(false)
  })
})

describe('G3 bytes that are a published key', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x, y } = publicKey.export({ format: 'jwk' })
  const point = Buffer.concat([Buffer.of(4), ...[x, y].map((it) => Buffer.from(it as string, 'base64url'))])

  it('are known in DER', () => {
    const der = publicKey.export({ type: 'spki', format: 'der' })
    expect(published(der)).toBe(true)
    expect(published(Buffer.concat([Buffer.of(0x31), der.subarray(1)]))).toBe(false)
  })

  it('are known as a point', () => {
    expect(published(point)).toBe(true)
    expect(published(Buffer.concat([Buffer.of(3), point.subarray(1)]))).toBe(false)
  })

  it('are known in texts of two bytes per character, within the last of five encodings too', () => {
    let text: string | Buffer = Buffer.from('-----BEGIN PUBLIC KEY-----', 'utf16le')
    for (let layer = 0; layer < 5; layer++) text = Buffer.from(text.toString('base64'))
    expect(published(text)).toBe(true)
  })
})

describe('G3 bytes that look like a modulus', () => {
  const small = Array.from({ length: 999 }, (_, at) => BigInt(2 * at + 3))
  /** The first number from a given one on that can be divided by one small factor alone, or by none. */
  function numberFrom(start: bigint, factor = 1n): bigint {
    for (let number = start - (start % factor) + factor; ; number += factor)
      if (number % 2n === 1n && small.every((each) => each === factor || number % each !== 0n)) return number
  }
  const bytesOf = (number: bigint): Buffer => {
    const hex = number.toString(16)
    return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  }
  const bits = (count: number): bigint => 1n << BigInt(count - 1)
  const modulus = numberFrom(bits(2048))

  it.each([2048, 3072, 4096, 8192])('are known with %i bits', (count) => {
    const bytes = bytesOf(numberFrom(bits(count)))
    expect(bytes[0]).toBe(0x80)
    expect(published(bytes)).toBe(true)
    expect(published(Buffer.concat([Buffer.of(0), bytes]))).toBe(true)
    expect(published(bytesOf(numberFrom(2n * bits(count) - 100_000n)))).toBe(true)
  })

  it.each<[string, Buffer]>([
    ['an even number', bytesOf(2n * numberFrom(bits(2047)))],
    ['a multiple of 3', bytesOf(numberFrom(bits(2048), 3n))],
    ['a multiple of 1999', bytesOf(numberFrom(bits(2048), 1999n))],
    ['one bit less', bytesOf(numberFrom(bits(2047)))],
    ['one byte less', bytesOf(numberFrom(bits(2040)))],
    ['one byte more', bytesOf(numberFrom(bits(2056)))],
    ['two zeros before it', Buffer.concat([Buffer.alloc(2), bytesOf(modulus)])],
    ['a zero before one byte less', Buffer.concat([Buffer.alloc(1), bytesOf(numberFrom(bits(2040)))])],
  ])('are not seen in %s', (_what, bytes) => {
    expect(published(bytes)).toBe(false)
  })
})

describe('G3 a secret is known for each part of a public key', () => {
  const bytes = Buffer.from(Array.from({ length: 32 }, (_, at) => 7 * at + 3))
  const text = bytes.toString('base64url')

  it.each(['n', 'x', 'y', 'pub', 'x5t', 'x5t#S256', 'kid'])('in %s', (name) => {
    expect(isKeyMaterial(bytes, { [name]: text })).toBe(true)
    expect(isKeyMaterial(bytes, Object.create({ [name]: text }))).toBe(false)
  })

  it.each(['e', 'd', 'k', 'x5c', 'N'])('but not in %s', (name) => {
    expect(isKeyMaterial(bytes, { [name]: text })).toBe(false)
  })

  it('with the lowest byte first', () => {
    expect(isKeyMaterial(bytes.toReversed(), { n: text })).toBe(true)
  })

  it('but not in an id that cannot be a thumbprint', () => {
    expect(isKeyMaterial(bytes, { kid: `${text}A` })).toBe(false)
    expect(isKeyMaterial(bytes, { kid: text.slice(0, -1) })).toBe(false)
    expect(isKeyMaterial(bytes, { kid: [text] })).toBe(false)
  })

  it.each<[string, Record<string, string>, string]>([
    ['RSA', { n: 'bm4', use: 'sig', kty: 'RSA', e: 'AQAB' }, '{"e":"AQAB","kty":"RSA","n":"bm4"}'],
    [
      'EC',
      { y: 'eXk', x: 'eHg', kty: 'EC', crv: 'P-256', alg: 'ES256' },
      '{"crv":"P-256","kty":"EC","x":"eHg","y":"eXk"}',
    ],
    ['OKP', { x: 'eHg', kty: 'OKP', crv: 'Ed25519' }, '{"crv":"Ed25519","kty":"OKP","x":"eHg"}'],
    // Its algorithm is its kind (RFC 9964 §6).
    [
      'AKP',
      { pub: 'cHVi', kty: 'AKP', alg: 'ML-DSA-44', use: 'sig' },
      '{"alg":"ML-DSA-44","kty":"AKP","pub":"cHVi"}',
    ],
  ])('in the thumbprint of a key of %s (RFC 7638)', (_kty, jwk, members) => {
    const thumbprint = createHash('sha256').update(members).digest()
    expect(isKeyMaterial(thumbprint, jwk)).toBe(true)
    expect(isKeyMaterial(thumbprint, { ...jwk, kty: 'XYZ' })).toBe(false)
    for (const name of Object.keys(jwk)) {
      const changed = isKeyMaterial(thumbprint, { ...jwk, [name]: 'other' })
      expect(changed).toBe(!members.includes(`"${name}"`))
    }
  })

  it('in each of several secrets that begin alike', () => {
    const secrets = [bytes, Buffer.concat([bytes, Buffer.of(1)]), Buffer.from('s'.repeat(32))]
    expect([...keyMaterialIn(secrets)({ n: text })]).toEqual(secrets.slice(0, 2))
    const same = Buffer.concat([bytes.subarray(0, 4), Buffer.alloc(28, 1)])
    const find = keyMaterialIn([bytes, same])
    expect([...find({ n: text })]).toEqual([bytes])
    expect([...find({ n: same.toString('base64url') })]).toEqual([same])
  })

  it('wherever 23 bytes of it begin, and not for 15', () => {
    for (let at = 0; at < 8; at++) {
      const part = bytes.subarray(at, at + 23)
      expect(isKeyMaterial(part, { n: text })).toBe(true)
      expect(isKeyMaterial(Buffer.concat([Buffer.alloc(at), part]), { n: text })).toBe(true)
    }
    expect(isKeyMaterial(bytes.subarray(0, 16), { n: text })).toBe(true)
    expect(isKeyMaterial(bytes.subarray(0, 15), { n: text })).toBe(false)
    expect(isKeyMaterial(bytes, { n: bytes.subarray(0, 16).toString('base64url') })).toBe(true)
    expect(isKeyMaterial(bytes, { n: bytes.subarray(0, 15).toString('base64url') })).toBe(false)
  })

  it('but not where only its beginning is the same', () => {
    const other = Buffer.concat([bytes.subarray(0, 15), Buffer.alloc(17, 1)])
    expect(isKeyMaterial(bytes, { n: other.toString('base64url') })).toBe(false)
  })
})

const spellings = [
  (bytes: Uint8Array) => bytes,
  ...(['base64', 'base64url', 'hex'] as const).map(
    (encoding) => (bytes: Uint8Array) => Buffer.from(Buffer.from(bytes).toString(encoding)),
  ),
]
const secret = fc.uint8Array({ minLength: 32, maxLength: 80 })
const number = fc.uint8Array({ minLength: 32, maxLength: 256 })

describe('a secret drawn at random', () => {
  it('is no published key, however it is written', () => {
    fc.assert(
      fc.property(secret, fc.constantFrom(...spellings), (bytes, spell) => {
        expect(isPublished(spell(bytes))).toBe(false)
      }),
      { numRuns: tries(500) },
    )
  })
})

describe('a secret that has the number of a public key in it', () => {
  const written = fc.tuple(number, fc.constantFrom(...spellings), fc.constantFrom(...spellings))

  it('G3 is known for it, however it is written, and whatever stands around it', () => {
    const around = fc.stringMatching(/^[ -~]{0,12}$/).map((text) => `${text} `)
    fc.assert(
      fc.property(written, around, ([bytes, inner, outer], before) => {
        fc.pre(bytes[0] !== 0 && bytes.at(-1) !== 0)
        const n = Buffer.from(bytes).toString('base64url')
        const value = outer(inner(bytes))
        expect(isKeyMaterial(value, { kty: 'RSA', n })).toBe(true)
        expect(isKeyMaterial(Buffer.concat([Buffer.from(before), value]), { kty: 'RSA', n })).toBe(true)
      }),
      { numRuns: tries(300) },
    )
  })

  it('is not taken for another one', () => {
    fc.assert(
      fc.property(written, number, ([bytes, inner, outer], other) => {
        fc.pre(new Set(bytes).size > 8 && new Set(other).size > 8)
        const n = Buffer.from(other).toString('base64url')
        expect(isKeyMaterial(outer(inner(bytes)), { kty: 'RSA', n })).toBe(false)
      }),
      { numRuns: tries(300) },
    )
  })

  it.each([undefined, null, 7, 'x', [], {}, { n: 7 }, { n: '' }, { n: 'AQAB' }, { n: '!' }])(
    'is told of no key by %j',
    (jwk) => {
      expect(isKeyMaterial(Buffer.alloc(64, 1), jwk)).toBe(false)
    },
  )
})
