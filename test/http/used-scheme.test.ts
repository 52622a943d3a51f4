import { expect, it } from 'vitest'
import { likeScheme, schemeOf, withScheme } from '../../src/http/used-scheme.ts'

it('remembers the scheme of an error, and of its copies', () => {
  const error = new Error('refused')
  expect(schemeOf(error)).toBeUndefined()
  expect(schemeOf(likeScheme(new Error('copy'), error))).toBeUndefined()
  expect(withScheme(error, 'DPoP')).toBe(error)
  expect(schemeOf(error)).toBe('DPoP')
  const copy = new Error('copy')
  expect(likeScheme(copy, error)).toBe(copy)
  expect(schemeOf(copy)).toBe('DPoP')
  // Shared by requests: the last one counts.
  expect(schemeOf(withScheme(Object.freeze(error), 'Bearer'))).toBe('Bearer')
})

it.each([undefined, null, 'thrown', 7])('returns %j, which remembers nothing', (thrown) => {
  expect(withScheme(thrown, 'DPoP')).toBe(thrown)
})
