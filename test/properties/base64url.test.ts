import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { fromBase64url } from '../../src/jose/base64url.ts'
import * as web from '../../src/platform/web.ts'
import { referenceBase64url } from './reference-base64url.ts'

vi.setConfig({ testTimeout: 60_000 })

const letters = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')
const odd = Array.from('=+/. \n\t%,~\u0000é\u2028')
const text = fc.string({ unit: fc.constantFrom(...letters, ...letters, ...odd), maxLength: 24 })
const written = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64url'))

describe('base64url', () => {
  it('is read as the slow reading of RFC 4648 §5 reads it, or not at all', () => {
    fc.assert(
      fc.property(fc.oneof(text, written), (spelling) => {
        const bytes = fromBase64url(spelling)
        expect(bytes && [...bytes]).toEqual(referenceBase64url(spelling))
      }),
      { numRuns: 3000 },
    )
  })

  it('reads every text of up to four characters as the slow reading does', () => {
    const few = ['A', 'B', 'P', 'Q', 'Z', 'a', 'f', 'g', 'w', 'z', '0', '4', '8', '9', '-', '_', '=', '+']
    let texts = ['']
    for (let length = 0; length <= 4; length++) {
      for (const spelling of texts) {
        const bytes = fromBase64url(spelling)
        if (String(bytes && [...bytes]) !== String(referenceBase64url(spelling))) expect.fail(spelling)
      }
      texts = texts.flatMap((spelling) => few.map((character) => spelling + character))
    }
  })

  it('has one spelling for each sequence of bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1 }),
        fc.nat(),
        fc.constantFrom(...letters, ...odd),
        (bytes, at, other) => {
          const right = Buffer.from(bytes).toString('base64url')
          const place = at % right.length
          const changed = right.slice(0, place) + other + right.slice(place + 1)
          expect(fromBase64url(right)).toEqual(Buffer.from(bytes))
          if (changed !== right) expect(fromBase64url(changed)).not.toEqual(Buffer.from(bytes))
        },
      ),
    )
  })

  it('is decoded by WebCrypto platforms as by Node', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(web.decodeBase64url(Buffer.from(bytes).toString('base64url'))).toEqual(bytes)
      }),
    )
  })
})
