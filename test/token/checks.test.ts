import { createResourceServer, type ResourceServerOptions } from 'oauth-resource-server'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'

const clock = createTestClock(1_800_000_000_000)
const now = 1_800_000_000
const issuer = await createTestIssuer({ issuer: 'https://issuer.test/', clock })

type Changes = Record<string, unknown>

/** What the token comes to: `true`, or the reason it is refused for. */
async function verdict(claims: Changes, options: Changes = {}, header: Changes = {}): Promise<unknown> {
  const api = createResourceServer({ ...issuer.options, ...options })
  return await api.verify(await issuer.sign(claims, header)).then(
    () => true,
    (error: unknown) => (error as { reason?: unknown }).reason,
  )
}

describe('time, with a tolerance of 30 seconds', () => {
  it.each([
    [{ exp: now - 29 }, true],
    [{ exp: now - 29.5 }, true],
    [{ exp: now - 30 }, 'expired'],
    [{ exp: now - 30.5 }, 'expired'],
    [{ iat: undefined, exp: 0 }, 'expired'],
    [{ nbf: now + 30 }, true],
    [{ nbf: now + 30.5 }, 'not_yet_valid'],
    [{ iat: now + 30 }, true],
    [{ iat: now + 30.5 }, 'not_yet_valid'],
    [{ iat: undefined }, true],
    [{ iat: now, exp: now - 1 }, 'claim'],
    [{ nbf: now + 2, exp: now + 1 }, 'claim'],
    [{ exp: undefined }, 'claim'],
    ...[null, '1900000000', true, [now + 60], {}, -1, 1e300, 2 ** 53].map((exp): [Changes, string] => [
      { exp },
      'claim',
    ]),
    ...[null, '0', -1].flatMap((value): [Changes, string][] => [
      [{ nbf: value }, 'claim'],
      [{ iat: value }, 'claim'],
    ]),
  ])('judges %o as %s', async (claims, expected) => {
    const timed = 'exp' in claims && !('iat' in claims) ? { iat: undefined, ...claims } : claims
    expect(await verdict(timed)).toBe(expected)
  })

  it('refuses an end beyond every number, which JSON.parse makes Infinity', async () => {
    const api = createResourceServer(issuer.options)
    const payload = `{"iss":"https://issuer.test/","aud":"https://api.test","exp":1e400}`
    await expect(
      api.verify(await issuer.signRaw(JSON.stringify({ alg: 'ES256', typ: 'JWT' }), payload)),
    ).rejects.toMatchObject({ reason: 'claim' })
  })

  it('takes the tolerance it is told', async () => {
    const claims = { iat: now - 400, exp: now - 60 }
    expect(await verdict(claims, { clockTolerance: 61 })).toBe(true)
    expect(await verdict(claims, { clockTolerance: 60 })).toBe('expired')
    expect(await verdict({ iat: now - 9, exp: now }, { clockTolerance: 0 })).toBe('expired')
  })

  it('limits the age where maxTokenAge is said', async () => {
    expect(await verdict({ iat: now - 90 }, { maxTokenAge: 60 })).toBe(true)
    expect(await verdict({ iat: now - 91 }, { maxTokenAge: 60 })).toBe('too_old')
    expect(await verdict({ iat: undefined }, { maxTokenAge: 60 })).toBe('claim')
  })
})

describe('the audience', () => {
  it.each([
    ['https://api.test', true],
    [['https://other.test', 'https://api.test'], true],
    ['https://api.test/', 'audience'],
    ['HTTPS://API.TEST', 'audience'],
    ['https://api.test https://other.test', 'audience'],
    [[], 'audience'],
    [[['https://api.test']], 'audience'],
    [['https://api.test', 7], 'audience'],
    [{ 'https://api.test': true }, 'audience'],
    [7, 'audience'],
    [null, 'audience'],
    [undefined, 'audience'],
  ])('%o is judged %s', async (aud, expected) => {
    expect(await verdict({ aud })).toBe(expected)
  })

  it('holds for any of our names', async () => {
    expect(await verdict({ aud: 'b' }, { audience: ['a', 'b'] })).toBe(true)
    expect(await verdict({ aud: 'c' }, { audience: ['a', 'b'] })).toBe('audience')
  })

  it('may be missing, but not malformed, where it is switched off beside clients', async () => {
    const options = { audience: null, clients: ['client-1'] }
    expect(await verdict({ aud: undefined }, options)).toBe(true)
    expect(await verdict({ aud: 'anything' }, options)).toBe(true)
    expect(await verdict({ aud: 7 }, options)).toBe('audience')
    expect(await verdict({ client_id: 'client-2' }, options)).toBe('claim')
  })
})

