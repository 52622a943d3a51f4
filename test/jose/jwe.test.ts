import { isAuthError } from 'oauth-resource-server'
import { beforeAll, describe, expect, it } from 'vitest'
import { looksEncrypted, parseJwe } from '../../src/jose/jwe.ts'
import { decryption, encrypt, goodHeader, junk, p256 } from '../support/encrypted.ts'
import { b64 } from '../support/tokens.ts'

let good: string
let agreed: string
beforeAll(async () => {
  good = await encrypt('a.b.c')
  agreed = await encrypt('a.b.c', { alg: 'ECDH-ES', kid: undefined }, p256.publicKey)
})

/** Why a token is refused: always in one sentence. */
function refused(token: string): { claim?: string; hint?: string; expected?: unknown; actual?: unknown } {
  try {
    parseJwe(token, decryption)
  } catch (error) {
    if (!isAuthError(error)) throw error
    expect(error).toMatchObject({ status: 401, code: 'invalid_token', reason: 'malformed' })
    return error.detail
  }
  throw new Error('it was accepted')
}

const withParts = (token: string, change: (parts: string[]) => unknown): string => {
  const parts = token.split('.')
  change(parts)
  return parts.join('.')
}
const put = (index: number, text: string) => (parts: string[]) => parts.splice(index, 1, text)
const withHeader = (header: string | Uint8Array): string => withParts(good, put(0, b64(header)))

describe('parseJwe()', () => {
  it('reads the header', () => {
    expect(parseJwe(good, decryption)).toEqual({
      alg: 'RSA-OAEP-256',
      enc: 'A256GCM',
      kid: 'rsa',
      crv: undefined,
      members: goodHeader,
    })
    expect(parseJwe(agreed, decryption)).toMatchObject({ alg: 'ECDH-ES', kid: undefined, crv: 'P-256' })
  })

  it.each([
    ['four parts', () => withParts(good, (parts) => parts.pop())],
    ['six parts', () => `${good}.AA`],
    ['seven parts', () => `${good}.AA.AA`],
    ['one part', () => 'opaque'],
    ['nothing', () => ''],
  ])('refuses %s', (_title, make) => {
    expect(looksEncrypted(make())).toBe(false)
    expect(refused(make())).toEqual({ hint: 'an encrypted token has five parts' })
  })

  it.each([
    ['no header', () => withParts(good, put(0, ''))],
    ['a header that is no base64url', () => withParts(good, put(0, 'e30='))],
    ['a header that is no JSON', () => withHeader('x')],
    ['a header that is a list', () => withHeader('[]')],
    ['a member twice', () => withHeader('{"alg":"RSA-OAEP-256","alg":"dir","enc":"A256GCM","cty":"JWT"}')],
    ['a prototype', () => withHeader(JSON.stringify(goodHeader).replace('{', '{"__proto__":{},'))],
    ['bytes that are no UTF-8', () => withHeader(Buffer.from([0x7b, 0xff, 0x7d]))],
    ['a byte order mark', () => withHeader(`\ufeff${JSON.stringify(goodHeader)}`)],
  ])('refuses %s', (_title, make) => {
    expect(refused(make()).hint).toBe('the header of the encrypted token is not a JSON object in base64url')
  })

  it.each([
    ['no encrypted key', () => withParts(good, put(1, ''))],
    ['an encrypted key that is no base64url', () => withParts(good, put(1, 'A'))],
    ['an encrypted key although one is agreed', () => withParts(agreed, put(1, 'AAAA'))],
    ['no initialization vector', () => withParts(good, put(2, ''))],
    ['a short initialization vector', () => withParts(good, put(2, b64(new Uint8Array(11))))],
    ['a long initialization vector', () => withParts(good, put(2, b64(new Uint8Array(16))))],
    ['no text', () => withParts(good, put(3, ''))],
    ['a text that is no base64url', () => withParts(good, put(3, 'AAA!'))],
    ['a text with stray bits', () => withParts(good, put(3, 'AB'))],
    ['no tag', () => withParts(good, put(4, ''))],
    ['a tag cut by a byte', () => withParts(good, put(4, b64(new Uint8Array(15))))],
    ['a tag cut to four bytes', () => withParts(good, put(4, b64(new Uint8Array(4))))],
    ['a long tag', () => withParts(good, put(4, b64(new Uint8Array(17))))],
  ])('refuses %s', (_title, make) => {
    expect(looksEncrypted(make())).toBe(true)
    expect(refused(make()).hint).toBe('a part of the encrypted token was cut or changed on its way')
  })

  it.each([
    ['alg', 'dir'],
    ['alg', 'RSA1_5'],
    ['alg', 'A256KW'],
    ['alg', 'PBES2-HS256+A128KW'],
    ['alg', 'RSA-OAEP'],
    ['alg', 'rsa-oaep-256'],
    ['alg', ['RSA-OAEP-256']],
    ['alg', undefined],
    ['enc', 'A192GCM'],
    ['enc', 'a256gcm'],
    ['enc', undefined],
    ['enc', null],
    ['zip', 'DEF'],
    ['zip', null],
    ['crit', []],
    ['crit', ['exp']],
    ['cty', undefined],
    ['cty', 'JSON'],
    ['cty', 'JWS'],
    ['cty', 'dpop+jwt'],
    ['cty', 'logout+jwt'],
    ['cty', 'text/jwt'],
    ['cty', ['JWT']],
    ['kid', 7],
    ['kid', null],
    ['kid', 'k'.repeat(257)],
  ])('refuses %s %j', (name, value) => {
    const detail = refused(junk({ ...goodHeader, [name]: value }))
    expect(detail.claim).toBe(name)
    expect(detail).toHaveProperty('expected')
    expect(Object.hasOwn(detail, 'actual')).toBe(true)
  })

  it('names what is accepted', () => {
    expect(refused(junk({ ...goodHeader, alg: 'dir' }))).toMatchObject({
      expected: decryption.algorithms,
      actual: 'dir',
      hint: 'see decryption.algorithms',
    })
    expect(refused(junk({ ...goodHeader, enc: 'x' }))).toMatchObject({
      expected: decryption.encryption,
      hint: 'see decryption.encryption',
    })
    expect(refused(junk({ ...goodHeader, cty: 'x' }))).toMatchObject({
      expected: 'JWT or at+jwt',
      hint: 'the issuer must sign the token before it encrypts it',
    })
    expect(refused(junk({ ...goodHeader, zip: 'DEF' }))).toEqual({
      claim: 'zip',
      expected: 'absent',
      actual: 'string',
      hint: 'compressed tokens and extensions are not supported: switch them off at the issuer',
    })
    expect(refused(junk({ ...goodHeader, kid: 7 }))).toEqual({
      claim: 'kid',
      expected: 'a string of at most 256 characters',
      actual: 7,
    })
  })

  it.each(['JWT', 'jwt', 'application/jwt', 'at+jwt', 'application/at+JWT'])('takes %s as cty', (cty) => {
    expect(parseJwe(junk({ ...goodHeader, cty }), decryption).members['cty']).toBe(cty)
  })

  it('takes a kid of 256 characters', () => {
    expect(parseJwe(junk({ ...goodHeader, kid: 'k'.repeat(256) }), decryption).kid).toHaveLength(256)
  })

  it('reads no curve from an epk that is no object', () => {
    for (const epk of [null, 'x', ['P-256']]) {
      const header = { ...goodHeader, alg: 'ECDH-ES', epk }
      expect(parseJwe(junk(header, 0), decryption).crv).toBeUndefined()
    }
  })
})
