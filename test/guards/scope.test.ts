import {
  allOf,
  anyScope,
  type AuthError,
  claim,
  type Guard,
  InsufficientScopeError,
  scope,
} from 'oauth-resource-server'
import { fakeAuth } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { outcomeOf } from '../../src/guards/decide.ts'
import { ask } from './ask.ts'

describe('scope() and anyScope()', () => {
  it.each([
    ['scope: one held', scope('read')],
    ['scope: all held', scope('read', 'write')],
    ['scope: all held, as a list', scope(['read', 'write'])],
    ['anyScope: one held', anyScope('x', 'write')],
    ['anyScope: one held, as a list', anyScope(['x', 'write'])],
  ] as [string, Guard][])('allows — %s', async (_title, guard) => {
    expect(await ask(guard)).toBe(true)
  })

  it.each([
    ['scope: one missing', scope('read', 'x'), ['read', 'x']],
    ['scope: one missing, as a list', scope(['read', 'x']), ['read', 'x']],
    ['scope: only a prefix held', scope('rea'), ['rea']],
    ['scope: in another case', scope('READ'), ['READ']],
    ['scope: an inherited name', scope('constructor'), ['constructor']],
    ['anyScope: none held', anyScope('x', 'y'), ['x', 'y']],
  ] as [string, Guard, string[]][])('names the scopes it wants — %s', async (_title, guard, scopes) => {
    const error = await ask(guard)
    expect(error).toBeInstanceOf(InsufficientScopeError)
    expect(error).toMatchObject({ status: 403, code: 'insufficient_scope', scopes })
  })

  it('D3 takes no name from a polluted prototype of lists', () => {
    Object.defineProperty(Array.prototype, 1, { value: 'admin', configurable: true, writable: true })
    try {
      expect(() => scope(Object.assign(['a'], { 2: 'c' }))).toThrow(/^scope: name at least one/)
      expect(() => claim('x', Object.assign(['a'], { 2: 'c' }))).toThrow(/^claim: /)
    } finally {
      Reflect.deleteProperty(Array.prototype, 1)
    }
  })

  it.each([
    ['scope: no name', () => scope(), /^scope: name at least one/],
    ['scope: an empty list', () => scope([]), /^scope: name at least one/],
    ['scope: names with a gap', () => scope(...Array<string>(2)), /^scope: name at least one/],
    ['scope: a list with a gap', () => scope(Object.assign(['a'], { 2: 'c' })), /^scope: name at least one/],
    ['scope: an empty name', () => scope('read', ''), /^scope/],
    [
      'scope: two scopes in one text',
      () => scope('read write'),
      /^scope: a scope has no spaces.*RFC 6749 §3\.3/,
    ],
    ['scope: a good name and a bad one', () => scope('read', 'a b'), /^scope: a scope has no/],
    ['scope: a quote', () => scope('re"ad'), /^scope: a scope has no/],
    ['scope: a backslash', () => scope('re\\ad'), /^scope: a scope has no/],
    ['scope: a letter beyond ASCII', () => scope('lesén'), /^scope: a scope has no/],
    ['scope: a line break', () => scope('read\n'), /^scope: a scope has no/],
    ['scope: a list and a name', () => scope(['read'] as never, 'write'), /^scope/],
    ['scope: two lists', () => scope(['read'] as never, ['write'] as never), /^scope/],
    ['scope: a number', () => scope(7 as never), /^scope/],
    ['anyScope: no name', () => anyScope(), /^anyScope: name at least one/],
    ['anyScope: two scopes in one text', () => anyScope('read write'), /^anyScope: a scope has no/],
  ])('cannot be made — %s', (_title, make, message) => {
    expect(make).toThrow(TypeError)
    expect(make).toThrow(message)
  })

  it.each([
    ['scope', scope('read', 'x'), { claim: 'scope', expected: ['read', 'x'], actual: ['read', 'write'] }],
    ['anyScope', anyScope('y', 'x'), { claim: 'scope', expected: ['y', 'x'], actual: ['read', 'write'] }],
  ] as [string, Guard, object][])(
    'has the facts in the detail of its refusal — %s',
    async (_title, guard, detail) => {
      expect((await (ask(guard) as AuthError)).detail).toMatchObject(detail)
    },
  )

  it('tells where the scope that is missing may be, and no other', () => {
    const hintOf = (guard: Guard, claims: Record<string, unknown>): unknown =>
      (outcomeOf(guard, fakeAuth({ scopes: ['read'], claims }), undefined) as AuthError).detail.hint
    for (const guard of [scope('read', 'write'), allOf(scope('read', 'write'), scope('x'))]) {
      expect(hintOf(guard, { permissions: ['read'] })).toBe(
        'the client must request the scope, and the issuer grant it',
      )
    }
    for (const guard of [scope('read', 'write'), anyScope('write'), allOf(scope('write'), scope('x'))]) {
      expect(hintOf(guard, { permissions: ['write'] })).toBe(
        "the token has it in 'permissions': set scopes: ['scope', 'permissions']",
      )
    }
  })

  it.each([
    ['scope', scope('read'), 'requireScope'],
    ['anyScope', anyScope('read'), 'requireAnyScope'],
  ])('is no middleware: %s', (name, guard, instead) => {
    const message = `${name}: is no middleware; on a route use ${instead}() of the adapter, or authorize(${name}(...))`
    for (const request of [{ url: '/' }, undefined]) {
      expect(() => guard(request as never, undefined)).toThrow(new TypeError(message))
    }
  })

  it('keeps to the names it was made with', async () => {
    const names = ['x']
    const guards = [scope(names), anyScope(names)]
    names[0] = 'read'
    for (const guard of guards) expect(await ask(guard)).not.toBe(true)
  })

  it('E15 cannot be changed through its refusal', async () => {
    for (const guard of [scope('x'), anyScope('x')]) {
      const { detail } = (await ask(guard)) as { detail: { expected: unknown[] } }
      expect(() => detail.expected.pop()).toThrow(TypeError)
    }
    const { scopes } = (await ask(scope('x'))) as InsufficientScopeError
    expect(() => (scopes as string[]).pop()).toThrow(TypeError)
  })
})
