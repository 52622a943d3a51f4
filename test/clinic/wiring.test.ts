import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type RequestListener, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import websocket from '@fastify/websocket'
import express from 'express'
import { fastify } from 'fastify'
import Koa from 'koa'
import { createResourceServer, explain } from 'oauth-resource-server'
import * as forExpress from 'oauth-resource-server/express'
import * as forFastify from 'oauth-resource-server/fastify'
import * as forKoa from 'oauth-resource-server/koa'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import type { HostOptions } from '../support/hosts.ts'
import { guarded, type Mistake, roleRoute } from './mistakes.ts'
import { canary, secrets, watchedOutputs } from './outputs.ts'
import { frameworks, run } from './run.ts'
import { openWorld } from './world.ts'

// Mistakes in the order and place of middleware: the error names what to do, and no handler runs.

const world = await openWorld()
const outputs = watchedOutputs()
afterAll(() => world.close())

const admin = { roles: ['admin'] }
const missing = /verifyJwt\(\)/
const load = createRequire(import.meta.url)

const errors: Readonly<Record<string, Mistake>> = {
  'a guard without verifyJwt()': {
    ...guarded,
    host: { ...roleRoute, unverified: true },
    claims: admin,
    line: /^Error: a guard runs on a route without verifyJwt\(\) before it; add verifyJwt\(\)/,
  },
  'verifyJwt without a call': {
    host: { uncalled: true },
    line: /^TypeError: (?:options: must be a plain object of options; this is a request, so verifyJwt itself is the middleware: call it|verifyJwt: is a plugin on Fastify: app\.register)/,
  },
}

/** What the caller would be if it was looked for where others can write. */
const forged = { subject: canary, scopes: new Set(['admin']), roles: new Set(['admin']), claims: secrets }
const meddling: HostOptions = { ...roleRoute, forged }
const preflight: Mistake['request'] = {
  method: 'OPTIONS',
  headers: { origin: 'https://app.example.com', 'access-control-request-method': 'GET' },
}

describe.each(frameworks)('on %s', (framework) => {
  it.each(Object.entries(errors))('%s is a 500 whose error says what to do', async (_name, mistake) => {
    const { status, calls, errors, refusals } = await run(mistake, framework, world, outputs)
    expect([status, calls, errors.length, refusals]).toEqual([500, 0, 1, []])
    expect(explain(errors[0])).toMatch(mistake.line)
  })

  it('getAuth() ahead of verifyJwt() is a 500 whose error says what to do', async () => {
    const host: HostOptions = { unverified: true, needsAuth: true }
    const { status, calls, errors } = await run({ host }, framework, world, outputs)
    expect([status, calls, errors.length]).toEqual([500, 0, 1])
    expect(explain(errors[0])).toMatch(missing)
  })

  it('what another middleware writes neither grants nor takes anything', async () => {
    const mistake = { ...guarded, host: meddling, claims: { roles: ['clerk'] } }
    const refused = await run(mistake, framework, world, outputs)
    expect([refused.status, refused.calls]).toEqual([403, 0])
    const passed = await run({ ...mistake, claims: admin }, framework, world, outputs)
    expect([passed.status, passed.calls, passed.refusals]).toEqual([200, 1, []])
    expect(JSON.parse(passed.body)).toMatchObject({ subject: 'user-1', roles: ['admin'] })
  })

  it('cors behind verifyJwt() leaves a preflight refused, and its cause is named', async () => {
    const authorization = (): undefined => undefined
    const mistake = { host: { cors: 'behind' }, request: preflight, authorization } as const
    const refused = await run(mistake, framework, world, outputs)
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, null])
    expect(explain(refused.refusals[0])).toMatch(/CORS preflight.*cors\(\) before verifyJwt\(\)/)
    const passed = await run({ ...mistake, host: { cors: 'ahead' } }, framework, world, outputs)
    expect([passed.status, passed.refusals, passed.warnings]).toEqual([204, [], []])
    expect(passed.headers.get('access-control-allow-origin')).toMatch(/^(?:\*|https:\/\/app\.example\.com)$/)
  })
})

const api = createResourceServer({ ...world.issuer.options, onRefused: (error) => outputs.log(error) })

