import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import connect from 'connect'
import express, { type ErrorRequestHandler } from 'express'
import { fastify } from 'fastify'
import Koa from 'koa'
import {
  allOf,
  anyOf,
  anyRole,
  anyScope,
  claim,
  createResourceServer,
  explain,
  fromBody,
  fromHeader,
  fromQuery,
  not,
  revocationList,
  role,
  scope,
} from 'oauth-resource-server'
import * as expressAdapter from 'oauth-resource-server/express'
import * as fastifyAdapter from 'oauth-resource-server/fastify'
import * as fetchAdapter from 'oauth-resource-server/fetch'
import * as koaAdapter from 'oauth-resource-server/koa'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'

const issuer = await createTestIssuer({ issuer: 'https://issuer.test/' })
const api = createResourceServer(issuer.options)
const uncalled =
  'options: must be a plain object of options; this is a request, so verifyJwt itself is the middleware: call it, for example app.use(verifyJwt(options))'

const express4 = createRequire(import.meta.url)('express4') as typeof express

const closing: (() => unknown)[] = []
afterEach(() => Promise.all(closing.splice(0).map((close) => close())))

/** Sends one request with a valid token to a listener; returns its status. */
async function statusOf(listener: Parameters<typeof createServer>[1]): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  closing.push(() => server.close())
  await once(server, 'listening')
  const authorization = `Bearer ${await issuer.sign({ scope: 'read', roles: ['admin'] })}`
  const { port } = server.address() as AddressInfo
  return (await fetch(`http://127.0.0.1:${port}`, { headers: { authorization } })).status
}

describe('a guard passed to what verifies', () => {
  it.each([
    ['verifyJwt of Express', expressAdapter.verifyJwt, expressAdapter.requireScope('read')],
    ['verifyJwt of Koa', koaAdapter.verifyJwt, koaAdapter.requireScope('read')],
    ['authenticate of Fastify', fastifyAdapter.authenticate, fastifyAdapter.requireScope('read')],
    ['verifyJwt of fetch', fetchAdapter.verifyJwt, scope('read')],
  ])('is refused by %s, where it would never run', (_name, verify, guard) => {
    const call = verify as (...given: readonly unknown[]) => unknown
    expect(() => call(api, guard)).toThrow(
      'verifyJwt() and authenticate() take options or a resource server alone, and run no guards; pass guards to the route, after them: verifyJwt(api), requireScope(...); on fetch servers to protect(api, ...guards)',
    )
    expect(() => call(issuer.options, undefined, guard)).toThrow('take options or a resource server alone')
    expect(() => call(api, [guard])).toThrow('take options or a resource server alone')
    expect([api].map(call)).toHaveLength(1)
  })
})

describe('options beside a resource server, or beside options', () => {
  it.each([
    ['verifyJwt of Express', expressAdapter.verifyJwt],
    ['verifyJwt of Koa', koaAdapter.verifyJwt],
    ['authenticate of Fastify', fastifyAdapter.authenticate],
    ['verifyJwt of fetch', fetchAdapter.verifyJwt],
  ])('are refused by %s, where they would be ignored', (_name, verify) => {
    const call = verify as (...given: readonly unknown[]) => unknown
    for (const others of [{ clients: ['app'] }, {}, null]) {
      expect(() => call(api, others)).toThrow('write options as one object')
      expect(() => call(issuer.options, others)).toThrow('write options as one object')
    }
    expect(() => call(api, undefined)).not.toThrow()
  })
})

describe('verifyJwt as middleware, without a call', () => {
  it.each([
    ['Express', express],
    ['Connect', connect as unknown as typeof express],
  ])('is a 500 on %s that says so, and lets nothing through', async (_name, framework) => {
    const app = framework()
    const handler = vi.fn()
    const errors: unknown[] = []
    app.use(expressAdapter.verifyJwt as never)
    app.use(handler)
    app.use(((error, _req, res, _next) => {
      errors.push(error)
      Object.assign(res, { statusCode: 500 })
      res.end()
    }) satisfies express.ErrorRequestHandler)
    expect(await statusOf(app)).toBe(500)
    expect(errors).toMatchObject([{ name: 'TypeError', message: uncalled }])
    expect(handler).not.toHaveBeenCalled()
  })

  it('is a 500 on Koa that says so, and lets nothing through', async () => {
    const app = new Koa()
    const handler = vi.fn()
    const errors: unknown[] = []
    app.on('error', (error) => void errors.push(error))
    app.use(koaAdapter.verifyJwt as never)
    app.use(handler)
    expect(await statusOf((request, response) => void app.callback()(request, response))).toBe(500)
    expect(errors).toMatchObject([{ name: 'TypeError', message: uncalled }])
    expect(handler).not.toHaveBeenCalled()
  })

  it('is a TypeError on fetch servers', () => {
    expect(() => fetchAdapter.verifyJwt(new Request('https://api.test/') as never)).toThrow(
      new TypeError(uncalled),
    )
  })
})

