import {
  allOf,
  anyOf,
  type Auth,
  claim,
  type Claims,
  createResourceServer,
  ForbiddenError,
  fromQuery,
  type Guard,
  MissingTokenError,
  not,
  type ResourceServer,
  role,
  scope,
  UpstreamError,
} from 'oauth-resource-server'
import {
  authorize,
  protect,
  requireClaim,
  requireRole,
  requireScope,
  verifyJwt,
} from 'oauth-resource-server/fetch'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { Deferred } from '../support/deferred.ts'

const issuer = await createTestIssuer({ issuer: 'https://issuer.test/' })
const api = createResourceServer(issuer.options)

afterEach(() => {
  vi.unstubAllEnvs()
})

function request(token?: string): Request {
  return new Request('https://api.test/reports', {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  })
}

describe('verifyJwt() for fetch', () => {
  it.each([
    ['a resource server', () => verifyJwt(api)],
    ['options', () => verifyJwt(issuer.options)],
  ])('takes %s, and resolves to the caller', async (_title, make) => {
    await expect(make()(request(await issuer.sign()))).resolves.toMatchObject({ claims: { sub: 'user-1' } })
  })

  it('resolves to the refusal', async () => {
    const refusal = await verifyJwt(api)(request())
    if (!(refusal instanceof Response)) throw new Error('no refusal')
    expect([refusal.status, refusal.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="https://api.test"',
    ])
    expect(await refusal.json()).toMatchObject({ error: 'unauthorized' })
  })

  it('is configured by the environment when nothing is said', async () => {
    const server = await issuer.listen()
    onTestFinished(() => server.close())
    vi.stubEnv('OAUTH_ISSUER', issuer.issuer)
    vi.stubEnv('OAUTH_AUDIENCE', 'https://api.test')
    vi.stubEnv('OAUTH_JWKS_URI', server.jwksUri)
    await expect(verifyJwt()(request(await issuer.sign()))).resolves.toMatchObject({ subject: 'user-1' })
    expect((await protect()(() => new Response())(request(await issuer.sign()))).status).toBe(200)
  })

  it('fails where it is called when nothing is configured', () => {
    vi.stubEnv('OAUTH_ISSUER', '')
    expect(() => verifyJwt()).toThrow(TypeError)
    expect(() => protect()).toThrow(TypeError)
  })

  it("rejects with the refused error with onError: 'throw'", async () => {
    const throwing = createResourceServer({ ...issuer.options, onError: 'throw' })
    const expected = { name: 'MissingTokenError', status: 401, headers: { 'Cache-Control': 'no-store' } }
    await expect(verifyJwt(throwing)(request())).rejects.toMatchObject(expected)
    await expect(protect(throwing)(() => new Response())(request())).rejects.toMatchObject(expected)
  })
})

