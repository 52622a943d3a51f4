import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type Auth,
  AuthError,
  createResourceServer,
  firstOf,
  ForbiddenError,
  fromBody,
  fromHeader,
  fromQuery,
  type ResourceServer,
  type ResourceServerOptions,
} from 'oauth-resource-server'
import { createTestClock, createTestIssuer, type TestServer } from 'oauth-resource-server/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  type AdapterGuards,
  type Host,
  hosts,
  http2Hosts,
  http2Request,
  rawRequest,
} from '../support/hosts.ts'
import { sharedHosts } from '../support/shared-hosts.ts'

const clock = createTestClock()
const issuer = await createTestIssuer({ issuer: 'https://issuer.test/', clock })
const stranger = await createTestIssuer({ clock })
const now = Math.floor(clock.now() / 1000)

const started = sharedHosts()

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })

const realm = 'Bearer realm="https://api.test"'
const unauthorized = {
  status: 401,
  challenge: realm,
  body: { error: 'unauthorized', error_description: 'No access token was found' },
}

interface Refusal {
  readonly status: number
  readonly challenge: string | null
  readonly body: Readonly<Record<string, string>>
}

function refusal(status: number, error: string, description: string, scope?: string): Refusal {
  const challenge = `${realm}, error="${error}", error_description="${description}"`
  return {
    status,
    challenge: scope === undefined ? challenge : `${challenge}, scope="${scope}"`,
    body: { error, error_description: description },
  }
}

const malformedRequest = refusal(400, 'invalid_request', 'The credentials are malformed')
const invalidToken = (description: string): Refusal => refusal(401, 'invalid_token', description)
const insufficientScope = (scope: string): Refusal =>
  refusal(403, 'insufficient_scope', 'The scopes of the access token are not enough for this request', scope)
const forbidden: Refusal = {
  status: 403,
  challenge: null,
  body: { error: 'forbidden', error_description: 'The caller is not allowed to do this' },
}

/** The refusal of a request in front of the guard: `protect()` of a fetch server knows its guards before they run. */
function inFrontOf(name: string, refusal: Refusal): Refusal {
  const known = name === 'fetch' ? `${String(refusal.challenge)}, scope="x"` : refusal.challenge
  return { ...refusal, challenge: known }
}

/** Everything a client can tell of a refusal, and that the handler did not run. */
function expectRefusal(
  host: Host,
  answer: { readonly status: number; readonly headers: Headers; readonly body: string },
  expected: Refusal,
): void {
  expect({
    status: answer.status,
    challenge: answer.headers.get('www-authenticate'),
    body: JSON.parse(answer.body) as unknown,
  }).toEqual(expected)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(answer.headers.get('content-type')).toMatch(/^application\/json(?:; charset=utf-8)?$/)
  expect(host.calls()).toBe(0)
  expect(host.errors()).toEqual([])
}

async function get(
  url: string,
  init?: RequestInit,
): Promise<{ status: number; headers: Headers; body: string }> {
  const response = await fetch(url, init)
  return { status: response.status, headers: response.headers, body: await response.text() }
}

const goodApi = createResourceServer({ ...issuer.options, maxTokenLength: 8192 })
const issuersApi = createResourceServer({
  audience: 'https://api.test',
  now: clock.now,
  issuers: [{ issuer: issuer.issuer, jwks: issuer.jwks }],
})
const youngApi = createResourceServer({ ...issuer.options, maxTokenAge: 60 })
const queryApi = createResourceServer({ ...issuer.options, tokenFrom: fromQuery() })
const either = firstOf(fromHeader(), fromQuery())
const eitherApi = createResourceServer({ ...issuer.options, tokenFrom: either })
const optionalEitherApi = createResourceServer({ ...issuer.options, tokenFrom: either, optional: true })
const schemaApi = createResourceServer({ ...issuer.options, schema: z.object({ tenant: z.string() }) })

