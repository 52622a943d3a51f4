import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import {
  connect as connectHttp2,
  createSecureServer,
  createServer as createHttp2Server,
  type Http2Server,
} from 'node:http2'
import { createServer as createTlsServer } from 'node:https'
import { createRequire } from 'node:module'
import { type AddressInfo, connect } from 'node:net'
import fastifyCors from '@fastify/cors'
import { getRequestListener } from '@hono/node-server'
import koaCors from '@koa/cors'
import expressCors from 'cors'
import express, { type ErrorRequestHandler, type RequestHandler } from 'express'
import { fastify, type FastifyError, type FastifyInstance } from 'fastify'
import { Hono } from 'hono'
import { cors as honoCors } from 'hono/cors'
import Koa from 'koa'
import type { Auth, Guard, ResourceServer, RouteGuards } from 'oauth-resource-server'
import * as expressAdapter from 'oauth-resource-server/express'
import * as fastifyAdapter from 'oauth-resource-server/fastify'
import * as fetchAdapter from 'oauth-resource-server/fetch'
import * as koaAdapter from 'oauth-resource-server/koa'

/** The guards an adapter exports. */
export type AdapterGuards = RouteGuards<unknown, unknown>

/** How a host differs from the plain one. */
export interface HostOptions {
  /** Routes behind a guard, by path; each answers GET and POST. */
  readonly routes?: Readonly<Record<string, (guards: AdapterGuards) => unknown>>
  /** Runs within every handler, before it answers: the place for a handler that fails. */
  readonly handler?: (auth: Auth | undefined) => unknown
  /** Reads the caller with `getAuth()`, which throws for an anonymous one. */
  readonly needsAuth?: boolean
  /** Leaves `verifyJwt()` out, as someone forgetful might. */
  readonly unverified?: boolean
  /** Registers `verifyJwt` itself as the middleware, or as the hook on Fastify, without calling it. */
  readonly uncalled?: boolean
  /** Allows every origin, ahead of `verifyJwt()` or behind it, with the package that is usual for the framework. */
  readonly cors?: 'ahead' | 'behind'
  /** Headers that {@link cors} lets scripts of other origins read. */
  readonly exposed?: string[]
  /** What another middleware writes, behind `verifyJwt()`, where applications look for the caller. */
  readonly forged?: object
  /** Parses form bodies ahead of `verifyJwt()`, where the framework can. */
  readonly form?: boolean
  /** What every handler itself says in `Cache-Control`. */
  readonly cacheControl?: string
  /** What something ahead of `verifyJwt()` says in `Cache-Control`; nothing is ahead of it on fetch. */
  readonly cacheControlAhead?: string
  /**
   * Speaks HTTP/2 without TLS. Express cannot: it gives every request and response its own prototype, made from
   * those of `node:http`, under which the objects of `node:http2` lose their accessors.
   */
  readonly http2?: boolean
  /** Gets every line that the framework's own logger writes, where it has one. The URL of requests is left out. */
  readonly log?: (line: string) => void
  /** Speaks TLS, and asks for the certificate of the client without checking its chain. */
  readonly tls?: { readonly key: string; readonly cert: string }
}

/** A running API of one framework. */
export interface Host {
  readonly origin: string
  readonly port: number
  /** How many requests reached a handler. */
  readonly calls: () => number
  /** What reached the framework's own error path, oldest first. */
  readonly errors: () => readonly unknown[]
  readonly close: () => Promise<void>
}

/**
 * Starts an API on loopback: `verifyJwt(api)` for all of it, GET and POST on `/` without a guard, and the routes of
 * the options. Its handler answers what {@link HostAnswer} says.
 */
export type StartHost = (api: ResourceServer<unknown, undefined>, options?: HostOptions) => Promise<Host>

/** What the handler of a host answers. */
export interface HostAnswer {
  readonly subject?: string
  readonly clientId?: string
  readonly scopes: readonly string[]
  readonly roles: readonly string[]
  readonly anonymous: boolean
}

/** What became of the requests to one host. */
interface Log {
  calls: number
  readonly errors: unknown[]
}

interface Serving {
  readonly server: Pick<Server | Http2Server, 'address'>
  readonly close: () => Promise<void>
}

