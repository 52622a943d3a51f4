import { describe, expect, it, vi } from 'vitest'
import type { TokenSource } from '../../src/token/verified-token.ts'
import { withinLength } from '../../src/token/within-length.ts'

const verify = vi.fn<TokenSource['verify']>(() => 'verified' as never)
const stillHolds = (): boolean => true
const source = withinLength({ verify, stillHolds }, 10)

describe('a token', () => {
  it('that is as long as it may be is verified', () => {
    verify.mockClear()
    const trace = vi.fn()
    expect(source.verify('x'.repeat(10), 7, trace)).toBe('verified')
    expect(verify).toHaveBeenCalledExactlyOnceWith('x'.repeat(10), 7, trace)
    expect(trace).toHaveBeenCalledExactlyOnceWith({
      name: 'length',
      ok: true,
      expected: 'at most 10 characters',
    })
  })

  it.each([
    ['x'.repeat(11), 'too_large', /11 characters; maxTokenLength is 10/],
    ['', 'malformed', /not empty/],
    [undefined, 'malformed', /must be a string/],
    [null, 'malformed', /must be a string/],
    [['x'], 'malformed', /must be a string/],
    [{ length: 1 }, 'malformed', /must be a string/],
  ])('%j is refused as %s, and costs nothing', (token, reason, hint) => {
    verify.mockClear()
    expect(() => source.verify(token as string, 7)).toThrow(
      expect.objectContaining({
        status: 401,
        reason,
        detail: { hint: expect.stringMatching(hint) as string },
      }),
    )
    expect(verify).not.toHaveBeenCalled()
  })

  it('that is remembered is asked about as before', () => {
    expect(source.stillHolds).toBe(stillHolds)
  })
})
