import { describe, expect, it } from 'vitest'
import { entryOf, isLater, recordOf, timeOf } from '../../src/redis/record.ts'
import { outcomeOf } from '../support/fake-redis.ts'

// What else makes a record unreadable: follow.test.ts.

describe('a record of the stream', () => {
  it.each([
    { kind: 'subject', issuer: 'https://id.test/', value: 'a', issuedBefore: 7 },
    { kind: 'jti', issuer: undefined, value: '"', issuedBefore: undefined },
  ] as const)('is read as it was written: %j', (entry) => {
    const written = recordOf({ ...entry, lifetime: 1, expiresIn: 1 })
    expect(entryOf(['5000-0', ['entry', written, 'life', '3000']], 6000)).toEqual({
      id: '5000-0',
      entry: { ...entry, lifetime: 2, expiresIn: undefined },
    })
  })

  it.each([
    ['2-0', '1-9', true],
    ['1-9', '2-0', false],
    ['10-0', '9-0', true],
    ['1-10', '1-9', true],
    ['1-9', '1-9', false],
    ['0-1', '0-0', true],
    ['1-18446744073709551615', '1-18446744073709551614', true],
    ['1-9007199254740993', '1-9007199254740992', true],
  ])('with the id %s comes after %s: %s', (id, other, expected) => {
    expect(isLater(id, other)).toBe(expected)
  })

  it.each(['', '1', '1-', '-1', 'x-1', '1-x', '1.5-0', ' 1-0', '1-0 ', '1-0-0', `${'1'.repeat(16)}-0`])(
    'has no id %j',
    async (id) => {
      expect(await outcomeOf(() => isLater(id, '0-0'))).toMatch(/^503 /)
      expect(await outcomeOf(() => isLater('1-0', id))).toMatch(/^503 /)
      expect(await outcomeOf(() => timeOf(id))).toMatch(/^503 /)
    },
  )

  it('tells its time', () => {
    expect(timeOf('1800000000000-3')).toBe(1_800_000_000_000)
  })
})
