import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import express, { type ErrorRequestHandler } from 'express'
import { fastify, type FastifyInstance } from 'fastify'
import Koa from 'koa'
import * as expressAdapter from 'oauth-resource-server/express'
import * as fastifyAdapter from 'oauth-resource-server/fastify'
import * as fetchAdapter from 'oauth-resource-server/fetch'
import * as koaAdapter from 'oauth-resource-server/koa'
import { connectStack, engineStack, nestStack, rawStack } from './raw-stacks.ts'
import { internalError, type Listener, listening, nothing, ok, type StartStack } from './stack.ts'

const expressStack =
  (framework: typeof express): StartStack =>
  (app) => {
    const server = framework()
    server.use((req, res, next) => {
      app.before({ req, res, framework: { request: req, locals: res.locals }, takeOver: nothing })
      next()
    })
    server.use(expressAdapter.verifyJwt(app.api))
    server.get('/', expressAdapter.authorize(app.guard), (req, res) => ok(app, req, res))
    const onError: ErrorRequestHandler = (_error, _req, res, _next) => internalError(res)
    server.use(onError)
    return listening(createServer(server as Listener))
  }

const koaStack =
  (framework: typeof Koa): StartStack =>
  (app) => {
    const server = new framework()
    server.silent = true
    server.use(async (ctx, next) => {
      const takeOver = (): void => void (ctx.respond = false)
      app.before({ req: ctx.req, res: ctx.res, framework: { request: ctx, notes: ctx.state }, takeOver })
      await next()
    })
    server.use(koaAdapter.verifyJwt(app.api))
    server.use(koaAdapter.authorize(app.guard))
    server.use((ctx) => {
      app.handler(ctx.req.headers['x-round'])
      ctx.body = 'ok'
    })
    return listening(createServer(server.callback() as Listener))
  }

const fastifyStack: StartStack = async (app) => {
  const server = fastify({ forceCloseConnections: true }) as unknown as FastifyInstance
  server.addHook('onRequest', (request, reply, done) => {
    const takeOver = (): void => void reply.hijack()
    app.before({ req: request.raw, res: reply.raw, framework: { request }, takeOver })
    done()
  })
  await server.register(fastifyAdapter.verifyJwt, { api: app.api })
  server.get('/', { preHandler: fastifyAdapter.authorize(app.guard) }, (request) => {
    app.handler(request.headers['x-round'])
    return 'ok'
  })
  const origin = await server.listen({ port: 0, host: '127.0.0.1' })
  return { origin, port: Number(new URL(origin).port), close: () => server.close() }
}

const fetchStack: StartStack = (app) => {
  const route = fetchAdapter.protect(
    app.api,
    fetchAdapter.authorize(app.guard),
  )((request) => {
    app.handler(request.headers.get('x-round'))
    return new Response('ok')
  })
  return listening(
    createServer((req, res) => {
      let taken = false
      const takeOver = (): void => void (taken = true)
      app.before({ req, res, framework: {}, takeOver })
      const request = new Request(`http://localhost${req.url}`, { headers: req.headers as HeadersInit })
      // The platform's part: it writes what the application returns, unless it has given up.
      void route(request)
        .catch(() => new Response('error', { status: 500 }))
        .then(async (response) => {
          const body = await response.text()
          if (!taken && !res.destroyed) res.writeHead(response.status).end(body)
        })
    }),
  )
}

// Both older majors are installed under names of their own, to which no types belong.
const load = createRequire(import.meta.url)

/** Every stack the adapters are for, by name; those of the Express adapter that are not Express's included. */
export const stacks: Readonly<Record<string, StartStack>> = {
  'express 4': expressStack(load('express4') as typeof express),
  'express 5': expressStack(express),
  'fastify 5': fastifyStack,
  'koa 2': koaStack(load('koa2') as typeof Koa),
  'koa 3': koaStack(Koa),
  fetch: fetchStack,
  connect: connectStack,
  'raw http': rawStack,
  'engine.use of socket.io': engineStack,
  'app.use of Nest on Fastify': nestStack,
}

/** Path of the one route of a stack. */
export const routeOf = (name: string): string =>
  name.startsWith('engine') ? '/?EIO=4&transport=polling' : '/'
