import { generateKeyPairSync } from 'node:crypto'
import { createResourceServer } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { type AlgorithmName, algorithms } from '../../src/algorithms.ts'
import { chooseKey, importKeySet, type KeySet } from '../../src/jose/key-set.ts'
import type { Jwk } from '../../src/types.ts'

const all = Object.keys(algorithms) as AlgorithmName[]
const curveKey = (namedCurve: string): Jwk => ({
  ...generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'jwk' }),
  kid: 'k',
})
const modulus = (last: number): Buffer => Buffer.concat([Buffer.alloc(255, 0xb5), Buffer.of(last)])
const rsaKey = (n: Buffer): Jwk => ({ kty: 'RSA', n: n.toString('base64url'), e: 'AQAB', kid: 'k' })
const rsa = rsaKey(modulus(1))
const otherRsa = rsaKey(modulus(3))
/** The same key, as some issuers write it. */
const zeroFirst = rsaKey(Buffer.concat([Buffer.of(0), modulus(1)]))
const p256 = curveKey('P-256')
const p384 = curveKey('P-384')
const rsaNames = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
const fixed = (value: ReturnType<typeof importKeySet>): KeySet => {
  if (value instanceof Promise) throw new Error('this platform imports at once')
  return value
}

describe('a set with keys for encryption too', () => {
  it.each([
    ['without use and key_ops', { use: undefined }, false],
    ['with use', {}, true],
    ['with key_ops', { use: undefined, key_ops: ['verify'] }, true],
  ])('uses a key %s: %j: %s (RFC 8414 §2)', async (_what, change, used) => {
    const issuer = await createTestIssuer({ algorithms: ['EdDSA', 'ES256'] })
    const [first, second] = issuer.jwks.keys
    const keys = [{ ...first, ...change }, second, { ...second, kid: 'e', use: 'enc', alg: 'ECDH-ES' }]
    const api = createResourceServer({ ...issuer.options, jwks: { keys: keys as never } })
    const verdict = api.verify(await issuer.sign()).then(
      () => true,
      () => false,
    )
    expect(await verdict).toBe(used)
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
    ['with a zero before its modulus', [rsa, zeroFirst], rsaNames],
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

  it('tells which keys do not say that they are for signatures, next to one for encryption', () => {
    const keys = [undefined, rsa, { ...p256, use: 'enc' }, { ...p384, use: 'sig' }]
    const set = fixed(importKeySet({ keys }, all, 100))
    expect(set.keys).toHaveLength(1)
    expect(set.refused).toEqual([
      { index: 0, reason: 'not an object' },
      { index: 1, reason: 'use' },
      { index: 2, reason: 'use' },
    ])
  })

  it('sorts keys by their ids', () => {
    const keys = [rsa, p256, { ...p384, kid: 'other' }, { ...otherRsa, kid: undefined }]
    const { byKeyId, withoutKeyId, keys: found } = fixed(importKeySet({ keys }, all, 100))
    expect([...byKeyId]).toEqual([
      ['k', [found[0], found[1]]],
      ['other', [found[2]]],
    ])
    expect(withoutKeyId).toEqual([found[3]])
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
  const other = curveKey('P-256')
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
    ['no other key than the one with it', [rsa, { ...otherRsa, kid: undefined }], 'k', 'k'],
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
