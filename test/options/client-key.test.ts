import { generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { clientKey } from '../../src/options/client-key.ts'

const at = 'introspection.privateKey'
const jwkOf = (pair: { privateKey: { export(o: { format: 'jwk' }): JsonWebKey } }): JsonWebKey =>
  pair.privateKey.export({ format: 'jwk' })
const keys = {
  rsa: jwkOf(generateKeyPairSync('rsa', { modulusLength: 2048 })),
  p256: jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' })),
  p384: jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-384' })),
  p521: jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-521' })),
  ed25519: jwkOf(generateKeyPairSync('ed25519')),
  x25519: jwkOf(generateKeyPairSync('x25519')),
}

/** An odd number of so many bytes. */
const odd = (bytes: number): string => Buffer.alloc(bytes, 255).toString('base64url')

/** What each kind of key needs. */
const members = {
  rsa: ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'],
  p256: ['x', 'y', 'd'],
  ed25519: ['x', 'd'],
} as const

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
    const rsa = { ...keys.rsa, alg: 'PS256', kid: 'k', use: 'sig', key_ops: ['sign'] }
    expect(clientKey(rsa, at)).toEqual({ jwk: rsa, alg: 'PS256', kid: 'k' })
    for (const alg of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'])
      expect(clientKey({ ...keys.rsa, alg }, at)).toMatchObject({ alg })
    for (const alg of ['EdDSA', 'Ed25519'])
      expect(clientKey({ ...keys.ed25519, alg }, at)).toMatchObject({ alg })
  })

  it.each([
    ['rsa', 'PS256'],
    ['p256', 'ES256'],
    ['ed25519', 'EdDSA'],
  ] as const)("%s signs %s with profile 'fapi2'", (name, alg) => {
    expect(clientKey({ ...keys[name] }, at, 'fapi2')).toMatchObject({ alg })
    expect(clientKey({ ...keys[name], alg }, at, 'fapi2')).toMatchObject({ alg })
    expect(clientKey({ ...keys.rsa, alg: 'RS256' }, at, 'compatible')).toMatchObject({ alg: 'RS256' })
  })

  it.each([
    ['rsa', 'RS256', "alg must be one of PS256 for this key with profile 'fapi2'"],
    ['rsa', 'PS512', "alg must be one of PS256 for this key with profile 'fapi2'"],
    ['p384', undefined, "profile 'fapi2' permits keys for PS256, ES256 and EdDSA; make one of these"],
    ['p521', 'ES512', "profile 'fapi2' permits keys for PS256, ES256 and EdDSA; make one of these"],
  ] as const)("%s with alg %s is refused with profile 'fapi2'", (name, alg, message) => {
    const given = { ...keys[name], ...(alg === undefined ? {} : { alg }) }
    expect(() => clientKey(given, at, 'fapi2')).toThrow(new TypeError(`${at}: ${message}`))
    expect(() => clientKey(given, at)).not.toThrow()
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
    ...Object.entries(members).flatMap(([name, all]) =>
      all.map((member): [string, unknown, RegExp] => [
        `${name} without ${member}`,
        { ...keys[name as keyof typeof members], [member]: undefined },
        new RegExp(`needs the member ${member} in base64url: set the private key, not the public one`),
      ]),
    ),
    ['a broken key', { ...keys.p256, x: 'a=' }, /needs the member x/],
    ['a short RSA key', { ...keys.rsa, n: odd(255) }, /2048 to 8192 bits .* its modulus is not/],
    ['an RSA key with an exponent of 1', { ...keys.rsa, e: 'AQ' }, /its exponent is not acceptable/],
    ['an empty member', { ...keys.rsa, p: '' }, /needs the member p/],
    ['a coordinate too short', { ...keys.p384, y: odd(47) }, /the member y has another length/],
    ['a private part too long', { ...keys.ed25519, d: odd(33) }, /the member d has another length/],
    ['a key that only verifies', { ...keys.p256, key_ops: ['verify'] }, /key_ops must be a list with sign/],
    ['key_ops as text', { ...keys.p256, key_ops: 'sign' }, /key_ops must be a list with sign/],
    ['a secret', { kty: 'oct', k: 'AAAA' }, /kty RSA, EC/],
    ['a key for key agreement', keys.x25519, /Ed25519/],
    ['an alg of another key', { ...keys.p256, alg: 'RS256' }, /alg must be one of ES256/],
    ['alg none', { ...keys.ed25519, alg: 'none' }, /alg must be one of EdDSA, Ed25519 for this key/],
    ['a list as alg', { ...keys.p256, alg: ['ES256'] }, /alg must be one of ES256/],
    ['a key for encryption', { ...keys.rsa, use: 'enc' }, /use must be 'sig'/],
    ['a kid that is a number', { ...keys.p256, kid: 1 }, /kid must be a string/],
  ])('cannot be %s', (_what, value, message) => {
    expect(() => clientKey(value, at)).toThrow(TypeError)
    expect(() => clientKey(value, at)).toThrow(new RegExp(`^introspection\\.privateKey: .*${message.source}`))
  })
})
