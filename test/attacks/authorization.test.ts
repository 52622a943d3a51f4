import {
  allOf,
  anyOf,
  anyRole,
  anyScope,
  claim,
  createResourceServer,
  type Auth,
  type ExpectedClaim,
  firstOf,
  isAuthError,
  not,
  type ResourceServer,
  role,
  scope,
} from 'oauth-resource-server'
import { createTestIssuer, type TestIssuer } from 'oauth-resource-server/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type AdapterGuards, type Host, hosts, http2Hosts } from '../support/hosts.ts'
import { audience, countingFetch, issuerName, jwksUri, shown } from '../support/range.ts'
import { overHttp1, overHttp2, type Send } from '../support/wire.ts'

const routes: Readonly<Record<string, (guards: AdapterGuards) => unknown>> = {
  '/read': (guards) => guards.requireScope('read'),
  '/both': (guards) => guards.requireScope('read', 'write'),
  '/list': (guards) => guards.requireScope(['read', 'write']),
  '/any': (guards) => guards.requireAnyScope('read', 'write'),
  '/admin': (guards) => guards.requireRole('admin'),
  '/inherited': (guards) => guards.requireRole('toString'),
  '/length': (guards) => guards.requireRole('length'),
  '/tenant': (guards) => guards.requireClaim('tenant', 'one'),
  '/nested': (guards) => guards.requireClaim('/realm_access/roles', 'admin'),
  '/dotted': (guards) => guards.requireClaim('https://a.test/roles', 'admin'),
  '/undefined': (guards) => guards.authorize(() => undefined as unknown as boolean),
  '/truthy': (guards) => guards.authorize(() => 'yes' as unknown as boolean),
  '/late': (guards) => guards.authorize(() => Promise.resolve('yes' as unknown as boolean)),
  '/no': (guards) => guards.authorize(() => Promise.resolve(false)),
}

/** `insufficient_scope` names what is missing; `forbidden` stands in the body alone; `claim` is no token to trust. */
type Outcome = 'accepted' | 'insufficient_scope' | 'forbidden' | 'invalid_token' | 'unknown'
type GuardCase = readonly [title: string, path: string, claims: Record<string, unknown>, outcome: Outcome]

