import type { CryptoKey, JWK } from 'jose'
import { plain } from '../hints/plain.ts'
import type { Jwk } from '../types.ts'
import type { JweHeader } from './jwe.ts'
import type { KeyAlgorithm } from './jwe-algorithms.ts'

/** A private key of this API, checked as far as its form tells. */
export interface DecryptionKey {
  /** Name of the option, for messages. */
  readonly at: string
  readonly jwk: Jwk
  readonly kid: string | undefined
  /** Curve of a key that agrees on keys. */
  readonly crv: string | undefined
  readonly algorithms: readonly KeyAlgorithm[]
}

/** Decrypts tokens with the keys of this API. */
export interface Decrypter {
  /** Imports every key. @throws {TypeError} for a key that cannot be used */
  readonly ready: () => Promise<void>
  /**
   * Decrypts a token whose header was read and accepted.
   *
   * @returns the text in it; `undefined` for every failure alike (RFC 7516 §11.5)
   * @throws {TypeError} for a key of the configuration that cannot be used
   */
  readonly decrypt: (token: string, header: JweHeader) => Promise<string | undefined>
}

/** Makes a {@link Decrypter}. A key is imported for each algorithm, and kept; `jose` is loaded when it is needed. */
export function decrypterOf(keys: readonly DecryptionKey[]): Decrypter {
  // Keys, and no promises of them: some runtimes (Workers) end the work of a request together with it.
  const imports = new Map<string, CryptoKey | Uint8Array>()

  async function imported(key: DecryptionKey, alg: KeyAlgorithm): Promise<CryptoKey | Uint8Array> {
    const name = `${alg} ${key.at}`
    const before = imports.get(name)
    if (before !== undefined) return before
    const material = await importKey(key, alg)
    imports.set(name, material)
    return material
  }

  return {
    async ready() {
      await Promise.all(keys.flatMap((key) => key.algorithms.map((alg) => imported(key, alg))))
    },
    async decrypt(token, header) {
      const { compactDecrypt } = await import('jose')
      const { alg, enc } = header
      const options = { keyManagementAlgorithms: [alg], contentEncryptionAlgorithms: [enc] }
      for (const key of keys) {
        if (!fits(key, header)) continue
        const material = await imported(key, alg)
        try {
          // With a wrong key for the content, `jose` goes on with a random one (RFC 7516 §11.5).
          const { plaintext } = await compactDecrypt(token, material, options)
          return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plaintext)
        } catch {
          // Another key may fit, where the token names none.
        }
      }
      return undefined
    },
  }
}

function fits(key: DecryptionKey, { alg, kid, crv }: JweHeader): boolean {
  return (
    key.algorithms.includes(alg) &&
    (kid === undefined || key.kid === undefined || key.kid === kid) &&
    (key.crv === undefined || key.crv === crv)
  )
}

async function importKey({ jwk, at }: DecryptionKey, alg: KeyAlgorithm): Promise<CryptoKey | Uint8Array> {
  const { importJWK } = await import('jose')
  try {
    return await importJWK(jwk as JWK, alg)
  } catch {
    // Not as `cause`: the message of a library may show parts of the key.
    throw plain(new TypeError(`${at}: the key cannot be imported: its members do not belong together`))
  }
}
