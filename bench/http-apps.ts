import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import express, { type RequestHandler } from 'express'
import fastify, {
  type FastifyInstance,
  type onRequestAsyncHookHandler,
  type onRequestHookHandler,
} from 'fastify'
import { Hono } from 'hono'
import Koa, { type Middleware } from 'koa'

/** What a server is told of the issuer it trusts, and where the library is built that it uses. */
export interface ServerPlace {
  readonly issuer: string
  readonly audience: string
  readonly jwksUri: string
  readonly library: string
}

/** An application that answers `GET /orders`. */
export type App = RequestListener | FastifyInstance

/** Applications of one module, by name. */
export type Apps = Readonly<Record<string, (place: ServerPlace) => App | Promise<App>>>

/** A hook of a Fastify route. */
export type FastifyHook = onRequestHookHandler | onRequestAsyncHookHandler

/** The scope that every guard requires. */
export const needed = 'orders:read'

/** The document that every server sends. */
export const answer = { orders: [] }

/** Starts an application on a free loopback port. */
export async function listen(app: App): Promise<Server> {
  if (typeof app !== 'function') {
    await app.listen({ port: 0, host: '127.0.0.1' })
    return app.server
  }
  const server = createServer(app)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

export function expressApp(...middleware: RequestHandler[]): RequestListener {
  const app = express()
  for (const one of middleware) app.use(one)
  app.get('/orders', (_req, res) => {
    res.json(answer)
  })
  return app
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- Koa's own way to say "any"
export function koaApp(...middleware: Middleware<any, any>[]): RequestListener {
  const app = new Koa()
  for (const one of middleware) app.use(one)
  app.use((ctx) => {
    ctx.body = answer
  })
  const handle = app.callback()
  return (req, res) => void handle(req, res)
}

export function fastifyApp(prepare: (app: FastifyInstance) => FastifyHook | undefined): FastifyInstance {
  const app = fastify()
  const guard = prepare(app)
  void app.register((scope, _options, done) => {
    scope.get('/orders', guard === undefined ? {} : { onRequest: guard }, () => answer)
    done()
  })
  return app
}

export function honoApp(prepare: (app: Hono) => unknown): RequestListener {
  const app = new Hono()
  prepare(app)
  const handle = getRequestListener(app.fetch)
  return (req, res) => void handle(req, res)
}
