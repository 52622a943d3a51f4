import { createResourceServer, type Names } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it, vi } from 'vitest'
import { rolesReader, scopesReader } from '../../src/token/scopes-and-roles.ts'
import { rejection } from '../support/rejection.ts'
import { type Changes, verdict } from './verdict.ts'

const issuer = await createTestIssuer()

interface Granted {
  readonly scopes: string[]
  readonly roles: string[]
}

/** Scopes and roles of a token when both are read from the same place. */
async function granted(names: unknown, claims: Record<string, unknown>): Promise<Granted> {
  const api = createResourceServer({ ...issuer.options, scopes: names as Names, roles: names as Names })
  const { scopes, roles } = await api.verify(await issuer.sign(claims))
  return { scopes: [...scopes], roles: [...roles] }
}

const both = (...names: string[]): Granted => ({ scopes: names, roles: names })

describe('B7 a function for scopes or roles', () => {
  it.each([
    ['undefined', undefined],
    ['null', null],
    ['an empty list', []],
  ])('that returns %s means no names', async (_title, returned) => {
    expect(await granted(() => returned, {})).toEqual(both())
  })

  it('that finds its claim returns the names', async () => {
    const names = ({ access }: { access?: { web?: string[] } }): unknown => access?.web
    expect(await granted(names, { access: { web: ['a', 'b'] } })).toEqual(both('a', 'b'))
    expect(await granted(names, { access: {} })).toEqual(both())
    expect(await granted(() => new Set(['a', 'b']), {})).toEqual(both('a', 'b'))
    expect(await granted(() => 'a b', {})).toEqual({ scopes: ['a', 'b'], roles: ['a b'] })
  })

  it.each([
    ['a number', 7],
    ['true', true],
    ['an object', { a: true }],
    ['a list with a number', ['a', 7]],
    ['a list of lists', [['a']]],
    ['a promise', Promise.resolve(['a'])],
  ])('that returns %s is a mistake of the user, named with the option', async (_title, returned) => {
    const token = await issuer.sign({})
    for (const name of ['scopes', 'roles'] as const) {
      const api = createResourceServer({ ...issuer.options, [name]: () => returned })
      await expect(api.verify(token)).rejects.toThrow(new RegExp(`^${name}: the function must return`))
      await expect(api.verify(token)).rejects.toBeInstanceOf(TypeError)
    }
  })
})

it.each(['scopes', 'roles'])('A5 a promise of %s that rejects ends no process', async (name) => {
  const { make, isHandled } = rejection()
  const api = createResourceServer({ ...issuer.options, [name]: make })
  await expect(api.verify(await issuer.sign({}))).rejects.toThrow(`${name}: the function must return`)
  expect(isHandled()).toBe(true)
})

describe('B8 a function for scopes or roles is a pure function of the claims', () => {
  it('gets the verified claims alone, frozen, and runs once for a remembered token', async () => {
    const roles = vi.fn((claims: object) => (Object.isFrozen(claims) ? ['frozen'] : []))
    const api = createResourceServer({ ...issuer.options, roles })
    const token = await issuer.sign({ sub: 'u' })
    for (let time = 0; time < 2; time++) expect([...(await api.verify(token)).roles]).toEqual(['frozen'])
    expect(roles.mock.calls).toEqual([[expect.objectContaining({ sub: 'u' })]])
  })
})

