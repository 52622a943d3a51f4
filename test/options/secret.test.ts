import { randomBytes } from 'node:crypto'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { algorithmsForSecrets, importSecrets, secretBytes } from '../../src/options/secret.ts'

const secret = randomBytes(32)
const read = (value: unknown): readonly Uint8Array[] => secretBytes(value, 'secret')
const key = '{"kty":"EC","crv":"P-256","x":"x","y":"y"}'

describe('the bytes of a secret', () => {
  it('are those of the text, or a copy', () => {
    expect(read('ä'.repeat(16))).toEqual([new TextEncoder().encode('ä'.repeat(16))])
    const given = Uint8Array.from(secret)
    const [copy] = read(given)
    given.fill(0)
    expect(copy).toEqual(Uint8Array.from(secret))
  })

  it('may be of another realm, as test runners have them', () => {
    expect(read(runInNewContext('new Uint8Array(32).fill(7)'))).toEqual([new Uint8Array(32).fill(7)])
  })

  it('may be of one to ten secrets', () => {
    expect(read(Array.from({ length: 10 }, () => secret))).toHaveLength(10)
    expect(read([secret, 'x'.repeat(32)])).toEqual([Uint8Array.from(secret), new Uint8Array(32).fill(120)])
  })

  it.each<[string, unknown, string]>([
    ['null', null, 'secret: must be a string, a Uint8Array, or a list of them'],
    ['a number', 7, 'secret: must be a string, a Uint8Array, or a list of them'],
    ['an ArrayBuffer', new ArrayBuffer(64), 'secret: must be a string, a Uint8Array'],
    ['a DataView', new DataView(new ArrayBuffer(64)), 'secret: must be a string, a Uint8Array'],
    ['numbers of two bytes', new Uint16Array(64), 'secret: must be a string, a Uint8Array'],
    [
      'an object that calls itself bytes',
      { [Symbol.toStringTag]: 'Uint8Array', length: 64 },
      'secret: must be a string, a Uint8Array',
    ],
    ['an empty list', [], 'secret: must be one secret or a list of 1 to 10'],
    ['a list of eleven', Array.from({ length: 11 }, () => secret), 'or a list of 1 to 10'],
    ['a list of numbers', [secret, 2], 'secret[1]: must be a string, a Uint8Array'],
    ['a list in a list', [[secret]], 'secret[0]: must be a string, a Uint8Array'],
    [
      '31 bytes',
      randomBytes(31),
      'secret: must have at least 32 bytes, drawn at random (RFC 7518 §3.2); a password is too easily guessed; make one with: openssl rand -base64 48',
    ],
    ['a short one in a list', [secret, 'short'], 'secret[1]: must have at least 32 bytes'],
    [
      'a key',
      key,
      'secret: is a key in PEM, JWK, DER or SSH form, or a modulus or point of one, which others may know; pass public keys as publicKey, jwks or jwksUri, and draw a secret of 32 to 128 bytes at random',
    ],
    ['a key in a list', [secret, key], 'secret[1]: is a key in PEM'],
    [
      'a function',
      () => secret,
      'secret: must be a string or bytes; a function that looks up keys is not needed, leave it out: the keys of issuer are fetched',
    ],
  ])('cannot be %s', (_what, value, message) => {
    expect(() => read(value)).toThrow(TypeError)
    expect(() => read(value)).toThrow(message)
  })
})

describe('the algorithms of secrets', () => {
  it.each([
    [[32], ['HS256']],
    [[47], ['HS256']],
    [[48], ['HS256', 'HS384']],
    [[64], ['HS256', 'HS384', 'HS512']],
    [
      [64, 48],
      ['HS256', 'HS384'],
    ],
  ])('of %j bytes are %j', (lengths, names) => {
    expect(algorithmsForSecrets(lengths.map((length) => randomBytes(length)))).toEqual(names)
  })

  it('are those that are named, where every secret is long enough', () => {
    const [long, short] = [randomBytes(64), randomBytes(48)]
    const secrets = importSecrets([long, short], ['HS256', 'HS384'], 'secret')
    expect(secrets).toMatchObject([
      { bytes: long, key: { kid: undefined, algorithms: ['HS256', 'HS384'], material: 'secret' } },
      { bytes: short },
    ])
    expect(() => importSecrets([long, short], ['HS256', 'HS512'], 'secret')).toThrow(
      new TypeError(
        'secret: HS512 needs at least 64 bytes (RFC 7518 §3.2), this has 48; use a longer secret, or list in algorithms what it is long enough for',
      ),
    )
  })
})
