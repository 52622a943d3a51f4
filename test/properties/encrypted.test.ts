import fc from 'fast-check'
import { UnsecuredJWT } from 'jose'
import { createResourceServer, isAuthError } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it, vi } from 'vitest'
import { decryption, encrypt, p256 } from '../support/encrypted.ts'
import { tries } from '../support/tries.ts'

vi.setConfig({ testTimeout: 60_000 })

const issuer = await createTestIssuer({ issuer: 'https://issuer.test/', algorithms: ['ES256'] })
const stranger = await createTestIssuer({ issuer: 'https://issuer.test/', algorithms: ['ES256'] })
const api = createResourceServer({ ...issuer.options, decryption })
const good = await issuer.sign({ iss: 'https://issuer.test/' })
const tokens = [
  await encrypt(good),
  await encrypt(good, { enc: 'A128CBC-HS256' }),
  await encrypt(good, { alg: 'ECDH-ES', kid: undefined }, p256.publicKey),
  await encrypt(good, { alg: 'ECDH-ES+A128KW', kid: 'p256' }, p256.publicKey),
]

async function outcome(token: string): Promise<string> {
  try {
    await api.verify(token)
    return 'accepted'
  } catch (error) {
    if (!isAuthError(error)) throw error
    return `${error.status} ${String(error.code)}`
  }
}

describe('an encrypted token', () => {
  it('is accepted as it is', async () => {
    expect(await Promise.all(tokens.map(outcome))).toEqual(tokens.map(() => 'accepted'))
  })

  it('is refused with any one character changed', async () => {
    const character = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code))
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...tokens), fc.nat(), character, async (token, place, other) => {
        const index = place % token.length
        fc.pre(token[index] !== other)
        const changed = token.slice(0, index) + other + token.slice(index + 1)
        expect(await outcome(changed)).toBe('401 invalid_token')
      }),
      { numRuns: tries(8000, 400) },
    )
  })

  it('is refused with any one byte of any part changed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...tokens),
        fc.nat({ max: 4 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (token, part, place, change) => {
          const parts = token.split('.')
          const bytes = Buffer.from(parts[part] ?? '', 'base64url')
          fc.pre(bytes.length > 0)
          const index = place % bytes.length
          bytes[index] = (bytes[index] ?? 0) ^ change
          parts[part] = bytes.toString('base64url')
          expect(await outcome(parts.join('.'))).toBe('401 invalid_token')
        },
      ),
      { numRuns: tries(8000, 400) },
    )
  })

  it('is refused whatever is encrypted in place of a token of the issuer', async () => {
    const claims = { iss: issuer.issuer, aud: 'https://api.test', exp: 4_000_000_000 }
    const inner = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .dictionary(fc.string(), fc.jsonValue())
        .map((more) => new UnsecuredJWT({ ...claims, ...more }).encode()),
      fc.nat({ max: good.length - 1 }).map((index) => good.slice(0, index)),
      fc.constant(stranger).map((other) => () => other.sign({ iss: issuer.issuer })),
      fc.constantFrom(...tokens),
    )
    await fc.assert(
      fc.asyncProperty(inner, async (text) => {
        const token = await encrypt(typeof text === 'string' ? text : await text())
        expect(await outcome(token)).toBe('401 invalid_token')
      }),
      { numRuns: tries(1000, 100) },
    )
  })

  it('is refused with parts of two tokens', async () => {
    const [one, other] = [tokens[0] ?? '', await encrypt(good)]
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }), async (choice) => {
        // The header is the same in both.
        fc.pre(new Set(choice.slice(1)).size === 2)
        const mixed = choice.map((first, part) => (first ? one : other).split('.')[part]).join('.')
        expect(await outcome(mixed)).toBe('401 invalid_token')
      }),
      { numRuns: 30 },
    )
  })
})