const cases: readonly GuardCase[] = [
  ['AUZ class: the scope that is required is accepted', '/read', { scope: 'read' }, 'accepted'],
  ...[
    'readonly',
    'read:all',
    'xread',
    'rea',
    'read.',
    'read,write',
    'read+write',
    'read;',
    're ad',
    '*',
    'read*',
    '',
    ' ',
  ].map((name): GuardCase => [
    `AUZ-1 the scope ${shown(name)} in place of read`,
    '/read',
    { scope: name },
    'insufficient_scope',
  ]),
  ...['  read', 'read  ', 'a  read  b', 'read read'].map((text): GuardCase => [
    `AUZ-2 ${shown(text)}, parted by spaces, is accepted`,
    '/read',
    { scope: text },
    'accepted',
  ]),
  ...[
    '\tread',
    'a\tread',
    'read\n',
    'a\u00a0read',
    'a\u2003read',
    'a\u3000read',
    'a\u200bread',
    'read\0',
    'a,read',
    '\ufeffread',
    'a\vread',
    'read\r',
  ].map((text): GuardCase => [
    `AUZ-2 ${shown(text)}, parted by something else`,
    '/read',
    { scope: text },
    'insufficient_scope',
  ]),
  ['AUZ-3 a list of scopes is accepted', '/read', { scope: ['read', 'write'] }, 'accepted'],
  ['AUZ-3 a list whose one entry has two scopes', '/read', { scope: ['read write'] }, 'insufficient_scope'],
  ['AUZ-3 scp as text is accepted', '/read', { scp: 'read write' }, 'accepted'],
  ['AUZ-3 scp as a list is accepted', '/read', { scp: ['read'] }, 'accepted'],
  ['AUZ-3 scp beside scope grants nothing', '/read', { scope: 'write', scp: 'read' }, 'insufficient_scope'],
  [
    'AUZ-3 scp beside an empty scope grants nothing',
    '/read',
    { scope: '', scp: 'read' },
    'insufficient_scope',
  ],
  [
    'AUZ-3 permissions grant nothing unless configured',
    '/read',
    { permissions: ['read'] },
    'insufficient_scope',
  ],
  [
    'AUZ-4 roles within another claim grant nothing unless configured',
    '/admin',
    { realm_access: { roles: ['admin'] } },
    'forbidden',
  ],
  [
    'AUZ-4 a nested claim by its path is accepted',
    '/nested',
    { realm_access: { roles: ['admin'] } },
    'accepted',
  ],
  ['AUZ-4 a name with a dot in place of a path', '/nested', { 'realm_access.roles': ['admin'] }, 'forbidden'],
  ['AUZ-4 a path that ends early', '/nested', { realm_access: 'admin' }, 'forbidden'],
  ['AUZ-4 a path through a list', '/nested', { realm_access: [{ roles: ['admin'] }] }, 'forbidden'],
  ['AUZ-4 a path through null', '/nested', { realm_access: null }, 'forbidden'],
  [
    'AUZ-4 a name with dots and slashes is one name, accepted',
    '/dotted',
    { 'https://a.test/roles': ['admin'] },
    'accepted',
  ],
  [
    'AUZ-4 a name with dots does not lead inside',
    '/dotted',
    { 'https://a': { 'test/roles': ['admin'] } },
    'forbidden',
  ],
  // A claim of the wrong type makes the token one to refuse, not one of less power.
  ...[
    7,
    { read: true },
    null,
    true,
    false,
    [['read']],
    ['read', 7],
    [null],
    [{ value: 'read' }],
    { length: 1, 0: 'read' },
  ].map((value): GuardCase => [`AUZ-5 ${shown(value)} as scope`, '/read', { scope: value }, 'invalid_token']),
  ...['READ', 'Read', 'reаd', 'ｒead'].map((name): GuardCase => [
    `AUZ-6 ${name}, read in other letters`,
    '/read',
    { scope: name },
    'insufficient_scope',
  ]),
  ...['"read"', 'read"', 'read\\', '\\u0072ead', "'read'", '[read]'].map((name): GuardCase => [
    `AUZ-7 ${name}, which no scope can be`,
    '/read',
    { scope: name },
    'insufficient_scope',
  ]),
  ...['/inherited', '/length'].flatMap((path): GuardCase[] => [
    [`AUZ-10 ${path.slice(1)} of a list of roles`, path, { roles: ['user'] }, 'forbidden'],
    [`AUZ-10 ${path.slice(1)} of an object of roles`, path, { roles: {} }, 'forbidden'],
    [`AUZ-10 ${path.slice(1)} of no roles`, path, {}, 'forbidden'],
    [`AUZ-10 ${path.slice(1)} of a text`, path, { roles: 'user' }, 'forbidden'],
  ]),
  ['AUZ-10 a role that is named so is accepted', '/inherited', { roles: ['toString'] }, 'accepted'],
  ...[
    { admin: true },
    { admin: false },
    { 0: 'admin', length: 1 },
    true,
    7,
    null,
    [['admin']],
    [{ name: 'admin' }],
    [{ value: ['admin'] }],
    [null],
    'user admin',
    'admin,user',
    'Admin',
    ' admin',
  ].map((roles): GuardCase => [`AUZ-11 ${shown(roles)} as roles`, '/admin', { roles }, 'forbidden']),
  ['AUZ-11 a role as text is accepted', '/admin', { roles: 'admin' }, 'accepted'],
  ['AUZ-11 a role of SCIM is accepted', '/admin', { roles: [{ value: 'admin', display: 'x' }] }, 'accepted'],
  ['AUZ-11 role where roles is there grants nothing', '/admin', { roles: [], role: 'admin' }, 'forbidden'],
  ['AUZ-11 a scope is no role', '/admin', { scope: 'admin' }, 'forbidden'],
  ['AUZ-11 a role is no scope', '/read', { roles: ['read'] }, 'insufficient_scope'],
  ['AUZ-14 one of two scopes where both are required', '/both', { scope: 'read' }, 'insufficient_scope'],
  ['AUZ-14 the other of two scopes, named in a list', '/list', { scope: 'write' }, 'insufficient_scope'],
  ['AUZ-14 both of two scopes are accepted', '/both', { scope: 'write read' }, 'accepted'],
  ['AUZ-14 one of two scopes where one will do is accepted', '/any', { scope: 'write' }, 'accepted'],
  ['AUZ-14 none of two scopes where one will do', '/any', { scope: 'delete' }, 'insufficient_scope'],
  ['AUZ-21 the tenant of the route is accepted', '/tenant', { tenant: 'one' }, 'accepted'],
  ...['two', 'One', 'one ', '', null, 1, ['two'], { one: true }, [['one']], true].map((tenant): GuardCase => [
    `AUZ-21 ${shown(tenant)} as tenant`,
    '/tenant',
    { tenant },
    'forbidden',
  ]),
  ['AUZ-21 no tenant', '/tenant', {}, 'forbidden'],
  ['AUZ class: a predicate that returns false', '/no', {}, 'forbidden'],
  ...['/undefined', '/truthy', '/late'].map((path): GuardCase => [
    `B1 a predicate that returns ${path.slice(1)}, which is no boolean`,
    path,
    {},
    'unknown',
  ]),
]
const wanted: Readonly<Record<string, string>> = {
  '/read': 'read',
  '/both': 'read write',
  '/list': 'read write',
  '/any': 'read write',
}

