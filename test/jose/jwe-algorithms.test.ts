import { generateKeyPairSync, getCipherInfo } from 'node:crypto'
import { expect, it } from 'vitest'
import { agreementCurves, contentAlgorithms, keyAlgorithms } from '../../src/jose/jwe-algorithms.ts'

it('knows how a key is encrypted with a key pair (RFC 7518 §4.3, §4.6)', () => {
  expect(keyAlgorithms).toEqual({
    'RSA-OAEP-256': 'RSA',
    'RSA-OAEP-384': 'RSA',
    'RSA-OAEP-512': 'RSA',
    'RSA-OAEP': 'RSA',
    'ECDH-ES': 'ECDH',
    'ECDH-ES+A128KW': 'ECDH',
    'ECDH-ES+A192KW': 'ECDH',
    'ECDH-ES+A256KW': 'ECDH',
  })
})

// RFC 7518 §5.2: half of the hash; §5.3: 128 bits.
it.each([
  ['A128GCM', 'aes-128-gcm', 16],
  ['A192GCM', 'aes-192-gcm', 16],
  ['A256GCM', 'aes-256-gcm', 16],
  ['A128CBC-HS256', 'aes-128-cbc', 16],
  ['A192CBC-HS384', 'aes-192-cbc', 24],
  ['A256CBC-HS512', 'aes-256-cbc', 32],
] as const)('knows the bytes of %s', (name, cipher, tag) => {
  expect(contentAlgorithms[name]).toEqual({ iv: getCipherInfo(cipher)?.ivLength, tag })
  expect(Object.keys(contentAlgorithms)).toHaveLength(6)
})

it.each(['P-256', 'P-384', 'P-521', 'X25519'])('knows the bytes of a coordinate on %s', (crv) => {
  const { publicKey } =
    crv === 'X25519' ? generateKeyPairSync('x25519') : generateKeyPairSync('ec', { namedCurve: crv })
  const { x = '' } = publicKey.export({ format: 'jwk' })
  expect(agreementCurves[crv]).toBe(Buffer.from(x, 'base64url').length)
})
