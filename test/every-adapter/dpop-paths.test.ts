/* A proof is for the URL that the client called, whatever a router made of its path. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import middie from '@fastify/middie'
import { getRequestListener } from '@hono/node-server'
import KoaRouter from '@koa/router'
import connect from 'connect'
import express from 'express'
import { fastify, type FastifyInstance } from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { createResourceServer } from 'oauth-resource-server'
import * as onExpress from 'oauth-resource-server/express'
import * as onFastify from 'oauth-resource-server/fastify'
import * as onFetch from 'oauth-resource-server/fetch'
import * as onKoa from 'oauth-resource-server/koa'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { boundToken, dpopClient, resource } from '../support/dpop.ts'
import { overHttp1, overHttp2 } from '../support/wire.ts'

const issuer = await createTestIssuer()
const client = dpopClient(Date.now)
const token = await boundToken(issuer, client)
const api = createResourceServer({ ...issuer.options, resource, dpop: {} })

const running: { close: () => unknown }[] = []
afterAll(() => running.map((server) => server.close()))

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown

async function listen(listener: Listener, http2 = false): Promise<number> {
  const server = http2
    ? createHttp2Server(listener as never)
    : createServer((request, response) => void listener(request, response))
  running.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

async function listenBy(app: FastifyInstance): Promise<number> {
  running.push(app)
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as AddressInfo).port
}

// The older majors are installed under names of their own, to which no types belong.
const load = createRequire(import.meta.url)
const express4 = load('express4') as typeof express
const Koa2 = load('koa2') as typeof Koa

function koaUnder(prefix: string, framework = Koa): Koa {
  const app = new framework()
  const router = new KoaRouter({ prefix })
  router.all('/{*any}', onKoa.verifyJwt(api) as never, (ctx) => void (ctx.body = 'ok'))
  app.use(router.routes())
  return app
}

const handler = onFetch.protect(api)(() => new Response('ok'))

function expressMount(framework: typeof express): Promise<number> {
  const app = framework()
  app.use('/admin', onExpress.verifyJwt(api), (_req, res) => void res.send('ok'))
  return listen(app)
}

function fastifyUnder(prefix: string, http2 = false): Promise<number> {
  const app = fastify((http2 ? { http2 } : {}) as object) as unknown as FastifyInstance
  app.register(
    (scope, _options, done) => {
      scope.register(onFastify.verifyJwt, { api })
      scope.get('/x', () => 'ok')
      done()
    },
    { prefix },
  )
  return listenBy(app)
}

function honoRoute(http2 = false): Promise<number> {
  const inner = new Hono().all('/x', ({ req }) => handler(req.raw))
  return listen(getRequestListener(new Hono().route('/admin', inner).fetch), http2)
}

/** Every way to have a handler at `/admin/x`. */
const ways: Readonly<Record<string, () => Promise<number>>> = {
  'a mount on Express 4': () => expressMount(express4),
  'a mount on Express': () => expressMount(express),
  'a router in a router on Express': () => {
    const inner = express.Router().use('/x', onExpress.verifyJwt(api), (_req, res) => void res.send('ok'))
    return listen(express().use('/admin', express.Router().use(inner)))
  },
  'a sub-application of Express': () => {
    const inner = express().use(onExpress.verifyJwt(api), (_req, res) => void res.send('ok'))
    return listen(express().use('/admin', inner))
  },
  'a rewrite on Express': () => {
    const app = express()
    app.use((req, _res, next) => {
      req.url = req.url.replace('/admin', '')
      next()
    })
    return listen(app.use('/x', onExpress.verifyJwt(api), (_req, res) => void res.send('ok')))
  },
  'a mount on Connect': () => {
    const app = connect()
    app.use('/admin', onExpress.verifyJwt(api) as never)
    app.use('/admin', (_req, res) => res.end('ok'))
    return listen(app)
  },
  'a prefix on Koa 2': () => listen(koaUnder('/admin', Koa2).callback()),
  'a prefix on Koa': () => listen(koaUnder('/admin').callback()),
  'a rewrite on Koa': () => {
    const app = new Koa()
    app.use((ctx, next) => {
      ctx.url = ctx.url.replace('/admin', '')
      return next()
    })
    return listen(
      app
        .use(onKoa.verifyJwt(api))
        .use((ctx) => void (ctx.body = 'ok'))
        .callback(),
    )
  },
  'Koa mounted in Express': () => listen(express().use('/admin', koaUnder('').callback())),
  'a prefix on Fastify': () => fastifyUnder('/admin'),
  'middleware of Express on Fastify': async () => {
    const app = fastify()
    await app.register(middie)
    app.use('/admin', onExpress.verifyJwt(api) as never)
    app.get('/admin/x', () => 'ok')
    return listenBy(app)
  },
  'a rewrite on Fastify': () => {
    const app = fastify({ rewriteUrl: (req) => String(req.url).replace('/admin', '') })
    app.register(onFastify.verifyJwt, { api })
    app.register((scope, _options, done) => {
      scope.get('/x', () => 'ok')
      done()
    })
    return listenBy(app)
  },
  'a route of Hono': () => honoRoute(),
  'a base path of Hono': () => {
    const app = new Hono().basePath('/admin').all('/x', ({ req }) => handler(req.raw))
    return listen(getRequestListener(app.fetch))
  },
  'a mount of Hono that keeps the request': () => {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- what applications call today
    const app = new Hono().mount('/admin', handler, { replaceRequest: false })
    return listen(getRequestListener(app.fetch))
  },
}