describe('the issuer', () => {
  it.each([
    ['https://issuer.test', 'issuer'],
    ['https://issuer.test//', 'issuer'],
    ['HTTPS://issuer.test/', 'issuer'],
    ['https://issuer.test:443/', 'issuer'],
    [' https://issuer.test/', 'issuer'],
    [['https://issuer.test/'], 'issuer'],
    [null, 'issuer'],
    ['', 'issuer'],
  ])('is compared exactly: %o is refused', async (iss, expected) => {
    expect(await verdict({ iss })).toBe(expected)
  })
})

describe('the kind of token', () => {
  const types = ['at+jwt', 'AT+JWT', 'application/at+jwt', 'Application/AT+JWT']
  it.each(types)('takes `typ: %s` in either profile', async (typ) => {
    expect(await verdict({}, {}, { typ })).toBe(true)
    expect(await verdict({}, { profile: 'rfc9068' }, { typ })).toBe(true)
  })

  it.each(['JWT', 'jwt', 'application/jwt', undefined])(
    'takes `typ: %s` unless the profile is rfc9068 (RFC 9068 §4)',
    async (typ) => {
      expect(await verdict({}, {}, { typ })).toBe(true)
      expect(await verdict({}, { profile: 'rfc9068' }, { typ })).toBe('type')
    },
  )

  it.each([
    'dpop+jwt',
    'logout+jwt',
    'secevent+jwt',
    'token-introspection+jwt',
    'statuslist+jwt',
    'oauth-authz-req+jwt',
    'JOSE',
    '',
    ' at+jwt',
    'application/application/at+jwt',
    7,
    null,
  ])('refuses `typ: %s`', async (typ) => {
    expect(await verdict({}, {}, { typ })).toBe('type')
  })

  it.each([
    { nonce: 'n' },
    { nonce: null },
    { at_hash: 'h' },
    { c_hash: 'h' },
    { s_hash: 'h' },
    { events: {} },
    { token_use: 'id' },
    { token_use: null },
    { typ: 'ID' },
    { typ: 'Refresh' },
  ])('refuses what %o marks as another kind of token', async (claims) => {
    expect(await verdict(claims)).toBe('type')
  })

  it.each([{ token_use: 'access' }, { typ: 'Bearer' }, { auth_time: now }])(
    'takes an access token with %o',
    async (claims) => {
      expect(await verdict(claims)).toBe(true)
    },
  )
})

describe('the types of claims', () => {
  const texts = ['sub', 'jti', 'client_id', 'azp', 'cid', 'appid', 'sid']
  it.each(texts)('refuses a %s that is no text, never counts it as absent', async (name) => {
    for (const value of [7, null, true, [], {}]) expect(await verdict({ [name]: value })).toBe('claim')
  })

  it.each([
    { act: 'someone' },
    { act: null },
    { act: ['someone'] },
    { cnf: null },
    { cnf: 'x' },
    { cnf: [] },
    { scope: 7 },
    { scope: null },
    { scope: ['read', 7] },
    { scope: { read: true } },
    { scope: undefined, scp: 7 },
    { scope: 'read', scp: 7 },
    { scope: 'read', scp: [7] },
  ])('refuses %o', async (claims) => {
    expect(await verdict(claims)).toBe('claim')
  })

  it.each([{ cnf: { jkt: 'x' } }, { cnf: { 'x5t#S256': 'x' } }, { cnf: {} }, { cnf: { kid: 'x' } }])(
    'refuses %o as a plain Bearer token',
    async (claims) => {
      expect(await verdict(claims)).toBe('binding')
    },
  )
})

describe('E1 claims that nothing depends on', () => {
  it.each([
    { amr: 'pwd' },
    { amr: [{ method: 'password', timestamp: 1 }] },
    { amr: [7] },
    { auth_time: '2026-11-27T19:00:00Z' },
    { auth_time: '0' },
    { auth_time: 1e300 },
    { acr: 7 },
    { acr: null },
    { sub_id: 7 },
    { name: [] },
  ])('are accepted in any shape: %o', async (claims) => {
    expect(await verdict(claims)).toBe(true)
  })
})

describe('G6 an exp in milliseconds', () => {
  const century = 3_155_760_000
  it.each([
    [{ exp: now * 1000 }, 'claim'],
    [{ exp: (now + 300) * 1000 }, 'claim'],
    [{ exp: now + century + 1 }, 'claim'],
    [{ exp: now + century }, true],
  ])('never counts as a far end: %o is judged %s', async (claims, expected) => {
    expect(await verdict(claims)).toBe(expected)
  })

  it('is explained to the operator', async () => {
    const api = createResourceServer(issuer.options)
    const token = await issuer.sign({ exp: (now + 300) * 1000 })
    await expect(api.verify(token)).rejects.toMatchObject({
      detail: { claim: 'exp', hint: expect.stringContaining('milliseconds') as string },
    })
  })
})

