import { generateKeyPairSync, type KeyObject, webcrypto } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { publicKeyOf } from '../../src/options/public-key.ts'

const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = p256.publicKey.export({ format: 'jwk' })
const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }) as string
const pem = pemOf(p256.publicKey)
const x25519 = generateKeyPairSync('x25519').publicKey
const read = (value: unknown): object => publicKeyOf(value, 'publicKey')

const notAKey =
  'publicKey: must be a public key as PEM (BEGIN PUBLIC KEY or BEGIN CERTIFICATE), JWK or KeyObject'
const notPublic =
  'publicKey: is a private or secret key, which has no place in an API; pass the public key alone'
const noKey = 'publicKey: the PEM text has no key of RSA, P-256, P-384, P-521, Ed25519 or Ed448 in it'

describe('a public key', () => {
  it.each<[string, unknown]>([
    ['JWK', jwk],
    ['KeyObject', p256.publicKey],
    ['PEM', pem],
    ['PEM with text around it', `subject=x\n${pem}y`],
    ['PEM with line ends of Windows', pem.replaceAll('\n', '\r\n')],
    ['PEM with its line ends as text', pem.replaceAll('\n', String.raw`\r\n`)],
    ['PEM labelled as a certificate', pem.replaceAll('PUBLIC KEY', 'CERTIFICATE')],
    ['PEM labelled as an old certificate', pem.replaceAll('PUBLIC KEY', 'X509 CERTIFICATE')],
    ['PEM labelled as a key of RSA', pem.replaceAll('PUBLIC KEY', 'RSA PUBLIC KEY')],
  ])('may be %s', (_what, value) => {
    expect(read(value)).toEqual(jwk)
  })

  it.each([{ algorithm: 'ES256' }, { extractable: true }])('may be a JWK with %j in it', (member) => {
    expect(read({ ...jwk, ...member })).toEqual({ ...jwk, ...member })
  })

  it('may have every character of base64', () => {
    const texts = Array.from({ length: 30 }, () => generateKeyPairSync('ed25519').publicKey)
    for (const key of texts) expect(read(pemOf(key))).toEqual(key.export({ format: 'jwk' }))
  })

  it.each<[string, unknown, string]>([
    ['null', null, notAKey],
    ['a number', 7, notAKey],
    ['a list', [pem], notAKey],
    ['an empty text', '', notAKey],
    ['text', 'key', notAKey],
    ['PEM without an end', pem.slice(0, 100), notAKey],
    ['PEM with another end', pem.replace('END PUBLIC', 'END RSA PUBLIC'), notAKey],
    ['PEM of something else', pem.replaceAll('PUBLIC KEY', 'CERTIFICATE REQUEST'), notAKey],
    ['PEM of a private key', p256.privateKey.export({ type: 'pkcs8', format: 'pem' }), notPublic],
    ['PEM of a private key of SEC 1', p256.privateKey.export({ type: 'sec1', format: 'pem' }), notPublic],
    ['a private KeyObject', p256.privateKey, notPublic],
    ['two keys', pem + pem, 'publicKey: must be one key; pass several as jwks'],
    ['a JWK Set', { keys: [jwk] }, 'publicKey: must be one key; pass a JWK Set as jwks'],
    ['PEM with other characters', pem.replace('\n', '\n*'), noKey],
    ['PEM of X25519', pemOf(x25519), noKey],
  ])('cannot be %s', (_what, value, message) => {
    expect(() => read(value)).toThrow(new TypeError(message))
  })

  it('cannot be a CryptoKey, and the message has what to pass', async () => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
    const { publicKey } = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    expect(() => read(publicKey)).toThrow(
      new TypeError(
        'publicKey: must not be a CryptoKey; pass KeyObject.from(key), or the key exported as JWK',
      ),
    )
  })

  it('cannot be a KeyObject that has no JWK', () => {
    const cause = new Error('unsupported')
    const dsa = {
      type: 'public',
      export: () => {
        throw cause
      },
    }
    expect(() => read(dsa)).toThrow(
      expect.objectContaining({
        message: 'publicKey: this kind of key cannot verify tokens',
        cause,
      }) as Error,
    )
  })
})
