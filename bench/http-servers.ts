import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import express, { type RequestHandler } from 'express'
import { expressjwt, type GetVerificationKey, type Request as JwtRequest } from 'express-jwt'
import fastify, {
  type FastifyInstance,
  type onRequestAsyncHookHandler,
  type onRequestHookHandler,
} from 'fastify'
import fastifyJwtJwks from 'fastify-jwt-jwks'
import { type Context as HonoContext, Hono, type MiddlewareHandler } from 'hono'
import { jwk } from 'hono/jwk'
import jwksRsa from 'jwks-rsa'
import Koa, { type Context, type Middleware } from 'koa'
import koaJwt from 'koa-jwt'
import type { Auth } from 'oauth-resource-server'
import * as ourExpress from 'oauth-resource-server/express'
import * as ourFastify from 'oauth-resource-server/fastify'
import * as ourFetch from 'oauth-resource-server/fetch'
import * as ourKoa from 'oauth-resource-server/koa'
import { type Floor, hashing, recalling } from './floors.ts'

const peer: string = 'express-oauth2-jwt-bearer'
// Its types declare `req.auth` for all of Express, and otherwise than ours: one program cannot hold both.
const { auth: expressOauth, requiredScopes } = (await import(peer)) as {
  auth: (options: IssuerPlace & { tokenSigningAlg: string }) => RequestHandler
  requiredScopes: (scopes: string) => RequestHandler
}

/** What a server is told of the issuer it trusts. */
export interface IssuerPlace {
  readonly issuer: string
  readonly audience: string
  readonly jwksUri: string
}

const needed = 'orders:read'
const answer = { orders: [] }
const nobody = {} as Auth

type FastifyHook = onRequestHookHandler | onRequestAsyncHookHandler

/** Every server answers `GET /orders` with the same document, to callers with the same scope. */
const servers: Readonly<Record<string, (place: IssuerPlace) => RequestListener | FastifyInstance>> = {
  'express: bare': () => expressApp(),
  'express: hooks that do nothing': () =>
    expressApp(
      (_req, _res, next) => next(),
      (_req, _res, next) => next(),
    ),
  'express: hooks that set one member and read it': () =>
    expressApp(
      (req, _res, next) => {
        req.auth = nobody
        next()
      },
      (req, _res, next) => next(req.auth === nobody ? undefined : new Error('the member is gone')),
    ),
  'express: hooks that hash the token and set one member': () => expressFloor(hashing),
  'express: hooks that recall the caller and check the least': () => expressFloor(recalling(needed)),
  'express: this library': (place) =>
    expressApp(ourExpress.verifyJwt(place), ourExpress.requireScope(needed)),
  'express: express-oauth2-jwt-bearer': ({ issuer, audience, jwksUri }) =>
    expressApp(expressOauth({ issuer, audience, jwksUri, tokenSigningAlg: 'RS256' }), requiredScopes(needed)),
  'express: express-jwt, jwks-rsa': ({ issuer, audience, jwksUri }) => {
    const secret = jwksRsa.expressJwtSecret({ cache: true, rateLimit: true, jwksUri }) as GetVerificationKey
    return expressApp(
      expressjwt({ secret, issuer, audience, algorithms: ['RS256'] }),
      (req: JwtRequest, res, next) => {
        if (holds(req.auth)) next()
        else res.sendStatus(403)
      },
    )
  },
  'koa: bare': () => koaApp(),
  'koa: hooks that hash the token and set one member': () => koaFloor(hashing),
  'koa: hooks that recall the caller and check the least': () => koaFloor(recalling(needed)),
  'koa: this library': (place) => koaApp(ourKoa.verifyJwt(place), ourKoa.requireScope(needed)),
  'koa: koa-jwt, jwks-rsa': ({ issuer, audience, jwksUri }) => {
    const secret = jwksRsa.koaJwtSecret({ cache: true, rateLimit: true, jwksUri })
    return koaApp(koaJwt({ secret, issuer, audience, algorithms: ['RS256'] }), async (ctx: Context, next) => {
      if (!holds(ctx.state['user'])) ctx.throw(403)
      await next()
    })
  },
  'fastify: bare': () => fastifyApp(() => undefined),
  'fastify: hooks that hash the token and set one member': () => fastifyFloor(hashing),
  'fastify: hooks that recall the caller and check the least': () => fastifyFloor(recalling(needed)),
  'fastify: this library': (place) =>
    fastifyApp((app) => {
      void app.register(ourFastify.verifyJwt, place)
      return ourFastify.requireScope(needed)
    }),
  'fastify: fastify-jwt-jwks': (place) => fastifyApp(fastifyPeer(place, false)),
  'fastify: fastify-jwt-jwks, cache on': (place) => fastifyApp(fastifyPeer(place, true)),
  'hono: bare': () => honoApp((app) => app.get('/orders', (context) => context.json(answer))),
  'hono: this library': (place) =>
    honoApp((app) => {
      const handler = ourFetch.protect(
        place,
        ourFetch.requireScope(needed),
      )((_request, _auth, context: HonoContext) => context.json(answer))
      app.get('/orders', (context) => handler(context.req.raw, context))
    }),
  'hono: hono/jwk': ({ issuer, audience, jwksUri }) =>
    honoApp((app) => {
      const guard: MiddlewareHandler = async (context: HonoContext, next) => {
        if (!holds(context.get('jwtPayload'))) return context.body(null, 403)
        return next()
      }
      // It has no cache of its own: with `jwks_uri` it would fetch the keys for every request.
      let keys: Promise<{ keys: [] }> | undefined
      const load = async (): Promise<[]> =>
        (await (keys ??= fetch(jwksUri).then((response) => response.json() as Promise<{ keys: [] }>))).keys
      app.use(
        jwk({ keys: load, alg: ['RS256'], verification: { iss: issuer, aud: audience, typ: 'at+jwt' } }),
      )
      app.get('/orders', guard, (context) => context.json(answer))
    }),
}

