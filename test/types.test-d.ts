/* What must compile, and what must not. Nothing here ever runs; types.test.ts has the compiler read it. */
import type { IncomingMessage } from 'node:http'
import express, { type Request as ExpressRequest } from 'express'
import { fastify, type FastifyPluginCallback, type FastifyTypeProvider } from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import {
  allOf,
  type Auth,
  type Claims,
  claim,
  createResourceServer,
  fromHeader,
  type JwkSet,
  not,
  role,
  scope,
} from 'oauth-resource-server'
import * as forExpress from 'oauth-resource-server/express'
import * as forFastify from 'oauth-resource-server/fastify'
import * as forFetch from 'oauth-resource-server/fetch'
import * as forKoa from 'oauth-resource-server/koa'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { expectTypeOf } from 'vitest'
import { z } from 'zod'

declare module 'oauth-resource-server' {
  interface Claims {
    readonly augmentedForTypesTest?: number
  }
}

const issuer = 'https://issuer.test/'
const audience = 'https://api.test'
declare const jwks: JwkSet
/** A `fetch` with types of its own, as undici's or node-fetch's. */
declare function dispatchedFetch(
  input: string | URL,
  init?: {
    method?: string
    headers?: Record<string, string>
    signal?: AbortSignal | null
    dispatcher?: object
  },
): Promise<{ status: number; headers: Headers; body: AsyncIterable<Uint8Array> | null }>

export function options(): void {
  createResourceServer()
  createResourceServer({})
  createResourceServer({ issuer, audience })
  createResourceServer({ issuer, audience: ['a', 'b'], jwks, algorithms: ['ES256'], tokenFrom: fromHeader() })
  createResourceServer({ issuer, audience: null, clients: ['c'] })
  createResourceServer({ audience })
  createResourceServer({ audience, issuers: [{ issuer, jwks }] })
  createResourceServer({ issuers: [{ issuer, audience, secret: new Uint8Array(32) }] })
  createResourceServer({ audience, issuers: async (iss) => Promise.resolve({ issuer: iss, jwks }) })
  createResourceServer({ issuers: (iss) => (iss === issuer ? { issuer, audience } : undefined) })
  createResourceServer({ issuer, audience, roles: '/realm_access/roles', scopes: ['scp', '/a/b'] })
  createResourceServer({ issuer, audience, scopes: ({ scp }: { scp: string }) => scp })
  createResourceServer({ issuer, audience, roles: (claims) => claims.permissions })
  createResourceServer({ issuer, audience, roles: (claims: Claims) => claims.sub })
  // @ts-expect-error a nested claim is a JSON Pointer
  createResourceServer({ issuer, audience, roles: [['realm_access', 'roles']] })
  createResourceServer({ issuer, audience, tokenFrom: ({ url }) => url?.slice(1) })
  createResourceServer({ issuer, audience, tokenCache: false, fetch, now: () => Date.now() })

  // D7: what people write compiles.
  createResourceServer({ issuer: process.env['ISSUER'], audience })
  createResourceServer({ issuer, audience, roles: (claims) => claims['permissions'] })
  createResourceServer({
    issuer,
    audience,
    scopes: ({ permissions }: { permissions?: string[] }) => permissions,
  })
  createResourceServer({ issuer, audience, tokenFrom: (request) => request.headers.cookie })
  createResourceServer({ issuer, audience, tokenFrom: (request: ExpressRequest) => request.get('x-token') })
  createResourceServer({ issuer, audience, tokenFrom: async () => Promise.resolve('token') })
  createResourceServer({ issuer, audience, fetch: (url, init) => fetch(url, { ...init, keepalive: true }) })
  createResourceServer({ issuer, audience, fetch: dispatchedFetch })
  createResourceServer({ issuer, audience, clients: undefined, schema: undefined, keyCache: undefined })
  createResourceServer({
    issuer,
    audience,
    tokenCache: { max: undefined },
    keyCache: { staleFor: undefined },
  })
  createResourceServer({ audience, issuers: [{ issuer, clients: undefined, jwksUri: undefined }] })
  createResourceServer({ issuer, audience, tokenTypes: ['at+jwt', undefined], acceptNonce: true })
  createResourceServer({ issuer, audience, allowInsecureHosts: ['keycloak:8080'], hookTimeoutMs: 1000 })

  // @ts-expect-error an API without an audience would accept every API's tokens
  createResourceServer({ issuer })
  // @ts-expect-error nor may it be left undefined
  createResourceServer({ issuer, audience: undefined })
  // @ts-expect-error the check is switched off only beside clients
  createResourceServer({ issuer, audience: null })
  // @ts-expect-error one issuer or several
  createResourceServer({ issuer, audience, issuers: [{ issuer, jwks }] })
  // @ts-expect-error keys belong to one issuer
  createResourceServer({ audience, jwks, issuers: [{ issuer }] })
  // @ts-expect-error a misspelled name
  createResourceServer({ issuer, audience, clockTolerence: 5 })
  // @ts-expect-error an issuer needs a name
  createResourceServer({ audience, issuers: [{ jwks }] })
  // @ts-expect-error none is no algorithm
  createResourceServer({ issuer, audience, algorithms: ['none'] })
  // @ts-expect-error times are numbers of seconds
  createResourceServer({ issuer, audience, clockTolerance: '5s' })
  // @ts-expect-error a list of clients, not one
  createResourceServer({ issuer, audience, clients: 'c' })
  // @ts-expect-error an issuer that may be undefined does not make the audience optional
  createResourceServer({ issuer: process.env['ISSUER'] })
  // @ts-expect-error null is no way to leave an option out
  createResourceServer({ issuer, audience, jwksUri: null })
  // @ts-expect-error a place is a function
  createResourceServer({ issuer, audience, tokenFrom: 'header' })
}

