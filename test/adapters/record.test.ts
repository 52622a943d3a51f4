import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { fastify } from 'fastify'
import Koa from 'koa'
import { asResourceServer, createResourceServer, MissingTokenError } from 'oauth-resource-server'
import * as forExpress from 'oauth-resource-server/express'
import * as forFastify from 'oauth-resource-server/fastify'
import * as forFetch from 'oauth-resource-server/fetch'
import * as forKoa from 'oauth-resource-server/koa'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Deferred } from '../support/deferred.ts'

const issuer = await createTestIssuer({ issuer: 'https://issuer.test/' })
const api = createResourceServer(issuer.options)
const open = createResourceServer({ ...issuer.options, optional: true })
/** What another middleware claims. */
const forged = { subject: 'root', scopes: new Set(['admin']), roles: new Set(['admin']) }

type Listener = (req: IncomingMessage, res: ServerResponse) => unknown

async function serve(listener: Listener): Promise<string> {
  const server = createServer((req, res) => void listener(req, res))
  onTestFinished(() => {
    server.close().closeAllConnections()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

async function statusOf(url: string, claims?: object): Promise<number> {
  const headers: HeadersInit =
    claims === undefined ? {} : { authorization: `Bearer ${await issuer.sign(claims as { scope?: string })}` }
  return (await fetch(url, { headers })).status
}

describe('B5 what another middleware writes', () => {
  it('grants nothing on Express', async () => {
    const app = express()
    app.use(forExpress.verifyJwt(open))
    app.use((req, res, next) => {
      Object.assign(req, { auth: forged })
      Object.assign(res.locals, { auth: forged })
      next()
    })
    app.get('/', forExpress.requireScope('admin'), (_req, res) => void res.json({}))
    const origin = await serve(app as Listener)
    expect(await statusOf(origin)).toBe(401)
    expect(await statusOf(origin, { scope: 'read' })).toBe(403)
    expect(await statusOf(origin, { scope: 'admin' })).toBe(200)
  })

  it('grants nothing on Koa', async () => {
    const app = new Koa()
    app.use(forKoa.verifyJwt(open))
    app.use((ctx, next) => {
      ctx.state = { auth: forged as never }
      return next()
    })
    app.use(forKoa.requireScope('admin'))
    app.use((ctx) => void (ctx.body = forKoa.getAuth(ctx).subject))
    const origin = await serve(app.callback())
    expect(await statusOf(origin)).toBe(401)
    expect(await statusOf(origin, { scope: 'read' })).toBe(403)
    expect(await statusOf(origin, { scope: 'admin' })).toBe(200)
  })

  it('grants nothing on Fastify', async () => {
    const app = fastify()
    await app.register(forFastify.verifyJwt, { api: open })
    app.addHook('onRequest', (request, _reply, done) => {
      Object.assign(request, { auth: forged })
      done()
    })
    app.get('/', { onRequest: forFastify.requireScope('admin') }, () => ({}))
    const status = async (scope?: string): Promise<number> => {
      const headers = scope === undefined ? {} : { authorization: `Bearer ${await issuer.sign({ scope })}` }
      return (await app.inject({ url: '/', headers })).statusCode
    }
    expect(await status()).toBe(401)
    expect(await status('read')).toBe(403)
    expect(await status('admin')).toBe(200)
  })
})

describe('B6 notes that others replace', () => {
  it('change nothing for a guard on Express', async () => {
    const app = express()
    app.use(forExpress.verifyJwt(api))
    app.use((_req, res, next) => {
      res.locals = {}
      next()
    })
    app.get('/', forExpress.requireScope('read'), (_req, res) => void res.json({}))
    const origin = await serve(app as Listener)
    expect(await statusOf(origin, { scope: 'read' })).toBe(200)
    expect(await statusOf(origin, { scope: 'write' })).toBe(403)
  })
})

describe('A6 a request that cannot be written', () => {
  it('is served all the same, at once and after a wait', async () => {
    const app = express()
    app.use((req, res, next) => {
      Object.defineProperty(req, 'auth', { get: () => forged })
      Object.freeze(res.locals)
      next()
    })
    app.use(forExpress.verifyJwt(api))
    const later = forExpress.authorize(async () => Promise.resolve(true))
    app.get('/', later, (req, res) => void res.json(forExpress.getAuth(req).subject))
    const origin = await serve(app as Listener)
    const response = await fetch(origin, { headers: { authorization: `Bearer ${await issuer.sign()}` } })
    expect(await response.json()).toBe('user-1')
    expect(await statusOf(origin)).toBe(401)
  })
})

describe('A1 a late result', () => {
  it.each([
    ['refusal', false],
    ['success', true],
  ])('leaves an answered response alone: %s', async (_title, allowed) => {
    const verdict = new Deferred<boolean>()
    let handled = 0
    const app = express()
    app.use(forExpress.verifyJwt(api))
    app.use((_req, res, next) => {
      next()
      void verdict.asked.then(() => res.status(503).end('too late'))
    })
    const guard = forExpress.authorize(() => {
      verdict.ask()
      return verdict.promise
    })
    app.get('/', guard, () => {
      handled++
    })
    const origin = await serve(app as Listener)
    const response = await fetch(origin, { headers: { authorization: `Bearer ${await issuer.sign()}` } })
    expect([response.status, await response.text()]).toEqual([503, 'too late'])
    verdict.settle(() => allowed)
    await new Promise(setImmediate)
    expect(handled).toBe(0)
  })

  it('answers through Koa when Koa was told not to respond', async () => {
    const app = new Koa()
    app.use((ctx, next) => {
      ctx.respond = false
      return next()
    })
    app.use(forKoa.verifyJwt(api))
    expect(await statusOf(await serve(app.callback() as Listener))).toBe(401)
  })
})

describe('A2 a response of plain Node', () => {
  const verify = forExpress.verifyJwt(api)

  it('gets the refusal, and none of its body for HEAD', async () => {
    const origin = await serve((req, res) => verify(req, res, () => res.end('ok')))
    const response = await fetch(origin)
    expect([response.status, response.headers.get('content-type')]).toEqual([401, 'application/json'])
    expect(Object.keys((await response.json()) as object)).not.toEqual([])
    const head = await fetch(origin, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([401, ''])
    expect(head.headers.get('www-authenticate')).toContain('realm=')
  })

  it('gets a plain 500 where there is no next()', async () => {
    const origin = await serve((req, res) => (verify as (...given: unknown[]) => void)(req, res))
    expect(await statusOf(origin, {})).toBe(500)
    expect(await statusOf(origin)).toBe(500)
  })
})

describe('E11 one route on Fastify', () => {
  it('is protected by authenticate(), and the others stay open', async () => {
    const app = fastify()
    app.get('/health', () => ({}))
    app.get(
      '/me',
      { onRequest: forFastify.authenticate(api) },
      (request) => forFastify.getAuth(request).subject,
    )
    const headers = { authorization: `Bearer ${await issuer.sign()}` }
    expect((await app.inject('/health')).statusCode).toBe(200)
    expect((await app.inject('/me')).statusCode).toBe(401)
    expect((await app.inject({ url: '/me', headers })).body).toBe('user-1')
  })
})

describe('getAuth()', () => {
  const verifyOn = async (server: typeof open, request: Request): Promise<unknown> =>
    await forFetch.verifyJwt(server)(request)

  it('throws an error that names verifyJwt() where nothing verified the request', () => {
    const request = new Request('https://api.test/')
    for (const ask of [forFetch.getAuth, forFetch.getOptionalAuth]) {
      expect(() => ask(request)).toThrow(/verifyJwt\(\)/)
    }
    const unverified: IncomingMessage = Object.create(null) as never
    expect(() => forExpress.getAuth(unverified)).toThrow(/verifyJwt\(\)/)
    expect(() => forKoa.getAuth({ req: unverified })).toThrow(/verifyJwt\(\)/)
    expect(() => forFastify.getAuth({ raw: unverified, ip: '' })).toThrow(/verifyJwt\(\)/)
  })

  it('returns the caller to the resource server that verified, and to no other', async () => {
    const headers = { authorization: `Bearer ${await issuer.sign()}` }
    const request = new Request('https://api.test/', { headers })
    await verifyOn(api, request)
    expect(forFetch.getAuth(request, api).subject).toBe('user-1')
    expect(() => forFetch.getAuth(request, open)).toThrow(/another resource server/)
  })

  it('tells an anonymous caller from one that nothing verified', async () => {
    const request = new Request('https://api.test/')
    await verifyOn(open, request)
    expect(forFetch.getOptionalAuth(request)).toBeUndefined()
    expect(() => forFetch.getAuth(request)).toThrow(MissingTokenError)
  })

  it('forgets the caller when a later verifyJwt() finds another, or refuses', async () => {
    const headers = { authorization: `Bearer ${await issuer.sign()}` }
    const request = new Request('https://api.test/', { headers })
    await verifyOn(api, request)
    const elsewhere = createResourceServer({ ...issuer.options, audience: 'https://other.test' })
    expect(await verifyOn(elsewhere, request)).toBeInstanceOf(Response)
    expect(() => forFetch.getAuth(request)).toThrow(/verifyJwt\(\)/)
  })

  it('asks a record that nobody can replace', () => {
    const key = Symbol.for('oauth-resource-server.proven.4')
    expect(Object.getOwnPropertyDescriptor(globalThis, key)).toMatchObject({
      writable: false,
      configurable: false,
    })
  })
})

describe('a resource server of another release', () => {
  const brand = Symbol.for('oauth-resource-server.api')

  it.each([
    ['0.1.0', true],
    ['one with another protocol', { protocol: 0 }],
  ])('is refused with the numbers: %s', (_title, face) => {
    const foreign = Object.defineProperty({}, brand, { value: face }) as typeof api
    for (const take of [asResourceServer, forExpress.verifyJwt, forKoa.verifyJwt, forFastify.authenticate]) {
      expect(() => (take as (given: unknown) => unknown)(foreign)).toThrow(/another release.*here 4/)
    }
  })

  it('is not what merely inherits from one', () => {
    expect(() => forExpress.verifyJwt(Object.create(api) as typeof api)).toThrow(TypeError)
  })
})
