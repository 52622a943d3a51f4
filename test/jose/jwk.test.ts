import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type AlgorithmName, algorithms, defaultAlgorithms } from '../../src/algorithms.ts'
import { chooseKey, importKeySet, type KeySet } from '../../src/jose/key-set.ts'
import { importKey, type JudgedKey, judgeKey } from '../../src/jose/jwk.ts'
import type { Jwk } from '../../src/types.ts'

const all = Object.keys(algorithms) as AlgorithmName[]
const jwkOf = (
  pair: { publicKey: { export: (options: { format: 'jwk' }) => object } },
  members: object = {},
): Jwk => ({
  ...pair.publicKey.export({ format: 'jwk' }),
  kid: 'k',
  ...members,
})
const rsa = jwkOf(generateKeyPairSync('rsa', { modulusLength: 2048 }))
const p256 = jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }))
const p384 = jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }))
const p521 = jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-521' }))
const ed25519 = jwkOf(generateKeyPairSync('ed25519'))
const ed448 = jwkOf(generateKeyPairSync('ed448'))
const number = (bits: number): string => {
  const bytes = Buffer.alloc(Math.ceil(bits / 8), 0x5b)
  bytes[0] = 1 << ((bits - 1) % 8)
  return bytes.toString('base64url')
}
/** The modulus with a zero byte in front, as some issuers write it. */
const zeroFirst = ({ n }: Jwk): string =>
  Buffer.concat([Buffer.of(0), Buffer.from(n as string, 'base64url')]).toString('base64url')
const algorithmsOf = (jwk: Jwk, allowed: readonly AlgorithmName[] = all): readonly string[] | string => {
  const judged = judgeKey(jwk, allowed)
  return typeof judged === 'string' ? judged : judged.algorithms
}
const fixed = (value: ReturnType<typeof importKeySet>): KeySet => {
  if (value instanceof Promise) throw new Error('this platform imports at once')
  return value
}

const rsaNames = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']

