import { type AuthError, claim, ForbiddenError, type Guard, not } from 'oauth-resource-server'
import { fakeAuth } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { ask } from './ask.ts'

describe('claim()', () => {
  it.each([
    ['claim: the value', claim('tenant', 'a')],
    ['claim: one of the values', claim('tenant', ['b', 'a'])],
    ['claim: held in the list', claim('groups', 'staff')],
    ['claim: one of the values held in the list', claim('groups', ['x', 7])],
    ['claim: a number', claim('level', 3)],
    ['claim: false', claim('admin', false)],
    ['claim: null', claim('nothing', null)],
    ['claim: a name with a dot is one name', claim('a.b', 'dotted')],
    ['claim: a path', claim('/a/b', 'nested')],
    ['claim: a path to a list', claim('/a/list', 'x')],
    ['claim: an asynchronous predicate', claim('level', (value) => Promise.resolve(value === 3))],
    ['claim: a predicate of its value', claim('level', (value) => typeof value === 'number' && value > 2)],
    ['claim: a predicate of its absence', claim('missing', (value) => value === undefined)],
  ] as [string, Guard][])('allows — %s', async (_title, guard) => {
    expect(await ask(guard)).toBe(true)
  })

  it.each([
    ['claim: another value', claim('tenant', 'b'), 'claim'],
    ['claim: another type', claim('level', '3'), 'claim'],
    ['claim: none there', claim('missing', 'a'), 'claim'],
    ['claim: none there, null expected', claim('missing', null), 'claim'],
    ['claim: not in the list', claim('groups', 'admin'), 'claim'],
    ['claim: a number in a list is not its text', claim('groups', '7'), 'claim'],
    ['claim: a dotted name is not a path', claim('a.list', 'x'), 'claim'],
    ['claim: a path is not a dotted name', claim('/a/c', 'dotted'), 'claim'],
    ['claim: a path through text', claim('/tenant/length', 1), 'claim'],
    ['claim: a path through a list', claim('/groups/length', 2), 'claim'],
    ['claim: an inherited name', claim('constructor', (value) => value !== undefined), 'claim'],
    ['claim: an entry of a list by its number', claim('/groups/0', 'staff'), 'claim'],
    ['claim: a predicate that returns false', claim('tenant', () => false), 'claim'],
    ['claim: a predicate that resolves with false', claim('tenant', () => Promise.resolve(false)), 'claim'],
  ] as [string, Guard, string][])('forbids — %s', async (_title, guard, reason) => {
    const error = await ask(guard)
    expect(error).toBeInstanceOf(ForbiddenError)
    expect(error).toMatchObject({ status: 403, code: 'forbidden', reason })
  })

  it.each([
    ['claim: an empty name', () => claim('', 'x'), /^claim: name the claim/],
    ['claim: an empty list as path', () => claim([] as never, 'x'), /^claim: name the claim/],
    ['claim: a function as a value', () => claim('a', [(() => true) as never]), /^claim: pass the value/],
    ['claim: no value', () => claim('a', undefined as never), /^claim: pass the value/],
    ['claim: an empty list of values', () => claim('a', []), /^claim: pass the value/],
    ['claim: an object', () => claim('a', {} as never), /^claim: pass the value/],
    [
      'claim: an undefined value in the list',
      () => claim('a', [undefined as never]),
      /^claim: pass the value/,
    ],
  ])('cannot be made — %s', (_title, make, message) => {
    expect(make).toThrow(TypeError)
    expect(make).toThrow(message)
  })

  it.each([[['x', {}]], [[undefined, 'x']], [[[]]], [{}], [undefined], [[]]])('expects no %j', (expected) => {
    expect(() => claim('a', expected as never)).toThrow(/^claim: pass the value that is expected/)
  })

  it.each(['x', 1, true, null])('expects the value %j', (expected) => {
    expect(claim('a', expected)(fakeAuth({ claims: { a: expected } }), undefined)).toBe(true)
  })

  it.each([
    ['claim', claim('level', 4), { claim: 'level', expected: [4], actual: 'number' }],
    ['claim, absent', claim('/a/c', ['x', null]), { claim: '/a/c', expected: ['x', null], actual: 'absent' }],
    ['claim, with a predicate', claim('level', () => false), { claim: 'level', actual: 'number' }],
    [
      'claim, with an asynchronous predicate',
      claim('sub', () => Promise.resolve(false)),
      { claim: 'sub', actual: 'string' },
    ],
  ] as [string, Guard, object][])(
    'has the facts in the detail of its refusal — %s',
    async (_title, guard, detail) => {
      expect((await (ask(guard) as AuthError)).detail).toMatchObject(detail)
    },
  )

  it('is no middleware, and allows no request, also where the claim must be absent', () => {
    const message =
      'claim: is no middleware; on a route use requireClaim() of the adapter, or authorize(claim(...))'
    for (const guard of [
      claim('/banned', true),
      claim('banned', true),
      claim('/banned', (value) => value === undefined),
    ]) {
      expect(() => guard({ url: '/' } as never, undefined)).toThrow(new TypeError(message))
      expect(() => not(guard)({ url: '/' } as never, undefined)).toThrow(new TypeError(message))
    }
  })

  it('keeps to the values it was made with', async () => {
    const expected = ['other']
    const guard = claim('/a/b', expected)
    expected[0] = 'nested'
    expect(await ask(guard)).not.toBe(true)
  })

  it('E15 cannot be changed through its refusal', async () => {
    for (const guard of [claim('level', 4)]) {
      const { detail } = (await ask(guard)) as { detail: { expected: unknown[] } }
      expect(() => detail.expected.pop()).toThrow(TypeError)
    }
  })
})
