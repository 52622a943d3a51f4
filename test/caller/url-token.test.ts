import { InvalidTokenError } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { withUrlHeaders } from '../../src/caller/url-token.ts'
import type { Presented } from '../../src/http/finder.ts'
import type { VerifiedToken } from '../../src/token/verified-token.ts'

const token: unknown = {}
const from = (place: Presented['place']): Presented => ({
  scheme: 'Bearer',
  token: 't',
  place,
  request: undefined,
})

describe('a successful response', () => {
  it.each(['query', 'cookie'] as const)('to a token in the place %s is private (RFC 6750 §2.3)', (place) => {
    expect(withUrlHeaders(() => undefined)(token as VerifiedToken, from(place))).toEqual({
      headers: { 'Cache-Control': 'private' },
    })
  })

  it.each(['header', 'body', 'custom'] as const)('to a token in the place %s is as it was', (place) => {
    expect(withUrlHeaders(() => undefined)(token as VerifiedToken, from(place))).toBeUndefined()
  })

  it('keeps the headers of the check of the sender', async () => {
    const lastly = (): void => undefined
    const own = { headers: { 'DPoP-Nonce': 'n' }, lastly }
    const both = { headers: { 'DPoP-Nonce': 'n', 'Cache-Control': 'private' }, lastly }
    expect(withUrlHeaders(() => own)(token as VerifiedToken, from('query'))).toEqual(both)
    expect(await withUrlHeaders(() => Promise.resolve(own))(token as VerifiedToken, from('query'))).toEqual(
      both,
    )
  })

  it('is none where the sender is refused', () => {
    const refuse = (): never => {
      throw new InvalidTokenError('binding')
    }
    expect(() => withUrlHeaders(refuse)(token as VerifiedToken, from('query'))).toThrow(InvalidTokenError)
  })
})
