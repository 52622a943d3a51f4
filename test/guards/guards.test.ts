import {
  allOf,
  anyOf,
  anyRole,
  anyScope,
  type Auth,
  type AuthError,
  claim,
  createResourceServer,
  ForbiddenError,
  type Guard,
  InsufficientScopeError,
  isAuthError,
  not,
  role,
  scope,
} from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { ask as askWith } from './ask.ts'

const issuer = await createTestIssuer()
const api = createResourceServer(issuer.options)
const caller = await api.verify(
  await issuer.sign({
    scope: 'read write',
    roles: ['clerk', 'auditor'],
    tenant: 'a',
    groups: ['staff', 7],
    level: 3,
    admin: false,
    nothing: null,
    'a.b': 'dotted',
    a: { b: 'nested', list: ['x'] },
  }),
)

/** What the adapters do with a guard: `true`, or the error it refuses with. */
function ask(guard: Guard, auth: Auth | undefined = caller): unknown {
  return askWith(api, guard, auth)
}

async function refusal(guard: Guard): Promise<AuthError> {
  const error = await ask(guard)
  expect(isAuthError(error)).toBe(true)
  return error as AuthError
}

async function wantedScopes(guard: Guard): Promise<readonly string[]> {
  const error: unknown = await ask(guard)
  if (!(error instanceof InsufficientScopeError)) throw error
  return error.scopes
}

const allowed: readonly [title: string, guard: Guard][] = [
  ['scope: one held', scope('read')],
  ['scope: all held', scope('read', 'write')],
  ['scope: all held, as a list', scope(['read', 'write'])],
  ['anyScope: one held', anyScope('x', 'write')],
  ['anyScope: one held, as a list', anyScope(['x', 'write'])],
  ['role: all held', role('clerk', 'auditor')],
  ['role: all held, as a list', role(['clerk', 'auditor'])],
  ['anyRole: one held', anyRole('x', 'auditor')],
  ['anyRole: one held, as a list', anyRole(['x', 'auditor'])],
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
  ['allOf: all allow', allOf(scope('read'), role('clerk'))],
  ['allOf: all allow, one asynchronously', allOf(scope('read'), () => Promise.resolve(true))],
  ['anyOf: the first allows', anyOf(scope('read'), scope('x'))],
  ['anyOf: the last allows', anyOf(scope('x'), role('clerk'))],
  ['anyOf: the last allows, asynchronously', anyOf(scope('x'), () => Promise.resolve(true))],
  ['not: it forbids', not(scope('x'))],
  ['not: it forbids, asynchronously', not(() => Promise.resolve(false))],
  ['a predicate', ({ subject }) => subject === 'user-1'],
]

const forbidden: readonly [title: string, guard: Guard, reason: string][] = [
  ['role: one missing', role('clerk', 'admin'), 'role'],
  ['role: in another case', role('Clerk'), 'role'],
  ['anyRole: none held', anyRole('x', 'y'), 'role'],
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
  ['not: it allows', not(scope('read')), 'forbidden'],
  ['not: it allows, asynchronously', not(() => Promise.resolve(true)), 'forbidden'],
  ['a predicate that says no', () => false, 'forbidden'],
  ['an async predicate that says no', () => Promise.resolve(false), 'forbidden'],
]

