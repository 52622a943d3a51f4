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

  it.each(['jti', 'hash', 'subject', 'session', 'client'] as const)('may be of the kind %s', (kind) => {
    const text = JSON.stringify([kind, null, 'a', null])
    expect(entryOf(['1-0', ['entry', text, 'life', '1']], 0).entry).toMatchObject({ kind, value: 'a' })
  })

  const good = JSON.stringify(['jti', null, 'a', null])
  it.each<[string, unknown]>([
    ['no list', 'x'],
    ['no fields', ['1-0', null]],
    ['an id that is no text', [1, ['entry', good, 'life', '1']]],
    ['another first field', ['1-0', ['other', good, 'life', '1']]],
    ['another second field', ['1-0', ['entry', good, 'other', '1']]],
    ['two other fields', ['1-0', ['other', good, 'other', '1']]],
    ['a text that is no JSON', ['1-0', ['entry', 'x', 'life', '1']]],
    ['JSON that is no list', ['1-0', ['entry', '{}', 'life', '1']]],
    ['another kind', ['1-0', ['entry', '["other",null,"a",null]', 'life', '1']]],
    ['a value that is no text', ['1-0', ['entry', '["jti",null,7,null]', 'life', '1']]],
    ['an issuer that is no text', ['1-0', ['entry', '["jti",7,"a",null]', 'life', '1']]],
    ['a time that is no number', ['1-0', ['entry', '["jti",null,"a","x"]', 'life', '1']]],
    ['a life that is no number', ['1-0', ['entry', good, 'life', 'x']]],
  ])('is unreadable with %s', async (_what, record) => {
    expect(await outcomeOf(() => entryOf(record, 0))).toMatch(/^503 a value in Redis cannot be read/)
  })

  it.each([
    ['2-0', '1-9', true],
    ['1-9', '2-0', false],
    ['10-0', '9-0', true],
    ['1-10', '1-9', true],
    ['1-9', '1-10', false],
    ['1-9', '1-9', false],
    ['9-0', '10-0', false],
    ['10-1', '9-2', true],
    ['10-0', '9-100', true],
    ['9-100', '10-0', false],
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
