import { generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { clientKey } from '../../src/options/client-key.ts'

const at = 'introspection.privateKey'
const jwkOf = (pair: { privateKey: { export(o: { format: 'jwk' }): JsonWebKey } }): JsonWebKey =>
  pair.privateKey.export({ format: 'jwk' })
const keys = {
  rsa: jwkOf(generateKeyPairSync('rsa', { modulusLength: 2048 })),
  short: jwkOf(generateKeyPairSync('rsa', { modulusLength: 1024 })),
  p256: jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' })),
  p384: jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-384' })),
  p521: jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-521' })),
  ed25519: jwkOf(generateKeyPairSync('ed25519')),
  x25519: jwkOf(generateKeyPairSync('x25519')),
}

describe('the private key of a client', () => {
  it.each([
    ['rsa', 'RS256'],
    ['p256', 'ES256'],
    ['p384', 'ES384'],
    ['p521', 'ES512'],
    ['ed25519', 'EdDSA'],
  ] as const)('%s signs %s where it has no alg', (name, alg) => {
    expect(clientKey({ ...keys[name] }, at)).toMatchObject({ alg, kid: undefined })
  })

  it('signs what its alg says', () => {
    expect(clientKey({ ...keys.rsa, alg: 'PS256', kid: 'k', use: 'sig' }, at)).toMatchObject({
      alg: 'PS256',
      kid: 'k',
    })
  })

  it('is copied, so that what happens to the object later changes nothing', () => {
    const given = { ...keys.p256 }
    const { jwk } = clientKey(given, at)
    given.d = 'changed'
    expect(jwk['d']).toBe(keys.p256.d)
  })

  it.each<[string, unknown, RegExp]>([
    ['text', 'PEM', /JWK object/],
    ['null', null, /JWK object/],
    ['a list', [keys.p256], /JWK object/],
    ['a public key', { ...keys.p256, d: undefined }, /needs the member d/],
    ['a broken key', { ...keys.p256, x: 'a=' }, /needs the member x/],
    ['an RSA key without its primes', { ...keys.rsa, p: undefined }, /needs the member p/],
    ['a short RSA key', keys.short, /2048 bits/],
    ['a secret', { kty: 'oct', k: 'AAAA' }, /kty RSA, EC/],
    ['a key for key agreement', keys.x25519, /Ed25519/],
    ['an alg of another key', { ...keys.p256, alg: 'RS256' }, /alg must be one of ES256/],
    ['alg none', { ...keys.p256, alg: 'none' }, /alg must be one of ES256/],
    ['a key for encryption', { ...keys.rsa, use: 'enc' }, /use must be 'sig'/],
    ['a kid that is a number', { ...keys.p256, kid: 1 }, /kid must be a string/],
  ])('cannot be %s', (_what, value, message) => {
    expect(() => clientKey(value, at)).toThrow(TypeError)
    expect(() => clientKey(value, at)).toThrow(new RegExp(`^introspection\\.privateKey: .*${message.source}`))
  })
})