/** Each line differs from a good request in exactly one thing. */
const tokens: readonly [
  title: string,
  token: () => Promise<string>,
  description: string,
  api?: ResourceServer<unknown, undefined>,
][] = [
  [
    'a token without a signature part',
    async () => withoutSignature(await issuer.sign()),
    'The access token cannot be read as a signed JWT',
  ],
  [
    'a token of opaque text',
    () => Promise.resolve('b2aeb4f1'),
    'The access token cannot be read as a signed JWT',
  ],
  [
    'a token beyond 8192 characters',
    () => issuer.sign({ pad: 'x'.repeat(8000) }),
    'The access token is too long',
  ],
  [
    'a token that is a DPoP proof',
    () => issuer.sign({}, { typ: 'dpop+jwt' }),
    'The type of the token is not accepted',
  ],
  ['an ID token', () => issuer.sign({ nonce: 'n' }), 'The type of the token is not accepted'],
  ['an unsigned token', () => unsigned(), 'The signature algorithm is not accepted'],
  ['a token signed by HMAC', () => lying('HS256'), 'The signature algorithm is not accepted'],
  [
    'a token with one bit of its signature changed',
    () => tampered(),
    'The signature of the access token could not be verified',
  ],
  [
    'a token signed by a stranger under our key id',
    () => stranger.sign({ iss: issuer.issuer }, { kid: String(issuer.jwks.keys[0]?.kid) }),
    'The signature of the access token could not be verified',
  ],
  [
    'a token under an unknown key id',
    () => issuer.sign({}, { kid: 'other' }),
    'The signing key of the access token is not known',
  ],
  [
    'a token without an issuer',
    () => issuer.sign({ iss: undefined }),
    'The access token does not name an issuer that this API trusts',
  ],
  [
    'a token of another issuer',
    () => issuer.sign({ iss: 'https://other.test/' }),
    'The access token does not name an issuer that this API trusts',
  ],
  [
    'a token of none of the issuers',
    () => issuer.sign({ iss: 'https://other.test/' }),
    'The issuer of the access token is not trusted',
    issuersApi,
  ],
  [
    'a token for a sibling API',
    () => issuer.sign({ aud: 'https://sibling.test' }),
    'The access token does not name this API as its audience',
  ],
  [
    'a token without an audience',
    () => issuer.sign({ aud: undefined }),
    'The access token does not name this API as its audience',
  ],
  ['an expired token', () => issuer.sign({ iat: now - 600, exp: now - 300 }), 'The access token expired'],
  ['a token not valid yet', () => issuer.sign({ nbf: now + 60 }), 'The access token is not valid yet'],
  ['a token from the future', () => issuer.sign({ iat: now + 60 }), 'The access token is not valid yet'],
  ['a token too old', () => issuer.sign({ iat: now - 120 }), 'The access token is too old', youngApi],
  [
    'a token without an end',
    () => issuer.sign({ exp: undefined }),
    'A claim of the access token is missing or not acceptable',
  ],
  [
    'a token with a numeric subject',
    () => issuer.sign({ sub: 1 }),
    'A claim of the access token is missing or not acceptable',
  ],
  [
    'a token whose claims the schema refuses',
    () => issuer.sign({ tenant: 7 }),
    'The claims of the access token are not acceptable',
    schemaApi,
  ],
  [
    'a token bound to a key (RFC 9449 §7.2)',
    () => issuer.sign({ cnf: { jkt: 'x' } }),
    'The binding of the access token to its sender could not be confirmed',
  ],
]

function withoutSignature(token: string): string {
  return token.slice(0, token.lastIndexOf('.'))
}

async function lying(alg: string): Promise<string> {
  const { iss, aud, exp } = { iss: issuer.issuer, aud: issuer.audience, exp: now + 60 }
  return await issuer.signRaw(JSON.stringify({ alg, typ: 'at+jwt' }), JSON.stringify({ iss, aud, exp }))
}

async function unsigned(): Promise<string> {
  return `${withoutSignature(await lying('none'))}.AA`
}