function host(
  serve: (api: ResourceServer<unknown, undefined>, options: HostOptions, log: Log) => Promise<Serving>,
): StartHost {
  return async (api, options = {}) => {
    const log: Log = { calls: 0, errors: [] }
    const { server, close } = await serve(api, options, log)
    const { port } = server.address() as AddressInfo
    return {
      origin: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
      port,
      calls: () => log.calls,
      errors: () => log.errors,
      close,
    }
  }
}

async function answer(auth: Auth | undefined, { handler }: HostOptions, log: Log): Promise<HostAnswer> {
  log.calls++
  await handler?.(auth)
  return {
    ...(auth?.subject === undefined ? {} : { subject: auth.subject }),
    ...(auth?.clientId === undefined ? {} : { clientId: auth.clientId }),
    scopes: [...(auth?.scopes ?? [])],
    roles: [...(auth?.roles ?? [])],
    anonymous: auth === undefined,
  }
}

function authOf<R>(
  { getAuth, getOptionalAuth }: Record<'getAuth' | 'getOptionalAuth', (request: R) => Auth | undefined>,
  request: R,
  { needsAuth }: HostOptions,
): Auth | undefined {
  return needsAuth === true ? getAuth(request) : getOptionalAuth(request)
}

function headersOf({ cacheControl }: HostOptions): Record<string, string> {
  return cacheControl === undefined ? {} : { 'Cache-Control': cacheControl }
}

function headersAhead({ cacheControlAhead: cacheControl }: HostOptions): Record<string, string> {
  return headersOf(cacheControl === undefined ? {} : { cacheControl })
}

function guardsOf(options: HostOptions, guards: AdapterGuards): readonly (readonly [string, unknown])[] {
  return Object.entries(options.routes ?? {}).map(([path, guard]) => [path, guard(guards)])
}

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown

/** Options of a server that asks for the certificate of the client. */
const withClients = (tls: NonNullable<HostOptions['tls']>) => ({
  ...tls,
  requestCert: true,
  rejectUnauthorized: false,
})

function serverOf(listener: Listener, { http2, tls }: HostOptions): Server | Http2Server {
  const onRequest = (request: IncomingMessage, response: ServerResponse): void =>
    void listener(request, response)
  // Same events, same request and response surface: Node's compatibility layer is made for this.
  if (tls !== undefined && http2 === true) return createSecureServer(withClients(tls), listener as never)
  if (tls !== undefined) return createTlsServer(withClients(tls), onRequest)
  return http2 === true ? createHttp2Server(listener as never) : createServer(onRequest)
}

async function listen(listener: Listener, options: HostOptions): Promise<Serving> {
  const server = serverOf(listener, options)
  const sessions = new Set<{ destroy: () => void }>()
  server.on('session', (session: { destroy: () => void }) => sessions.add(session))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        if ('closeAllConnections' in server) server.closeAllConnections()
        for (const session of sessions) session.destroy()
      }),
  }
}

const expressHost = (framework: typeof express): StartHost =>
  host(async (api, options, log) => {
    if (options.http2 === true) throw new TypeError('http2: Express has none')
    const app = framework()
    if (options.form === true) app.use(framework.urlencoded({ extended: true }))
    if (options.cors === 'ahead') app.use(expressCors({ exposedHeaders: options.exposed ?? [] }))
    app.use((_req, res, next) => {
      res.set(headersAhead(options))
      next()
    })
    if (options.unverified !== true) {
      app.use(options.uncalled === true ? (expressAdapter.verifyJwt as never) : expressAdapter.verifyJwt(api))
    }
    if (options.cors === 'behind') app.use(expressCors({ exposedHeaders: options.exposed ?? [] }))
    const { forged } = options
    if (forged !== undefined) {
      app.use((req, res, next) => {
        Object.assign(req, { auth: forged, user: forged })
        res.locals = { auth: forged }
        next()
      })
    }
    const handler: RequestHandler = (req, res, next) => {
      res.set(headersOf(options))
      answer(authOf(expressAdapter, req, options), options, log).then((body) => res.json(body), next)
    }
    for (const [path, guard] of guardsOf(options, expressAdapter)) {
      app.all(path, guard as RequestHandler, handler)
    }
    app.all('/', handler)
    const record: ErrorRequestHandler = (error, _req, _res, next) => {
      log.errors.push(error)
      next(error)
    }
    app.use(record)
    return await listen(app, options)
  })