describe('D6 claim paths for scopes and roles', () => {
  it.each([
    [
      'names add up',
      ['scope', 'permissions'],
      { scope: 'a b', permissions: ['c', 'a'] },
      ['a', 'b', 'c'],
      ['a b', 'c', 'a'],
    ],
    ['an absent one grants nothing', ['scope', 'permissions'], { permissions: ['c'] }, ['c'], ['c']],
    ['pointers and names add up', ['/a/b', 'c'], { a: { b: ['x'] }, c: ['y'] }, ['x', 'y'], ['x', 'y']],
    ['a pointer', '/realm_access/roles', { realm_access: { roles: ['x'] } }, ['x'], ['x']],
    ['a dotted name is a name', 'app.roles', { app: { roles: ['x'] } }, [], []],
    ['a dotted name that is there', 'app.roles', { 'app.roles': ['x'] }, ['x'], ['x']],
    ['a pointer through a list', '/a/0', { a: [['x']] }, [], []],
    ['two texts', ['a', 'b'], { a: 'x y', b: 'z' }, ['x', 'y', 'z'], ['x y', 'z']],
  ] as [string, unknown, Record<string, unknown>, string[], string[]][])(
    'read: %s',
    async (_title, names, claims, scopes, roles) => {
      expect(await granted(names, { scope: undefined, ...claims })).toEqual({ scopes, roles })
    },
  )

  it.each([
    ['an empty name', ''],
    ['no path', []],
    ['a list with an empty name', ['a', '']],
    ['a bad escape', '/a~2'],
    ['a bad escape in a list', ['a', '/~']],
    ['a nested list', [['realm_access', 'roles']]],
    ['a number', 7],
    ['a list with a number', ['a', 7]],
  ])('are refused at construction, named with the option: %s', (_title, names) => {
    for (const name of ['scopes', 'roles'] as const) {
      const make = (): unknown => createResourceServer({ ...issuer.options, [name]: names as Names })
      expect(make).toThrow(TypeError)
      expect(make).toThrow(new RegExp(`^${name}\\b`))
    }
  })

  it('say which pointer to write instead of a list of steps', () => {
    const roles = [['realm_access', 'roles']] as unknown as Names
    expect(() => createResourceServer({ ...issuer.options, roles })).toThrow(/'\/realm_access\/roles'/)
  })

  it('are known by name, for explanations', () => {
    expect(scopesReader(undefined).claimNames).toEqual(['scope', 'scp'])
    expect(rolesReader(undefined).claimNames).toEqual(['roles', 'role'])
    expect(rolesReader('/a/b').claimNames).toEqual(['/a/b'])
    expect(scopesReader(['a', 'b']).claimNames).toEqual(['a', 'b'])
    expect(scopesReader(() => []).claimNames).toEqual([])
  })
})

describe('a scope or role claim of the wrong type', () => {
  const wrong = [7, true, null, { a: 'x' }, ['x', 7], [['x']], [null], [{ value: 7 }]] as const

  it.each(wrong.map((value) => [JSON.stringify(value), value]))(
    'is 401 when the configuration names the claim: %s',
    async (_title, value) => {
      for (const [name, path] of [
        ['scopes', 'perms'],
        ['roles', 'perms'],
        ['roles', '/a/perms'],
        ['roles', ['other', 'perms']],
      ] as const) {
        const api = createResourceServer({ ...issuer.options, [name]: path })
        const token = await issuer.sign({ perms: value, other: 'x', a: { perms: value } })
        await expect(api.verify(token)).rejects.toMatchObject({
          status: 401,
          reason: 'claim',
          detail: {
            claim: path === '/a/perms' ? path : 'perms',
            expected:
              name === 'scopes'
                ? 'a string or a list of strings'
                : 'a string, or a list of strings or of objects with value',
            actual: expect.any(String) as string,
            hint: 'the options scopes and roles name this claim: name the one that has the names in it',
          },
        })
      }
    },
  )

  it.each(wrong.map((value) => [JSON.stringify(value), value]))(
    'is 401 in scope and scp, and grants nothing in roles and role: %s',
    async (_title, value) => {
      const api = createResourceServer(issuer.options)
      for (const claims of [{ scope: value }, { scope: undefined, scp: value }]) {
        await expect(api.verify(await issuer.sign(claims))).rejects.toMatchObject({
          status: 401,
          reason: 'claim',
        })
      }
      for (const claims of [{ roles: value }, { role: value }]) {
        const { roles } = await api.verify(await issuer.sign(claims))
        expect([...roles]).toEqual(JSON.stringify(value) === '["x",7]' ? ['x'] : [])
      }
    },
  )

  it('is not a list of objects with value, when roles are read from it', async () => {
    const api = createResourceServer({ ...issuer.options, roles: 'groups' })
    const { roles } = await api.verify(await issuer.sign({ groups: [{ value: 'a', display: 'A' }, 'b'] }))
    expect([...roles]).toEqual(['a', 'b'])
  })
})

describe('E15 the scopes and roles of callers with the same claims', () => {
  it('cannot be changed through one of them', async () => {
    const api = createResourceServer(issuer.options)
    const token = (): Promise<string> => issuer.sign({ scope: 'read', roles: ['clerk'] })
    const tokens = [await token(), await token()]
    const { scopes, roles } = await api.verify(tokens[0] as string)
    for (const set of [scopes, roles]) {
      const change = [
        () => Set.prototype.add.call(set, 'admin'),
        () => Set.prototype.clear.call(set),
        () => Object.assign(set, { has: () => true }),
        () => Object.assign(Object.getPrototypeOf(set) as object, { has: () => true }),
      ]
      for (const attempt of change) expect(attempt).toThrow(TypeError)
      set.forEach((_name, _key, given) => {
        expect(() => Set.prototype.add.call(given, 'admin')).toThrow(TypeError)
      })
    }
    for (const each of tokens) {
      const again = await api.verify(each)
      expect([[...again.scopes], [...again.roles]]).toEqual([['read'], ['clerk']])
      expect([again.scopes.has('admin'), again.roles.has('admin')]).toEqual([false, false])
    }
  })
})