const platforms = [
  ...Object.entries(hosts).map(
    ([name, start]) => [`${name} over HTTP/1.1`, start, overHttp1, false] as const,
  ),
  ...Object.entries(http2Hosts).map(
    ([name, start]) => [`${name} over HTTP/2`, start, overHttp2, true] as const,
  ),
]

describe.each(platforms)('guards of %s', (_name, start, send: Send, http2) => {
  let issuer: TestIssuer
  let api: ResourceServer
  let network: ReturnType<typeof countingFetch>
  let host: Host

  beforeAll(async () => {
    issuer = await createTestIssuer({ issuer: issuerName, audience })
    network = countingFetch({ [jwksUri]: () => issuer.jwks })
    api = createResourceServer({ issuer: issuerName, audience, jwksUri, fetch: network.fetch })
    await api.ready()
    host = await start(api, { routes, http2 })
  })
  afterAll(() => host.close())
  afterEach(() => {
    delete (Object.prototype as Record<string, unknown>)['roles']
    delete (Object.prototype as Record<string, unknown>)['scope']
  })

  const get = async (
    path: string,
    claims: Record<string, unknown>,
    more: readonly (readonly [string, string])[] = [],
    method = 'GET',
  ) =>
    await send(host.port, {
      method,
      path,
      headers: [['Authorization', `Bearer ${await issuer.sign(claims)}`], ...more],
    })

  for (const [title, path, claims, outcome] of cases) {
    it(title, async () => {
      const calls = host.calls()
      const { status, headers, body } = await get(path, claims)
      const challenge = headers.get('www-authenticate')
      expect(host.calls() - calls).toBe(outcome === 'accepted' ? 1 : 0)
      expect(network.calls).toEqual([jwksUri])
      expect(status).toBe(
        { accepted: 200, insufficient_scope: 403, forbidden: 403, invalid_token: 401, unknown: 500 }[outcome],
      )
      if (outcome === 'unknown') return
      if (outcome === 'accepted') return
      expect(headers.get('cache-control')).toBe('no-store')
      expect((JSON.parse(body) as { error: string }).error).toBe(outcome)
      if (outcome === 'forbidden') expect(challenge).toBeNull()
      else expect(challenge).toContain(`error="${outcome}"`)
      // AUZ-20: what the route needs, whatever the token had.
      if (outcome === 'insufficient_scope')
        expect(challenge).toMatch(new RegExp(`, scope="${wanted[path] ?? ''}"$`))
    })
  }

  it('AUZ-9 roles and scopes on a polluted prototype count for nothing', async () => {
    Object.assign(Object.prototype, { roles: ['admin'], scope: 'read' })
    expect([(await get('/admin', {})).status, (await get('/read', {})).status]).toEqual([403, 403])
  })

  it('AUZ-16 a guard does not believe in another method', async () => {
    const override = [
      ['X-HTTP-Method-Override', 'OPTIONS'],
      ['X-Original-Method', 'OPTIONS'],
    ] as const
    const calls = host.calls()
    expect((await get('/read', {}, override)).status).toBe(403)
    expect((await get('/read', {}, override, 'POST')).status).toBe(403)
    expect(host.calls()).toBe(calls)
  })

  it.each([
    '/read/',
    '//read',
    '/read%2F',
    '/%72ead',
    '/read;x=1',
    '/read?x',
    '/./read',
    '/x/../read',
    '/read%00',
    '/READ',
    '/read#',
  ])('AUZ-15 %s reaches no handler without the scope', async (path) => {
    const calls = host.calls()
    const { status } = await get(path, { scope: 'write' })
    expect([400, 403, 404]).toContain(status)
    expect(host.calls()).toBe(calls)
  })

  it.each(['HEAD', 'OPTIONS', 'PUT', 'DELETE'])(
    'AUZ-15 %s reaches no handler without the scope',
    async (method) => {
      // Koa 2 itself answers HEAD over HTTP/2 with nothing.
      if (method === 'HEAD' && http2) return
      const calls = host.calls()
      const { status } = await get('/read', {}, [], method)
      expect([403, 404, 405]).toContain(status)
      expect(host.calls()).toBe(calls)
    },
  )
})

