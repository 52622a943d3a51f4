import { createCipheriv, createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Jwk } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { decrypterOf } from '../../src/jose/decrypt.ts'
import { type AcceptedEncryption, parseJwe } from '../../src/jose/jwe.ts'
import { contentAlgorithms, type KeyAlgorithm } from '../../src/jose/jwe-algorithms.ts'
import { decryptionKey } from '../../src/options/decryption-key.ts'
import { b64 } from '../support/tokens.ts'

interface Vectors {
  readonly plaintext: string
  readonly groups: readonly {
    readonly key: Jwk
    readonly tests: readonly {
      readonly tcId: number
      readonly comment: string
      readonly result: 'valid' | 'invalid'
      readonly jwe: string
    }[]
  }[]
}

const text = readFileSync(new URL('wycheproof-jwe.json', import.meta.url), 'utf8')
const { plaintext, groups } = JSON.parse(text) as Vectors

/** The vectors have no `cty`, which is checked before anything else. */
function withContentType(jwe: string): string {
  const [header = '', ...others] = jwe.split('.')
  try {
    const members = JSON.parse(Buffer.from(header, 'base64url').toString()) as object
    return [b64(JSON.stringify({ ...members, cty: 'JWT' })), ...others].join('.')
  } catch {
    return jwe
  }
}

/** The text inside, if the form is accepted and the decryption succeeds. */
async function textIn(jwe: string, key: Jwk): Promise<string | undefined> {
  const accepted: AcceptedEncryption = {
    algorithms: [key['alg'] as KeyAlgorithm],
    encryption: Object.keys(contentAlgorithms) as (keyof typeof contentAlgorithms)[],
  }
  try {
    const header = parseJwe(withContentType(jwe), accepted)
    return await decrypterOf([decryptionKey(key, 'key', accepted.algorithms)]).decrypt(jwe, header)
  } catch (error) {
    expect(error).toMatchObject({ status: 401, reason: 'malformed' })
    return undefined
  }
}

describe.each(groups.map(({ key, tests }) => [String(key['alg']), key, tests] as const))(
  'vectors of Wycheproof for %s',
  (_alg, key, tests) => {
    it.each(tests.map((test) => [test.tcId, test.comment, test] as const))(
      '%i %s',
      async (_id, _comment, { jwe, result }) => {
        expect(await textIn(jwe, key)).toBe(result === 'valid' ? plaintext : undefined)
      },
    )
  },
)

/*
 * Wycheproof has no encrypted tokens with RSA-OAEP-512, but ciphertexts of RSA-OAEP with SHA-512: here they are the
 * encrypted key of a token. A key has 32 bytes, which one message of theirs has. The others are of broken padding.
 */
interface KeyVectors {
  /** PKCS#1, in base64. */
  readonly key: string
  readonly tests: readonly {
    readonly tcId: number
    readonly comment: string
    /** Hexadecimal, as `ct`. */
    readonly msg: string
    readonly ct: string
    readonly result: 'valid' | 'invalid'
  }[]
}

const oaep = JSON.parse(
  readFileSync(new URL('wycheproof-rsa-oaep-512.json', import.meta.url), 'utf8'),
) as KeyVectors
const pkcs1 = createPrivateKey({ key: Buffer.from(oaep.key, 'base64'), format: 'der', type: 'pkcs1' })
const contentKey = Buffer.from(oaep.tests.find(({ result }) => result === 'valid')?.msg ?? '', 'hex')

/** A token whose content is encrypted with {@link contentKey}. */
function tokenWith(encryptedKey: string): string {
  const header = b64(JSON.stringify({ alg: 'RSA-OAEP-512', enc: 'A256GCM', cty: 'JWT' }))
  const iv = Buffer.alloc(12)
  const cipher = createCipheriv('aes-256-gcm', contentKey, iv).setAAD(Buffer.from(header))
  const content = Buffer.concat([cipher.update(plaintext), cipher.final()])
  return [
    header,
    b64(Buffer.from(encryptedKey, 'hex')),
    b64(iv),
    b64(content),
    b64(cipher.getAuthTag()),
  ].join('.')
}

describe('vectors of Wycheproof for RSA-OAEP with SHA-512, as encrypted keys', () => {
  const key = { ...pkcs1.export({ format: 'jwk' }), alg: 'RSA-OAEP-512', use: 'enc' } as Jwk
  it.each(oaep.tests.map((test) => [test.tcId, test.comment, test] as const))(
    '%i %s',
    async (_id, _comment, { ct, result }) => {
      expect(await textIn(tokenWith(ct), key)).toBe(result === 'valid' ? plaintext : undefined)
    },
  )
})