const koaHost = (framework: typeof Koa): StartHost =>
  host(async (api, options, log) => {
    const app = new framework()
    app.on('error', (error: unknown) => void log.errors.push(error))
    if (options.form === true) {
      app.use(async (ctx, next) => {
        let text = ''
        for await (const chunk of ctx.req) text += String(chunk)
        Object.assign(ctx.request, { body: Object.fromEntries(new URLSearchParams(text)) })
        await next()
      })
    }
    if (options.cors === 'ahead') app.use(koaCors({ exposeHeaders: options.exposed ?? [] }))
    app.use((ctx, next) => {
      ctx.set(headersAhead(options))
      return next()
    })
    if (options.unverified !== true) {
      app.use(options.uncalled === true ? (koaAdapter.verifyJwt as never) : koaAdapter.verifyJwt(api))
    }
    if (options.cors === 'behind') app.use(koaCors({ exposeHeaders: options.exposed ?? [] }))
    const { forged } = options
    if (forged !== undefined) {
      app.use((ctx, next) => {
        ctx.state = { auth: forged as never, user: forged }
        return next()
      })
    }
    const guards = new Map(guardsOf(options, koaAdapter))
    app.use(async (ctx, next) => {
      const guard = guards.get(ctx.path) as Koa.Middleware | undefined
      await (guard === undefined ? next() : guard(ctx, next))
    })
    app.use(async (ctx) => {
      ctx.set(headersOf(options))
      if (ctx.path === '/' || guards.has(ctx.path))
        ctx.body = await answer(authOf(koaAdapter, ctx, options), options, log)
    })
    return await listen(app.callback(), options)
  })

const fastifyHost: StartHost = host(async (api, options, log) => {
  const { log: write } = options
  const serializers = { req: ({ method }: { method: string }) => ({ method }) }
  const logger = write === undefined ? false : { level: 'trace', stream: { write }, serializers }
  const https = options.tls === undefined ? {} : { https: withClients(options.tls) }
  const http2 = options.http2 === true ? { http2: true } : {}
  const app = fastify({ ...https, ...http2, logger } as object) as unknown as FastifyInstance
  // Otherwise a client that keeps its HTTP/2 session open holds up close().
  const sessions = new Set<{ destroy: () => void }>()
  app.server.on('session', (session: { destroy: () => void }) => sessions.add(session))
  app.addHook('onError', (_request, _reply, error, done) => {
    log.errors.push(error satisfies FastifyError)
    done()
  })
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => {
      done(null, Object.fromEntries(new URLSearchParams(String(body))))
    },
  )
  if (options.cors === 'ahead') await app.register(fastifyCors, { exposedHeaders: options.exposed ?? [] })
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(headersAhead(options))
    done()
  })
  if (options.uncalled === true) app.addHook('onRequest', fastifyAdapter.verifyJwt as never)
  else if (options.unverified !== true) await app.register(fastifyAdapter.verifyJwt, { api })
  if (options.cors === 'behind') await app.register(fastifyCors, { exposedHeaders: options.exposed ?? [] })
  const { forged } = options
  if (forged !== undefined) {
    app.addHook('onRequest', (request, _reply, done) => {
      Object.assign(request, { auth: forged, user: forged })
      done()
    })
  }
  app.register((scope, _options, done) => {
    for (const [path, guard] of [['/', []] as const, ...guardsOf(options, fastifyAdapter)]) {
      scope.route({
        method: ['GET', 'POST'],
        url: path,
        onRequest: guard as fastifyAdapter.FastifyGuard,
        handler: (request, reply) => {
          reply.headers(headersOf(options))
          return answer(authOf(fastifyAdapter, request, options), options, log)
        },
      })
    }
    done()
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return {
    server: app.server,
    close: async () => {
      for (const session of sessions) session.destroy()
      if (options.http2 !== true) app.server.closeAllConnections()
      await app.close()
    },
  }
})

