import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isKeyMaterial, isPublished } from '../../src/jose/published.ts'
import { tries } from '../support/tries.ts'

const spellings = [
  (bytes: Uint8Array) => bytes,
  ...(['base64', 'base64url', 'hex'] as const).map(
    (encoding) => (bytes: Uint8Array) => Buffer.from(Buffer.from(bytes).toString(encoding)),
  ),
]
const secret = fc.uint8Array({ minLength: 32, maxLength: 80 })
const number = fc.uint8Array({ minLength: 32, maxLength: 256 })

describe('a secret drawn at random', () => {
  it('is no published key, however it is written', () => {
    fc.assert(
      fc.property(secret, fc.constantFrom(...spellings), (bytes, spell) => {
        expect(isPublished(spell(bytes))).toBe(false)
      }),
      { numRuns: tries(500) },
    )
  })
})

describe('a secret that has the number of a public key in it', () => {
  const written = fc.tuple(number, fc.constantFrom(...spellings), fc.constantFrom(...spellings))

  it('G3 is known for it, however it is written, and whatever stands around it', () => {
    const around = fc.stringMatching(/^[ -~]{0,12}$/).map((text) => `${text} `)
    fc.assert(
      fc.property(written, around, ([bytes, inner, outer], before) => {
        fc.pre(bytes[0] !== 0 && bytes.at(-1) !== 0)
        const n = Buffer.from(bytes).toString('base64url')
        const value = outer(inner(bytes))
        expect(isKeyMaterial(value, { kty: 'RSA', n })).toBe(true)
        expect(isKeyMaterial(Buffer.concat([Buffer.from(before), value]), { kty: 'RSA', n })).toBe(true)
      }),
      { numRuns: tries(300) },
    )
  })

  it('is not taken for another one', () => {
    fc.assert(
      fc.property(written, number, ([bytes, inner, outer], other) => {
        fc.pre(new Set(bytes).size > 8 && new Set(other).size > 8)
        const n = Buffer.from(other).toString('base64url')
        expect(isKeyMaterial(outer(inner(bytes)), { kty: 'RSA', n })).toBe(false)
      }),
      { numRuns: tries(300) },
    )
  })

  it.each([undefined, null, 7, 'x', [], {}, { n: 7 }, { n: '' }, { n: 'AQAB' }, { n: '!' }])(
    'is told of no key by %j',
    (jwk) => {
      expect(isKeyMaterial(Buffer.alloc(64, 1), jwk)).toBe(false)
    },
  )
})
