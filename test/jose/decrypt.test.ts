import { describe, expect, it, vi } from 'vitest'
import { decrypterOf } from '../../src/jose/decrypt.ts'
import { parseJwe } from '../../src/jose/jwe.ts'
import { decryptionSettings, type DecryptionSettings } from '../../src/options/decryption.ts'
import { decryption, encrypt, goodHeader, junk, p256, rsa, x25519 } from '../support/encrypted.ts'

const settings = decryptionSettings(decryption) as DecryptionSettings
const decrypter = decrypterOf(settings.keys)
const read = async (token: string, by = decrypter): Promise<string | undefined> =>
  by.decrypt(token, parseJwe(token, settings))

describe('decrypterOf()', () => {
  it('decrypts with the key that fits', async () => {
    expect(await read(await encrypt('a.b.c'))).toBe('a.b.c')
    const agreed = await encrypt('d', { alg: 'ECDH-ES+A128KW', kid: 'p256' }, p256.publicKey)
    expect(await read(agreed)).toBe('d')
  })

  it('gives nothing for a text that is no UTF-8', async () => {
    const { CompactEncrypt } = await import('jose')
    const bytes = new Uint8Array([0x61, 0xff])
    const token = await new CompactEncrypt(bytes).setProtectedHeader(goodHeader).encrypt(rsa.publicKey)
    expect(await read(token)).toBeUndefined()
  })

  it('gives every character, a mark of the byte order included', async () => {
    expect(await read(await encrypt('\ufeffa.b.c'))).toBe('\ufeffa.b.c')
  })

  it.each([
    ['another kid', { kid: 'other' }],
    ['the kid of a key for another algorithm', { kid: 'p256' }],
  ])('tries no key for %s', async (_title, change) => {
    const token = await encrypt('a', change)
    const decrypt = vi.spyOn(crypto.subtle, 'decrypt')
    expect(await read(token)).toBeUndefined()
    expect(decrypt).not.toHaveBeenCalled()
    decrypt.mockRestore()
  })

  it('tries no key of another curve', async () => {
    const token = await encrypt('a', { alg: 'ECDH-ES', kid: undefined }, x25519.publicKey)
    const derive = vi.spyOn(crypto.subtle, 'deriveBits')
    expect(await read(token)).toBeUndefined()
    expect(derive).not.toHaveBeenCalled()
    derive.mockRestore()
  })

  it('tries every key that may fit, and stops at the one that does', async () => {
    const { generateKeyPairSync } = await import('node:crypto')
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
    const keys = [other, rsa.jwk(), other]
    const many = decryptionSettings({
      ...decryption,
      keys,
      algorithms: ['RSA-OAEP-256'],
    }) as DecryptionSettings
    const by = decrypterOf(many.keys)
    const token = await encrypt('a', { kid: undefined })
    const unwrap = vi.spyOn(crypto.subtle, 'decrypt')
    expect(await read(token, by)).toBe('a')
    // The key of the content with each of two keys, and the content twice.
    expect(unwrap.mock.calls.length).toBeLessThanOrEqual(4)
    unwrap.mockRestore()
    expect(await read(junk(goodHeader), by)).toBeUndefined()
  })

  it('imports a key once for each algorithm', async () => {
    const importKey = vi.spyOn(crypto.subtle, 'importKey')
    const by = decrypterOf(settings.keys)
    await by.ready()
    const privately = (): number => importKey.mock.calls.filter(([, key]) => 'd' in key).length
    expect(privately()).toBe(4)
    await read(await encrypt('a'), by)
    await by.ready()
    expect(privately()).toBe(4)
    importKey.mockRestore()
  })

  it('imports a key again whose import never ended', async () => {
    const token = await encrypt('text')
    const by = decrypterOf(settings.keys)
    const importKey = vi.spyOn(crypto.subtle, 'importKey')
    // As on Workers, where the work of a request ends with it.
    importKey.mockReturnValueOnce(new Promise(() => undefined))
    void read(token, by)
    expect(await read(token, by)).toBe('text')
    importKey.mockRestore()
  })

  it('shows nothing of a key that cannot be imported', async () => {
    const [, key] = settings.keys
    const broken = { ...(key as NonNullable<typeof key>), jwk: { ...key?.jwk, x: key?.jwk['y'] } }
    const by = decrypterOf([broken])
    const error: unknown = await by.ready().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toBe(
      'decryption.keys[1]: the key cannot be imported: its members do not belong together',
    )
    expect((error as Error).cause).toBeUndefined()
  })
})