describe('judgeKey', () => {
  it.each([
    ['RSA', rsa, rsaNames],
    ['P-256', p256, ['ES256']],
    ['P-384', p384, ['ES384']],
    ['P-521', p521, ['ES512']],
    ['Ed25519', ed25519, ['EdDSA', 'Ed25519']],
    ['Ed448', ed448, ['Ed448']],
  ])('allows a key of %s what fits it, where it names no algorithm', (_name, jwk, names) => {
    expect(algorithmsOf(jwk)).toEqual(names)
  })

  it.each(rsaNames)('allows an RSA key that names %s that alone', (alg) => {
    expect(algorithmsOf({ ...rsa, alg })).toEqual([alg])
  })

  it.each(['EdDSA', 'Ed25519'])('allows an Ed25519 key that names %s both of its names', (alg) => {
    expect(algorithmsOf({ ...ed25519, alg })).toEqual(['EdDSA', 'Ed25519'])
    expect(algorithmsOf({ ...ed25519, alg }, ['Ed25519'])).toEqual(['Ed25519'])
  })

  it('allows nothing that is not on the list', () => {
    expect(algorithmsOf(rsa, ['RS256', 'ES256'])).toEqual(['RS256'])
    expect(algorithmsOf(rsa, ['ES256'])).toBe('alg')
    expect(algorithmsOf(ed448, defaultAlgorithms)).toBe('alg')
  })

  it.each([
    [2047, 'modulus'],
    [2048, rsaNames],
    [8192, rsaNames],
    [8193, 'modulus'],
    [16_384, 'modulus'],
  ])('finds a modulus of %d bits %s', (bits, outcome) => {
    expect(algorithmsOf({ ...rsa, n: number(bits) })).toEqual(outcome)
  })

  it.each([
    ['AA', 'exponent'],
    ['AQ', 'exponent'],
    ['Ag', 'exponent'],
    ['Aw', rsaNames],
    ['BA', 'exponent'],
    ['AQAB', rsaNames],
    ['AAEAAQ', rsaNames],
    ['_____w', rsaNames],
    ['AQAAAAE', 'exponent'],
    ['AAAAAAAAAAAD', rsaNames],
  ])('finds the exponent %s %s', (e, outcome) => {
    expect(algorithmsOf({ ...rsa, e })).toEqual(outcome)
  })

  it('knows the key by its material, and by nothing else', () => {
    const materialOf = (jwk: Jwk): string => (judgeKey(jwk, all) as JudgedKey).material
    const same = [
      { ...rsa, 'x-note': 1, use: 'sig', x5c: ['a'], kid: 'other', alg: 'RS256' },
      { ...rsa, e: 'AAEAAQ' },
      { ...rsa, n: zeroFirst(rsa) },
    ]
    expect(new Set([rsa, ...same].map(materialOf)).size).toBe(1)
    const others = [{ ...rsa, n: number(2048) }, { ...rsa, e: 'Aw' }, p256, p384, ed25519]
    expect(new Set([rsa, ...others].map(materialOf)).size).toBe(6)
  })

  it('hands on the public material alone', () => {
    const judged = judgeKey({ ...rsa, 'x-note': 'note', x5c: ['a'], alg: 'RS256' }, all) as JudgedKey
    expect(Object.keys(judged.jwk).sort()).toEqual(['e', 'kty', 'n'])
  })

  it.each([undefined, null, 7, 'key', [], true])('finds %j to be no object', (value) => {
    expect(judgeKey(value, all)).toBe('not an object')
  })

  it('does not look at inherited members', () => {
    expect(judgeKey(Object.create(rsa), all)).toBe('kty')
  })

  it.each([
    ['RSA', { kty: undefined }, 'kty'],
    ['RSA', { kty: 'rsa' }, 'kty'],
    ['RSA', { kty: 'oct' }, 'private or symmetric'],
    ...['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'].map(
      (name) => ['RSA', { [name]: undefined }, 'private or symmetric'] as const,
    ),
    ['RSA', { kid: 7 }, 'kid'],
    ['RSA', { kid: 'k'.repeat(257) }, 'kid'],
    ['RSA', { kid: 'k'.repeat(256) }, rsaNames],
    ['RSA', { use: 'enc' }, 'use'],
    ['RSA', { use: 'sig' }, rsaNames],
    ['RSA', { key_ops: ['verify'] }, rsaNames],
    ['RSA', { key_ops: [] }, 'key_ops'],
    ['RSA', { key_ops: ['sign'] }, 'key_ops'],
    ['RSA', { key_ops: ['verify', 'sign'] }, 'key_ops'],
    ['RSA', { key_ops: 'verify' }, 'key_ops'],
    ['RSA', { key_ops: { 0: 'verify', length: 1 } }, 'key_ops'],
    ['RSA', { alg: 'ES256' }, 'alg'],
    ['RSA', { alg: 'none' }, 'alg'],
    ['RSA', { alg: ['RS256'] }, 'alg'],
    ['P-256', { alg: 'ES384' }, 'alg'],
    ['P-256', { crv: 'P-257' }, 'alg'],
    ['P-256', { crv: 'P-384' }, 'coordinates'],
    ['P-256', { x: undefined }, 'coordinates'],
    ['P-256', { x: 'AA' }, 'coordinates'],
    ['P-256', { x: ['AA'] }, 'coordinates'],
    ['P-256', { y: undefined }, 'coordinates'],
    ['P-256', { y: 'AA' }, 'coordinates'],
    ['Ed25519', { x: 'AA' }, 'coordinates'],
    ['Ed448', { x: 'A'.repeat(43) }, 'coordinates'],
    ['RSA', { n: undefined }, 'modulus'],
    ['RSA', { n: 'AA' }, 'modulus'],
    ['RSA', { n: ['AA'] }, 'modulus'],
    ['RSA', { e: undefined }, 'exponent'],
  ] as const)('finds a key of %s with %o: %o', (name, change, outcome) => {
    const jwk = { RSA: rsa, 'P-256': p256, Ed25519: ed25519, Ed448: ed448 }[name]
    expect(algorithmsOf({ ...jwk, ...change })).toEqual(outcome)
  })

  it('finds an even modulus a flaw', () => {
    const even = Buffer.from(number(2048), 'base64url')
    even[even.length - 1] = 0x5a
    expect(algorithmsOf({ ...rsa, n: even.toString('base64url') })).toBe('modulus')
  })

  // RFC 7748 §7: the order of these points is 1, 2, 4 or 8. The last two are p and p + 1, other spellings of 0 and 1.
  it.each([
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    `ec${'ff'.repeat(30)}7f`,
    `ed${'ff'.repeat(30)}7f`,
    `ee${'ff'.repeat(30)}7f`,
  ])('finds a point of small order on Ed25519, whatever its sign: %s', (hex) => {
    const point = Buffer.from(hex, 'hex')
    const negative = Buffer.from(point)
    negative[31] = (negative[31] as number) | 0x80
    for (const bytes of [point, negative])
      expect(algorithmsOf({ ...ed25519, x: bytes.toString('base64url') })).toBe('coordinates')
    const other = Buffer.from(point)
    other[30] = (other[30] as number) ^ 0x80
    expect(algorithmsOf({ ...ed25519, x: other.toString('base64url') })).toEqual(['EdDSA', 'Ed25519'])
  })
})

