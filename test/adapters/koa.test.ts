import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import { type Auth, createResourceServer, ForbiddenError } from 'oauth-resource-server'
import { authorize, getAuth, requireScope, verifyJwt } from 'oauth-resource-server/koa'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'

const issuer = await createTestIssuer({ issuer: 'https://issuer.test/' })
const api = createResourceServer(issuer.options)

afterEach(() => {
  vi.unstubAllEnvs()
})

async function serve(app: Koa): Promise<string> {
  const server = app.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function get(origin: string, token?: string): Promise<Response> {
  return await fetch(origin, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })
}

describe('verifyJwt() on Koa', () => {
  it.each([
    ['a resource server', () => verifyJwt(api)],
    ['options', () => verifyJwt(issuer.options)],
  ])('takes %s, and leaves the caller on ctx.state.auth', async (_title, middleware) => {
    const app = new Koa()
    app.use(middleware())
    app.use((ctx) => {
      ctx.body = [getAuth(ctx).subject, (ctx.state as { auth?: Auth }).auth?.subject]
    })
    expect(await (await get(await serve(app), await issuer.sign())).json()).toEqual(['user-1', 'user-1'])
  })

  it('is configured by the environment when nothing is said', async () => {
    const server = await issuer.listen()
    onTestFinished(() => server.close())
    vi.stubEnv('OAUTH_ISSUER', issuer.issuer)
    vi.stubEnv('OAUTH_AUDIENCE', 'https://api.test')
    vi.stubEnv('OAUTH_JWKS_URI', server.jwksUri)
    const app = new Koa()
    app.use(verifyJwt())
    app.use((ctx) => {
      ctx.body = 'ok'
    })
    expect((await get(await serve(app), await issuer.sign())).status).toBe(200)
    expect(server.count('/jwks')).toBe(1)
  })

  it('fails where it is called when nothing is configured', () => {
    vi.stubEnv('OAUTH_ISSUER', '')
    expect(() => verifyJwt()).toThrow(TypeError)
  })

  it('leaves downstream middleware alone when it refuses, and lets upstream go on', async () => {
    const order: string[] = []
    const app = new Koa()
    app.use(async (ctx, next) => {
      await next()
      order.push(`upstream ${ctx.status}`)
    })
    app.use(verifyJwt(api))
    app.use(() => void order.push('downstream'))
    await get(await serve(app))
    expect(order).toEqual(['upstream 401'])
  })

  it('waits for downstream middleware', async () => {
    const order: string[] = []
    const app = new Koa()
    app.use(async (_ctx, next) => {
      await next()
      order.push('upstream')
    })
    app.use(verifyJwt(api))
    app.use(authorize(() => Promise.resolve(true)))
    app.use(async () => {
      await new Promise(setImmediate)
      order.push('downstream')
    })
    await get(await serve(app), await issuer.sign())
    expect(order).toEqual(['downstream', 'upstream'])
  })

  it("passes errors of downstream middleware to the application's own, ours included", async () => {
    for (const error of [new Error('bug'), new ForbiddenError()]) {
      const seen: unknown[] = []
      const app = new Koa()
      app.use(async (ctx, next) => {
        try {
          await next()
        } catch (caught) {
          seen.push(caught)
          ctx.status = 418
        }
      })
      app.use(verifyJwt(api))
      app.use(authorize(() => true))
      app.use(() => {
        throw error
      })
      expect((await get(await serve(app), await issuer.sign())).status).toBe(418)
      expect(seen).toEqual([error])
    }
  })

  it("reaches the application's own middleware with onError: 'throw'", async () => {
    const seen: unknown[] = []
    const app = new Koa()
    app.use(async (ctx, next) => {
      await next().catch((caught: unknown) => {
        seen.push(caught)
        ctx.status = 418
      })
    })
    app.use(verifyJwt({ ...issuer.options, onError: 'throw' }))
    expect((await get(await serve(app))).status).toBe(418)
    expect(seen).toMatchObject([{ name: 'MissingTokenError', status: 401 }])
  })

  it('calls next() in the same tick once the keys are there', async () => {
    const headers = { authorization: `Bearer ${await issuer.sign()}` }
    const ctx = { req: { method: 'GET', url: '/', headers, rawHeaders: [] }, request: {}, state: {} }
    let called = 0
    const next = (): Promise<void> => {
      called++
      return Promise.resolve()
    }
    void verifyJwt(api)(ctx as never, next)
    expect(called).toBe(1)
    void authorize(() => true)(ctx as never, next)
    expect(called).toBe(2)
    expect(() => void requireScope('x')(ctx as never, next)).toThrow()
    expect(called).toBe(2)
  })
})