async function tampered(): Promise<string> {
  const token = await issuer.sign()
  const at = token.lastIndexOf('.') + 1
  return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`
}

/** Values of the Authorization header; `TOKEN` stands for a good token. */
const headerValues: readonly [value: string, expected: Refusal][] = [
  ['', unauthorized],
  ['Basic dXNlcjpwYXNz', unauthorized],
  ['Digest username="a"', unauthorized],
  ['Bearers TOKEN', unauthorized],
  ['TOKEN', unauthorized],
  ['Bearer', malformedRequest],
  ['Bearer TOKEN TOKEN', malformedRequest],
  ['Bearer TOKEN, Bearer TOKEN', malformedRequest],
  ['Bearer TOKEN,', malformedRequest],
  ['Bearer "TOKEN"', malformedRequest],
  ['Bearer TOKEN!', malformedRequest],
  ['Bearer\tTOKEN', malformedRequest],
  ['Bearer token=TOKEN', malformedRequest],
  ['Basic dXNlcjpwYXNz, Bearer TOKEN', malformedRequest],
]

/** Routes by guard; the caller holds the scope `reports:read`, the role `clerk` and the claim `tenant: 'a'`. */
const guards: readonly [
  title: string,
  guard: (guards: AdapterGuards) => unknown,
  expected: Refusal | undefined,
][] = [
  ['the scope it needs', ({ requireScope }) => requireScope('reports:read'), undefined],
  [
    'one of two scopes it needs',
    ({ requireScope }) => requireScope('reports:read', 'reports:write'),
    insufficientScope('reports:read reports:write'),
  ],
  [
    'one of two scopes it needs, listed',
    ({ requireScope }) => requireScope(['reports:read', 'reports:write']),
    insufficientScope('reports:read reports:write'),
  ],
  ['one of the scopes it accepts', ({ requireAnyScope }) => requireAnyScope('x', 'reports:read'), undefined],
  [
    'none of the scopes it accepts',
    ({ requireAnyScope }) => requireAnyScope('x', 'y'),
    insufficientScope('x y'),
  ],
  ['the role it needs', ({ requireRole }) => requireRole('clerk'), undefined],
  ['one of two roles it needs', ({ requireRole }) => requireRole('clerk', 'admin'), forbidden],
  ['one of the roles it accepts', ({ requireAnyRole }) => requireAnyRole('admin', 'clerk'), undefined],
  ['none of the roles it accepts', ({ requireAnyRole }) => requireAnyRole('admin', 'owner'), forbidden],
  ['the claim it needs', ({ requireClaim }) => requireClaim('tenant', 'a'), undefined],
  ['another value of the claim it needs', ({ requireClaim }) => requireClaim('tenant', 'b'), forbidden],
  ['what a predicate allows', ({ authorize }) => authorize(({ subject }) => subject === 'user-1'), undefined],
  [
    'what a predicate forbids',
    ({ authorize }) => authorize(({ subject }) => subject === 'user-2'),
    forbidden,
  ],
  [
    'what an async predicate allows',
    ({ authorize }) => authorize(({ subject }) => Promise.resolve(subject === 'user-1')),
    undefined,
  ],
  ['what an async predicate forbids', ({ authorize }) => authorize(() => Promise.resolve(false)), forbidden],
]

/** One host has the routes of all guards: `/guards/0` and on. */
const guarded = {
  routes: Object.fromEntries(guards.map(([, guard], at) => [`/guards/${at}`, guard])),
}
const needsScope = { routes: { '/reports': ({ requireScope }: AdapterGuards) => requireScope('x') } }

const bug = new Error('a bug of the application')
const throwing = (): never => {
  throw bug
}

const anyone = ({ authorize }: AdapterGuards): unknown => authorize(() => true)

/** Hooks of the user's that fail, each in an API or on a route that is right otherwise. */
const brokenHooks: readonly [
  title: string,
  options: Partial<ResourceServerOptions>,
  guard?: (guards: AdapterGuards) => unknown,
][] = [
  ['predicate', {}, ({ authorize }) => authorize(throwing)],
  ['async predicate', {}, ({ authorize }) => authorize(() => Promise.reject(bug))],
  ['claim predicate', {}, ({ requireClaim }) => requireClaim('sub', throwing)],
  ['schema', { schema: { '~standard': { version: 1, vendor: 'test', validate: throwing } } }],
  [
    'async schema',
    { schema: { '~standard': { version: 1, vendor: 'test', validate: () => Promise.reject(bug) } } },
  ],
  ['scopes function', { scopes: throwing }],
  ['roles function', { roles: throwing }],
  ['tokenFrom function', { tokenFrom: throwing }],
]

// Each is made once for all hosts: after the first failure, the others are answered without another attempt.
const unreachable = createResourceServer({
  issuer: issuer.issuer,
  audience: 'https://api.test',
  now: clock.now,
  jwksUri: `http://127.0.0.1:${await closedPort()}/jwks`,
})
const overloaded: TestServer = await issuer.listen({ metadata: 'none' })
await overloaded.fail('503', { retryAfter: 30 })
afterAll(() => overloaded.close())
const outages: readonly [title: string, api: ResourceServer<unknown, undefined>, retryAfter: string][] = [
  ['nobody listens at jwksUri', unreachable, '1'],
  ['the issuer asks to be left alone', createResourceServer(overloaded.options), '30'],
]

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