/** Those of {@link ways} that speak HTTP/2: Express does not. */
const http2Ways: typeof ways = {
  'a prefix on Koa 2, HTTP/2': () => listen(koaUnder('/admin', Koa2).callback(), true),
  'a prefix on Koa, HTTP/2': () => listen(koaUnder('/admin').callback(), true),
  'a prefix on Fastify, HTTP/2': () => fastifyUnder('/admin', true),
  'a route of Hono, HTTP/2': () => honoRoute(true),
}

describe.each([
  ...Object.entries(ways).map(([name, start]) => [name, start, overHttp1] as const),
  ...Object.entries(http2Ways).map(([name, start]) => [name, start, overHttp2] as const),
])('%s', (_name, start, send) => {
  it('accepts a proof for /admin/x, and none for /x or another spelling', async () => {
    const port = await start()
    const status = async (htu: string, path = '/admin/x'): Promise<number> => {
      const proof = client.proof(token, { claims: { htu: resource + htu } })
      const headers = [
        ['Authorization', `DPoP ${token}`],
        ['DPoP', proof],
      ] as const
      return (await send(port, { path, headers })).status
    }
    expect(await status('/admin/x')).toBe(200)
    for (const htu of [
      '/x',
      '/',
      '/admin',
      '//admin/x',
      '/admin//x',
      '/admin%2Fx',
      '/ADMIN/x',
      '/admin/x/',
    ]) {
      expect([htu, await status(htu)]).toEqual([htu, 401])
    }
    // What routers may take for /admin/x, or refuse, is not what a proof for /x was made for.
    for (const path of ['/admin/../x', '/admin/%2e%2e/x', '/admin/./x', '//evil.test/admin/x', '/admin\\x']) {
      expect([path, await status('/x', path)]).not.toEqual([path, 200])
    }
  })
})

it('a mount of Hono that replaces the request needs dpop.url', async () => {
  const behind = createResourceServer({
    ...issuer.options,
    resource,
    dpop: { url: ({ url = '' }) => `${resource}/admin${new URL(url).pathname}` },
  })
  const inner = onFetch.protect(behind)(() => new Response('ok'))
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- what applications call today
  const app = new Hono().mount('/admin', inner)
  const port = await listen(getRequestListener(app.fetch))
  const status = async (htu: string): Promise<number> => {
    const proof = client.proof(token, { claims: { htu: resource + htu } })
    const headers = [
      ['Authorization', `DPoP ${token}`],
      ['DPoP', proof],
    ] as const
    return (await overHttp1(port, { path: '/admin/x', headers })).status
  }
  expect([await status('/admin/x'), await status('/x')]).toEqual([200, 401])
})
