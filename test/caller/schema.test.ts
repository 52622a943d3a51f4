import { type } from 'arktype'
import { createResourceServer, not, claim, type StandardSchema } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { withSchema } from '../../src/caller/schema.ts'
import type { VerifiedToken } from '../../src/token/verified-token.ts'
import { refusalOf } from '../support/refusals.ts'

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })

/** A schema that answers as it is told, without any library. */
function schema<C>(validate: (value: unknown) => unknown): StandardSchema<unknown, C> {
  return { '~standard': { version: 1, vendor: 'test', validate: validate as never } }
}

async function claimsWith(given: StandardSchema<unknown, unknown>, claims: object = {}): Promise<unknown> {
  const api = createResourceServer({ ...issuer.options, schema: given })
  const auth = await api.verify(await issuer.sign({ ...claims }))
  return auth.claims
}

describe('the output of a schema', () => {
  it('replaces members of the claims, and those it left out stay', async () => {
    const given = z.object({ tenant: z.string().transform((name) => name.toUpperCase()) })
    expect(await claimsWith(given, { tenant: 'one', suspended: true })).toMatchObject({
      tenant: 'ONE',
      suspended: true,
      iss: issuer.issuer,
    })
  })

  it('is frozen all the way down', async () => {
    const given = schema(() => ({ value: { tenant: { name: 'one' } } }))
    const claims = (await claimsWith(given)) as { tenant: object }
    expect(Object.isFrozen(claims)).toBe(true)
    expect(Object.isFrozen(claims.tenant)).toBe(true)
  })

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a string', 'claims'],
    ['a list', []],
    ['a number', 1],
  ])('is a mistake of the application where it is %s', async (_what, value) => {
    await expect(claimsWith(schema(() => ({ value })))).rejects.toThrow(/^schema: .*object/)
  })

  it('is a mistake of the application where it is a promise', async () => {
    await expect(claimsWith(schema(() => ({ value: Promise.resolve({}) })))).rejects.toThrow(
      /^schema: .*object/,
    )
  })

  it('is the only thing that changes claims: a schema that writes into its input does not', async () => {
    const given = schema((value) => {
      const { roles } = value as { roles: { names: string[] } }
      roles.names.push('admin')
      return { value: {} }
    })
    const claims = await claimsWith(given, { roles: { names: ['reader'] } })
    expect(claims).toMatchObject({ roles: { names: ['reader'] } })
  })

  it('cannot give the claims another prototype', async () => {
    const value = JSON.parse('{"__proto__":{"admin":true}}') as object
    const claims = (await claimsWith(schema(() => ({ value })))) as { admin?: unknown }
    expect(claims.admin).toBeUndefined()
  })
})

describe.each<[string, StandardSchema<unknown, unknown>]>([
  ['zod', z.object({ tenant: z.string(), level: z.string().transform(Number) })],
  ['valibot', v.object({ tenant: v.string(), level: v.pipe(v.string(), v.transform(Number)) })],
  // ArkType's schemas are functions.
  ['arktype', type({ tenant: 'string', level: 'string.numeric.parse' })],
])('a schema of %s', (_library, given) => {
  it('replaces members of the claims by its output', async () => {
    expect(await claimsWith(given, { tenant: 'one', level: '9', suspended: true })).toMatchObject({
      tenant: 'one',
      level: 9,
      suspended: true,
      iss: issuer.issuer,
    })
  })

  it.each([
    ['tenant', { tenant: 1, level: '9' }],
    ['level', { tenant: 'one' }],
  ])('refuses a token by its claim %s', async (claim, claims) => {
    const error: unknown = await claimsWith(given, claims).catch((it: unknown) => it)
    expect(error).toMatchObject({ status: 401, reason: 'schema', detail: { claim } })
  })
})

describe('the facts about an issue within a claim', () => {
  const claims = { profile: { address: { city: 7, 'canary@x': 'y' } } }
  it.each<[string, StandardSchema<unknown, unknown>, RegExp]>([
    [
      'zod',
      z.object({ profile: z.object({ address: z.object({ city: z.string() }) }) }),
      /: token has profile\.address\.city of type number, expected string$/,
    ],
    [
      'valibot',
      v.object({ profile: v.object({ address: v.object({ city: v.string() }) }) }),
      /: token has profile\.address\.city of type number, expected string$/,
    ],
    [
      'arktype',
      type({ profile: { address: { city: 'string' } } }),
      /: token has profile\.address\.city of type number, expected a string$/,
    ],
    [
      'zod, for a member that is missing',
      z.object({ profile: z.object({ address: z.object({ country: z.string() }) }) }),
      /: token has no profile\.address\.country, expected string$/,
    ],
    [
      'valibot, for a member that is missing',
      v.object({ profile: v.object({ address: v.object({ country: v.string() }) }) }),
      /: token has no profile\.address\.country, expected present$/,
    ],
    [
      'valibot, for the name of a member',
      v.object({ profile: v.object({ address: v.record(v.pipe(v.string(), v.maxLength(5)), v.any()) }) }),
      /: token has profile\.address\.\* of type string$/,
    ],
    [
      'zod, for the values of a record',
      z.object({ profile: z.object({ address: z.record(z.string(), z.number()) }) }),
      /: token has profile\.address\.\* of type string, expected number$/,
    ],
  ])('are true with %s', async (_library, given, hint) => {
    const error: unknown = await claimsWith(given, claims).catch((it: unknown) => it)
    const { detail } = error as { detail: { claim: string; hint: string } }
    expect(detail).toEqual({ claim: 'profile', hint: expect.stringMatching(hint) as string })
    expect(JSON.stringify(detail)).not.toContain('canary')
  })
})