describe('importKey', () => {
  it.each([
    ['a point off its curve', { ...p256, y: p256['x'] }],
    [
      'the point at infinity',
      { ...p256, x: Buffer.alloc(32).toString('base64url'), y: Buffer.alloc(32).toString('base64url') },
    ],
  ])('finds %s not importable', (_name, jwk) => {
    expect(importKey(judgeKey(jwk, all) as JudgedKey)).toBe('not importable')
  })
})

describe('importKeySet', () => {
  it('takes over the keys that were there before, object by object', () => {
    const first = fixed(importKeySet({ keys: [rsa, p256] }, all, 100))
    const second = fixed(importKeySet({ keys: [p384, { ...p256, use: 'sig' }] }, all, 100, first))
    expect(second.keys[1]).toBe(first.keys[1])
    expect(first.keys).not.toContain(second.keys[0])
  })

  it('counts an entry that is there twice once', () => {
    expect(fixed(importKeySet({ keys: [rsa, rsa, { ...rsa, note: 1 }] }, all, 100)).keys).toHaveLength(1)
  })

  it.each([
    ['with and without alg', [{ ...rsa, alg: 'RS256' }, rsa], rsaNames],
    ['without and with alg', [rsa, { ...rsa, alg: 'PS256' }], rsaNames],
    [
      'with two algs',
      [
        { ...rsa, alg: 'PS256' },
        { ...rsa, alg: 'RS256' },
      ],
      ['RS256', 'PS256'],
    ],
    ['with a zero before its modulus', [rsa, { ...rsa, n: zeroFirst(rsa) }], rsaNames],
  ])('E13 counts a key listed %s once, for all of these algorithms', (_what, keys, names) => {
    const set = fixed(importKeySet({ keys }, all, 100))
    expect(set.keys.map((key) => key.algorithms)).toEqual([names])
    expect(chooseKey(set, { alg: 'RS256', kid: 'k' })).toBe(set.keys[0])
    expect(set.refused).toEqual([])
  })

  it('E13 imports a key anew when the set allows it another algorithm', () => {
    const first = fixed(importKeySet({ keys: [rsa] }, all, 100))
    const second = fixed(importKeySet({ keys: [{ ...rsa, alg: 'RS256' }] }, all, 100, first))
    expect(second.keys[0]).not.toBe(first.keys[0])
    expect(second.keys[0]?.algorithms).toEqual(['RS256'])
  })

  it('E14 tells why no key of a set can be used', () => {
    const keys = [{ ...rsa, use: 'enc' }, null, { ...p256, y: p256['x'], use: 'sig' }]
    expect(() => importKeySet({ keys }, all, 100)).toThrow(
      expect.objectContaining({
        refused: [
          { index: 0, reason: 'use' },
          { index: 1, reason: 'not an object' },
          { index: 2, reason: 'not importable' },
        ],
      }) as Error,
    )
  })

  it('says so in the order of the entries', () => {
    const keys = [{ ...p256, y: p256['x'] }, null, rsa]
    expect(fixed(importKeySet({ keys }, all, 100)).refused).toEqual([
      { index: 0, reason: 'not importable' },
      { index: 1, reason: 'not an object' },
    ])
  })

  it('says where the unusable entries stand, and why they are', () => {
    const { refused, keys } = fixed(
      importKeySet(
        { keys: [null, { ...rsa, use: 'sig' }, { ...p256, use: 'enc' }, { kty: 'oct', k: 'AAAA' }] },
        all,
        100,
      ),
    )
    expect(keys).toHaveLength(1)
    expect(refused).toEqual([
      { index: 0, reason: 'not an object' },
      { index: 2, reason: 'use' },
      { index: 3, reason: 'private or symmetric' },
    ])
  })

  it.each([
    ...[undefined, null, 7, 'x', [], {}, { keys: {} }, { keys: 'x' }, Object.create({ keys: [rsa] })].map(
      (value) => [value as unknown, 'the response is not a JWK Set', []] as const,
    ),
    [{ keys: [] }, 'the JWK Set has no usable key', []],
    [{ keys: [null] }, 'the JWK Set has no usable key', [{ index: 0, reason: 'not an object' }]],
  ] as const)('refuses %j as a whole: %s', (value, message, refused) => {
    expect(() => importKeySet(value, all, 100)).toThrow(
      expect.objectContaining({ name: 'UnusableKeySetError', message, refused }) as Error,
    )
  })

  it('refuses a set of more keys than are allowed', () => {
    expect(() => importKeySet({ keys: [rsa, p256, p384] }, all, 2)).toThrow('more than 2 keys')
    expect(fixed(importKeySet({ keys: [rsa, p256] }, all, 2)).keys).toHaveLength(2)
  })
})

