import { generateKeyPairSync } from 'node:crypto'
import { UnsecuredJWT } from 'jose'
import { createResourceServer, explain, isAuthError, type ResourceServer } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { decryption, encrypt, goodHeader, junk, p256, rsa } from '../support/encrypted.ts'
import { b64 } from '../support/tokens.ts'

const issuer = await createTestIssuer({ issuer: 'https://issuer.test/', algorithms: ['ES256'] })
const withOptions = (change: object = {}): ResourceServer =>
  createResourceServer({ ...issuer.options, decryption: { ...decryption, ...change } })
const api = withOptions()
let signed: string
beforeAll(async () => {
  signed = await issuer.sign()
})

async function judged(token: string, by = api): Promise<string> {
  try {
    await by.verify(token)
    return 'accepted'
  } catch (error) {
    if (!isAuthError(error)) throw error
    return `${error.status} ${error.reason}`
  }
}

const refused = '401 malformed'

describe('requirements on encrypted tokens', () => {
  it('RFC7516-4.1.2-1 enc is present, and one of those that are accepted', async () => {
    for (const enc of ['A256GCM', 'A128GCM', 'A128CBC-HS256']) {
      expect(await judged(await encrypt(signed, { enc }))).toBe('accepted')
    }
    expect(await judged(await encrypt(signed, { enc: 'A192GCM' }))).toBe(refused)
    expect(await judged(junk({ ...goodHeader, enc: undefined }))).toBe(refused)
  })

  it.each(['RFC7516-4.1.3-1', 'RFC8725bis-3.15-1'])(
    '%s zip is refused, and nothing is decompressed',
    async () => {
      expect(await judged(junk({ ...goodHeader, zip: 'DEF' }))).toBe(refused)
    },
  )

  it('RFC7516-4.1.13-1 crit is refused, whatever it names', async () => {
    expect(await judged(await encrypt(signed, { crit: ['exp'], exp: 1 }))).toBe(refused)
  })

  it('RFC7516-5.2-1 a key of the wrong length for enc is refused', async () => {
    // The key was made for 128 bits, and the header says 256; of the key itself nothing is changed.
    const token = await encrypt(signed, { enc: 'A128GCM' })
    const [, ...others] = token.split('.')
    expect(await judged([b64(JSON.stringify(goodHeader)), ...others].join('.'))).toBe(refused)
  })

  it('RFC7516-5.2-2 an agreed key has no encrypted key beside it', async () => {
    const token = await encrypt(signed, { alg: 'ECDH-ES', kid: 'p256' }, p256.publicKey)
    expect(token.split('.')[1]).toBe('')
    expect(await judged(token)).toBe('accepted')
    expect(await judged(token.replace('..', `.${b64('x'.repeat(40))}.`))).toBe(refused)
  })

  it.each(['RFC7516-5.2-3', 'RFC7516-11.5-1'])('%s failures of a decryption look alike', async () => {
    const parts = (await encrypt(signed)).split('.')
    const changed = [1, 2, 3, 4].map((index) =>
      parts
        .map((part, at) => (at === index ? part.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')) : part))
        .join('.'),
    )
    const shown = new Set<string>()
    for (const token of [...changed, junk(goodHeader), junk(goodHeader, 255)]) {
      const error: unknown = await api.verify(token).catch((thrown: unknown) => thrown)
      shown.add(JSON.stringify([api.refuse(error), explain(error)]))
    }
    expect(shown.size).toBe(1)
  })

  it('RFC7516-5.2-4 what is not accepted is refused although our key decrypts it', async () => {
    const token = await encrypt(signed, { alg: 'RSA-OAEP' })
    expect(await judged(token)).toBe(refused)
    expect(await judged(token, withOptions({ keys: [rsa.jwk()], algorithms: ['RSA-OAEP'] }))).toBe('accepted')
  })

  it('RFC7519-5.2-1 cty is JWT, in any case', async () => {
    for (const cty of ['JWT', 'jwt']) expect(await judged(await encrypt(signed, { cty }))).toBe('accepted')
    for (const cty of [undefined, 'json']) expect(await judged(await encrypt(signed, { cty }))).toBe(refused)
  })

  it('RFC7519-5.3-1 claims repeated in the header are the same inside', async () => {
    expect(await judged(await encrypt(signed, { sub: 'user-1' }))).toBe('accepted')
    expect(await judged(await encrypt(signed, { sub: 'user-2' }))).toBe('401 claim')
  })

  it('RFC7519-7.2-3 the token inside is validated, and is no encrypted one', async () => {
    expect(await judged(await encrypt(await issuer.sign({ exp: 1, iat: undefined })))).toBe('401 expired')
    expect(await judged(await encrypt(await encrypt(signed)))).toBe(refused)
  })

  it('RFC8725-3.2-4 RSA1_5 cannot be configured, and is refused', async () => {
    expect(() => withOptions({ algorithms: ['RSA1_5'] })).toThrow(/^decryption\.algorithms: RSA1_5/)
    expect(await judged(junk({ ...goodHeader, alg: 'RSA1_5' }))).toBe(refused)
  })

  it('RFC8725-3.3-2 both layers are validated with keys and algorithms of the configuration', async () => {
    const stranger = await createTestIssuer({ issuer: issuer.issuer, algorithms: ['ES256'] })
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    expect(await judged(await encrypt(signed, {}, publicKey))).toBe(refused)
    expect(await judged(await encrypt(await stranger.sign()))).toBe('401 unknown_key')
    expect(await judged(await encrypt(new UnsecuredJWT({ sub: 'x' }).encode()))).toBe(refused)
  })

  it('RFC8725-3.11-3 typ is that of the token inside', async () => {
    expect(await judged(await encrypt(signed, { typ: 'logout+jwt' }))).toBe('accepted')
    expect(await judged(await encrypt(await issuer.sign({}, { typ: 'logout+jwt' }), { typ: 'at+jwt' }))).toBe(
      '401 type',
    )
  })

  it('RFC8725bis-3.13-1 there is no encryption by password', async () => {
    const header = { ...goodHeader, alg: 'PBES2-HS256+A128KW', p2c: 2 ** 31, p2s: 'AAAA' }
    expect(await judged(junk(header))).toBe(refused)
    expect(() => withOptions({ algorithms: ['PBES2-HS256+A128KW'] })).toThrow(TypeError)
  })

  it('RFC9068-4-2 the keys and algorithms are those that were agreed', async () => {
    const [key] = decryption.keys
    const by = withOptions({ keys: [key], algorithms: ['RSA-OAEP-256'], encryption: ['A128GCM'] })
    expect(await judged(await encrypt(signed, { enc: 'A128GCM' }), by)).toBe('accepted')
    expect(await judged(await encrypt(signed), by)).toBe(refused)
  })

  it('RFC9068-4-3 a token that is not encrypted is refused where encryption is required', async () => {
    const by = withOptions({ required: true })
    expect(await judged(await encrypt(signed), by)).toBe('accepted')
    expect(await judged(signed, by)).toBe('401 type')
  })

  it('RFC8037-3.1-2 a key for signatures agrees on nothing', () => {
    const key = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
    expect(() => withOptions({ keys: [key], algorithms: ['ECDH-ES'] })).toThrow(/^decryption\.keys\[0\]/)
  })
})