describe('protect()', () => {
  it.each([
    ['its own word', () => new Response('x', { headers: { 'cache-control': 'no-store' } }), 200, 'no-store'],
    ['an answer without a body', () => new Response(null, { status: 204 }), 204, 'private'],
    ['an answer that cannot be changed', () => fetch('data:text/plain,x'), 200, 'private'],
    ['a redirect', () => Response.redirect('https://api.test/elsewhere'), 302, null],
    ['a network error', () => Response.error(), 0, null],
  ])(
    'marks good answers private where tokens come from the URL: %s',
    async (_title, handler, status, said) => {
      const route = protect({ ...issuer.options, tokenFrom: fromQuery() })(handler)
      const url = `https://api.test/reports?access_token=${await issuer.sign()}`
      const answer = await route(new Request(url))
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([status, said])
      if (status === 200) expect(await answer.text()).toBe('x')
    },
  )

  it('hands request, caller and further arguments to the handler', async () => {
    const route = protect(api)((req, auth, context: { id: string }, more: number) =>
      Response.json([req.url, auth.subject, context, more]),
    )
    const response = await route(request(await issuer.sign()), { id: 'r1' }, 7)
    expect(await response.json()).toEqual(['https://api.test/reports', 'user-1', { id: 'r1' }, 7])
  })

  it.each([
    ['guards of the core', [scope('read'), role('clerk')]],
    ['guards of the adapter', [requireScope('read'), requireRole('clerk')]],
    ['a combined guard', [authorize(({ scopes, roles }) => scopes.has('read') && roles.has('clerk'))]],
  ])('asks every one of %s', async (_title, guards) => {
    let calls = 0
    const route = protect(api, ...guards)(() => Response.json(++calls))
    expect((await route(request(await issuer.sign({ scope: 'read' })))).status).toBe(403)
    expect((await route(request(await issuer.sign({ roles: ['clerk'] })))).status).toBe(403)
    expect(calls).toBe(0)
    expect((await route(request(await issuer.sign({ scope: 'read', roles: ['clerk'] })))).status).toBe(200)
  })

  it('names every scope its guards want', async () => {
    const route = protect(api, requireScope('a'), requireScope('b'))(() => new Response())
    const { headers } = await route(request(await issuer.sign()))
    expect(headers.get('www-authenticate')).toMatch(/scope="a b"$/)
  })

  it.each([
    [
      'throws',
      () => {
        throw new ForbiddenError()
      },
    ],
    ['rejects', () => Promise.reject(new ForbiddenError())],
  ])('passes the error of a handler that %s on, ours included', async (_title, handler) => {
    await expect(
      protect(api)(handler as () => Promise<Response>)(request(await issuer.sign())),
    ).rejects.toBeInstanceOf(ForbiddenError)
  })

  it('hands undefined to the handler for an anonymous caller where that is allowed', async () => {
    const open = createResourceServer({ ...issuer.options, optional: true })
    const seen: unknown[] = []
    const handler = (_request: Request, auth: unknown): Response => {
      seen.push(auth)
      return new Response()
    }
    expect((await protect(open)(handler)(request())).status).toBe(200)
    expect(seen).toEqual([undefined])
    expect((await protect(open, requireScope('x'))(handler)(request())).status).toBe(401)
    expect(seen).toHaveLength(1)
  })

  it('gives guards the request', async () => {
    const route = protect(
      api,
      authorize((_auth, req) => req.headers.get('x-tenant') === 'a'),
    )(() => new Response())
    const good = request(await issuer.sign())
    good.headers.set('x-tenant', 'a')
    expect((await route(good)).status).toBe(200)
    expect((await route(request(await issuer.sign()))).status).toBe(403)
  })

  it('refuses to make a route with something else than guards', () => {
    expect(() => protect(api, 'read' as never)).toThrow(TypeError)
  })
})

describe('a guard of fetch', () => {
  const schema = {
    '~standard': { version: 1, vendor: 'test', validate: () => ({ value: { suspended: false } }) },
  } as const
  const verified = async (claims: object, server = api): Promise<[Auth, Request]> => {
    const sent = request(await issuer.sign(claims as { scope?: string }))
    const auth = await verifyJwt(server)(sent)
    if (auth instanceof Response) throw new Error('refused')
    return [auth, sent]
  }

  it('can be called with what verifyJwt() returned', async () => {
    const [auth, sent] = await verified({ scope: 'read' })
    expect(await requireScope('read')(auth, sent)).toBe(true)
    expect(() => requireScope('write')(auth, sent)).toThrow('not enough for this request')
    expect(() => requireScope('write')(undefined as never, sent)).toThrow('not enough for this request')
    expect(await authorize(async () => Promise.resolve(true))(auth, sent)).toBe(true)
    await expect(async () => authorize(async () => Promise.resolve(false))(auth, sent)).rejects.toThrow(
      ForbiddenError,
    )
  })

  it('judges the claims as they were signed', async () => {
    const server = createResourceServer({ ...issuer.options, schema: schema })
    const [auth, sent] = await verified({ suspended: true }, server)
    expect(auth.claims).toMatchObject({ suspended: false })
    expect(() => authorize(not(claim('suspended', true)))(auth, sent)).toThrow(ForbiddenError)
    expect(await authorize(claim('suspended', true))(auth, sent)).toBe(true)
    const within = authorize((judged, req) => requireClaim('suspended', true)(judged, req))
    expect((await protect(server, within)(() => new Response())(sent)).status).toBe(200)
  })

  it('refuses a caller that verifyJwt() did not return for this request', async () => {
    const [auth, sent] = await verified({ scope: 'read' })
    const [other] = await verified({ scope: 'admin', jti: 'other' })
    const forged = [
      { claims: { x: 1 } },
      { ...auth, token: auth.token, scopes: new Set(['admin']) },
      Object.create(auth),
      Object.create(Object.getPrototypeOf(auth) as object),
      null,
      'read',
      new Response(),
      other,
    ]
    for (const caller of forged) {
      expect(() => requireScope('read')(caller as never, sent)).toThrow(TypeError)
    }
  })

  it('has a deadline', async () => {
    const [auth, sent] = await verified({}, createResourceServer({ ...issuer.options, hookTimeoutMs: 10 }))
    const never = authorize(() => new Promise<boolean>(() => undefined))
    await expect(never(auth, sent)).rejects.toThrow(UpstreamError)
  })

  it('throws an error, also where the guard threw something else', async () => {
    const [auth, sent] = await verified({})
    const fail = (): never => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- what is tested
      throw undefined
    }
    expect(() => authorize(fail)(auth, sent)).toThrow('is not an error')
    await expect(authorize(async () => Promise.resolve().then(fail))(auth, sent)).rejects.toThrow(
      'is not an error',
    )
  })

  it('asks for a token where the caller is anonymous', async () => {
    const sent = request()
    await verifyJwt({ ...issuer.options, optional: true })(sent)
    expect(() => authorize(() => true)(undefined as never, sent)).toThrow(MissingTokenError)
    expect(() => authorize(() => true)({ scopes: new Set() } as never, sent)).toThrow(TypeError)
  })

  it.each([
    ['nothing', undefined],
    ['a refusal nobody returned', new Response()],
  ])('names verifyJwt() when it is called with %s', (_title, auth) => {
    expect(() => requireScope('read')(auth as never, request())).toThrow(/verifyJwt\(\)/)
  })

  it('can be combined with others', async () => {
    const route = protect(
      api,
      anyOf(allOf(requireScope('a'), requireScope('b')), not(requireRole('clerk'))),
    )(() => new Response())
    expect((await route(request(await issuer.sign({ scope: 'a b', roles: ['clerk'] })))).status).toBe(200)
    expect((await route(request(await issuer.sign({ scope: 'a', roles: ['clerk'] })))).status).toBe(403)
    expect((await route(request(await issuer.sign({ scope: 'a' })))).status).toBe(200)
  })

  it('can be passed to a resource server', async () => {
    const token = await issuer.sign({ scope: 'read' })
    const auth = await api.authenticate(request(token), requireScope('read') as Guard)
    await expect(api.authorize(auth, requireScope('write') as Guard)).rejects.toThrow(
      'not enough for this request',
    )
  })
})