describe('E3 a nonce in an access token', () => {
  const marked = [
    [{ nonce: 'n' }, { typ: 'at+jwt' }],
    [{ nonce: 'n', typ: 'Bearer' }, { typ: 'JWT' }],
    [{ nonce: 'n', token_use: 'access' }, { typ: 'JWT' }],
    [{ nonce: 'n', scope: 'read' }, { typ: 'JWT' }],
    [{ nonce: 'n', scp: ['read'] }, { typ: undefined }],
  ] as const

  it.each(marked)('is refused without acceptNonce: %o %o', async (claims, header) => {
    expect(await verdict(claims, {}, header)).toBe('type')
  })

  it.each(marked)(
    'is accepted with acceptNonce where the token is marked as an access token: %o %o',
    async (claims, header) => {
      expect(await verdict(claims, { acceptNonce: true }, header)).toBe(true)
    },
  )

  it.each([
    [{ nonce: 'n' }, { typ: 'JWT' }],
    [{ nonce: 'n', typ: 'ID' }, { typ: 'at+jwt' }],
    [{ nonce: 'n', at_hash: 'h' }, { typ: 'at+jwt' }],
    [{ nonce: 'n', token_use: 'id', scope: 'read' }, { typ: 'JWT' }],
  ])(
    'is refused with acceptNonce where anything else speaks for an ID token: %o %o',
    async (claims, header) => {
      expect(await verdict(claims, { acceptNonce: true }, header)).toBe('type')
    },
  )
})

describe('tokenTypes', () => {
  it.each([
    [['at+jwt'], 'JWT', 'type'],
    [['JWT'], 'jwt', true],
    [['JWT'], 'at+jwt', 'type'],
    [['application/JWT'], 'JWT', true],
    [['vnd.example+jwt'], 'application/vnd.example+jwt', true],
    [['JWT', undefined], undefined, true],
    [['JWT'], undefined, 'type'],
  ])('accepts %j instead of the types of the profile: %s is judged %s', async (tokenTypes, typ, expected) => {
    expect(await verdict({}, { tokenTypes }, { typ })).toBe(expected)
  })

  it('still lets no ID token in', async () => {
    expect(await verdict({ at_hash: 'h' }, { tokenTypes: ['JWT'] }, { typ: 'JWT' })).toBe('type')
  })
})

describe('D11 what needs no network', () => {
  it.each([
    ['a claim the profile requires is missing', { jti: undefined }, { profile: 'rfc9068' }],
    ['a required claim is missing', {}, { requiredClaims: ['tenant'] }],
    ['the client is another', {}, { clients: ['another'] }],
    ['a claim has the wrong type', { sub: 7 }, {}],
    ['the token is bound, with a wrong cnf', { cnf: 'x' }, {}],
    ['exp is in milliseconds', { exp: now * 1000 }, {}],
  ])('is refused before anything is fetched: %s', async (_what, claims, options) => {
    let fetches = 0
    const fetch = (): Promise<Response> => {
      fetches += 1
      return Promise.resolve(Response.json(issuer.jwks))
    }
    const { jwks: _jwks, ...rest } = issuer.options
    const jwksUri = 'https://issuer.test/jwks'
    const api = createResourceServer({ ...rest, jwksUri, fetch, ...options } as never)
    await expect(api.verify(await issuer.sign(claims))).rejects.toMatchObject({ status: 401 })
    expect(fetches).toBe(0)
    if (_what.startsWith('a required')) {
      await expect(api.verify(await issuer.sign({ tenant: 'a' }))).resolves.toBeDefined()
      expect(fetches).toBe(1)
    }
  })

  it('is refused before the function of issuers is called, where its answer is not needed', async () => {
    let calls = 0
    const issuers = (): undefined => {
      calls += 1
      return undefined
    }
    const api = createResourceServer({ issuers, now: clock.now })
    const hopeless = [
      { exp: now - 301, iat: undefined },
      { nonce: 'n', at_hash: 'h' },
      { token_use: 'id' },
      { sub: 7 },
      { exp: undefined },
      { iat: now + 301 },
    ]
    for (const claims of hopeless) {
      await expect(api.verify(await issuer.sign(claims))).rejects.toMatchObject({ status: 401 })
    }
    expect(calls).toBe(0)
    await expect(api.verify(await issuer.sign())).rejects.toMatchObject({ reason: 'unknown_issuer' })
    expect(calls).toBe(1)
  })
})