const fetchHost: StartHost = host(async (api, options, log) => {
  const app = new Hono()
  app.onError((error, c) => {
    log.errors.push(error)
    return c.text('Internal Server Error', 500)
  })
  if (options.cors === 'ahead') app.use(honoCors({ exposeHeaders: options.exposed ?? [], origin: '*' }))
  const { forged } = options
  if (forged !== undefined) {
    app.use(({ req }, next) => {
      Object.assign(req.raw, { auth: forged, user: forged })
      return next()
    })
  }
  for (const [path, guard] of [['/', undefined] as const, ...guardsOf(options, fetchAdapter)]) {
    const handler = async (request: Request, auth: Auth | undefined): Promise<Response> => {
      if (options.needsAuth === true) fetchAdapter.getAuth(request)
      return Response.json(await answer(auth, options, log), { headers: headersOf(options) })
    }
    const guards = guard === undefined ? [] : [guard as Guard<Request>]
    if (options.uncalled === true) {
      app.all(path, ({ req }) => fetchAdapter.verifyJwt(req.raw as never) as never)
    } else if (options.unverified === true) {
      app.all(path, async ({ req }) => {
        for (const ask of guards) await ask(undefined as unknown as Auth, req.raw)
        return await handler(req.raw, undefined)
      })
    } else {
      const route = fetchAdapter.protect(
        api,
        ...guards,
      )(handler as fetchAdapter.ProtectedHandler<unknown, []>)
      app.all(path, ({ req }) => route(req.raw))
    }
  }
  if (options.cors === 'behind') app.use(honoCors({ exposeHeaders: options.exposed ?? [], origin: '*' }))
  return await listen(getRequestListener(app.fetch), options)
})

// Both older majors are installed under names of their own, to which no types belong.
const load = createRequire(import.meta.url)

/** Every framework the adapters are for, by name. */
export const hosts: Readonly<Record<string, StartHost>> = {
  'express 4': expressHost(load('express4') as typeof express),
  'express 5': expressHost(express),
  'fastify 5': fastifyHost,
  'koa 2': koaHost(load('koa2') as typeof Koa),
  'koa 3': koaHost(Koa),
  fetch: fetchHost,
}

/** Those of {@link hosts} that speak HTTP/2. */
export const http2Hosts: Readonly<Record<string, StartHost>> = Object.fromEntries(
  Object.entries(hosts).filter(([name]) => !name.startsWith('express')),
)

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

/**
 * Sends exactly this text, each character one byte, and reads until the server closes: for requests that `fetch`
 * would not send. Ask for `Connection: close`.
 */
export async function rawRequest(port: number, text: string): Promise<RawAnswer> {
  const chunks: Buffer[] = []
  await new Promise<void>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => void socket.write(text, 'latin1'))
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('close', () => resolve())
  })
  const received = Buffer.concat(chunks).toString('latin1')
  const end = received.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = received.slice(0, end).split('\r\n')
  const headers = new Headers(
    lines.map((line): [string, string] => [nameIn(line), line.slice(nameIn(line).length + 1)]),
  )
  const body = received.slice(end + 4)
  return {
    status: Number(statusLine.split(' ')[1]),
    headers,
    body: headers.get('transfer-encoding') === 'chunked' ? unchunked(body) : body,
  }
}

function nameIn(line: string): string {
  return line.slice(0, line.indexOf(':'))
}

function unchunked(body: string): string {
  let text = ''
  for (let at = 0; ;) {
    const lineEnd = body.indexOf('\r\n', at)
    const length = parseInt(body.slice(at, lineEnd), 16)
    if (!(length > 0)) return text
    text += body.slice(lineEnd + 2, lineEnd + 2 + length)
    at = lineEnd + 2 + length + 2
  }
}

/** One GET over HTTP/2 without TLS; a header with a list of values is sent once for each. */
export async function http2Request(
  port: number,
  headers: Readonly<Record<string, string | readonly string[]>> = {},
  path = '/',
): Promise<RawAnswer> {
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  try {
    return await new Promise((resolve, reject) => {
      session.on('error', reject)
      const stream = session.request({ ':path': path, ...(headers as Record<string, string | string[]>) })
      let answered: Omit<RawAnswer, 'body'>
      let body = ''
      stream.setEncoding('utf8')
      stream.on('response', (received) => {
        const list = Object.entries(received).filter(([name]) => !name.startsWith(':'))
        answered = {
          status: received[':status'] ?? 0,
          headers: new Headers(list.map(([name, value]): [string, string] => [name, String(value)])),
        }
      })
      stream.on('data', (chunk: string) => (body += chunk))
      stream.on('error', reject)
      stream.on('end', () => resolve({ ...answered, body }))
      stream.end()
    })
  } finally {
    session.close()
  }
}