describe.each(Object.entries(hosts))('%s', (name, start) => {
  it('answers a valid token with the caller', async () => {
    const host = await started(start, goodApi)
    const token = await issuer.sign({ scope: 'a b', roles: ['clerk'] })
    const { status, body } = await get(host.origin, { headers: bearer(token) })
    expect({ status, body: JSON.parse(body) as unknown }).toEqual({
      status: 200,
      body: {
        subject: 'user-1',
        clientId: 'client-1',
        scopes: ['a', 'b'],
        roles: ['clerk'],
        anonymous: false,
      },
    })
    expect(host.calls()).toBe(1)
  })

  it.each(['bearer TOKEN', 'BEARER TOKEN', 'Bearer    TOKEN', '  Bearer TOKEN  '])(
    'accepts `Authorization: %s` (RFC 9110 §11.1)',
    async (value) => {
      const host = await started(start, goodApi)
      const authorization = value.replace('TOKEN', await issuer.sign())
      expect(await get(host.origin, { headers: { authorization } })).toMatchObject({ status: 200 })
    },
  )

  it('challenges without an error code when no token is sent (RFC 6750 §3.1)', async () => {
    const host = await started(start, goodApi)
    expectRefusal(host, await get(host.origin), unauthorized)
  })

  it.each(headerValues)('refuses `Authorization: %s`', async (value, expected) => {
    const host = await started(start, goodApi)
    const authorization = value.replaceAll('TOKEN', await issuer.sign())
    expectRefusal(host, await get(host.origin, { headers: { authorization } }), expected)
  })

  it.each([
    ['two good ones', 'Bearer TOKEN', 'Bearer TOKEN'],
    ['another scheme first', 'Basic dXNlcjpwYXNz', 'Bearer TOKEN'],
    ['another scheme second', 'Bearer TOKEN', 'Basic dXNlcjpwYXNz'],
  ])('answers 400 to two Authorization headers: %s', async (_title, first, second) => {
    const host = await started(start, goodApi)
    const token = await issuer.sign()
    const answer = await rawRequest(
      host.port,
      [
        'GET / HTTP/1.1',
        'Host: api.test',
        'Connection: close',
        `Authorization: ${first.replace('TOKEN', token)}`,
        `authorization: ${second.replace('TOKEN', token)}`,
        '\r\n',
      ].join('\r\n'),
    )
    // A web Request has one value only, both headers joined by a comma.
    const twice = refusal(400, 'invalid_request', 'More than one Authorization header was sent')
    expectRefusal(host, answer, name === 'fetch' ? malformedRequest : twice)
  })

  it('answers 400 to bytes beyond ASCII within the token', async () => {
    const host = await started(start, goodApi)
    const token = await issuer.sign()
    const answer = await rawRequest(
      host.port,
      `GET / HTTP/1.1\r\nHost: api.test\r\nConnection: close\r\nAuthorization: Bearer ${token}\xe9\r\n\r\n`,
    )
    expectRefusal(host, answer, malformedRequest)
  })

  it.each(tokens)('answers 401 to %s', async (_title, token, description, api = goodApi) => {
    const host = await started(start, api)
    const answer = await get(host.origin, { headers: bearer(await token()) })
    expectRefusal(host, answer, invalidToken(description))
  })

  it.each(guards.map(([title, , expected], at) => [title, `/guards/${at}`, expected] as const))(
    'judges a caller with %s',
    async (_title, path, expected) => {
      const host = await started(start, goodApi, guarded)
      const token = await issuer.sign({ scope: 'reports:read', roles: ['clerk'], tenant: 'a' })
      const answer = await get(`${host.origin}${path}`, { headers: bearer(token) })
      if (expected !== undefined) expectRefusal(host, answer, expected)
      else expect([answer.status, host.calls()]).toEqual([200, 1])
    },
  )

  it('asks for a token before it asks for a scope', async () => {
    const host = await started(start, goodApi, needsScope)
    expectRefusal(host, await get(`${host.origin}/reports`), inFrontOf(name, unauthorized))
  })

  it.each(outages)('answers 503 while %s', async (_title, api, retryAfter) => {
    const host = await started(start, api)
    const answer = await get(host.origin, { headers: bearer(await issuer.sign()) })
    expectRefusal(host, answer, {
      status: 503,
      challenge: null,
      body: {
        error: 'temporarily_unavailable',
        error_description: 'Access cannot be checked at the moment',
      },
    })
    expect(answer.headers.get('retry-after')).toBe(retryAfter)
  })

  it('challenges a caller without a token although the issuer is down', async () => {
    const host = await started(start, unreachable)
    expectRefusal(host, await get(host.origin), unauthorized)
  })

  it('refuses an expired token although the issuer is down', async () => {
    const host = await started(start, unreachable)
    const token = await issuer.sign({ iat: now - 600, exp: now - 300 })
    expectRefusal(
      host,
      await get(host.origin, { headers: bearer(token) }),
      invalidToken('The access token expired'),
    )
  })

  it.each(brokenHooks)('leaves a %s that throws to the framework', async (_title, hooks, guard = anyone) => {
    const api = createResourceServer({ ...issuer.options, ...hooks } as ResourceServerOptions)
    const host = await started(start, api, { routes: { '/guarded': guard } })
    const token = await issuer.sign()
    const answer = await get(`${host.origin}/guarded`, { headers: bearer(token) })
    expect(answer.status).toBe(500)
    expect(host.errors()).toEqual([bug])
    expect(host.errors()[0]).toBe(bug)
    expect(host.calls()).toBe(0)
    const sent = answer.body + JSON.stringify([...answer.headers])
    for (const part of token.split('.')) expect(sent).not.toContain(part)
  })

  it('answers 500 and names verifyJwt() when a guard runs without it', async () => {
    const routes = { '/reports': ({ requireScope }: AdapterGuards) => requireScope('reports:read') }
    const host = await started(start, goodApi, { routes, unverified: true })
    const token = await issuer.sign({ scope: 'reports:read' })
    const answer = await get(`${host.origin}/reports`, { headers: bearer(token) })
    expect(answer.status).toBe(500)
    expect(host.errors()).toMatchObject([{ message: expect.stringContaining('verifyJwt()') as string }])
    expect(host.calls()).toBe(0)
  })

  it.each([
    ['an error', bug],
    ['an error of ours', new ForbiddenError()],
  ])("leaves %s that the application's handler throws to the framework", async (_title, error) => {
    const host = await started(start, goodApi, { handler: () => Promise.reject(error) })
    const answer = await get(host.origin, { headers: bearer(await issuer.sign()) })
    expect(host.errors()).toHaveLength(1)
    expect(host.errors()[0]).toBe(error)
    expect(answer.headers.get('www-authenticate')).toBeNull()
    expect(host.calls()).toBe(1)
  })

  describe("with onError: 'throw'", () => {
    const api = createResourceServer({ ...issuer.options, onError: 'throw' })

    it.each([
      ['no token', async () => Promise.resolve({}), { name: 'MissingTokenError', status: 401 }],
      [
        'an expired token',
        async () => bearer(await issuer.sign({ iat: now - 600, exp: now - 300 })),
        { name: 'InvalidTokenError', status: 401, reason: 'expired' },
      ],
      [
        'a missing scope',
        async () => bearer(await issuer.sign()),
        { name: 'InsufficientScopeError', status: 403, scopes: ['x'] },
      ],
    ])("hands the refusal of %s to the framework's error path", async (_title, headers, expected) => {
      const host = await started(start, api, needsScope)
      const answer = await get(`${host.origin}/reports`, { headers: await headers() })
      const [error] = host.errors() as AuthError[]
      expect(error).toBeInstanceOf(AuthError)
      expect(error).toMatchObject({ ...expected, statusCode: expected.status, expose: true })
      expect(error?.headers).toMatchObject({
        'Cache-Control': 'no-store',
        'WWW-Authenticate': expect.stringMatching(/^Bearer realm="https:\/\/api\.test"/) as string,
      })
      // Hono turns any error but its own into 500; the others read the status.
      expect(answer.status).toBe(name === 'fetch' ? 500 : expected.status)
      expect(host.calls()).toBe(0)
    })
  })

  describe('with optional: true', () => {
    const api = createResourceServer({ ...issuer.options, optional: true })

    it('lets a request without credentials through, without auth', async () => {
      const seen: (Auth | undefined)[] = []
      const host = await started(start, api, { handler: (auth) => void seen.push(auth) })
      const { status, body } = await get(host.origin)
      expect([status, JSON.parse(body)]).toEqual([200, { scopes: [], roles: [], anonymous: true }])
      expect(seen).toEqual([undefined])
    })

    it('lets another scheme through as it would nothing', async () => {
      const host = await started(start, api)
      const { body } = await get(host.origin, { headers: { authorization: 'Basic dXNlcjpwYXNz' } })
      expect(JSON.parse(body)).toMatchObject({ anonymous: true })
    })

    it('refuses a bad token all the same', async () => {
      const host = await started(start, api)
      const token = await issuer.sign({ iat: now - 600, exp: now - 300 })
      expectRefusal(
        host,
        await get(host.origin, { headers: bearer(token) }),
        invalidToken('The access token expired'),
      )
    })

    it('refuses malformed credentials all the same', async () => {
      const host = await started(start, api)
      expectRefusal(host, await get(host.origin, { headers: { authorization: 'Bearer' } }), malformedRequest)
    })

    it('answers 503 to a token all the same while the issuer is down', async () => {
      const host = await started(start, optionalUnreachable)
      const answer = await get(host.origin, { headers: bearer(await issuer.sign()) })
      expect([answer.status, host.calls()]).toEqual([503, 0])
    })

    it('answers 401 where an anonymous caller meets a guard', async () => {
      const host = await started(start, api, needsScope)
      expectRefusal(host, await get(`${host.origin}/reports`), inFrontOf(name, unauthorized))
    })
  })

  describe('with a token elsewhere', () => {
    const form = (token: string): RequestInit => ({
      method: 'POST',
      body: new URLSearchParams({ access_token: token }),
    })

    it('ignores a token in the query by default (RFC 9700 §4.3.2)', async () => {
      const host = await started(start, goodApi)
      expectRefusal(host, await get(`${host.origin}/?access_token=${await issuer.sign()}`), unauthorized)
    })

    it('ignores a token in the body by default', async () => {
      const host = await started(start, goodApi, { form: true })
      expectRefusal(host, await get(host.origin, form(await issuer.sign())), unauthorized)
    })

    it('finds a token in the query where fromQuery() is asked for', async () => {
      const host = await started(start, queryApi)
      const answer = await get(`${host.origin}/?a=b&access_token=${await issuer.sign()}`)
      expect([answer.status, host.calls()]).toEqual([200, 1])
    })

    it('marks successful responses private only where the token was in the URL (RFC 6750 §2.3)', async () => {
      const host = await started(start, optionalEitherApi)
      const token = await issuer.sign()
      const cacheControl = async (origin: string, headers: Record<string, string> = {}): Promise<unknown> => {
        const answer = await get(origin, { headers })
        return [answer.status, answer.headers.get('cache-control')]
      }
      expect(await cacheControl(`${host.origin}/?access_token=${token}`)).toEqual([200, 'private'])
      expect(await cacheControl(host.origin, bearer(token))).toEqual([200, null])
      expect(await cacheControl(host.origin)).toEqual([200, null])
      const usual = await started(start, goodApi)
      expect(await cacheControl(usual.origin, bearer(token))).toEqual([200, null])
      const stricter = await started(start, optionalEitherApi, { cacheControl: 'no-store' })
      expect(await cacheControl(`${stricter.origin}/?access_token=${token}`)).toEqual([200, 'no-store'])
    })

    it('answers 400 to two tokens in the query', async () => {
      const host = await started(start, queryApi)
      const token = await issuer.sign()
      expectRefusal(
        host,
        await get(`${host.origin}/?access_token=${token}&access_token=${token}`),
        refusal(400, 'invalid_request', 'Credentials were sent more than once'),
      )
    })

    it('finds a token in either of two places', async () => {
      const host = await started(start, eitherApi)
      const token = await issuer.sign()
      expect(await get(host.origin, { headers: bearer(token) })).toMatchObject({ status: 200 })
      expect(await get(`${host.origin}/?access_token=${token}`)).toMatchObject({ status: 200 })
    })

    it('answers 400 to a token in both of two places (RFC 6750 §3.1)', async () => {
      const host = await started(start, eitherApi)
      const token = await issuer.sign()
      expectRefusal(
        host,
        await get(`${host.origin}/?access_token=${token}`, { headers: bearer(token) }),
        refusal(400, 'invalid_request', 'Credentials were sent more than once'),
      )
    })

    // Where a body parser can run ahead: Fastify's hook runs before the body is read, and a web Request has a stream.
    it.runIf(/express|koa/.test(name))('finds a token in a form where fromBody() is asked for', async () => {
      const api = createResourceServer({ ...issuer.options, tokenFrom: fromBody() })
      const host = await started(start, api, { form: true })
      const answer = await get(host.origin, form(await issuer.sign()))
      expect([answer.status, host.calls()]).toEqual([200, 1])
    })
  })
})