describe('chooseKey', () => {
  const setOf = (...keys: readonly Jwk[]): KeySet => fixed(importKeySet({ keys }, all, 100))
  const other = jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }))
  const named = (outcome: ReturnType<typeof chooseKey>): unknown =>
    typeof outcome === 'string' ? outcome : outcome.kid

  it.each([
    ['by id and algorithm', [rsa, { ...p256, kid: 'other' }], { alg: 'RS256', kid: 'k' }, 'k'],
    ['an unknown id', [rsa], { alg: 'RS256', kid: 'x' }, 'absent'],
    ['an id of another algorithm', [rsa], { alg: 'ES256', kid: 'k' }, 'misfit'],
    ['one id for two types', [rsa, p256], { alg: 'ES256', kid: 'k' }, 'k'],
    ['one id for two keys', [p256, other], { alg: 'ES256', kid: 'k' }, 'ambiguous'],
    ['no id and one that fits', [rsa, p256], { alg: 'ES256' }, 'k'],
    ['no id and two that fit', [p256, { ...other, kid: 'l' }], { alg: 'ES256' }, 'ambiguous'],
    [
      'no id and one that fits under two ids',
      [
        { ...p256, kid: 'a' },
        { ...p256, kid: 'b' },
      ],
      { alg: 'ES256' },
      'a',
    ],
    ['no id and none that fits', [rsa], { alg: 'ES256' }, 'absent'],
    ['an id where the key has none', [{ ...rsa, kid: undefined }], { alg: 'RS256', kid: 'k' }, 'absent'],
    ['an inherited id', [rsa], Object.assign(Object.create({ kid: 'x' }) as object, { alg: 'RS256' }), 'k'],
    ['__proto__ as id', [rsa], { alg: 'RS256', kid: '__proto__' }, 'absent'],
  ] as const)('finds %s', (_title, keys, header, outcome) => {
    expect(named(chooseKey(setOf(...keys), header as { alg: string }))).toBe(outcome)
  })

  it.each([
    ['no other key than the one with it', [rsa, { ...rsa, n: number(2048), kid: undefined }], 'k', 'k'],
    [
      'the one key without id',
      [
        { ...p256, kid: 'other' },
        { ...rsa, kid: undefined },
      ],
      'x',
      undefined,
    ],
    ['no key with another id', [rsa], 'x', 'absent'],
    ['no key without id for another algorithm', [rsa, { ...p256, kid: undefined }], 'x', 'absent'],
  ] as const)('finds for any id %s', (_title, keys, kid, outcome) => {
    expect(named(chooseKey(setOf(...keys), { alg: 'RS256', kid }, 'any kid'))).toBe(outcome)
  })
})