describe.each(Object.entries(hosts))('guards of %s in odd places', (_name, start) => {
  it('AUZ-13 a guard where nothing verified the request is 500 and names what is missing', async () => {
    const issuer = await createTestIssuer()
    const host = await start(createResourceServer(issuer.options), { routes, unverified: true })
    try {
      for (const path of Object.keys(routes)) {
        const headers = [
          ['Authorization', `Bearer ${await issuer.sign({ scope: 'read write', roles: ['admin'] })}`],
        ] as const
        expect((await overHttp1(host.port, { path, headers })).status).toBe(500)
      }
      expect(host.calls()).toBe(0)
      expect(host.errors().map((error) => (error as Error).message)).toEqual(
        Object.keys(routes).map(() => expect.stringContaining('verifyJwt()') as string),
      )
    } finally {
      await host.close()
    }
  })

  it('AUZ-18 and AUZ-19: optional lets nobody through with a bad token, and anyone without one', async () => {
    const issuer = await createTestIssuer()
    const host = await start(createResourceServer({ ...issuer.options, optional: true }), { routes })
    const ask = async (path: string, token?: string): Promise<number> =>
      (await overHttp1(host.port, { path, headers: token === undefined ? [] : [['Authorization', token]] }))
        .status
    try {
      expect(await ask('/')).toBe(200)
      expect(host.calls()).toBe(1)
      expect(await ask('/', `Bearer ${await issuer.sign({ exp: 1, iat: undefined })}`)).toBe(401)
      expect(await ask('/', 'Bearer x')).toBe(401)
      expect(await ask('/', 'Bearer')).toBe(400)
      expect(await ask('/', `Bearer ${await issuer.sign()}, Bearer x`)).toBe(400)
      expect(await ask('/read')).toBe(401)
      expect(await ask('/undefined')).toBe(401)
      expect(host.calls()).toBe(1)
    } finally {
      await host.close()
    }
  })
})

