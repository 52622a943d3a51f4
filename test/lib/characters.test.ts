import { describe, expect, it } from 'vitest'
import { isChallengeText, isScopeName, quoted } from '../../src/lib/characters.ts'

const all = Array.from({ length: 0x180 }, (_, code) => String.fromCharCode(code))
/** %x21 / %x23-5B / %x5D-7E */
const inScopes = all.slice(0x21, 0x7f).filter((character) => character !== '"' && character !== '\\')

describe('isScopeName', () => {
  it('takes %x21 / %x23-5B / %x5D-7E and nothing else (RFC 6749 §3.3)', () => {
    expect(all.filter(isScopeName)).toEqual(inScopes)
  })

  it.each(['', ' ', 'a b', 'a\n', '\na', 'a"', 'é', 'a\u2028', 'a\0'])('refuses %j', (text) => {
    expect(isScopeName(text)).toBe(false)
  })

  it.each(['reports:read', 'https://api.test/read', '*', 'x'.repeat(10_000)])('takes %s', (text) => {
    expect(isScopeName(text)).toBe(true)
  })
})

describe('what stands in a challenge', () => {
  it('has the characters of scopes, and spaces (RFC 6750 §3)', () => {
    expect(all.filter(isChallengeText)).toEqual([' ', ...inScopes])
    expect([
      isChallengeText('a b'),
      isChallengeText(''),
      isChallengeText('a"'),
      isChallengeText('\na'),
    ]).toEqual([true, false, false, false])
  })

  it('is quoted, with an apostrophe for every other character', () => {
    expect(quoted('a "b" \\ é\n~')).toBe(`"a 'b' ' ''~"`)
    expect(all.filter((character) => quoted(character) !== `"'"`)).toEqual(
      [' ', ...inScopes].filter((character) => character !== "'"),
    )
  })
})