export async function core(message: IncomingMessage, headers: NodeJS.Dict<string | string[]>): Promise<void> {
  const api = createResourceServer({ issuer, audience })
  const auth = await api.verify('token')
  expectTypeOf(auth).toEqualTypeOf<Auth>()
  expectTypeOf(auth.claims).toEqualTypeOf<Claims>()
  expectTypeOf(auth.claims.sub).toEqualTypeOf<string | undefined>()
  expectTypeOf(auth.claims['tenant']).toEqualTypeOf<unknown>()
  expectTypeOf(auth.claims.augmentedForTypesTest).toEqualTypeOf<number | undefined>()
  expectTypeOf(auth.scopes).toEqualTypeOf<ReadonlySet<string>>()
  expectTypeOf(auth.expiresAt).toEqualTypeOf<Date>()

  await api.authenticate(new Request(audience))
  await api.authenticate(message)
  await api.authenticate({ method: 'GET', url: '/', headers: { authorization: 'Bearer t' } })
  await api.authenticate({ headers })
  const test = await createTestIssuer({ audience: [audience] })
  createResourceServer(test.options)
  createResourceServer((await test.listen()).options)

  // @ts-expect-error a request is more than a token
  await api.authenticate('token')
  // @ts-expect-error claims are what was signed
  auth.claims.sub = 'someone else'
  // @ts-expect-error nobody grants scopes afterwards
  expectTypeOf(auth.scopes.add).toBeFunction()
  // @ts-expect-error nor takes another subject
  auth.subject = 'someone else'
}

export async function schemas(): Promise<void> {
  const schema = z.object({ tenant: z.string(), level: z.coerce.number() })
  interface TenantClaims {
    tenant: string
    level: number
  }
  const api = createResourceServer({ issuer, audience, schema })
  expectTypeOf((await api.verify('token')).claims).toEqualTypeOf<TenantClaims>()

  forFetch.protect(api)((_request, auth) => Response.json(auth.claims.tenant))
  const found = await forFetch.verifyJwt(api)(new Request(audience))
  if (!(found instanceof Response)) expectTypeOf(found.claims).toEqualTypeOf<TenantClaims>()

  express().use(forExpress.verifyJwt(api), forExpress.verifyJwt({ issuer, audience, schema }))
  new Koa().use(forKoa.verifyJwt(api)).use(forKoa.verifyJwt({ issuer, audience, schema }))
  await fastify().register(forFastify.verifyJwt, { api })

  // @ts-expect-error zod's parse is not enough: a Standard Schema is asked for
  createResourceServer({ issuer, audience, schema: { parse: (value: unknown) => value } })
}

export function guards(): void {
  allOf(scope('a', 'b'), scope(['a']), role('r'), not(claim('/a/b', ['x', 7, null])))
  claim('tenant', (value) => value === 'a')
  claim('tenant', async (value) => Promise.resolve(value === 'a'))
  // @ts-expect-error one string: a JSON Pointer for a nested claim
  claim(['a', 'b'], 'x')

  // @ts-expect-error a scope is text
  scope(7)
  // @ts-expect-error a claim is compared with something
  claim('tenant')
  // @ts-expect-error no objects: they are never equal
  claim('tenant', {})
  // @ts-expect-error a name is no guard
  allOf('read')
  // @ts-expect-error a predicate answers yes or no
  forExpress.authorize(() => 'yes')
  // @ts-expect-error and does not forget to answer
  forExpress.authorize(() => undefined)
}

export function onExpress(): void {
  const app = express()
  app.use(forExpress.verifyJwt(), forExpress.verifyJwt({ issuer, audience }))
  app.get('/reports/:id', forExpress.requireScope('read'), (req, res) => {
    expectTypeOf(forExpress.getAuth(req).claims).toEqualTypeOf<Claims>()
    expectTypeOf(req.params.id).toEqualTypeOf<string>()
    res.json(forExpress.getAuth(req).claims.sub)
  })
  app.get('/:id', forExpress.requireRole(['admin']), forExpress.requireClaim('a', 1), (req, res) => {
    res.json([req.params.id, forExpress.getAuth(req).subject])
  })
  app.use(forExpress.authorize((auth, req) => auth.subject === req.params['id']))
  app.use(forExpress.authorize(async (_auth, req: ExpressRequest) => Promise.resolve(req.secure)))
  const router = express.Router()
  router.use(forExpress.verifyJwt({ issuer, audience }))

  // @ts-expect-error an audience is needed here too
  app.use(forExpress.verifyJwt({ issuer }))
}