describe('what operators see of issues', () => {
  const claims = { tenant: 7, list: [{ id: 1 }], nothing: null, nested: { name: 'x' } }
  const refusedFor = (...issues: readonly unknown[]) =>
    refusalOf(() =>
      withSchema(
        schema(() => ({ issues })),
        (result) => result,
      )({ claims } as unknown as VerifiedToken),
    )
  const key = (name: string, origin?: string): object => ({ key: name, origin })

  it.each<[string, readonly unknown[], object]>([
    ['no issue', [], {}],
    ['no path', [{ path: [], expected: 'string' }], {}],
    [
      'a claim',
      [{ path: ['tenant'], expected: 'string' }],
      { claim: 'tenant', expected: 'string', actual: 'number', hint: 'the schema refuses tenant' },
    ],
    [
      'a claim, by a message alone',
      [{ path: ['tenant'], message: 'bad' }],
      { claim: 'tenant', expected: 'valid', actual: 'number', hint: 'the schema refuses tenant' },
    ],
    [
      'an expectation with other characters',
      [{ path: ['tenant'], expected: 'a@b' }],
      { claim: 'tenant', expected: 'valid', actual: 'number', hint: 'the schema refuses tenant' },
    ],
    [
      'an expectation of 60 characters',
      [{ path: ['tenant'], expected: 'e'.repeat(60) }],
      { claim: 'tenant', expected: 'e'.repeat(60), actual: 'number', hint: 'the schema refuses tenant' },
    ],
    [
      'an expectation of more',
      [{ path: ['tenant'], expected: 'e'.repeat(61) }],
      { claim: 'tenant', expected: 'valid', actual: 'number', hint: 'the schema refuses tenant' },
    ],
    [
      'an expectation that is no text',
      [{ path: ['tenant'], expected: 5 }],
      { claim: 'tenant', expected: 'valid', actual: 'number', hint: 'the schema refuses tenant' },
    ],
    [
      'several claims, of which the first is compared',
      [null, { path: [] }, { path: ['tenant'] }, { path: ['list', 0, 'id'], expected: 'string' }],
      { claim: 'tenant', expected: 'valid', actual: 'number', hint: 'the schema refuses tenant, list.0.id' },
    ],
    [
      'an entry of a list',
      [{ path: [key('list'), key('0'), key('id')], expected: 'string' }],
      {
        claim: 'list',
        hint: 'the schema refuses list.0.id: token has list.0.id of type number, expected string',
      },
    ],
    [
      'a long index',
      [{ path: ['list', 12345] }, { path: ['list', 1234] }],
      { claim: 'list', hint: 'the schema refuses list.*, list.1234: token has no list.*' },
    ],
    [
      'a member of null',
      [{ path: ['nothing', 'name'] }],
      { claim: 'nothing', hint: 'the schema refuses nothing.name: token has no nothing.name' },
    ],
    [
      'a member of a number, as every object has it',
      [{ path: ['tenant', 'toString'] }, { path: ['nested', 'x1'] }],
      { claim: 'tenant', hint: 'the schema refuses tenant.*, nested.*: token has no tenant.*' },
    ],
    [
      'the name of a member that is there',
      [{ path: [key('nested'), key('name', 'key')], expected: 'never' }],
      { claim: 'nested', hint: 'the schema refuses nested.name: token has nested.name of type string' },
    ],
    [
      'the name of a member that is not',
      [{ path: [key('nested'), key('id', 'key')], expected: '"id"' }],
      { claim: 'nested', hint: 'the schema refuses nested.id: token has no nested.id, expected present' },
    ],
    [
      'a path with steps of another kind',
      [{ path: [null, {}] }],
      { claim: 'null', hint: 'the schema refuses null.*: token has no null.*' },
    ],
  ])('%s', async (_what, issues, detail) => {
    expect(await refusedFor(...issues)).toEqual({ status: 401, reason: 'schema', detail })
  })

  it.each([
    ...['id', 'name', 'type', 'value', 'key', 'kind', 'label', 'level', 'email', 'phone', 'profile'],
    ...['address', 'street', 'street_address', 'city', 'locality', 'region', 'postal_code', 'country'],
    ...['formatted', 'roles', 'groups', 'permissions', 'scopes', 'tenant', 'organization', 'org', 'org_id'],
    'tenant_id',
  ])('name the member %s, which says nothing about anyone', async (name) => {
    expect(await refusedFor({ path: ['list', name] })).toMatchObject({
      detail: { hint: `the schema refuses list.${name}: token has no list.${name}` },
    })
  })

  it('are ten issues, and ten steps of a path, at most', async () => {
    const many = Array.from({ length: 12 }, (_, index) => ({ path: [`c${index}`] }))
    const ten = many.slice(0, 10).map(({ path }) => path[0])
    expect(await refusedFor(...many)).toMatchObject({
      detail: { hint: `the schema refuses ${ten.join(', ')}` },
    })
    const deep = `deep${'.id'.repeat(9)}`
    expect(await refusedFor({ path: ['deep', ...Array.from({ length: 30 }, () => 'id')] })).toMatchObject({
      detail: { hint: `the schema refuses ${deep}: token has no ${deep}` },
    })
  })
})