describe('guards that are mistakes', () => {
  const lists = [
    [],
    [[]],
    [''],
    [['']],
    [undefined],
    [null],
    [7],
    [['read', 7]],
    [['read'], ['write']],
    [{}],
  ] as const

  for (const [name, make] of Object.entries({ scope, anyScope, role, anyRole })) {
    it.each(lists.map((list) => [shown(list), list] as const))(
      `AUZ-12 ${name} of %s throws when it is made`,
      (_title, list) => {
        expect(() => make(...(list as unknown as string[]))).toThrow(TypeError)
      },
    )
  }

  it.each(['read write', 'read"', 'read\\', 'read\n', 'réad', ' ', 'a\tb', '\0'])(
    'AUZ-7 a required scope of %j throws when it is made',
    (name) => {
      expect(() => scope(name)).toThrow(TypeError)
      expect(() => anyScope('good', name)).toThrow(TypeError)
    },
  )

  it.each([
    ['an empty name', '', 'x'],
    ['a bad escape', '/a~2', 'x'],
    ['no value', 'tenant', undefined],
    ['an empty list', 'tenant', []],
    ['an object', 'tenant', {}],
    ['undefined in a list', 'tenant', [undefined]],
    ['a RegExp', 'tenant', /one/g],
  ])('AUZ-21 claim with %s throws when it is made', (_title, path, value) => {
    expect(() => claim(path, value as ExpectedClaim)).toThrow(TypeError)
  })

  it.each([allOf, anyOf])('AUZ-12 a combination of nothing throws when it is made', (combine) => {
    expect(() => combine()).toThrow(TypeError)
    expect(() => combine('read' as never)).toThrow(TypeError)
  })

  it('AUZ-12 a negation of nothing, and places of nothing, throw when they are made', () => {
    expect(() => not(undefined as never)).toThrow(TypeError)
    expect(() => firstOf()).toThrow(TypeError)
  })
})

describe('guards together', () => {
  let auth: Auth
  beforeAll(async () => {
    const issuer = await createTestIssuer()
    auth = await createResourceServer(issuer.options).verify(
      await issuer.sign({ scope: 'read', roles: ['user'] }),
    )
  })
  const ask = (guard: ReturnType<typeof scope>): unknown => {
    try {
      return guard(auth, undefined)
    } catch (error) {
      if (isAuthError(error)) return error.reason
      throw error
    }
  }

  it.each([
    ['not of a scope that is held', () => not(scope('read')), 'forbidden'],
    ['not of a scope that is not', () => not(scope('write')), true],
    ['not of not', () => not(not(scope('read'))), true],
    ['a list after a name is no second argument lost', () => scope('read', 'write'), 'scope'],
    ['all of a scope and a role that is missing', () => allOf(scope('read'), role('admin')), 'role'],
    ['any of a scope that is missing and a role', () => anyOf(scope('write'), role('user')), true],
    ['any of two that are missing', () => anyOf(scope('write'), role('admin')), 'scope'],
  ] as const)('AUZ-14 %s', (_title, make, outcome) => {
    expect(ask(make())).toBe(outcome)
  })

  it.each([allOf, anyOf, not])('B1 a predicate within that forgot its return is a TypeError', (wrap) => {
    expect(() => wrap(() => undefined as never)(auth, undefined)).toThrow(TypeError)
    expect(() => wrap(() => 1 as never)(auth, undefined)).toThrow(TypeError)
  })

  it('AUZ class: an error of the user within not() is an error still, and no permission', () => {
    const bug = new Error('a bug in the predicate')
    const guard = not(() => {
      throw bug
    })
    expect(() => guard(auth, undefined)).toThrow(bug)
  })
})
