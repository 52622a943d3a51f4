import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { KeySet } from '../../src/jose/key-set.ts'
import { literalKeySet } from '../../src/options/literal-keys.ts'

const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
const private_ = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
const at = (name: string): string => `issuers[0].${name}`
const secret = new Uint8Array(64).fill(1)
const read = (jwks: unknown, name = 'jwks', secrets: readonly Uint8Array[] = [secret]) =>
  literalKeySet(jwks, { name: at(name), names: ['ES256'], secrets, at })

const noSet =
  'issuers[0].jwks: must be a JWK Set with at least one public key for the accepted algorithms (RFC 7517 §5)'

describe('a literal key set', () => {
  it('is imported from a copy', () => {
    const jwks = { keys: [{ ...key, kid: 'a' }] }
    const set = read(jwks) as KeySet
    jwks.keys.length = 0
    expect(set.keys).toMatchObject([{ kid: 'a', algorithms: ['ES256'] }])
  })

  it('may have 1000 entries', () => {
    const keys = Array.from({ length: 1000 }, () => key)
    expect(() => read({ keys }, 'jwks', [])).not.toThrow()
    expect(() => read({ keys: [...keys, key] })).toThrow(new TypeError(noSet))
  })

  it.each<[string, unknown, string]>([
    ['null', null, ''],
    ['a list', [key], '; pass { keys: [...] }'],
    ['one key', key, '; pass one key as publicKey, or { keys: [key] }'],
    [
      'a text',
      'https://id.test/jwks',
      '; pass a URL as jwksUri, a PEM as publicKey, and JSON as JSON.parse() reads it',
    ],
    ['a promise', Promise.resolve({ keys: [key] }), '; this is a promise: await it'],
    ['an empty set', { keys: [] }, ''],
    ['what cannot be copied', { keys: [{ ...key, then: () => undefined }] }, ''],
    [
      'keys that cannot be used, of which five are named',
      { keys: [{ ...key, use: 'enc' }, 7, ...Array.from({ length: 5 }, () => null)] },
      '; keys[0]: use; keys[1]: not an object; keys[2]: not an object; keys[3]: not an object; keys[4]: not an object',
    ],
  ])('cannot be %s', (_what, jwks, reasons) => {
    expect(() => read(jwks)).toThrow(new TypeError(`${noSet}${reasons}`))
  })

  it.each<[string, unknown, string]>([
    [
      'a private key',
      private_,
      'issuers[0].publicKey: is a private or symmetric key; pass the public key alone',
    ],
    [
      'a key for something else',
      { ...key, use: 'enc' },
      'issuers[0].publicKey: must be a public key for the accepted algorithms; refused: use',
    ],
    [
      'what cannot be copied',
      { ...key, then: () => undefined },
      'issuers[0].publicKey: must be a public key for the accepted algorithms',
    ],
  ])('of one public key cannot be %s', (_what, value, message) => {
    expect(() => read({ keys: [value] }, 'publicKey')).toThrow(new TypeError(message))
  })

  it('has no key that is a secret', () => {
    const x = Buffer.from(key.x as string, 'base64url')
    const jwks = { keys: [{ kty: 'unknown' }, key] }
    expect(() => read(jwks, 'jwks', [secret, x])).toThrow(
      new TypeError(
        'issuers[0].secret: is one of the public keys, so that anyone could sign with it; use another',
      ),
    )
    expect(() => read(jwks, 'jwks', [])).not.toThrow()
  })
})
