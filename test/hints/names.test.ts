import { describe, expect, it } from 'vitest'
import { namesFrom, namesHint } from '../../src/hints/names.ts'

const usual = [
  ...['scope', 'scp', 'permissions', 'groups', 'realm_access', 'resource_access', 'cognito:groups'],
  ...['entitlements', 'wids'],
]
const containers = [
  ...['realm_access', 'resource_access', 'authorization', 'app_metadata', 'user_metadata', 'access'],
  'claims',
]

describe('the hint about scopes and roles', () => {
  it.each<[object, RegExp]>([
    [
      { realm_access: { roles: ['admin'] } },
      /has it in '\/realm_access\/roles': set roles: '\/realm_access\/roles'/,
    ],
    [{ azp: 'web', resource_access: { web: { roles: ['admin'] } } }, /'\/resource_access\/web\/roles': set/],
    [
      { aud: ['a', 'api'], resource_access: { api: { roles: ['admin'] } } },
      /'\/resource_access\/api\/roles': set/,
    ],
    [
      { resource_access: { api: { roles: ['admin'] } } },
      /'\/resource_access\/\*\/roles', where \* stands for a name that is not shown: set roles to the whole path/,
    ],
    [{ 'https://x.test/roles': ['admin'] }, /'https:\/\/x\.test\/roles'/],
    [{ 'a/roles': { 'c/roles': 'admin' } }, /'\/a~1roles\/c~1roles'/],
    [{ zzz: ['admin'], groups: ['admin'] }, /has it in 'groups': set roles: 'groups'/],
    [{ groups: 'staff admin' }, /has it in 'groups'/],
    [{ realm_access: { claims: { roles: ['admin'] } } }, /'\/realm_access\/claims\/roles'/],
    [{ realm_access: { claims: { access: { roles: ['admin'] } } } }, /may have roles: 'realm_access'/],
    [{ realm_access: [{ roles: ['admin'] }] }, /may have roles: 'realm_access'/],
    [{ realm_access: null, groups: 7 }, /may have roles: 'groups', 'realm_access'; name the right one in/],
    [{ user_metadata: { roles: ['admin'] } }, /'\/user_metadata\/roles'/],
    [{ role: 'staff', groups: ['admin'] }, /^the token has it in 'groups': set roles: \['role', 'groups'\]$/],
    [{ roles: ['staff'], groups: ['staff'] }, /^grant the role at the issuer, and get a new token$/],
    [{ other: ['staff'] }, /^looked for in 'roles', 'role', which the token does not have; grant the role/],
    ...usual.map((name): [object, RegExp] => [
      { [name]: ['staff'] },
      new RegExp(`^looked for in 'roles', 'role', .*may have roles: '${name}'; name the right one`),
    ]),
    [Object.fromEntries(usual.map((name) => [name, []])), /: '\w+'(?:, '\w+'){4}; name/],
    ...containers.map((name): [object, RegExp] => [
      { [name]: { roles: ['admin'] } },
      new RegExp(`'/${name}/roles': set`),
    ]),
    ...['role', 'group', 'permission', 'scope', 'scp', 'authorities', 'privileges'].map(
      (name): [object, RegExp] => [{ [`x:${name}`]: ['admin'] }, new RegExp(`has it in 'x:${name}': set`)],
    ),
    ...['xgroups', 'groupsx', '1.groups', `a${'x'.repeat(100)}.groups`].map((name): [object, RegExp] => [
      { [name]: ['admin'] },
      /has it in '\/?\*'/,
    ]),
    [{ [`a${'x'.repeat(99)}.groups`]: ['admin'] }, /has it in 'ax+\.groups'/],
  ])('looks in %o', (claims, hint) => {
    const caller = { claims }
    expect(namesHint('roles', ['admin'], caller)).toMatch(hint)
  })

  it.each([
    { m: { 'canary@x': ['admin'] } },
    { canary: 'admin' },
    { 'canary@x': ['admin'] },
    { 'canary@x.test/roles': ['admin'] },
    { canary: { roles: ['admin'] } },
    { realm_access: { canary: ['admin'] } },
    { resource_access: { canary: { roles: ['admin'] } } },
    { azp: 'web', resource_access: { 'canary@x': { roles: ['admin'] } } },
    { azp: 'canary', canary: ['admin'] },
    { '/canary': ['admin'] },
    { sub: 'canary', roles: ['canary'], users: { canary: { groups: 'admin' } } },
  ])('shows no name that may be data: %o', (claims) => {
    expect(namesHint('roles', ['admin'], { claims })).not.toContain('canary')
    expect(namesHint('roles', ['admin'], { claims })).toContain('*')
  })

  it('looks at a bounded number of claims', () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`claim${index}`, 'x']))
    expect(namesHint('roles', ['admin'], { claims: { ...many, last: ['admin'] } })).toMatch(/grant the role/)
  })

  it('keeps the claims that are read already', () => {
    const claims = { scope: 'read', permissions: ['write'] }
    expect(namesHint('scopes', ['write'], { claims })).toMatch(/: set scopes: \['scope', 'permissions'\]$/)
  })

  it('looks for what the options name', () => {
    const hint = (read: string[], claims: object): string =>
      namesHint('roles', ['admin'], { claims, [namesFrom]: { roles: read, scopes: [] } })
    const claims = { 'a/b': { 'c~d': ['staff'] }, groups: ['admin'] }
    expect(hint(['/a~1b/c~0d'], claims)).toMatch(/^the token has it in 'groups': set roles: \['\/a~1b/)
    expect(hint(['/a~1b/x'], claims)).toMatch(/^looked for in '\/a~1b\/x', .* set roles: 'groups'$/)
    expect(hint(['/a~1b/c~0d/e/f'], claims)).toMatch(/^looked for/)
    expect(hint(['groups'], claims)).toMatch(/^grant the role/)
    expect(hint(['/groups'], { groups: null })).toMatch(/^grant the role/)
    expect(hint([], { groups: ['staff'] })).toMatch(/^grant the role/)
  })

  it('tells which scope to request', () => {
    expect(namesHint('scopes', ['write'], { claims: { scp: ['read'] } })).toMatch(/^the client must request/)
    expect(namesHint('scopes', ['write'], { claims: { scope: 'read' } })).toMatch(/request the scope/)
  })
})