export const serverNames = Object.keys(servers)

/** Starts one of {@link serverNames} on a free loopback port. */
export async function startServer(name: string, place: IssuerPlace): Promise<Server> {
  const make = servers[name]
  if (make === undefined) throw new Error(`no such server: ${name}`)
  const made = make(place)
  if (typeof made !== 'function') {
    await made.listen({ port: 0, host: '127.0.0.1' })
    return made.server
  }
  const server = createServer(made)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function expressApp(...middleware: RequestHandler[]): RequestListener {
  const app = express()
  for (const one of middleware) app.use(one)
  app.get('/orders', (_req, res) => {
    res.json(answer)
  })
  return app
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- Koa's own way to say "any"
function koaApp(...middleware: Middleware<any, any>[]): RequestListener {
  const app = new Koa()
  for (const one of middleware) app.use(one)
  app.use((ctx) => {
    ctx.body = answer
  })
  const handle = app.callback()
  return (req, res) => void handle(req, res)
}

function fastifyApp(prepare: (app: FastifyInstance) => FastifyHook | undefined): FastifyInstance {
  const app = fastify()
  const guard = prepare(app)
  void app.register((scope, _options, done) => {
    scope.get('/orders', guard === undefined ? {} : { onRequest: guard }, () => answer)
    done()
  })
  return app
}

function expressFloor({ callerOf, guard }: Floor): RequestListener {
  return expressApp(
    (req, _res, next) => {
      req.auth = callerOf(req) as never
      next()
    },
    (req, _res, next) => next(refusalOf(guard(req.auth))),
  )
}

function koaFloor({ callerOf, guard }: Floor): RequestListener {
  return koaApp(
    (ctx: Context, next) => {
      ctx.state.auth = callerOf(ctx.req) as never
      return next()
    },
    (ctx: Context, next) => {
      const refusal = refusalOf(guard(ctx.state.auth))
      if (refusal !== undefined) throw refusal
      return next()
    },
  )
}

function fastifyFloor({ callerOf, guard }: Floor): FastifyInstance {
  return fastifyApp((app) => {
    app.decorateRequest('auth', undefined as never)
    app.addHook('onRequest', (request, _reply, done) => {
      request.auth = callerOf(request.raw) as never
      done()
    })
    return (request, _reply, done) => done(refusalOf(guard(request.auth)))
  })
}

function refusalOf(allowed: boolean): Error | undefined {
  return allowed ? undefined : new Error('refused')
}

function fastifyPeer(
  { issuer, audience, jwksUri }: IssuerPlace,
  cache: boolean,
): (app: FastifyInstance) => onRequestAsyncHookHandler {
  return (app) => {
    void app.register(fastifyJwtJwks, { jwksUrl: jwksUri, audience, issuer, cache } as never)
    return async (request, reply) => {
      await (app as unknown as { authenticate: (...given: unknown[]) => Promise<void> }).authenticate(
        request,
        reply,
      )
      if (!holds(request.user)) await reply.code(403).send()
    }
  }
}

function honoApp(prepare: (app: Hono) => unknown): RequestListener {
  const app = new Hono()
  prepare(app)
  const handle = getRequestListener(app.fetch)
  return (req, res) => void handle(req, res)
}

/** The guard of the peers that bring none. */
function holds(claims: unknown): boolean {
  const { scope = '' } = claims as { scope?: string }
  return scope.split(' ').includes(needed)
}
