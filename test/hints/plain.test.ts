import { describe, expect, it } from 'vitest'
import { isPlain, misuse, plain, plainly } from '../../src/hints/plain.ts'

describe('a plain error', () => {
  it('is known by a mark that no serialiser sees', () => {
    const error = plain(new Error('x'))
    expect(isPlain(error)).toBe(true)
    expect(JSON.stringify(error)).toBe('{}')
    expect(isPlain(new Error('x'))).toBe(false)
    const ofOtherBuild = Symbol.for('oauth-resource-server.plain')
    expect(isPlain(Object.defineProperty(new Error('x'), ofOtherBuild, {}))).toBe(true)
    expect(isPlain(plain(Object.freeze(new Error('x'))))).toBe(false)
  })

  it('is what a misuse is, and what is thrown within plainly()', () => {
    expect(misuse('pass this')).toEqual(new TypeError('pass this'))
    expect(isPlain(misuse('pass this'))).toBe(true)
    const error = new Error('x')
    expect(plainly(() => 7)).toBe(7)
    expect(() =>
      plainly(() => {
        throw error
      }),
    ).toThrow(error)
    expect(isPlain(error)).toBe(true)
  })
})
