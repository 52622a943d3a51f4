import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { KeyAlgorithm } from '../../src/jose/jwe-algorithms.ts'
import { decryptionKey } from '../../src/options/decryption-key.ts'
import { p256, rsa, x25519 } from '../support/encrypted.ts'

const at = 'decryption.keys[1]'
const accepted: readonly KeyAlgorithm[] = ['RSA-OAEP', 'RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A256KW']
const ed25519 = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
const secp256k1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey.export({ format: 'jwk' })
/** A number of so many bytes, all of them 255. */
const big = (bytes: number): string => Buffer.alloc(bytes, 255).toString('base64url')

const missing = [
  ...['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'].map((name) => [name, rsa] as const),
  ...['x', 'y', 'd'].map((name) => [name, p256] as const),
  ...['x', 'd'].map((name) => [name, x25519] as const),
].map(([name, pair]): [string, unknown, string] => [
  `${String(pair.jwk()['kty'])} without ${name}`,
  pair.jwk({ [name]: undefined }),
  `needs the member ${name} in base64url: set the private key, not the public one`,
])

describe('a private key for decryption', () => {
  it('has what an import needs, and nothing else', () => {
    const { kty, n, e, d, p, q, dp, dq, qi } = rsa.jwk()
    const given = rsa.jwk({ kid: 'k', use: 'enc', key_ops: ['decrypt', 'unwrapKey'], crv: 'x' })
    expect(decryptionKey(given, at, accepted)).toEqual({
      at,
      jwk: { kty, n, e, d, p, q, dp, dq, qi },
      kid: 'k',
      crv: undefined,
      algorithms: ['RSA-OAEP', 'RSA-OAEP-256'],
    })
    expect(decryptionKey(given, at, accepted).jwk).not.toHaveProperty('crv')
    const curve = p256.jwk({ key_ops: ['deriveBits', 'deriveKey'] })
    expect(decryptionKey(curve, at, accepted)).toEqual({
      at,
      jwk: p256.jwk(),
      kid: undefined,
      crv: 'P-256',
      algorithms: ['ECDH-ES', 'ECDH-ES+A256KW'],
    })
    expect(decryptionKey(x25519.jwk(), at, accepted)).toMatchObject({ jwk: x25519.jwk(), crv: 'X25519' })
  })

  it('serves its own alg alone', () => {
    const { algorithms } = decryptionKey(rsa.jwk({ alg: 'RSA-OAEP-256' }), at, accepted)
    expect(algorithms).toEqual(['RSA-OAEP-256'])
  })

  it('may have a kid of 256 characters', () => {
    expect(decryptionKey(rsa.jwk({ kid: 'k'.repeat(256) }), at, accepted).kid).toHaveLength(256)
  })

  it.each<[string, unknown, string]>([
    ['a text', 'key', 'must be a private key as a JWK object'],
    ['null', null, 'must be a private key as a JWK object'],
    ['a list', [rsa.jwk()], 'must be a private key as a JWK object'],
    [
      'a secret',
      { kty: 'oct', k: 'AAAA' },
      'must be a key of kty RSA, EC (P-256, P-384, P-521) or OKP (X25519)',
    ],
    ['an Ed25519 key (RFC 8037 §3.1)', ed25519, 'must be a key of kty RSA, EC'],
    ['secp256k1', secp256k1, 'must be a key of kty RSA, EC'],
    ['X25519 as EC', x25519.jwk({ kty: 'EC' }), 'must be a key of kty RSA, EC'],
    ['a curve that is no text', p256.jwk({ crv: ['P-256'] }), 'must be a key of kty RSA, EC'],
    ['a curve of another kind', p256.jwk({ kty: 'oct' }), 'must be a key of kty RSA, EC'],
    ['a curve that is an inherited name', p256.jwk({ crv: 'toString' }), 'must be a key of kty RSA, EC'],
    ['no kty', rsa.jwk({ kty: undefined }), 'must be a key of kty RSA, EC'],
    ...missing,
    ['a member that is no base64url', p256.jwk({ d: '!' }), 'needs the member d'],
    ['a member that is a number', p256.jwk({ x: 7 }), 'needs the member x'],
    [
      '1024 bits',
      rsa.jwk({ n: big(128) }),
      'must be an RSA key of 2048 to 8192 bits with a sane exponent; its modulus is not acceptable',
    ],
    ['an exponent of 1', rsa.jwk({ e: 'AQ' }), 'its exponent is not acceptable'],
    [
      'a coordinate too short',
      p256.jwk({ y: 'AAAA' }),
      'the member y has another length than the curve needs',
    ],
    ['a private part too long', x25519.jwk({ d: big(33) }), 'the member d has another length'],
    ['use: sig', rsa.jwk({ use: 'sig' }), "use must be 'enc'; a key that signs must not decrypt"],
    [
      'key_ops: sign',
      rsa.jwk({ key_ops: ['decrypt', 'sign'] }),
      'key_ops must be a list of decrypt, unwrapKey, deriveKey or deriveBits',
    ],
    ['empty key_ops', rsa.jwk({ key_ops: [] }), 'key_ops must be a list'],
    ['key_ops as text', rsa.jwk({ key_ops: 'decrypt' }), 'key_ops must be a list'],
    ['an empty kid', rsa.jwk({ kid: '' }), 'kid must be a string of 1 to 256 characters'],
    ['a kid of 257 characters', rsa.jwk({ kid: 'k'.repeat(257) }), 'kid must be a string'],
    ['a kid that is a number', rsa.jwk({ kid: 1 }), 'kid must be a string'],
    [
      'an alg that is not accepted',
      rsa.jwk({ alg: 'RSA-OAEP-512' }),
      'no algorithm of decryption.algorithms fits the key and its alg',
    ],
    ['an alg of another kind of key', p256.jwk({ alg: 'RSA-OAEP' }), 'no algorithm of'],
  ])('cannot be %s, and is never shown', (_title, key, message) => {
    const make = (): unknown => decryptionKey(key, at, accepted)
    const { d = 'no private part' } = Object(key) as { d?: string }
    expect(make).toThrow(TypeError)
    expect(make).toThrow(`${at}: `)
    expect(make).toThrow(message)
    if (d.length > 9) {
      const shown = expect.not.stringContaining(d) as string
      expect(make).toThrow(expect.objectContaining({ message: shown }) as Error)
    }
  })
})
