import { fastify, type FastifyInstance, type InjectOptions } from 'fastify'
import {
  type Auth,
  createResourceServer,
  firstOf,
  fromBody,
  fromHeader,
  fromQuery,
  isAuthError,
  revocationList,
} from 'oauth-resource-server'
import {
  authenticate,
  authorize,
  backChannelLogout,
  type FastifyGuard,
  getAuth,
  requireScope,
  verifyJwt,
} from 'oauth-resource-server/fastify'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'

const issuer = await createTestIssuer({ issuer: 'https://issuer.test/' })
const api = createResourceServer(issuer.options)

afterEach(() => {
  vi.unstubAllEnvs()
})

function application(): FastifyInstance {
  const app = fastify({ pluginTimeout: 300 })
  onTestFinished(() => app.close())
  return app
}

async function status(app: FastifyInstance, url: string, token?: string): Promise<number> {
  const headers: InjectOptions['headers'] = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return (await app.inject({ url, headers })).statusCode
}

type PreParsing = [...Parameters<FastifyGuard>, ...unknown[]] extends [
  infer Q,
  infer R,
  infer D,
  ...unknown[],
]
  ? [Q, R, unknown, D]
  : never

describe('verifyJwt on Fastify', () => {
  it.each([
    ['a resource server', { api }],
    ['options', issuer.options],
  ])('takes %s, and leaves the caller on request.auth', async (_title, options) => {
    const app = application()
    await app.register(verifyJwt, options)
    app.get('/', (request) => [getAuth(request).subject, (request as { auth?: Auth }).auth?.subject])
    const headers = { authorization: `Bearer ${await issuer.sign()}` }
    expect((await app.inject({ url: '/', headers })).json()).toEqual(['user-1', 'user-1'])
  })

  it.each([false, true])(
    'leaves out the route for logout, and no other; without a context: %s',
    async (joined) => {
      const app = application()
      const plugin = backChannelLogout(api, revocationList(), { clientId: 'web-app', by: 'subject' })
      if (joined) Object.assign(plugin, { [Symbol.for('skip-override')]: true })
      await app.register(verifyJwt, { api })
      await app.register(plugin, { prefix: '/logout' })
      app.post('/reports', (request) => ({ body: request.body }))
      const sent = async (url: string, token?: string): Promise<string> => {
        const headers = token === undefined ? {} : { authorization: token }
        return (await app.inject({ method: 'POST', url, payload: { a: 1 }, headers })).body
      }
      expect(await sent(joined ? '/' : '/logout')).toContain('invalid_request')
      expect(await sent('/reports')).toContain('unauthorized')
      expect(await sent('/logout/other')).toContain('unauthorized')
      expect(await sent('/reports', `Bearer ${await issuer.sign()}`)).toBe('{"body":{"a":1}}')
    },
  )

  it('leaves a Cache-Control that was set on the raw response', async () => {
    const app = application()
    app.addHook('onRequest', (_request, reply, done) => {
      reply.raw.setHeader('Cache-Control', 'no-store')
      done()
    })
    await app.register(verifyJwt, { ...issuer.options, tokenFrom: fromQuery() })
    app.get('/', () => 'ok')
    const { statusCode, headers } = await app.inject({ url: `/?access_token=${await issuer.sign()}` })
    expect([statusCode, headers['cache-control']]).toEqual([200, 'no-store'])
  })

  it('is configured by the environment when nothing is said', async () => {
    const server = await issuer.listen()
    onTestFinished(() => server.close())
    vi.stubEnv('OAUTH_ISSUER', issuer.issuer)
    vi.stubEnv('OAUTH_AUDIENCE', 'https://api.test')
    vi.stubEnv('OAUTH_JWKS_URI', server.jwksUri)
    const app = application()
    await app.register(verifyJwt)
    app.get('/', () => ({}))
    expect(await status(app, '/', await issuer.sign())).toBe(200)
    expect(server.count('/jwks')).toBe(1)
  })

  it('fails the start when nothing is configured', async () => {
    vi.stubEnv('OAUTH_ISSUER', '')
    const app = application()
    app.register(verifyJwt)
    await expect(app.ready()).rejects.toThrow(/^issuer \(or OAUTH_ISSUER\)/)
  })

  it('refuses a misspelled option together with api', async () => {
    const app = application()
    app.register(verifyJwt, { api, optional: true } as { api: typeof api })
    await expect(app.ready()).rejects.toThrow(TypeError)
  })

  it('covers the context it is registered in and everything below, and leaves those beside it open', async () => {
    const app = application()
    app.get('/before', () => ({}))
    await app.register(async (inside) => {
      await inside.register(verifyJwt, { api })
      inside.get('/inside', () => ({}))
      await inside.register((below, _options, done) => {
        below.get('/below', () => ({}))
        done()
      })
    })
    await app.register((beside, _options, done) => {
      beside.get('/beside', () => ({}))
      done()
    })
    const token = await issuer.sign()
    const seen = await Promise.all(
      ['/before', '/beside', '/inside', '/below'].map(async (url) => [
        await status(app, url),
        await status(app, url, token),
      ]),
    )
    expect(seen).toEqual([
      [200, 200],
      [200, 200],
      [401, 200],
      [401, 200],
    ])
  })

  it('covers all of an app it is registered in, routes of a prefix included', async () => {
    const app = application()
    await app.register(verifyJwt, { api })
    await app.register(
      (reports, _options, done) => {
        reports.get('/', { onRequest: requireScope('reports:read') }, () => ({}))
        done()
      },
      { prefix: '/reports' },
    )
    expect(await status(app, '/reports')).toBe(401)
    expect(await status(app, '/reports', await issuer.sign())).toBe(403)
    expect(await status(app, '/reports', await issuer.sign({ scope: 'reports:read' }))).toBe(200)
    expect(await status(app, '/nowhere')).toBe(401)
  })

  it('checks by both where another is registered below', async () => {
    const app = application()
    await app.register(verifyJwt, { ...issuer.options, audience: ['https://api.test', 'admin'] })
    await app.register(async (admin) => {
      await admin.register(verifyJwt, { ...issuer.options, audience: 'admin', realm: 'admin' })
      admin.get('/admin', { onRequest: requireScope('x') }, () => ({}))
    })
    app.get('/', () => ({}))
    const token = await issuer.sign({ scope: 'x' })
    expect(await status(app, '/', token)).toBe(200)
    const refused = await app.inject({ url: '/admin', headers: { authorization: `Bearer ${token}` } })
    expect(refused.headers['www-authenticate']).toContain('realm="admin", error="invalid_token"')
    expect(await status(app, '/admin', await issuer.sign({ aud: 'admin', scope: 'x' }))).toBe(200)
  })

  it.each(['onRequest', 'preParsing', 'preValidation', 'preHandler'] as const)(
    'takes guards as %s',
    async (hook) => {
      const app = application()
      await app.register(verifyJwt, { api })
      const guard = requireScope('read')
      const options = {
        onRequest: { onRequest: guard },
        preParsing: {
          preParsing: (...[request, reply, _payload, done]: PreParsing) => guard(request, reply, done),
        },
        preValidation: { preValidation: [guard] },
        preHandler: { preHandler: [guard, authorize(({ subject }) => subject === 'user-1')] },
      } satisfies Record<typeof hook, object>
      let calls = 0
      app.get('/', options[hook] as object, () => ({ calls: ++calls }))
      expect(await status(app, '/', await issuer.sign())).toBe(403)
      expect(calls).toBe(0)
      expect(await status(app, '/', await issuer.sign({ scope: 'read' }))).toBe(200)
      expect(calls).toBe(1)
    },
  )

  it('takes guards for a whole context', async () => {
    const app = application()
    await app.register(verifyJwt, { api })
    app.addHook('preHandler', requireScope('read'))
    app.get('/', () => ({}))
    expect(await status(app, '/', await issuer.sign())).toBe(403)
    expect(await status(app, '/', await issuer.sign({ scope: 'read' }))).toBe(200)
  })

  it('may be registered twice, and beside a decorator of the same name', async () => {
    const app = application()
    await app.register(verifyJwt, { api })
    await app.register(verifyJwt, { api })
    app.get('/', (request) => ({ sub: getAuth(request).subject }))
    expect(await status(app, '/', await issuer.sign())).toBe(200)
  })

  it("runs the application's own response hooks on a refusal", async () => {
    const app = application()
    app.addHook('onSend', (_request, reply, payload, done) => {
      void reply.header('x-request', 'seen')
      done(null, payload)
    })
    await app.register(verifyJwt, { api })
    app.get('/', () => ({}))
    const { statusCode, headers } = await app.inject('/')
    expect([statusCode, headers['x-request']]).toEqual([401, 'seen'])
  })

  it('goes on in the same tick once the keys are there', async () => {
    let hook: ((request: object, reply: object, done: () => void) => void) | undefined
    const instance = {
      hasRequestDecorator: () => true,
      addHook: (_name: string, added: typeof hook) => (hook = added),
    }
    verifyJwt(instance as never, { api }, () => undefined)
    const headers = { authorization: `Bearer ${await issuer.sign()}` }
    const request = { method: 'GET', url: '/', headers, raw: { rawHeaders: [] } }
    let called = 0
    hook?.(request, {}, () => called++)
    expect(called).toBe(1)
    authorize(() => true)(request, {}, () => called++)
    expect(called).toBe(2)
  })
})

