import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import connect from 'connect'
import type { FastifyInstance } from 'fastify'
import * as expressAdapter from 'oauth-resource-server/express'
import { Server as SocketServer } from 'socket.io'
import 'reflect-metadata'
import { internalError, listening, nothing, ok, type StartStack } from './stack.ts'

/** Connect. */
export const connectStack: StartStack = (app) => {
  const server = connect()
  server.use((req, res, next) => {
    app.before({ req, res, framework: { request: req }, takeOver: nothing })
    next()
  })
  server.use(expressAdapter.verifyJwt(app.api))
  server.use(expressAdapter.authorize(app.guard))
  server.use((req, res) => ok(app, req, res))
  const onError: connect.ErrorHandleFunction = (_error, _req, res, _next) => internalError(res)
  server.use(onError)
  return listening(createServer(server))
}

/** A plain server of Node, which calls one middleware after the other. */
export const rawStack: StartStack = (app) => {
  const verify = expressAdapter.verifyJwt(app.api)
  const guard = expressAdapter.authorize(app.guard)
  return listening(
    createServer((req, res) => {
      app.before({ req, res, framework: { request: req }, takeOver: nothing })
      const then = (go: () => void) => (error?: unknown) => (error === undefined ? go() : internalError(res))
      verify(
        req,
        res,
        then(() =>
          guard(
            req,
            res,
            then(() => ok(app, req, res)),
          ),
        ),
      )
    }),
  )
}

/** Middleware of socket.io; its handshake is the handler. */
export const engineStack: StartStack = (app) => {
  const server = createServer()
  const io = new SocketServer(server, { path: '/' })
  io.engine.use((req: IncomingMessage, res: ServerResponse, next: () => void) => {
    app.before({ req, res, framework: { request: req }, takeOver: nothing })
    next()
  })
  io.engine.use(expressAdapter.verifyJwt(app.api))
  io.engine.use(expressAdapter.authorize(app.guard))
  io.engine.use((req: IncomingMessage, _res: ServerResponse, next: () => void) => {
    app.handler(req.headers['x-round'])
    next()
  })
  return listening(server, () => {
    io.disconnectSockets(true)
  })
}

class NestModule {
  readonly name = 'stack'
}

/** Middleware of Nest, which gets Node's own request and response when Nest runs on Fastify. */
export const nestStack: StartStack = async (app) => {
  const server = await NestFactory.create(
    { module: NestModule },
    new FastifyAdapter({ forceCloseConnections: true }),
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest's own way to pass options
    { logger: false },
  )
  server.use((req: IncomingMessage, res: ServerResponse, next: () => void) => {
    app.before({ req, res, framework: { request: req }, takeOver: nothing })
    next()
  })
  server.use(expressAdapter.verifyJwt(app.api))
  server.use(expressAdapter.authorize(app.guard))
  const instance = server.getHttpAdapter().getInstance() as unknown as FastifyInstance
  instance.get('/', (request) => {
    app.handler(request.headers['x-round'])
    return 'ok'
  })
  await server.listen(0, '127.0.0.1')
  const origin = await server.getUrl()
  return { origin, port: Number(new URL(origin).port), close: () => server.close() }
}