describe('verifyJwt on Fastify', () => {
  const plugin = new TypeError('verifyJwt: is a plugin on Fastify: app.register(verifyJwt, options)')

  it('is a TypeError when it is called with the options', () => {
    expect(() =>
      fastifyAdapter.verifyJwt(issuer.options as never, undefined as never, undefined as never),
    ).toThrow(plugin)
  })

  it('is a 500 as a hook, and lets nothing through', async () => {
    const app = fastify()
    const handler = vi.fn()
    const errors: unknown[] = []
    app.addHook('onError', (_request, _reply, error, done) => {
      errors.push(error)
      done()
    })
    app.get('/', { onRequest: fastifyAdapter.verifyJwt as never }, handler)
    expect(await app.inject('/')).toMatchObject({ statusCode: 500 })
    expect(errors).toEqual([plugin])
    expect(explain(errors[0])).toBe(`TypeError: ${plugin.message}`)
    expect(handler).not.toHaveBeenCalled()
  })

  it('names { api } when it is registered with a resource server', async () => {
    const app = fastify()
    app.register(fastifyAdapter.verifyJwt, api as never)
    await expect(app.ready()).rejects.toThrow(
      new TypeError('verifyJwt: pass a resource server as { api }: app.register(verifyJwt, { api })'),
    )
  })
})

describe('verifyJwt() and guards, called without next', () => {
  const { jwks, ...options } = issuer.options
  /** Its keys arrive after the hook returned. */
  const late = createResourceServer({
    ...options,
    jwksUri: 'https://issuer.test/jwks',
    fetch: () => Promise.resolve(Response.json(jwks)),
  })
  const refuses = (): Promise<boolean> => Promise.resolve(false)

  it.each<[string, (...given: object[]) => unknown]>([
    ['authenticate()', fastifyAdapter.authenticate(late) as never],
    ['a guard', fastifyAdapter.authorize(refuses) as never],
  ])('%s is a 500 in a hook of Fastify that is async, and lets nothing through', async (_name, hook) => {
    const app = fastify()
    const handler = vi.fn()
    app.addHook('onRequest', fastifyAdapter.authenticate(api))
    const preHandler = async (request: object, reply: object): Promise<void> => {
      await hook(request, reply)
    }
    app.get('/', { preHandler }, handler)
    const headers = { authorization: `Bearer ${await issuer.sign()}` }
    const response = await app.inject({ url: '/', headers })
    expect(response.json()).toMatchObject({
      statusCode: 500,
      message: expect.stringContaining('called without next, on Fastify done') as string,
    })
    expect(handler).not.toHaveBeenCalled()
  })

  it.each<[string, (...given: object[]) => unknown]>([
    ['verifyJwt()', expressAdapter.verifyJwt(late) as never],
    ['a guard', expressAdapter.authorize(refuses) as never],
  ])('%s is a 500 on Express at once', async (_name, middleware) => {
    const app = express()
    app.use(expressAdapter.verifyJwt(api))
    app.use((req, res, next) => {
      void middleware(req, res)
      expect(res.statusCode).toBe(500)
      next(res.writableEnded ? 'router' : undefined)
    })
    expect(await statusOf(app)).toBe(500)
  })

  it('is a 500 on Koa, and lets nothing through', async () => {
    const app = new Koa()
    const handler = vi.fn()
    const errors: unknown[] = []
    app.on('error', (error) => void errors.push(error))
    const verify = koaAdapter.verifyJwt(late) as (ctx: object) => unknown
    app.use(async (ctx) => {
      await verify(ctx)
    })
    app.use(handler)
    expect(await statusOf((request, response) => void app.callback()(request, response))).toBe(500)
    expect(errors).toMatchObject([{ message: expect.stringContaining('called without next') as string }])
  })

  it('is a 500 on Koa where they are those of Express, which gets no third argument', async () => {
    const app = new Koa()
    app.silent = true
    const handler = vi.fn()
    app.use(expressAdapter.verifyJwt(late) as never)
    app.use(handler)
    expect(await statusOf((request, response) => void app.callback()(request, response))).toBe(500)
    expect(handler).not.toHaveBeenCalled()
  })
})

