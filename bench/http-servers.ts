import type { RequestHandler } from 'express'
import type { Context } from 'hono'
import type * as Express from 'oauth-resource-server/express'
import type * as Fastify from 'oauth-resource-server/fastify'
import type * as Fetch from 'oauth-resource-server/fetch'
import type * as Koa from 'oauth-resource-server/koa'
import { answer, type Apps, expressApp, fastifyApp, honoApp, koaApp, needed } from './http-apps.ts'
import { built } from './library.ts'

/** Every framework bare, and with a build of this library. */
export const apps: Apps = {
  'express: bare': () => expressApp(),
  async express({ library, ...place }) {
    const ours = await built<typeof Express>(library, 'express')
    return expressApp(ours.verifyJwt(place) as RequestHandler, ours.requireScope(needed) as RequestHandler)
  },
  'koa: bare': () => koaApp(),
  async koa({ library, ...place }) {
    const ours = await built<typeof Koa>(library, 'koa')
    return koaApp(ours.verifyJwt(place), ours.requireScope(needed))
  },
  'fastify: bare': () => fastifyApp(() => undefined),
  async fastify({ library, ...place }) {
    const ours = await built<typeof Fastify>(library, 'fastify')
    return fastifyApp((app) => {
      void app.register(ours.verifyJwt, place)
      return ours.requireScope(needed)
    })
  },
  'hono: bare': () => honoApp((app) => app.get('/orders', (context) => context.json(answer))),
  async hono({ library, ...place }) {
    const ours = await built<typeof Fetch>(library, 'fetch')
    const handler = ours.protect(
      place,
      ours.requireScope(needed),
    )((_request, _auth, context: Context) => context.json(answer))
    return honoApp((app) => app.get('/orders', (context) => handler(context.req.raw, context)))
  },
}