describe('the context of the platform', () => {
  const begin = (): {
    works: Promise<unknown>[]
    keys: Deferred<Response>
    server: ResourceServer<Claims, undefined>
  } => {
    const keys = new Deferred<Response>()
    const server = createResourceServer({
      ...issuer.options,
      jwks: undefined,
      jwksUri: 'https://issuer.test/jwks',
      optional: true,
      fetch: () => keys.promise,
    })
    // Starts a fetch in the background.
    server.health()
    return { works: [], keys, server }
  }

  it('gets the fetch that goes on after the response', async () => {
    const { works, keys, server } = begin()
    const context = {
      works,
      waitUntil(this: { works: unknown[] }, work: Promise<unknown>) {
        this.works.push(work)
      },
    }
    expect(await verifyJwt(server)(request(), context)).toBeUndefined()
    await new Promise(setImmediate)
    expect(works).toHaveLength(1)
    keys.settle(() => Response.json(issuer.jwks))
    await works[0]
    expect(server.health().ready).toBe(true)
    await verifyJwt(server)(request(), context)
    expect(works).toHaveLength(1)
  })

  it('is the first further argument of a handler that has the method', async () => {
    const { works, server } = begin()
    const [first, second] = [
      { waitUntil: (work: Promise<unknown>) => works.push(work) },
      { waitUntil: vi.fn() },
    ]
    const route = protect(server)((_request, _auth, ..._rest: unknown[]) => new Response())
    await route(request(), { id: 'r1' }, { waitUntil: 'no' }, undefined, first, second)
    await new Promise(setImmediate)
    expect(works).toHaveLength(1)
    expect(second.waitUntil).not.toHaveBeenCalled()
  })

  it.each([
    ['without the method', {}],
    ['that is null', null],
    ['that is a text', 'text'],
    ['whose method is none', { waitUntil: 1 }],
    [
      'that throws',
      {
        waitUntil() {
          throw new Error('too late')
        },
      },
    ],
    ['that rejects', { waitUntil: async () => Promise.reject(new Error('too late')) }],
  ])('changes nothing: one %s', async (_title, context) => {
    const rejected = vi.fn()
    process.on('unhandledRejection', rejected)
    onTestFinished(() => void process.off('unhandledRejection', rejected))
    const { server } = begin()
    expect(await verifyJwt(server)(request(), context as never)).toBeUndefined()
    const refusal = await verifyJwt(server)(request('none'), context as never)
    expect(refusal).toMatchObject({ status: 401 })
    await new Promise(setImmediate)
    expect(rejected).not.toHaveBeenCalled()
  })
})
