import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { fromBase64url } from '../../src/jose/base64url.ts'
import { referenceBase64url } from '../properties/reference-base64url.ts'
import { tries } from '../support/tries.ts'

vi.mock('#platform', () => import('../../src/platform/web.ts'))

describe('base64url on WebCrypto platforms', () => {
  it.each(['', 'A', 'AB==', 'é', ' ', 'AAAAA', 'AA A'])('is refused as %j', (text) => {
    expect(fromBase64url(text)).toBeUndefined()
  })

  it('is read as the slow reading of RFC 4648 §5 reads it, or not at all', () => {
    const unit = fc.constantFrom(...Array.from('ABCDEZabcdez0189-_-_=+/. \n\u0000é'))
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 12 }), (text) => {
        const bytes = fromBase64url(text)
        expect(bytes && [...bytes]).toEqual(referenceBase64url(text))
      }),
      { numRuns: tries(2000) },
    )
  })
})
