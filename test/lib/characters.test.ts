import { describe, expect, it } from 'vitest'
import { isScopeName } from '../../src/lib/characters.ts'

describe('isScopeName', () => {
  it('takes %x21 / %x23-5B / %x5D-7E and nothing else (RFC 6749 §3.3)', () => {
    const taken = Array.from({ length: 0x180 }, (_, code) => code).filter((code) =>
      isScopeName(String.fromCharCode(code)),
    )
    const expected = Array.from({ length: 0x7f - 0x21 }, (_, index) => index + 0x21).filter(
      (code) => code !== 0x22 && code !== 0x5c,
    )
    expect(taken).toEqual(expected)
  })

  it.each(['', ' ', 'a b', 'a\n', '\na', 'a"', 'é', 'a\u2028', 'a\0'])('refuses %j', (text) => {
    expect(isScopeName(text)).toBe(false)
  })

  it.each(['reports:read', 'https://api.test/read', '*', 'x'.repeat(10_000)])('takes %s', (text) => {
    expect(isScopeName(text)).toBe(true)
  })
})