const optionalUnreachable = createResourceServer({
  issuer: issuer.issuer,
  audience: 'https://api.test',
  now: clock.now,
  optional: true,
  jwksUri: `http://127.0.0.1:${await closedPort()}/jwks`,
})

describe.each(Object.entries(http2Hosts))('%s over HTTP/2', (_name, start) => {
  const routes = { '/reports': ({ requireScope }: AdapterGuards) => requireScope('reports:read') }
  const http2 = { http2: true, routes }

  it('answers a valid token with the caller', async () => {
    const host = await started(start, goodApi, http2)
    const token = await issuer.sign({ scope: 'reports:read' })
    const { status, body } = await http2Request(host.port, bearer(token), '/reports')
    expect([status, JSON.parse(body)]).toMatchObject([200, { subject: 'user-1', scopes: ['reports:read'] }])
  })

  it('challenges without an error code when no token is sent', async () => {
    const host = await started(start, goodApi, http2)
    expectRefusal(host, await http2Request(host.port), unauthorized)
  })

  it('answers 401 to an expired token', async () => {
    const host = await started(start, goodApi, http2)
    const token = await issuer.sign({ iat: now - 600, exp: now - 300 })
    expectRefusal(
      host,
      await http2Request(host.port, bearer(token)),
      invalidToken('The access token expired'),
    )
  })

  it('answers 403 and names the missing scope', async () => {
    const host = await started(start, goodApi, http2)
    const answer = await http2Request(host.port, bearer(await issuer.sign()), '/reports')
    expectRefusal(host, answer, insufficientScope('reports:read'))
  })
})
