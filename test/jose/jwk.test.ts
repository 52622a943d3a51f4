import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type AlgorithmName, algorithms, defaultAlgorithms } from '../../src/algorithms.ts'
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
  it.each([rsa, p256, ed25519])('keeps what was judged: %#', (jwk) => {
    const { kid, algorithms: names, material } = judgeKey(jwk, all) as JudgedKey
    const key = expect.any(Object) as object
    expect(importKey(judgeKey(jwk, all) as JudgedKey)).toEqual({ kid, algorithms: names, material, key })
  })

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