describe('B4 guards judge the verified claims', () => {
  it.each<[string, StandardSchema<unknown, unknown>]>([
    ['left out by the schema', z.object({ sub: z.string() })],
    ['changed by the schema', z.object({ suspended: z.unknown().transform(() => false) })],
  ])('a claim that is %s still decides', async (_what, given) => {
    const api = createResourceServer({ ...issuer.options, schema: given })
    const auth = await api.verify(await issuer.sign({ suspended: true }))
    await expect(api.authorize(auth, not(claim('suspended', true)))).rejects.toMatchObject({ status: 403 })
    await expect(api.authorize(auth, claim('suspended', true))).resolves.toBeUndefined()
  })

  it('hands a predicate the verified claims too', async () => {
    const given = z.object({ level: z.unknown().transform(() => 9) })
    const api = createResourceServer({ ...issuer.options, schema: given })
    const auth = await api.verify(await issuer.sign({ level: 1 }))
    expect(auth.claims).toMatchObject({ level: 9 })
    await expect(api.authorize(auth, ({ claims }) => claims['level'] === 1)).resolves.toBeUndefined()
  })
})

describe('a schema that refuses', () => {
  it('names the claim for operators, and no value', async () => {
    const api = createResourceServer({ ...issuer.options, schema: z.object({ tenant: z.literal('a') }) })
    const error: unknown = await api
      .verify(await issuer.sign({ tenant: 'secret-value' }))
      .catch((it: unknown) => it)
    expect(error).toMatchObject({ status: 401, reason: 'schema', detail: { claim: 'tenant' } })
    expect(JSON.stringify((error as { detail: unknown }).detail)).not.toContain('secret-value')
  })

  it('names members inside a claim that many tokens have, as others may be data', async () => {
    const given = schema(() => ({ issues: [{ path: ['contacts', 'alice@example.com', 'phone'] }] }))
    const error: unknown = await claimsWith(given).catch((it: unknown) => it)
    expect((error as { detail: unknown }).detail).toEqual({
      claim: 'contacts',
      hint: 'the schema refuses contacts.*.phone: token has no contacts.*.phone',
    })
  })

  it('escapes control characters in the name of a claim', async () => {
    const given = schema(() => ({ issues: [{ path: [{ key: 'a\nb' }] }] }))
    const error: unknown = await claimsWith(given).catch((it: unknown) => it)
    expect((error as { detail: { claim: string } }).detail.claim).not.toContain('\n')
  })

  it.each([[null], [[]], [[null]], [[{}]], [[{ path: 'x' }]], [[{ path: [{ key: Symbol('s') }] }]]])(
    'is 401 with any list of issues (%o)',
    async (issues) => {
      const given = schema(() => ({ issues }))
      await expect(claimsWith(given)).rejects.toMatchObject({ reason: 'schema' })
    },
  )
})

describe('the result of a schema', () => {
  it.each([
    ['undefined', undefined],
    ['null', null],
    ['true', true],
  ])('is a mistake of the application where it is %s', async (_what, result) => {
    await expect(claimsWith(schema(() => result))).rejects.toThrow(
      new TypeError('schema: its validate() must return an object with value or issues'),
    )
    await expect(claimsWith(schema(() => Promise.resolve(result)))).rejects.toThrow(TypeError)
  })
})

describe('a schema that waits', () => {
  it('A5 is given up after hookTimeoutMs with 503, and its late answer changes nothing', async () => {
    let settle: (result: unknown) => void = () => undefined
    const given = schema(() => new Promise((resolve) => (settle = resolve)))
    const api = createResourceServer({ ...issuer.options, schema: given, hookTimeoutMs: 20 })
    const refusal: unknown = await api.verify(await issuer.sign()).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ status: 503, reason: 'unavailable' })
    settle({ value: {} })
    expect((refusal as { detail: { hint: string } }).detail.hint).toContain('schema')
  })

  it('has the time judged again after it', async () => {
    let now = Date.now()
    const given = schema(async () => {
      now += 400_000
      return Promise.resolve({ value: {} })
    })
    const api = createResourceServer({ ...issuer.options, schema: given, now: () => now })
    await expect(api.verify(await issuer.sign())).rejects.toMatchObject({ reason: 'expired' })
  })

  it('passes its own error on', async () => {
    const failure = new Error('the schema has a mistake')
    await expect(claimsWith(schema(() => Promise.reject(failure)))).rejects.toBe(failure)
  })
})