describe('a guard', () => {
  it.each(allowed)('allows — %s', async (_title, guard) => {
    expect(await ask(guard)).toBe(true)
  })

  it.each(forbidden)('forbids — %s', async (_title, guard, reason) => {
    const error = await refusal(guard)
    expect(error).toBeInstanceOf(ForbiddenError)
    expect(error).toMatchObject({ status: 403, code: 'forbidden', reason })
  })

  it.each([
    ['scope: one missing', scope('read', 'x'), ['read', 'x']],
    ['scope: one missing, as a list', scope(['read', 'x']), ['read', 'x']],
    ['scope: only a prefix held', scope('rea'), ['rea']],
    ['scope: in another case', scope('READ'), ['READ']],
    ['scope: an inherited name', scope('constructor'), ['constructor']],
    ['anyScope: none held', anyScope('x', 'y'), ['x', 'y']],
    [
      'allOf: every missing scope at once',
      allOf(scope('x', 'read'), scope('y'), scope('x')),
      ['x', 'read', 'y'],
    ],
    ['anyOf: whatever would help', anyOf(scope('x'), role('admin'), scope('y')), ['x', 'y']],
    ['nested', allOf(anyOf(scope('x'), scope('y')), scope('z')), ['x', 'y', 'z']],
  ] as [string, Guard, string[]][])('names the scopes it wants — %s', async (_title, guard, scopes) => {
    expect(await wantedScopes(guard)).toEqual(scopes)
  })

  it('reports a missing role before a missing scope, since no scope would help', async () => {
    expect(await refusal(allOf(scope('x'), role('admin')))).toMatchObject({ reason: 'role' })
    expect(await refusal(allOf(role('admin'), scope('x')))).toMatchObject({ reason: 'role' })
  })

  it('reports the first of several refusals that no scope would help', async () => {
    expect(await refusal(allOf(role('admin'), claim('tenant', 'b')))).toMatchObject({ reason: 'role' })
    expect(await refusal(anyOf(claim('tenant', 'b'), role('admin')))).toMatchObject({ reason: 'claim' })
  })

  it.each([
    ['a guard', (guard: Guard) => guard],
    ['allOf', (guard: Guard) => allOf(scope('read'), guard)],
    ['anyOf, when no other guard allows', (guard: Guard) => anyOf(scope('x'), guard)],
    ['not', (guard: Guard) => not(guard)],
  ])('passes an error of the application through — %s', async (_title, wrap) => {
    const bug = new Error('bug')
    const throwing: Guard = () => {
      throw bug
    }
    expect(await ask(wrap(throwing))).toBe(bug)
    expect(await ask(wrap(() => Promise.reject(bug)))).toBe(bug)
  })

  it('passes a refusal of ours that a predicate throws through', async () => {
    const refused = new ForbiddenError('role')
    expect(await ask(() => Promise.reject(refused))).toBe(refused)
  })

  it('asks nobody when there is no caller', () => {
    let asked = 0
    const counting: Guard = () => ++asked > 0
    expect(askWith(api, counting, undefined)).toMatchObject({ reason: 'missing' })
    expect(asked).toBe(0)
  })

  it('sees the request', async () => {
    const seen: unknown[] = []
    const watching: Guard = (_auth, request) => seen.push(request) > 0
    const request = { url: '/' }
    await askWith(api, allOf(watching, anyOf(watching), not(not(watching))), caller, request)
    expect(seen).toEqual([request, request, request])
  })

  it('answers without a promise where nothing has to be waited for', () => {
    expect(askWith(api, allOf(scope('read'), anyOf(role('clerk'))), caller)).toBe(true)
  })

  it('keeps to the names it was made with', async () => {
    const names = ['x']
    const guards = [scope(names), anyScope(names), role(names), anyRole(names)]
    names[0] = 'read'
    for (const guard of guards) expect(await ask(guard)).not.toBe(true)
  })

  it('keeps to the claim values it was made with', async () => {
    const expected = ['other']
    const guard = claim('/a/b', expected)
    expected[0] = 'nested'
    expect(await ask(guard)).not.toBe(true)
  })
})

describe('making a guard', () => {
  it.each([
    ['scope: no name', () => scope(), /^scope: name at least one/],
    ['scope: an empty list', () => scope([]), /^scope: name at least one/],
    ['scope: an empty name', () => scope('read', ''), /^scope/],
    [
      'scope: two scopes in one text',
      () => scope('read write'),
      /^scope: a scope has no spaces.*RFC 6749 §3\.3/,
    ],
    ['scope: a quote', () => scope('re"ad'), /^scope: a scope has no/],
    ['scope: a backslash', () => scope('re\\ad'), /^scope: a scope has no/],
    ['scope: a letter beyond ASCII', () => scope('lesén'), /^scope: a scope has no/],
    ['scope: a line break', () => scope('read\n'), /^scope: a scope has no/],
    ['scope: a list and a name', () => scope(['read'] as never, 'write'), /^scope/],
    ['scope: two lists', () => scope(['read'] as never, ['write'] as never), /^scope/],
    ['scope: a number', () => scope(7 as never), /^scope/],
    ['anyScope: no name', () => anyScope(), /^anyScope: name at least one/],
    ['anyScope: two scopes in one text', () => anyScope('read write'), /^anyScope: a scope has no/],
    ['role: no name', () => role(), /^role: name at least one/],
    ['role: an empty list', () => role([]), /^role: name at least one/],
    ['role: undefined', () => role(undefined as never), /^role/],
    ['anyRole: no name', () => anyRole(), /^anyRole: name at least one/],
    ['claim: an empty name', () => claim('', 'x'), /^claim: name the claim/],
    ['claim: an empty list as path', () => claim([] as never, 'x'), /^claim: name the claim/],
    ['claim: a function as a value', () => claim('a', [(() => true) as never]), /^claim: say which value/],
    ['claim: no value', () => claim('a', undefined as never), /^claim: say which value/],
    ['claim: an empty list of values', () => claim('a', []), /^claim: say which value/],
    ['claim: an object', () => claim('a', {} as never), /^claim: say which value/],
    [
      'claim: an undefined value in the list',
      () => claim('a', [undefined as never]),
      /^claim: say which value/,
    ],
    ['allOf: no guard', () => allOf(), /^allOf: give it guards/],
    ['anyOf: no guard', () => anyOf(), /^anyOf: give it guards/],
    ['allOf: a name', () => allOf('read' as never), /^allOf: give it guards/],
    ['not: no guard', () => not(undefined as never), /^not: give it guards/],
  ])('refuses %s', (_title, make, message) => {
    expect(make).toThrow(TypeError)
    expect(make).toThrow(message)
  })

  it('allows roles with spaces and letters beyond ASCII', () => {
    expect(() => role('Büro leitung')).not.toThrow()
  })
})