interface JsonSchemaProvider extends FastifyTypeProvider {
  readonly validator: this['schema'] extends {
    readonly properties: Record<infer Name extends string, unknown>
  }
    ? Record<Name, string>
    : unknown
}

export async function onFastify(): Promise<void> {
  const app = fastify()
  await app.register(forFastify.verifyJwt, { issuer, audience })
  await app.register(forFastify.verifyJwt, { api: createResourceServer({ issuer, audience }) })
  app.get('/', { onRequest: forFastify.requireScope('read') }, (request) => {
    expectTypeOf(forFastify.getAuth(request).claims).toEqualTypeOf<Claims>()
    return forFastify.getAuth(request).claims.sub
  })
  app.get<{ Params: { id: string }; Querystring: { page: number }; Reply: { id: string } }>(
    '/:id',
    {
      onRequest: [forFastify.requireScope('read'), forFastify.requireRole('admin')],
      preHandler: forFastify.authorize(({ subject }, request) => subject !== undefined && request.ip !== ''),
    },
    (request) => {
      expectTypeOf(request.query.page).toEqualTypeOf<number>()
      expectTypeOf(forFastify.getAuth(request)).toEqualTypeOf<Auth>()
      return { id: request.params.id }
    },
  )
  app.addHook('preHandler', forFastify.requireAnyScope('a', 'b'))

  const typed = fastify().withTypeProvider<JsonSchemaProvider>()
  await typed.register(forFastify.verifyJwt, { issuer, audience })
  const schema = { body: { properties: { name: {} } } } as const
  typed.post('/', { schema, preHandler: forFastify.requireClaim('tenant', 'a') }, (request) => {
    expectTypeOf(request.body).toEqualTypeOf<Record<'name', string>>()
    return forFastify.getAuth(request).subject
  })

  const plugin: FastifyPluginCallback = (inside, _options, done) => {
    void inside.register(forFastify.verifyJwt, { issuer, audience })
    inside.get(
      '/',
      { preHandler: [forFastify.requireScope('x')] },
      (request) => forFastify.getAuth(request).subject,
    )
    done()
  }
  await app.register(plugin)

  const http2 = fastify({ http2: true })
  await http2.register(forFastify.verifyJwt, { issuer, audience })
  http2.get(
    '/',
    { onRequest: forFastify.requireScope('read') },
    (request) => forFastify.getAuth(request).claims.sub,
  )
  const secure = fastify({ http2: true, https: {} })
  await secure.register(forFastify.verifyJwt, { issuer, audience })
  secure.get(
    '/',
    { onRequest: forFastify.requireScope('read') },
    (request) => forFastify.getAuth(request).claims.sub,
  )

  // @ts-expect-error an audience is needed here too
  await app.register(forFastify.verifyJwt, { issuer })
}

export function onKoa(): void {
  const app = new Koa()
  app.use(forKoa.verifyJwt({ issuer, audience }))
  app.use(forKoa.requireScope('read'))
  app.use(forKoa.authorize((auth, ctx) => auth.subject === ctx.query['user']))
  app.use((ctx) => {
    expectTypeOf(forKoa.getAuth(ctx).claims).toEqualTypeOf<Claims>()
    ctx.body = forKoa.getAuth(ctx).claims.sub
  })
  const own = new Koa<{ user: string } & Koa.DefaultState, { tenant: string }>()
  own.use(forKoa.verifyJwt()).use(forKoa.requireRole('admin'))
  own.use((ctx) => {
    expectTypeOf(forKoa.getAuth(ctx)).toEqualTypeOf<Auth>()
    ctx.body = [ctx.state.user, ctx.tenant]
  })

  // @ts-expect-error an audience is needed here too
  app.use(forKoa.verifyJwt({ issuer }))
}

export async function onFetch(): Promise<void> {
  const found = await forFetch.verifyJwt({ issuer, audience })(new Request(audience))
  expectTypeOf(found).toEqualTypeOf<Auth | Response>()
  const guarded = forFetch.protect({ issuer, audience }, forFetch.requireScope('read'), role('admin'))

  const route = guarded((request, auth, context: { params: { id: string } }) => {
    expectTypeOf(request).toEqualTypeOf<Request>()
    expectTypeOf(auth).toEqualTypeOf<Auth>()
    return Response.json(context.params.id)
  })
  expectTypeOf(route).toEqualTypeOf<
    (request: Request, context: { params: { id: string } }) => Promise<Response>
  >()
  new Hono().get('/', (c) => guarded((_request, auth) => c.json(auth.claims))(c.req.raw))

  // @ts-expect-error the handler's further arguments are the route's
  await route(new Request(audience))
  // @ts-expect-error an audience is needed here too
  forFetch.protect({ issuer })
  // @ts-expect-error a refusal is no caller until it is ruled out
  expectTypeOf(found.subject).toBeString()
}