async function serve(server: Server): Promise<number> {
  onTestFinished(() => {
    server.close().closeAllConnections()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return (server.address() as AddressInfo).port
}

describe('verifyJwt() that covers another place', () => {
  it.each([
    ['express 4', load('express4') as typeof express],
    ['express 5', express],
  ])('is a 500 at a guard outside of its path, on %s', async (_name, framework) => {
    const app = framework()
    const errors: unknown[] = []
    app.use('/api', forExpress.verifyJwt(api))
    app.get(['/api/reports', '/reports'], forExpress.requireRole('admin'), (_req, res) => void res.json({}))
    app.use(((error, _req, res, _next) => {
      errors.push(error)
      res.sendStatus(500)
    }) satisfies express.ErrorRequestHandler)
    const port = await serve(createServer(app as RequestListener))
    const token = await world.issuer.sign({ ...secrets, ...admin })
    const headers = { authorization: `Bearer ${token}` }
    expect((await fetch(`http://127.0.0.1:${port}/api/reports`, { headers })).status).toBe(200)
    const response = await fetch(`http://127.0.0.1:${port}/reports`, { headers })
    expect([response.status, errors.length]).toEqual([500, 1])
    expect(explain(errors[0])).toMatch(missing)
    outputs.expectNothingOf(token, { api, errors, headers: response.headers, body: await response.text() })
  })

  it('is a 500 at a guard outside of its context, on fastify 5', async () => {
    const write = (line: string): void => void outputs.lines.push(line)
    const app = fastify({ logger: { level: 'trace', stream: { write } } })
    const errors: unknown[] = []
    app.addHook('onError', (_request, _reply, error, done) => {
      errors.push(error)
      done()
    })
    const route = { onRequest: forFastify.requireRole('admin') }
    await app.register(async (context) => {
      await context.register(async (inner) => {
        await inner.register(forFastify.verifyJwt, { api })
        inner.get('/api/reports', route, () => ({}))
      })
    })
    app.get('/reports', route, () => ({}))
    const token = await world.issuer.sign({ ...secrets, ...admin })
    const headers = { authorization: `Bearer ${token}` }
    expect((await app.inject({ url: '/api/reports', headers })).statusCode).toBe(200)
    const { statusCode, body } = await app.inject({ url: '/reports', headers })
    expect([statusCode, errors.length]).toEqual([500, 1])
    expect(explain(errors[0])).toMatch(missing)
    outputs.expectNothingOf(token, { api, errors, body })
  })
})

describe("Express's verifyJwt() on Koa", () => {
  it.each(['with a token', 'without one'])('is a 500 that says what to import, %s', async (which) => {
    const app = new Koa()
    const errors: unknown[] = []
    app.on('error', (error: unknown) => errors.push(error))
    let handled = 0
    app.use(forExpress.verifyJwt(api) as unknown as Koa.Middleware)
    app.use(() => {
      handled += 1
    })
    const port = await serve(createServer(app.callback() as RequestListener))
    const token = await world.issuer.sign(secrets)
    const headers = which === 'with a token' ? { authorization: `Bearer ${token}` } : {}
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers })
    expect([response.status, errors.length, handled]).toEqual([500, 1, 0])
    expect(String(errors[0])).toMatch(
      /without a response of Node; import it from the subpath .* oauth-resource-server\/koa$/,
    )
    outputs.expectNothingOf(token, { api, errors, headers: response.headers, body: await response.text() })
  })
})

/** Asks for a WebSocket; returns the response to the handshake. */
async function handshake(port: number, headers: object): Promise<IncomingMessage> {
  const asked = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
  const key = { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' }
  const sent = request({ port, host: '127.0.0.1', headers: { ...asked, ...key, ...headers } }).end()
  return await new Promise((resolve, reject) => {
    sent.on('error', reject)
    sent.on('response', resolve)
    sent.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve(response)
    })
  })
}

describe('a WebSocket', () => {
  const apps: readonly [string, () => RequestListener, (req: IncomingMessage) => unknown][] = [
    ['express 5', () => express().use(forExpress.verifyJwt(api)) as RequestListener, forExpress.getAuth],
    ['koa 3', () => new Koa().use(forKoa.verifyJwt(api)).callback(), (req) => forKoa.getAuth({ req })],
  ]

  it.each(apps)('meets no middleware, which getAuth() says, on %s', async (_name, app, getAuth) => {
    const errors: unknown[] = []
    const server = createServer(app())
    server.on('upgrade', (req: IncomingMessage, socket) => {
      try {
        getAuth(req)
      } catch (error) {
        errors.push(error)
      }
      socket.end('HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n\r\n')
    })
    const token = await world.issuer.sign(secrets)
    const { statusCode } = await handshake(await serve(server), { authorization: `Bearer ${token}` })
    expect([statusCode, errors.length]).toEqual([500, 1])
    expect(explain(errors[0])).toMatch(missing)
    outputs.expectNothingOf(token, { api, errors })
  })

  it('meets the plugin on fastify 5, which refuses the handshake as any request', async () => {
    const app = fastify()
    onTestFinished(() => app.close())
    await app.register(websocket)
    await app.register(forFastify.verifyJwt, { api })
    const subjects: unknown[] = []
    app.get('/', { websocket: true }, (_socket, req) => void subjects.push(forFastify.getAuth(req).subject))
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    const expired = await world.issuer.sign({ ...secrets, exp: 1 })
    expect((await handshake(port, { authorization: `Bearer ${expired}` })).statusCode).toBe(401)
    outputs.expectNothingOf(expired, { api, errors: [] })
    const token = await world.issuer.sign(secrets)
    expect((await handshake(port, { authorization: `Bearer ${token}` })).statusCode).toBe(101)
    expect(subjects).toEqual(['user-1'])
  })
})
