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
