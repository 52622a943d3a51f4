import type { RequestHandler } from 'express'
import { expressjwt, type GetVerificationKey, type Request as JwtRequest } from 'express-jwt'
import type { FastifyInstance, onRequestAsyncHookHandler } from 'fastify'
import fastifyJwtJwks from 'fastify-jwt-jwks'
import type { Context as HonoContext, MiddlewareHandler } from 'hono'
import { jwk } from 'hono/jwk'
import jwksRsa from 'jwks-rsa'
import type { Context } from 'koa'
import koaJwt from 'koa-jwt'
import {
  answer,
  type Apps,
  expressApp,
  fastifyApp,
  honoApp,
  koaApp,
  needed,
  type ServerPlace,
} from './http-apps.ts'

const peer: string = 'express-oauth2-jwt-bearer'
// Its types declare `req.auth` for all of Express, and otherwise than ours: one program cannot hold both.
const { auth: expressOauth, requiredScopes } = (await import(peer)) as {
  auth: (options: object) => RequestHandler
  requiredScopes: (scopes: string) => RequestHandler
}

/** Other libraries for the same task. */
export const apps: Apps = {
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
  'koa: koa-jwt, jwks-rsa': ({ issuer, audience, jwksUri }) => {
    const secret = jwksRsa.koaJwtSecret({ cache: true, rateLimit: true, jwksUri })
    return koaApp(koaJwt({ secret, issuer, audience, algorithms: ['RS256'] }), async (ctx: Context, next) => {
      if (!holds(ctx.state['user'])) ctx.throw(403)
      await next()
    })
  },
  'fastify: fastify-jwt-jwks': (place) => fastifyApp(fastifyPeer(place, false)),
  'fastify: fastify-jwt-jwks, cache on': (place) => fastifyApp(fastifyPeer(place, true)),
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

function fastifyPeer(
  { issuer, audience, jwksUri }: ServerPlace,
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

/** The guard of the peers that bring none. */
function holds(claims: unknown): boolean {
  const { scope = '' } = claims as { scope?: string }
  return scope.split(' ').includes(needed)
}
