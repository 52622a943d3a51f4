import { createResourceServer } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { decryptionSettings } from '../../src/options/decryption.ts'
import { decryption as good, p256, rsa, x25519 } from '../support/encrypted.ts'

const make = (change: object): unknown => decryptionSettings({ ...good, ...change })
const only = (key: unknown, alg = 'RSA-OAEP-256'): object => ({ keys: [key], algorithms: [alg] })

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
    ['X25519', only(x25519.jwk(), 'ECDH-ES+A192KW')],
    ['two keys without kid', { keys: [rsa.jwk(), p256.jwk()] }],
    ['ten keys', { keys: Array.from({ length: 10 }, () => rsa.jwk()), algorithms: ['RSA-OAEP'] }],
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
      /^decryption\.algorithms: set the list that was agreed with the issuer, of RSA-OAEP-256, RSA-OAEP-384, /,
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
    ['xA256KW', { ...good, algorithms: ['xA256KW'] }, /xA256KW is not supported; the algorithms/],
    ['A256KWx', { ...good, algorithms: ['A256KWx'] }, /A256KWx is not supported; the algorithms/],
    ['PBES2', { ...good, algorithms: ['PBES2-HS256+A128KW'] }, /A128KW is not supported: it needs a secret/],
    [
      'RSA1_5',
      { ...good, algorithms: ['RSA1_5'] },
      /^decryption\.algorithms: RSA1_5 is not supported: its padding/,
    ],
    [
      'another case',
      { ...good, algorithms: ['rsa-oaep'] },
      /rsa-oaep is not supported; the algorithms are RSA-OAEP-256, RSA-OAEP-384, /,
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

  it('names the key that cannot be used', () => {
    const keys = [p256.jwk(), rsa.jwk({ use: 'sig' })]
    expect(() => make({ keys })).toThrow(/^decryption\.keys\[1\]: use must be 'enc'/)
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
  const introspection = { clientId: 'a', clientSecret: 'b' }
  const all = { ...introspection, tokens: 'all' }
  it.each([
    ['introspection of opaque tokens', { introspection }, /^decryption\.required: refuses opaque tokens/],
    ['introspection of all', { introspection: all }, undefined],
    ['no introspection', {}, undefined],
    [
      'introspection of opaque tokens for one of two issuers',
      { issuers: [{ introspection }, { issuer: 'https://other.test/' }] },
      /^decryption\.required: refuses opaque tokens/,
    ],
    ['a function of issuers', { issuers: () => undefined }, undefined],
  ])('together with %s', async (_what, options, message) => {
    const { issuer, jwks, ...common } = (await createTestIssuer({ issuer: 'https://issuer.test/' })).options
    const own = { issuer, jwks }
    const { issuers } = options as { issuers?: unknown }
    const server = (): unknown =>
      createResourceServer({
        ...common,
        ...(issuers === undefined ? own : {}),
        ...options,
        ...(Array.isArray(issuers) ? { issuers: issuers.map((it: object) => ({ ...own, ...it })) } : {}),
        decryption: { ...good, required: true },
      } as never)
    if (message === undefined) expect(server).not.toThrow()
    else expect(server).toThrow(message)
  })
})
