import { generateKeyPairSync } from 'node:crypto'
import { createResourceServer } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { decryptionSettings } from '../../src/options/decryption.ts'
import { decryption as good, p256, rsa, x25519 } from '../support/encrypted.ts'

const make = (change: object): unknown => decryptionSettings({ ...good, ...change })
const only = (key: unknown, alg = 'RSA-OAEP-256'): object => ({ keys: [key], algorithms: [alg] })
const rsa1024 = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ format: 'jwk' })
const ed25519 = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
const secp256k1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey.export({ format: 'jwk' })
const { d: _d, ...publicRsa } = rsa.jwk()
const { d: _e, ...publicEc } = p256.jwk()

describe('decryption', () => {
  it('is off unless it is set', () => {
    expect(decryptionSettings(undefined)).toBeUndefined()
  })

  it('gives each key the algorithms that fit', () => {
    expect(make({ required: true })).toMatchObject({
      required: true,
      algorithms: good.algorithms,
      encryption: good.encryption,
      keys: [
        { at: 'decryption.keys[0]', kid: 'rsa', crv: undefined, algorithms: ['RSA-OAEP-256'] },
        { kid: 'p256', crv: 'P-256', algorithms: ['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A256KW'] },
      ],
    })
    expect(make({})).toMatchObject({ required: false })
  })

  it.each([
    ['a key with alg', only(rsa.jwk({ alg: 'RSA-OAEP-256' }))],
    ['key_ops for decryption', only(rsa.jwk({ key_ops: ['decrypt', 'unwrapKey'] }))],
    ['key_ops for agreement', only(p256.jwk({ key_ops: ['deriveBits', 'deriveKey'] }), 'ECDH-ES')],
    ['X25519', only(x25519.jwk(), 'ECDH-ES+A192KW')],
    ['two keys without kid', { keys: [rsa.jwk(), p256.jwk()] }],
    ['ten keys', { keys: Array.from({ length: 10 }, () => rsa.jwk()), algorithms: ['RSA-OAEP'] }],
    ['a kid of 256 characters', only(rsa.jwk({ kid: 'k'.repeat(256) }))],
    ['unknown members', only(rsa.jwk({ x5t: 'x' }))],
  ])('accepts %s', (_title, change) => {
    expect(() => make(change)).not.toThrow()
  })

  it('names an algorithm once that is listed twice', () => {
    expect(make({ encryption: ['A256GCM', 'A256GCM'] })).toMatchObject({ encryption: ['A256GCM'] })
  })

  it.each([
    ['null', null, /^decryption: must be a plain object/],
    [
      'a misspelled name',
      { ...good, algorithm: ['RSA-OAEP'] },
      /^decryption: unknown option algorithm .*algorithms/,
    ],
    ['no keys', { ...good, keys: undefined }, /^decryption\.keys: must be a list of private keys/],
    ['one key in place of a list', { ...good, keys: rsa.jwk() }, /^decryption\.keys: must be a list/],
    ['an empty list of keys', { ...good, keys: [] }, /^decryption\.keys: must have 1 to 10/],
    ['eleven keys', { ...good, keys: Array.from({ length: 11 }, () => rsa.jwk()) }, /must have 1 to 10 keys/],
    [
      'no algorithms',
      { ...good, algorithms: undefined },
      /^decryption\.algorithms: set the list .*RSA-OAEP-256/,
    ],
    [
      'empty algorithms',
      { ...good, algorithms: [] },
      /^decryption\.algorithms: must be a list of at least one/,
    ],
    ['no encryption', { ...good, encryption: undefined }, /^decryption\.encryption: set the list .*A256GCM/],
    [
      'empty encryption',
      { ...good, encryption: [] },
      /^decryption\.encryption: must be a list of at least one/,
    ],
    [
      'dir',
      { ...good, algorithms: ['dir'] },
      /^decryption\.algorithms: dir is not supported: it needs a secret/,
    ],
    ['A256KW', { ...good, algorithms: ['A256KW'] }, /A256KW is not supported: it needs a secret/],
    ['A128GCMKW', { ...good, algorithms: ['A128GCMKW'] }, /A128GCMKW is not supported: it needs a secret/],
    ['PBES2', { ...good, algorithms: ['PBES2-HS256+A128KW'] }, /A128KW is not supported: it needs a secret/],
    [
      'RSA1_5',
      { ...good, algorithms: ['RSA1_5'] },
      /^decryption\.algorithms: RSA1_5 is not supported: its padding/,
    ],
    [
      'another case',
      { ...good, algorithms: ['rsa-oaep'] },
      /rsa-oaep is not supported; the algorithms are RSA-OAEP-256/,
    ],
    ['an inherited name', { ...good, algorithms: ['toString'] }, /toString is not supported/],
    [
      'another cipher',
      { ...good, encryption: ['A256CBC'] },
      /^decryption\.encryption: A256CBC is not supported; .*A128GCM/,
    ],
    [
      'an algorithm that no key fits',
      { ...good, ...only(rsa.jwk()), algorithms: ['RSA-OAEP', 'ECDH-ES'] },
      /^decryption\.algorithms: no key fits ECDH-ES/,
    ],
    [
      'a key that no algorithm fits',
      { ...good, keys: [rsa.jwk(), p256.jwk()], algorithms: ['RSA-OAEP'] },
      /^decryption\.keys\[1\]: no algorithm .* fits/,
    ],
    [
      'a key of another alg',
      { ...good, ...only(rsa.jwk({ alg: 'RSA-OAEP' })) },
      /^decryption\.keys\[0\]: no algorithm/,
    ],
    ['required as text', { ...good, required: 'yes' }, /^decryption\.required: must be true or false/],
  ])('refuses %s', (_title, value, message) => {
    expect(() => decryptionSettings(value)).toThrow(TypeError)
    expect(() => decryptionSettings(value)).toThrow(message)
  })

  it.each([
    ['a text', 'key', /must be a private key as a JWK object/],
    ['null', null, /must be a private key as a JWK object/],
    ['a list', [rsa.jwk()], /must be a private key as a JWK object/],
    ['a secret', { kty: 'oct', k: 'AAAA' }, /must be a key of kty RSA, EC/],
    ['an Ed25519 key (RFC 8037 §3.1)', ed25519, /must be a key of kty RSA, EC/],
    ['secp256k1', secp256k1, /must be a key of kty RSA, EC/],
    ['X25519 as EC', x25519.jwk({ kty: 'EC' }), /must be a key of kty RSA, EC/],
    ['a curve that is no text', p256.jwk({ crv: ['P-256'] }), /must be a key of kty RSA, EC/],
    ['no kty', rsa.jwk({ kty: undefined }), /must be a key of kty RSA, EC/],
    ['a public RSA key', publicRsa, /needs the member d in base64url: set the private key/],
    ['a public EC key', publicEc, /needs the member d in base64url: set the private key/],
    ['a private key without its primes', rsa.jwk({ p: undefined }), /needs the member p/],
    ['a member that is no base64url', p256.jwk({ d: '!' }), /needs the member d/],
    ['a member that is a number', p256.jwk({ x: 7 }), /needs the member x/],
    ['1024 bits', rsa1024, /must be an RSA key of 2048 to 8192 bits.* its modulus/],
    ['an exponent of 1', rsa.jwk({ e: 'AQ' }), /its exponent is not acceptable/],
    ['a coordinate too short', p256.jwk({ y: 'AAAA' }), /the member y has another length/],
    ['a private part too long', p256.jwk({ d: 'A'.repeat(44) }), /the member d has another length/],
    ['use: sig', rsa.jwk({ use: 'sig' }), /use must be 'enc'/],
    ['key_ops: sign', rsa.jwk({ key_ops: ['decrypt', 'sign'] }), /key_ops must be a list of decrypt/],
    ['empty key_ops', rsa.jwk({ key_ops: [] }), /key_ops must be a list/],
    ['key_ops as text', rsa.jwk({ key_ops: 'decrypt' }), /key_ops must be a list/],
    ['an empty kid', rsa.jwk({ kid: '' }), /kid must be a string of 1 to 256/],
    ['a kid of 257 characters', rsa.jwk({ kid: 'k'.repeat(257) }), /kid must be a string/],
    ['a kid that is a number', rsa.jwk({ kid: 1 }), /kid must be a string/],
  ])('refuses %s as a key, and never shows it', (_title, key, message) => {
    const error = (() => {
      try {
        return make({ keys: [p256.jwk(), key] })
      } catch (thrown) {
        return thrown as Error
      }
    })()
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch(/^decryption\.keys\[1\]: /)
    expect((error as Error).message).toMatch(message)
    const { d } = Object(key) as { d?: unknown }
    if (typeof d === 'string' && d.length > 9) expect((error as Error).message).not.toContain(d)
  })

  it('refuses two keys of one kid', () => {
    const keys = [rsa.jwk({ kid: 'a' }), p256.jwk({ kid: 'b' }), x25519.jwk({ kid: 'a' })]
    expect(() => make({ keys })).toThrow(/^decryption\.keys\[2\]: has the same kid as decryption\.keys\[0\]/)
  })

  it('keeps to what it was given', () => {
    const key = rsa.jwk()
    const settings = decryptionSettings({ ...good, ...only(key) })
    const { n } = key
    ;(key as { n: unknown }).n = 'AAAA'
    expect(settings?.keys[0]?.jwk['n']).toBe(n)
  })
})

describe('decryption.required', () => {
  it('contradicts introspection of opaque tokens, and not that of all', async () => {
    const { options } = await createTestIssuer({ issuer: 'https://issuer.test/' })
    const server = (introspection: object): unknown =>
      createResourceServer({
        ...options,
        decryption: { ...good, required: true },
        introspection: { clientId: 'a', clientSecret: 'b', ...introspection },
      })
    expect(() => server({})).toThrow(/^decryption\.required: refuses opaque tokens/)
    expect(() => server({ tokens: 'all' })).not.toThrow()
  })
})
