import { describe, expect, it } from 'vitest'
import { parseToken } from '../../src/jose/jws.ts'

const part = (text: string): string => Buffer.from(text).toString('base64url')
const headerOf = (text: string): object => parseToken(`${part(text)}.e30.AA`).header

/** A header that takes so many characters as a part of a token. */
function headerOfLength(characters: number): string {
  const bytes = (characters * 3) / 4
  const empty = '{"alg":"ES256","kid":"1","x":""}'
  return empty.replace('""}', `"${'y'.repeat(bytes - empty.length)}"}`)
}

describe('the header of a token', () => {
  it('is parsed once, however many tokens have it', () => {
    const header = headerOf('{"alg":"ES256","kid":"once"}')
    expect(headerOf('{"alg":"ES256","kid":"once"}')).toBe(header)
    expect(headerOf('{"alg":"ES256","kid":"Once"}')).toEqual({ alg: 'ES256', kid: 'Once' })
  })

  it('is remembered up to 512 characters, and parsed each time beyond', () => {
    expect(part(headerOfLength(512))).toHaveLength(512)
    expect(headerOf(headerOfLength(512))).toBe(headerOf(headerOfLength(512)))
    const long = headerOf(headerOfLength(516))
    expect(headerOf(headerOfLength(516))).not.toBe(long)
    expect(headerOf(headerOfLength(516))).toEqual(long)
  })

  it('is forgotten after a hundred others', () => {
    const text = '{"alg":"ES256","kid":"first"}'
    const header = headerOf(text)
    for (let other = 0; other < 99; other++) headerOf(`{"alg":"ES256","kid":"${other}"}`)
    expect(headerOf(text)).toBe(header)
    for (let other = 0; other < 100; other++) headerOf(`{"alg":"ES256","kid":"a${other}"}`)
    expect(headerOf(text)).not.toBe(header)
  })

  it('is refused again where it was refused before', () => {
    for (let time = 0; time < 2; time++) {
      expect(() => headerOf('{"alg":"ES256","crit":[]}')).toThrow('The access token is malformed')
    }
  })
})
