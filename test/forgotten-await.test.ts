import type { Guard, ResourceServerOptions } from 'oauth-resource-server'
import { authorize, protect, requireClaim } from 'oauth-resource-server/fetch'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { rejection } from './support/rejection.ts'

const issuer = await createTestIssuer()

type Options = Partial<Record<keyof ResourceServerOptions, unknown>>
type Make = () => Promise<never>
type Use = (make: Make) => { readonly options?: Options; readonly guard?: Guard<Request> }

const schema = (validate: () => unknown): Options => ({
  schema: { '~standard': { version: 1, vendor: 'test', validate } },
})
const thrown = (value: unknown): never => {
  throw value as Error
}
/** Keys in the place of the published ones, from a response that is no real one. */
const fetched = (response: () => object): Options => ({
  jwks: undefined,
  jwksUri: 'https://issuer.test/jwks',
  fetch: () => Promise.resolve({ status: 200, headers: new Headers(), url: '', ...response() }),
})

const uses: readonly [string, 200 | 400 | 401 | 403 | 500 | 503, Use][] = [
  [
    'a predicate returns a list of promises',
    500,
    (make) => ({ guard: authorize((() => [make()]) as never) }),
  ],
  [
    'a guard throws a promise',
    500,
    (make) => ({
      guard: authorize(() => thrown(make())),
    }),
  ],
  [
    'the predicate of a claim returns a list of promises',
    500,
    (make) => ({ guard: requireClaim('sub', (() => [make()]) as never) }),
  ],
  ['roles are a list of promises', 500, (make) => ({ options: { roles: () => [make()] } })],
  ['the value of a schema is a promise', 500, (make) => ({ options: schema(() => ({ value: make() })) })],
  ['the issues of a schema are a promise', 401, (make) => ({ options: schema(() => ({ issues: make() })) })],
  ['an issue of a schema is a promise', 401, (make) => ({ options: schema(() => ({ issues: [make()] })) })],
  [
    'the path of an issue is a promise',
    401,
    (make) => ({ options: schema(() => ({ issues: [{ path: make() }] })) }),
  ],
  [
    'a schema with issues has a promise as its value',
    401,
    (make) => ({ options: schema(() => ({ issues: [], value: make() })) }),
  ],
  [
    'a schema resolves to a list of promises',
    500,
    (make) => ({ options: schema(() => Promise.resolve([make()])) }),
  ],
  [
    'a schema throws a promise',
    500,
    (make) => ({
      options: schema(() => thrown(make())),
    }),
  ],
  [
    'isRevoked returns an object with a promise',
    503,
    (make) => ({ options: { revocation: { isRevoked: () => ({ revoked: make() }) } } }),
  ],
  ['tokenFrom returns two promises', 400, (make) => ({ options: { tokenFrom: () => [make(), make()] } })],
  [
    'tokenFrom returns a promise as the place',
    500,
    (make) => ({ options: { tokenFrom: () => ({ token: 'x', place: make() }) } }),
  ],
  [
    'onRefused returns a list of promises',
    403,
    (make) => ({ options: { onRefused: () => [make()] }, guard: () => false }),
  ],
  [
    'errorFormat returns promises',
    403,
    (make) => ({
      options: { errorFormat: () => ({ contentType: make(), body: [make()] }) },
      guard: () => false,
    }),
  ],
  [
    'a key of an issuer is a promise',
    500,
    (make) => ({
      options: {
        issuer: undefined,
        audience: undefined,
        jwks: undefined,
        issuers: () => ({ audience: 'a', jwks: { keys: [make()] } }),
      },
    }),
  ],
  ['the body of fetched keys is a promise', 503, (make) => ({ options: fetched(() => ({ body: make() })) })],
  [
    'the body of a failed fetch is a promise',
    503,
    (make) => ({ options: fetched(() => ({ status: 500, body: make() })) }),
  ],
]

describe('A4 a promise where nobody waits for one', () => {
  it.each(uses)('%s: %i, and the process stays', async (_what, status, use) => {
    const { make, isHandled } = rejection()
    const { options, guard = () => true } = use(make)
    const given = { ...issuer.options, ...options } as ResourceServerOptions<unknown, Request>
    const handler = protect(given, guard)(() => new Response())
    const token = await issuer.sign()
    const request = new Request('https://api.test/', { headers: { authorization: `Bearer ${token}` } })
    const found = await handler(request).then(
      (response) => response.status,
      () => 500,
    )
    expect([found, isHandled()]).toEqual([status, true])
  })
})