it('A4 an asynchronous function of roles is a mistake, and its rejection ends no process', async () => {
  const rejections: unknown[] = []
  const note = (reason: unknown): void => void rejections.push(reason)
  process.on('unhandledRejection', note)
  const read = rolesReader(() => Promise.reject(new Error('late')))
  expect(() => read({ iss: 'i', exp: 1 })).toThrow(/^roles: the function must return/)
  await new Promise(setImmediate)
  process.off('unhandledRejection', note)
  expect(rejections).toEqual([])
})

describe('the scopes and roles of a token', () => {
  async function readFrom(
    claims: Changes,
    options: Changes = {},
  ): Promise<Record<'scopes' | 'roles', string[]>> {
    const api = createResourceServer({ ...issuer.options, ...options })
    const { scopes, roles } = await api.verify(await issuer.sign(claims))
    return { scopes: [...scopes], roles: [...roles] }
  }

  it.each([
    [{}, []],
    [{ scope: '' }, []],
    [{ scope: 'read write' }, ['read', 'write']],
    [{ scope: '  read  read ' }, ['read']],
    [{ scope: ['read', 'write'] }, ['read', 'write']],
    [{ scope: 'read\twrite' }, ['read\twrite']],
    [{ scope: 'read\u{a0}write' }, ['read\u{a0}write']],
    [{ scp: 'read write' }, ['read', 'write']],
    [{ scp: ['read'] }, ['read']],
    [{ scope: 'read', scp: 'write' }, ['read']],
    [{ scope: '', scp: 'write' }, []],
  ])('reads the scopes of %o', async (claims, expected) => {
    expect((await readFrom(claims)).scopes).toEqual(expected)
  })

  it.each([
    [{}, []],
    [{ roles: ['a', 'b'] }, ['a', 'b']],
    [{ roles: 'a b' }, ['a b']],
    [{ roles: [{ value: 'a', display: 'A' }, 'b', { display: 'C' }, 7, null, ['d']] }, ['a', 'b']],
    [{ roles: [Object.create({ value: 'a' })] }, []],
    [{ roles: { a: true } }, []],
    [{ role: 'a' }, ['a']],
    [{ role: ['a'] }, ['a']],
    [{ roles: [], role: 'a' }, []],
  ])('reads the roles of %o', async (claims, expected) => {
    expect((await readFrom(claims)).roles).toEqual(expected)
  })

  it.each([
    ['a name', 'permissions'],
    ['a path', '/realm_access/roles'],
    ['a list of paths', ['permissions', '/realm_access/roles']],
    ['a name with a dot', 'https://a.b/c'],
    ['a function', ({ permissions }: { permissions: string[] }) => permissions],
  ])('reads them from %s', async (_title, where) => {
    const claims = {
      permissions: ['p'],
      realm_access: { roles: ['r'] },
      'https://a.b/c': ['u'],
      scope: 's',
      roles: ['t'],
    }
    const expected = { 'a path': ['r'], 'a list of paths': ['p', 'r'], 'a name with a dot': ['u'] }[
      _title
    ] ?? ['p']
    expect(await readFrom(claims, { scopes: where, roles: where })).toEqual({
      scopes: expected,
      roles: expected,
    })
  })

  it('takes one text from a function as the claim itself would be taken', async () => {
    const text = (): string => 'a b'
    expect(await readFrom({}, { scopes: text, roles: text })).toEqual({ scopes: ['a', 'b'], roles: ['a b'] })
  })

  it('refuses a scope claim of the wrong type wherever it is', async () => {
    expect(await verdict({ permissions: 7 }, { scopes: 'permissions' })).toBe('claim')
  })

  it('cannot be added to', async () => {
    const { scopes } = await createResourceServer(issuer.options).verify(await issuer.sign({ scope: 'a' }))
    expect(() => (scopes as Set<string>).add('b')).toThrow(TypeError)
    expect(() => (scopes as Set<string>).delete('a')).toThrow(TypeError)
    expect(() => (scopes as Set<string>).clear()).toThrow(TypeError)
    expect([...scopes]).toEqual(['a'])
  })

  it('are what a function yields one by one', async () => {
    function* scopes({ permissions }: { permissions: readonly string[] }): Generator<string> {
      yield* permissions
    }
    expect((await readFrom({ permissions: ['a b', 'c'] }, { scopes })).scopes).toEqual(['a b', 'c'])
  })
})
