import { expect, it } from 'vitest'
import { isEqualText } from '../../src/lib/equal-text.ts'

it.each([
  ['', '', true],
  ['abc', 'abc', true],
  ['abc', 'abd', false],
  ['abc', 'xbc', false],
  // Differences that would cancel each other out.
  ['ab', 'ba', false],
  ['abc', 'ab', false],
  ['ab', 'abc', false],
  ['', 'a', false],
  ['a', '', false],
  ['a\0', 'a', false],
  ['a', 'a\0', false],
])('compares %j and %j: %s', (one, other, expected) => {
  expect(isEqualText(one, other)).toBe(expected)
})