describe('a guard of the core as middleware', () => {
  it.each([
    ['scope', scope('read'), 'requireScope'],
    ['anyScope', anyScope('read'), 'requireAnyScope'],
    ['role', role('admin'), 'requireRole'],
    ['anyRole', anyRole('admin'), 'requireAnyRole'],
  ])('%s() is a 500 that names the guard to use', async (name, guard, instead) => {
    const app = express()
    const handler = vi.fn()
    const errors: unknown[] = []
    app.use(expressAdapter.verifyJwt(api), guard as never, handler)
    app.use(((error, _req, res, _next) => {
      errors.push(error)
      res.sendStatus(500)
    }) satisfies express.ErrorRequestHandler)
    expect(await statusOf(app)).toBe(500)
    const message = `${name}: is no middleware; on a route use ${instead}() of the adapter, or authorize(${name}(...))`
    expect(errors).toMatchObject([{ name: 'TypeError', message }])
    expect(explain(errors[0])).toBe(`TypeError: ${message}`)
    expect(handler).not.toHaveBeenCalled()
  })
})

describe('a guard for the routes of a framework', () => {
  const routeGuards: readonly [string, unknown][] = [
    ['Express', expressAdapter.requireScope('read')],
    ['Fastify', fastifyAdapter.requireRole('admin')],
    ['Koa', koaAdapter.requireClaim('sub', 'user-1')],
  ]
  const places: readonly [string, (guard: never) => unknown][] = [
    ['protect()', (guard) => fetchAdapter.protect(api, guard)],
    ['allOf()', (guard) => allOf(guard)],
    ['anyOf()', (guard) => anyOf(scope('read'), guard)],
    ['not()', (guard) => not(guard)],
    ['authorize()', (guard) => koaAdapter.authorize(guard)],
  ]
  const rows = routeGuards.flatMap(([adapter, guard]) =>
    places.map(([place, use]) => [adapter, place, guard, use] as const),
  )

  it.each(rows)('of %s is a TypeError in %s', (_adapter, _place, guard, use) => {
    expect(() => use(guard as never)).toThrow(
      /^\w+: a guard for the routes of a framework cannot be used here/,
    )
  })

  it('of fetch is none, and can be combined', () => {
    expect(() => fetchAdapter.protect(api, allOf(fetchAdapter.requireScope('read')))).not.toThrow()
  })
})

describe('a request that is none', () => {
  const message = 'getAuth: pass the request that the handler got; on Koa it is ctx'

  it.each<[string, (request: never) => unknown, unknown]>([
    ['Express', expressAdapter.getAuth, undefined],
    ['Express', expressAdapter.getOptionalAuth, null],
    ['Fastify', fastifyAdapter.getAuth, undefined],
    ['Koa', koaAdapter.getAuth, undefined],
    ['Koa', koaAdapter.getAuth, { headers: {} }],
    ['fetch', fetchAdapter.getAuth, 'text'],
  ])('is a TypeError of getAuth of %s', (_name, getAuth, request) => {
    expect(() => getAuth(request as never)).toThrow(new TypeError(message))
  })

  it('of Express is a 500 of the adapter of Koa that names the subpath', async () => {
    const app = express()
    const errors: unknown[] = []
    app.use((req, res) => {
      const next = (): Promise<void> => Promise.resolve()
      Promise.resolve()
        .then(async () => {
          await koaAdapter.verifyJwt(api)(req as never, next)
        })
        .catch((error: unknown) => errors.push(error))
        .finally(() => res.sendStatus(500))
    })
    expect(await statusOf(app)).toBe(500)
    expect(errors).toMatchObject([{ name: 'TypeError', message: /import it from the subpath/ }])
  })

  const noWebRequest = /first argument must be a web Request; on Hono pass c\.req\.raw/
  it.each<[string, unknown]>([
    ['a context of Hono', { req: { raw: new Request('https://api.test/') } }],
    ['a request of Node', { method: 'GET', url: '/', headers: {} }],
    ['nothing', undefined],
    ['null', null],
  ])('%s is a TypeError on fetch servers', (_what, request) => {
    const handler = vi.fn(() => new Response())
    const metadata = fetchAdapter.protectedResourceMetadata(
      createResourceServer({ ...issuer.options, resource: 'https://api.test' }),
    )
    expect(() => metadata(request as never)).toThrow(noWebRequest)
    expect(() => fetchAdapter.protect(api)(handler)(request as never)).toThrow(noWebRequest)
    expect(() => fetchAdapter.verifyJwt(api)(request as never)).toThrow(noWebRequest)
    expect(handler).not.toHaveBeenCalled()
  })

  it.each<[string, unknown]>([
    ['verifyJwt', fetchAdapter.verifyJwt(api)],
    ['protect', fetchAdapter.protect(api)(() => new Response())],
    ['backChannelLogout', fetchAdapter.backChannelLogout(api, revocationList(), { clientId: 'app' })],
  ])('%s of fetch on Express 4 goes to its error path, and the process stays', async (_name, hook) => {
    const app = express4()
    app.use(hook as never)
    const seen = vi.fn()
    app.use(((error, _req, res, _next) => {
      seen((error as Error).message)
      res.sendStatus(500)
    }) satisfies ErrorRequestHandler)
    expect(await statusOf(app)).toBe(500)
    expect(seen).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(noWebRequest))
  })

  it.each([undefined, null, 'route'])('goes on to no handler when reading it throws %j', async (value) => {
    const app = express()
    const handler = vi.fn((_req: unknown, res: { sendStatus: (status: number) => void }) =>
      res.sendStatus(200),
    )
    app.use((req, _res, next) => {
      Object.defineProperty(req, 'headers', {
        get() {
          throw value as unknown as Error
        },
      })
      next()
    })
    app.use(fetchAdapter.verifyJwt(api) as never, handler as never)
    app.use(((_error, _req, res, _next) => void res.sendStatus(500)) satisfies ErrorRequestHandler)
    expect(await statusOf(app)).toBe(500)
    expect(handler).not.toHaveBeenCalled()
  })
})