describe('required claims', () => {
  it.each(['sub', 'client_id', 'iat', 'jti'])(
    'include %s in the profile rfc9068 (RFC 9068 §2.2)',
    async (name) => {
      expect(await verdict({ [name]: undefined }, { profile: 'rfc9068' })).toBe('claim')
      expect(await verdict({ [name]: undefined })).toBe(true)
    },
  )

  it('include those the option names', async () => {
    const options = { requiredClaims: ['tenant'] }
    expect(await verdict({ tenant: '' }, options)).toBe(true)
    expect(await verdict({ tenant: false }, options)).toBe(true)
    expect(await verdict({ tenant: null }, options)).toBe('claim')
    expect(await verdict({}, options)).toBe('claim')
    expect(await verdict({}, { requiredClaims: ['constructor'] })).toBe('claim')
  })
})

describe('clients', () => {
  const options = { clients: ['client-1', 'client-3'] }
  const none = { client_id: undefined }
  it.each([
    [{}, true],
    [{ client_id: 'client-2' }, 'claim'],
    [{ ...none }, 'claim'],
    [{ ...none, azp: 'client-3' }, true],
    [{ ...none, cid: 'client-3' }, true],
    [{ ...none, appid: 'client-3' }, true],
    [{ client_id: 'client-2', azp: 'client-1' }, 'claim'],
    [{ ...none, azp: 'client-2', cid: 'client-1' }, 'claim'],
  ])('%o is judged %s', async (claims, expected) => {
    expect(await verdict(claims, options)).toBe(expected)
  })
})

describe('scopes and roles', () => {
  async function granted(
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
    expect((await granted(claims)).scopes).toEqual(expected)
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
    expect((await granted(claims)).roles).toEqual(expected)
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
    expect(await granted(claims, { scopes: where, roles: where })).toEqual({
      scopes: expected,
      roles: expected,
    })
  })

  it('takes one text from a function as the claim itself would be taken', async () => {
    const text = (): string => 'a b'
    expect(await granted({}, { scopes: text, roles: text })).toEqual({ scopes: ['a', 'b'], roles: ['a b'] })
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
})

describe('claims at the edge of what is allowed', () => {
  const apiWith = (options: Partial<ResourceServerOptions>): ReturnType<typeof createResourceServer> =>
    createResourceServer({ ...issuer.options, ...options } as ResourceServerOptions)

  it.each([
    ['nbf equal to exp, within the tolerance', { exp: now + 2, nbf: now + 2 }],
    ['iat equal to exp, within the tolerance', { exp: now + 2, iat: now + 2 }],
    ['a century as lifetime', { exp: now + 3_155_760_000 }],
    ['the first second of 1970 as nbf', { nbf: 0 }],
    ['an empty sub, which RFC 7519 allows', { sub: '' }],
  ])('accept %s', async (_what, claims) => {
    expect((await apiWith({}).verify(await issuer.sign(claims))).claims).toMatchObject(claims)
  })

  it.each([
    ['nbf a second after exp', { exp: now + 2, nbf: now + 3 }],
    ['iat a second after exp', { exp: now + 2, iat: now + 3 }],
    ['a date beyond the latest', { exp: 8.64e12 + 1 }],
    ['a date before 1970', { nbf: -1 }],
  ])('refuse %s', async (_what, claims) => {
    await expect(apiWith({}).verify(await issuer.sign(claims))).rejects.toMatchObject({ reason: 'claim' })
  })

  it('refuse an empty sub under profile rfc9068 (RFC 9068 §2.2)', async () => {
    const api = apiWith({ profile: 'rfc9068' })
    await expect(api.verify(await issuer.sign({ sub: '' }))).rejects.toMatchObject({ reason: 'claim' })
    expect((await api.verify(await issuer.sign({ sub: 'u' }))).subject).toBe('u')
  })

  it('take the scopes a function yields one by one', async () => {
    const api = apiWith({
      *scopes(claims: { permissions: readonly string[] }) {
        yield* claims.permissions
      },
    })
    const { scopes } = await api.verify(await issuer.sign({ permissions: ['a b', 'c'] }))
    expect([...scopes]).toEqual(['a b', 'c'])
  })

  it('take the scopes a function returns as one text', async () => {
    const api = apiWith({ scopes: (claims: { grants: string }) => claims.grants })
    const { scopes } = await api.verify(await issuer.sign({ grants: 'a b' }))
    expect([...scopes]).toEqual(['a', 'b'])
  })
})

describe('an issuer that is no text', () => {
  it('is refused as such, also where there are several issuers', async () => {
    const { issuer: name, audience, jwks, now: clockNow } = issuer.options
    const api = createResourceServer({ issuers: [{ issuer: name, audience, jwks }], now: clockNow })
    await expect(api.verify(await issuer.sign({ iss: [name] }))).rejects.toMatchObject({ reason: 'issuer' })
    await expect(api.verify(await issuer.sign({ iss: 'x' }))).rejects.toMatchObject({
      reason: 'unknown_issuer',
    })
  })
})
