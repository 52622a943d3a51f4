import type { RequestListener } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Context } from 'koa'
import { type Apps, expressApp, fastifyApp, koaApp, needed } from '../http-apps.ts'
import { type Floor, hashing, recalling } from './floors.ts'

/** Hooks that do the least, to show what no library can do without. */
export const apps: Apps = {
  'express: hooks that do nothing': () =>
    expressApp(
      (_req, _res, next) => next(),
      (_req, _res, next) => next(),
    ),
  'express: hooks that set one member and read it': () =>
    expressFloor({ callerOf: () => nobody, guard: (caller) => caller === nobody }),
  'express: hooks that hash the token and set one member': () => expressFloor(hashing),
  'express: hooks that recall the caller and check the least': () => expressFloor(recalling(needed)),
  'koa: hooks that hash the token and set one member': () => koaFloor(hashing),
  'koa: hooks that recall the caller and check the least': () => koaFloor(recalling(needed)),
  'fastify: hooks that hash the token and set one member': () => fastifyFloor(hashing),
  'fastify: hooks that recall the caller and check the least': () => fastifyFloor(recalling(needed)),
}

const nobody = {}

/** A request with the member that the hooks set. */
interface WithAuth {
  auth?: unknown
}

function expressFloor({ callerOf, guard }: Floor): RequestListener {
  return expressApp(
    (req, _res, next) => {
      withAuth(req).auth = callerOf(req)
      next()
    },
    (req, _res, next) => next(refusalOf(guard(withAuth(req).auth))),
  )
}

function koaFloor({ callerOf, guard }: Floor): RequestListener {
  return koaApp(
    (ctx: Context, next) => {
      withAuth(ctx.state).auth = callerOf(ctx.req)
      return next()
    },
    (ctx: Context, next) => {
      const refusal = refusalOf(guard(withAuth(ctx.state).auth))
      if (refusal !== undefined) throw refusal
      return next()
    },
  )
}

function fastifyFloor({ callerOf, guard }: Floor): FastifyInstance {
  return fastifyApp((app) => {
    app.decorateRequest('auth', undefined as never)
    app.addHook('onRequest', (request, _reply, done) => {
      withAuth(request).auth = callerOf(request.raw)
      done()
    })
    return (request, _reply, done) => done(refusalOf(guard(withAuth(request).auth)))
  })
}

function withAuth(request: object): WithAuth {
  return request
}

function refusalOf(allowed: boolean): Error | undefined {
  return allowed ? undefined : new Error('refused')
}