describe('a guard in a place it is not made for', () => {
  it.each([
    ['Fastify', fastifyAdapter.requireScope('read')],
    ['Express', expressAdapter.requireScope('read')],
  ])('registered as a plugin on Fastify, that of %s rejects with what it is', async (_name, guard) => {
    const app = fastify()
    await expect(
      (async () => {
        await app.register(guard as never)
        await app.ready()
      })(),
    ).rejects.toThrow(/called without|before it and from the same subpath/)
  })

  it.each([
    ['Fastify', fastifyAdapter.requireScope('read')],
    ['Koa', koaAdapter.requireScope('read')],
    ['fetch', fetchAdapter.requireScope('read')],
  ])('on a route of Express, that of %s is 500 with the fix', async (_name, guard) => {
    const app = express()
    app.use(expressAdapter.verifyJwt(api))
    const seen = vi.fn()
    app.get('/', guard as never, (_req, res) => void res.sendStatus(200))
    app.use(((error, _req, res, _next) => {
      seen((error as Error).message)
      res.sendStatus(500)
    }) satisfies ErrorRequestHandler)
    expect(await statusOf(app)).toBe(500)
    expect(seen).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/subpath/))
  })

  it('called with a request alone, that of Express throws what it needs', () => {
    const guard = expressAdapter.requireScope('read') as unknown as (request: object) => void
    expect(() => guard({ headers: {} })).toThrow(/called without next/)
  })
})

describe('protect', () => {
  it('is a TypeError where the handler stands among the guards', () => {
    const wrapped = fetchAdapter.protect(api, (() => true) as never) as unknown as (r: Request) => unknown
    expect(() => wrapped(new Request('https://api.test/'))).toThrow(
      new TypeError(
        'protect: pass the handler to what protect() returned: protect(options, ...guards)(handler)',
      ),
    )
  })
})

describe('protect(options)', () => {
  it('is a TypeError where a guard stands beside the handler', () => {
    const handler = (): Response => new Response()
    const wrap = fetchAdapter.protect(api) as (...given: readonly unknown[]) => unknown
    for (const given of [
      [handler, scope('read')],
      [scope('read'), handler],
    ]) {
      expect(() => wrap(...given)).toThrow(/^protect: pass the handler to what protect\(\) returned/)
    }
    expect(wrap(handler, undefined)).toBeTypeOf('function')
  })
})

