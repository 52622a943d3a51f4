import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import { fastify } from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import type { ProtectedResourceMetadataOptions, ResourceServer } from 'oauth-resource-server'
import * as onExpress from 'oauth-resource-server/express'
import * as onFastify from 'oauth-resource-server/fastify'
import * as onFetch from 'oauth-resource-server/fetch'
import * as onKoa from 'oauth-resource-server/koa'

// Express 4 has no types of its own.
const load = createRequire(import.meta.url)

export type Listener = (request: IncomingMessage, response: ServerResponse) => unknown
type Api = ResourceServer<unknown, undefined>
/** @param order of `verifyJwt(api)` and `protectedResourceMetadata(api, options)` */
type Make = (
  api: Api,
  options: ProtectedResourceMetadataOptions | undefined,
  order: 'metadata first' | 'verifyJwt first',
) => Listener | Promise<Listener>

const expressApp =
  (framework: typeof express): Make =>
  (api, options, order) => {
    const app = framework()
    const metadata = onExpress.protectedResourceMetadata(api, options)
    if (order === 'metadata first') app.use(metadata)
    app.use(onExpress.verifyJwt(api))
    if (order === 'verifyJwt first') app.use(metadata)
    app.use(onExpress.requireScope('read'), (_req, res) => void res.send('handled'))
    return app as Listener
  }

/** An API of each framework, every route of which needs a token with the scope `read`. */
export const metadataApps: Readonly<Record<string, Make>> = {
  express: expressApp(express),
  'express 4': expressApp(load('express4') as typeof express),
  koa(api, options, order) {
    const app = new Koa()
    const metadata = onKoa.protectedResourceMetadata(api, options)
    if (order === 'metadata first') app.use(metadata)
    app.use(onKoa.verifyJwt(api))
    if (order === 'verifyJwt first') app.use(metadata)
    app.use(onKoa.requireScope('read')).use((ctx) => void (ctx.body = 'handled'))
    return app.callback()
  },
  async fastify(api, options, order) {
    const app = fastify()
    const metadata = onFastify.protectedResourceMetadata(api, options)
    if (order === 'metadata first') await app.register(metadata)
    await app.register(onFastify.verifyJwt, { api })
    // A context with a prefix: the well-known URL is not below it.
    if (order === 'verifyJwt first') {
      app.register(
        (scope, _options, done) => {
          scope.register(metadata)
          done()
        },
        { prefix: '/v1' },
      )
    }
    app.get('/*', { onRequest: onFastify.requireScope('read') }, () => 'handled')
    await app.ready()
    return (req, res) => app.routing(req, res)
  },
  fetch(api, options, order) {
    const metadata = onFetch.protectedResourceMetadata(api, options)
    const handle = onFetch.protect(api, onFetch.requireScope('read'))(() => new Response('handled'))
    return getRequestListener(async (request) =>
      order === 'metadata first' ? (metadata(request) ?? (await handle(request))) : await handle(request),
    )
  },
  hono(api, options, order) {
    const app = new Hono()
    const metadata = onFetch.protectedResourceMetadata(api, options)
    const verify = onFetch.verifyJwt(api)
    if (order === 'metadata first') app.use(async (c, next) => metadata(c.req.raw) ?? (await next()))
    app.use(async (c, next) => {
      const auth = await verify(c.req.raw)
      if (auth instanceof Response) return auth
      await next()
      return undefined
    })
    app.all('*', (c) => c.text('handled'))
    return getRequestListener(app.fetch)
  },
}