describe('fromBody() on Fastify', () => {
  const form = 'application/x-www-form-urlencoded'
  const tokenFrom = fromBody()

  it.each([
    ['alone', fromBody()],
    ['in a list by itself', firstOf(firstOf(fromBody()))],
  ])('is a TypeError of the plugin, which runs before bodies are read: %s', async (_title, from) => {
    const app = application()
    app.register(verifyJwt, { ...issuer.options, tokenFrom: from })
    await expect(app.ready()).rejects.toThrow(
      /^tokenFrom: fromBody\(\).*authenticate\(api\) as the preHandler/,
    )
  })

  it('may be one of several places, of which the plugin reads the others', async () => {
    const app = application()
    app.register(verifyJwt, { ...issuer.options, tokenFrom: firstOf(fromHeader(), fromBody()) })
    app.get('/', (request) => getAuth(request).issuer)
    const headers = { authorization: `Bearer ${await issuer.sign()}` }
    expect((await app.inject({ url: '/', headers })).statusCode).toBe(200)
  })

  it('finds the token in a preHandler, and tells so in an onRequest hook', async () => {
    const hints: unknown[] = []
    const onRefused = (error: unknown): unknown => hints.push(isAuthError(error) && error.detail.hint)
    const reader = createResourceServer({ ...issuer.options, tokenFrom, onRefused })
    const app = application()
    app.addContentTypeParser(form, { parseAs: 'string' }, (_request, body, done) => {
      done(null, Object.fromEntries(new URLSearchParams(String(body))))
    })
    app.post('/late', { preHandler: authenticate(reader) }, (request) => getAuth(request).issuer)
    app.post('/early', { onRequest: authenticate(reader) }, (request) => getAuth(request).issuer)
    const payload = new URLSearchParams({ access_token: await issuer.sign() }).toString()
    const post = async (url: string): Promise<number> =>
      (await app.inject({ method: 'POST', url, payload, headers: { 'content-type': form } })).statusCode
    expect([await post('/late'), await post('/early')]).toEqual([200, 401])
    expect(hints).toEqual([expect.stringContaining('preHandler')])
  })
})