describe('backChannelLogout of another subpath', () => {
  const list = revocationList()
  const args = [api, list, { clientId: 'app', by: 'subject' }] as const
  const form = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' } }
  const posted = async (listener: Parameters<typeof createServer>[1]): Promise<number> => {
    const server = createServer(listener).listen(0, '127.0.0.1')
    closing.push(() => server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    return (await fetch(`http://127.0.0.1:${port}`, { ...form, body: 'logout_token=x' })).status
  }

  it('is a 500 on Koa, where it is that of Express', async () => {
    const app = new Koa()
    app.silent = true
    app.use(expressAdapter.backChannelLogout(...args) as never)
    expect(await posted((request, response) => void app.callback()(request, response))).toBe(500)
  })

  it('is a 500 on Express, where it is that of Koa', async () => {
    const app = express()
    app.use(koaAdapter.backChannelLogout(...args) as never)
    app.use(((_error, _req, res, _next) => void res.sendStatus(500)) satisfies express.ErrorRequestHandler)
    expect(await posted(app)).toBe(500)
  })

  it('is a 500 on Fastify, where it is that of Express', async () => {
    const app = fastify()
    app.addHook('onRequest', expressAdapter.backChannelLogout(...args) as never)
    expect(await app.inject({ method: 'POST', url: '/' })).toMatchObject({ statusCode: 500 })
  })
})

describe('a guard that was not called', () => {
  it('is a 500 that says so, and lets nothing through', async () => {
    const app = express()
    const handler = vi.fn()
    const errors: unknown[] = []
    app.use(expressAdapter.verifyJwt(api), expressAdapter.requireScope as never, handler)
    app.use(((error, _req, res, _next) => {
      errors.push(error)
      res.sendStatus(500)
    }) satisfies express.ErrorRequestHandler)
    expect(await statusOf(app)).toBe(500)
    expect(errors).toMatchObject([
      {
        message: expect.stringContaining(
          "on a route call it, for example requireScope('reports:read')",
        ) as string,
      },
    ])
    expect(handler).not.toHaveBeenCalled()
  })
})

describe('the core', () => {
  it('says what authenticate() takes', async () => {
    await expect(api.authenticate((await issuer.sign()) as never)).rejects.toThrow(
      new TypeError(
        'authenticate: pass a request with method, url and headers; for a token alone use verify(token)',
      ),
    )
  })

  it('says what authorize() takes', async () => {
    const auth = await api.verify(await issuer.sign({ scope: 'read' }))
    await expect(api.authorize(auth, 'read' as never)).rejects.toThrow(/^authorize: pass guards, for example/)
    await expect(api.authorize(auth, expressAdapter.requireScope('read') as never)).rejects.toThrow(
      /^authorize: a guard for the routes of a framework/,
    )
    await expect(api.authorize(Promise.resolve(auth) as never, scope('read'))).rejects.toThrow(
      /that this resource server returned; this is a promise: await it$/,
    )
  })

  it('says that an extractor is to be called', async () => {
    const uncalledExtractor = createResourceServer({ ...issuer.options, tokenFrom: fromHeader as never })
    await expect(uncalledExtractor.authenticate({ method: 'GET', url: '/', headers: {} })).rejects.toThrow(
      /as tokenFrom pass fromHeader\(\), called$/,
    )
  })
})

describe('at construction', () => {
  it.each([
    ['fromQuery', fromQuery],
    ['fromBody', fromBody],
  ])('%s() takes no name', (name, from) => {
    expect(() => from(...(['token'] as unknown as []))).toThrow(
      `${name}: takes no name; the parameter is access_token`,
    )
  })

  it('an extractor with readsUrl is a TypeError', () => {
    const tokenFrom = Object.assign(() => undefined, { readsUrl: true })
    expect(() => createResourceServer({ ...issuer.options, tokenFrom })).toThrow(
      new TypeError(
        "tokenFrom: readsUrl has no effect any more; return { token, place: 'query' } for a token from the URL",
      ),
    )
  })

  it('an empty list of audiences is a TypeError', () => {
    expect(() => createResourceServer({ ...issuer.options, audience: [] })).toThrow(
      /^audience: must be a list of/,
    )
  })

  it.each([
    ['realm_access.roles', '/realm_access/roles'],
    ['resource_access.orders.roles', '/resource_access/orders/roles'],
    ['resource_access.my.client.roles', '/resource_access/my.client/roles'],
  ])('the path %s is answered with %s', (path, pointer) => {
    const message = `'${path}' is not a claim; write '${pointer}' for a nested claim`
    expect(() => createResourceServer({ ...issuer.options, roles: path })).toThrow(
      new TypeError(`roles: ${message}`),
    )
    expect(() => claim(path, 'admin')).toThrow(new TypeError(`claim: ${message}`))
  })

  it.each([
    'app.roles',
    'https://example.com/roles',
    'cognito:groups',
    '/realm_access/roles',
    'realm_accessroles',
  ])('the path %s is none to answer', (roles) => {
    expect(() => createResourceServer({ ...issuer.options, roles })).not.toThrow()
  })

  it.each([
    [['realm_access', 'roles'], 'realm_access'],
    [['roles', 'resource_access'], 'resource_access'],
    ['realm_access', 'realm_access'],
  ])('%j, a claim of Keycloak that is an object, is answered with a pointer', (roles, name) => {
    expect(() => createResourceServer({ ...issuer.options, roles: roles as never })).toThrow(
      new RegExp(`^roles: the claim ${name} of Keycloak is an object; write '/${name}/`),
    )
  })
})
