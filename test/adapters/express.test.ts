import type { AddressInfo } from 'node:net'
import express, { type Express, type RequestHandler } from 'express'
import { type Auth, createResourceServer, ForbiddenError, scope } from 'oauth-resource-server'
import { authorize, getAuth, requireScope, verifyJwt } from 'oauth-resource-server/express'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'

const issuer = await createTestIssuer({ issuer: 'https://issuer.test/' })
const api = createResourceServer(issuer.options)

afterEach(() => {
  vi.unstubAllEnvs()
})

async function serve(app: Express): Promise<string> {
  const server = app.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function status(url: string, token?: string): Promise<number> {
  const headers: HeadersInit = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return (await fetch(url, { headers })).status
}

const ok: RequestHandler = (_req, res) => void res.json({})

describe('verifyJwt() on Express', () => {
  it.each([
    ['a resource server', () => verifyJwt(api)],
    ['options', () => verifyJwt(issuer.options)],
  ])('takes %s, and leaves the caller on req.auth', async (_title, middleware) => {
    const app = express()
    app.use(middleware())
    app.get('/', (req, res) => void res.json([getAuth(req).subject, (req as { auth?: Auth }).auth?.subject]))
    const origin = await serve(app)
    const token = await issuer.sign()
    const response = await fetch(origin, { headers: { authorization: `Bearer ${token}` } })
    expect(await response.json()).toEqual(['user-1', 'user-1'])
  })

  it('is configured by the environment when nothing is said', async () => {
    const server = await issuer.listen()
    onTestFinished(() => server.close())
    vi.stubEnv('OAUTH_ISSUER', issuer.issuer)
    vi.stubEnv('OAUTH_AUDIENCE', 'https://api.test')
    vi.stubEnv('OAUTH_JWKS_URI', server.jwksUri)
    const app = express()
    app.use(verifyJwt())
    app.get('/', ok)
    const origin = await serve(app)
    expect(await status(origin, await issuer.sign())).toBe(200)
    expect(server.count('/jwks')).toBe(1)
  })

  it('fails where it is called when nothing is configured', () => {
    vi.stubEnv('OAUTH_ISSUER', '')
    expect(() => verifyJwt()).toThrow(TypeError)
  })

  it('covers the router it is used in, and nothing beside it', async () => {
    const app = express()
    const reports = express.Router()
    reports.use(verifyJwt(api))
    reports.get('/', requireScope('reports:read'), ok)
    app.use('/reports', reports)
    app.get('/health', ok)
    const origin = await serve(app)
    expect(await status(`${origin}/health`)).toBe(200)
    expect(await status(`${origin}/reports`)).toBe(401)
    expect(await status(`${origin}/reports`, await issuer.sign())).toBe(403)
    expect(await status(`${origin}/reports`, await issuer.sign({ scope: 'reports:read' }))).toBe(200)
  })

  it('covers one route, as a middleware of that route', async () => {
    const app = express()
    app.get('/me', verifyJwt(api), authorize(scope('read')), ok)
    app.get('/', ok)
    const origin = await serve(app)
    expect(await status(origin)).toBe(200)
    expect(await status(`${origin}/me`)).toBe(401)
    expect(await status(`${origin}/me`, await issuer.sign({ scope: 'read' }))).toBe(200)
  })

  it('checks anew where another resource server comes after', async () => {
    const other = await createTestIssuer({
      issuer: 'https://other.test/',
      audience: 'https://other-api.test',
    })
    const app = express()
    app.use(verifyJwt({ ...issuer.options, optional: true }))
    app.use('/other', verifyJwt({ ...other.options, realm: 'other' }))
    app.get('/other', requireScope('x'), ok)
    const origin = await serve(app)
    const response = await fetch(`${origin}/other`, {
      headers: { authorization: `Bearer ${await issuer.sign({ scope: 'x' })}` },
    })
    expect([response.status, response.headers.get('www-authenticate')]).toMatchObject([
      401,
      expect.stringContaining('realm="other"'),
    ])
  })

  it('answers a guard in the name of the resource server that verified the request', async () => {
    const app = express()
    app.use(verifyJwt({ ...issuer.options, realm: 'reports' }))
    app.get('/', requireScope('x'), ok)
    const origin = await serve(app)
    const response = await fetch(origin, { headers: { authorization: `Bearer ${await issuer.sign()}` } })
    expect(response.headers.get('www-authenticate')).toContain('realm="reports"')
  })

  it.each(['5', '500'])(
    'sends the whole refusal where something ahead set Content-Length: %s',
    async (length) => {
      const app = express()
      app.use((_req, res, next) => {
        res.set('Content-Length', length)
        next()
      })
      app.use(verifyJwt(api))
      const response = await fetch(await serve(app), { signal: AbortSignal.timeout(5000) })
      const body = await response.text()
      expect(JSON.parse(body)).toMatchObject({ error: 'unauthorized' })
      expect(response.headers.get('content-length')).toBe(String(body.length))
    },
  )

  it('calls next() in the same tick once the keys are there', async () => {
    const request = { headers: { authorization: `Bearer ${await issuer.sign()}` }, rawHeaders: [] }
    let called = 0
    verifyJwt(api)(request as never, {} as never, () => called++)
    expect(called).toBe(1)
    authorize(() => true)(request as never, {} as never, () => called++)
    expect(called).toBe(2)
  })

  it.each([
    [
      'throws',
      (error: unknown) => {
        throw error
      },
    ],
    ['rejects', (error: unknown) => Promise.reject(error as Error)],
  ])('passes the error of a handler that %s on, ours included', async (_title, fail) => {
    for (const error of [new Error('bug'), new ForbiddenError()]) {
      const seen: unknown[] = []
      const app = express()
      app.use(verifyJwt(api))
      app.get('/', () => fail(error))
      app.use(((caught, _req, res, _next) => {
        seen.push(caught)
        res.status(418).end()
      }) satisfies express.ErrorRequestHandler)
      expect(await status(await serve(app), await issuer.sign())).toBe(418)
      expect(seen).toEqual([error])
    }
  })

  it('does not take an error of the handler for a refusal of the guard before it', async () => {
    const app = express()
    app.use(verifyJwt(api))
    app.get(
      '/',
      authorize(() => true),
      () => {
        throw new ForbiddenError()
      },
    )
    const response = await fetch(await serve(app), {
      headers: { authorization: `Bearer ${await issuer.sign()}` },
    })
    expect(response.headers.get('cache-control')).toBeNull()
  })
})
