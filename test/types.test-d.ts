/* What must compile, and what must not. Nothing here ever runs; types.test.ts has the compiler read it. */
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { type } from 'arktype'
import express, { type Request as ExpressRequest } from 'express'
import { fastify, type FastifyPluginCallback, type FastifyRequest, type FastifyTypeProvider } from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import {
  allOf,
  type Auth,
  authorizationDetails,
  type AuthorizationDetail,
  type Claims,
  type ClaimsWith,
  claim,
  createResourceServer,
  firstOf,
  fromHeader,
  type Guard,
  type JwkSet,
  not,
  recentLogin,
  type ResourceServer,
  type ResourceServerOptions,
  role,
  scope,
} from 'oauth-resource-server'
import * as forExpress from 'oauth-resource-server/express'
import * as forFastify from 'oauth-resource-server/fastify'
import * as forFetch from 'oauth-resource-server/fetch'
import * as forKoa from 'oauth-resource-server/koa'
import { createTestIssuer } from 'oauth-resource-server/testing'
import type * as Undici from 'undici-types'
import * as v from 'valibot'
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
  // D7: a function of the claims, without a type of its own.
  createResourceServer({ issuer, audience, roles: (claims) => claims.permissions })
  createResourceServer({ issuer, audience, roles: (claims: Claims) => claims.sub })
  // @ts-expect-error a nested claim is a JSON Pointer
  createResourceServer({ issuer, audience, roles: [['realm_access', 'roles']] })
  createResourceServer({ issuer, audience, tokenFrom: ({ url }) => url?.slice(1) })
  createResourceServer({ issuer, audience, tokenCache: false, fetch, now: () => Date.now() })

  createResourceServer({ issuer: process.env['ISSUER'], audience: process.env['AUDIENCE'] })
  createResourceServer({ issuers: [{ issuer, audience: process.env['AUDIENCE'], clients: undefined }] })
  createResourceServer({ issuer, audience, roles: (claims) => claims['permissions'] })
  createResourceServer({
    issuer,
    audience,
    scopes: ({ permissions }: { permissions?: string[] }) => permissions,
  })
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
  const schema = z.object({ tenant: z.string(), level: z.coerce.number(), exp: z.coerce.date() })
  const api = createResourceServer({ issuer, audience, schema })
  const { claims } = await api.verify('token')
  expectTypeOf(claims).toEqualTypeOf<ClaimsWith<z.infer<typeof schema>>>()
  // Members of the output replace, and the verified claims stay.
  expectTypeOf(claims.tenant).toEqualTypeOf<string>()
  expectTypeOf(claims.level).toEqualTypeOf<number>()
  expectTypeOf(claims.exp).toEqualTypeOf<Date>()
  expectTypeOf(claims.iss).toEqualTypeOf<string>()
  expectTypeOf(claims.sub).toEqualTypeOf<string | undefined>()
  expectTypeOf(claims['anything']).toEqualTypeOf<unknown>()
  // @ts-expect-error claims are frozen
  claims.tenant = 'another'

  const either = z.union([
    z.object({ kind: z.literal('a'), a: z.string() }),
    z.object({ kind: z.literal('b') }),
  ])
  const { claims: one } = await createResourceServer({ issuer, audience, schema: either }).verify('token')
  if (one.kind === 'a') expectTypeOf(one.a).toEqualTypeOf<string>()
  expectTypeOf(one.iss).toEqualTypeOf<string>()
  const loose = z.looseObject({ tenant: z.string() })
  const { claims: all } = await createResourceServer({ issuer, audience, schema: loose }).verify('token')
  expectTypeOf(all.tenant).toEqualTypeOf<string>()
  expectTypeOf(all.iss).toEqualTypeOf<string>()
  const texts = z.record(z.string(), z.coerce.string())
  const { claims: text } = await createResourceServer({ issuer, audience, schema: texts }).verify('token')
  expectTypeOf(text.exp).toEqualTypeOf<string | number>()

  expectTypeOf(createResourceServer({ issuer, audience })).toEqualTypeOf<ResourceServer>()
  expectTypeOf(
    (await createResourceServer({ issuer, audience, schema: undefined }).verify('t')).claims,
  ).toEqualTypeOf<Claims>()

  type Own = ClaimsWith<z.infer<typeof schema>>
  forFetch.protect(api)((_request, auth) => {
    expectTypeOf(auth).toEqualTypeOf<Auth<Own>>()
    return Response.json(auth.claims.tenant)
  })
  forFetch.protect(
    { issuer, audience, schema },
    scope('a'),
  )((_request, auth) => Response.json(auth.claims.level.toFixed()))
  const found = await forFetch.verifyJwt(api)(new Request(audience))
  if (!(found instanceof Response)) expectTypeOf(found.claims).toEqualTypeOf<Own>()
  const inline = await forFetch.verifyJwt({ issuer, audience, schema })(new Request(audience))
  if (!(inline instanceof Response)) expectTypeOf(inline.claims).toEqualTypeOf<Own>()
  expectTypeOf(forFetch.getAuth(new Request(audience), api)).toEqualTypeOf<Auth<Own>>()
  expectTypeOf(forFetch.getOptionalAuth(new Request(audience), api)).toEqualTypeOf<Auth<Own> | undefined>()

  express()
    .use(forExpress.verifyJwt(api), forExpress.verifyJwt({ issuer, audience, schema }))
    .get('/:id', (req) => {
      expectTypeOf(forExpress.getAuth(req, api)).toEqualTypeOf<Auth<Own>>()
      expectTypeOf(forExpress.getOptionalAuth(req, api)).toEqualTypeOf<Auth<Own> | undefined>()
    })
  new Koa()
    .use(forKoa.verifyJwt(api))
    .use(forKoa.verifyJwt({ issuer, audience, schema }))
    .use((ctx) => {
      expectTypeOf(forKoa.getAuth(ctx, api)).toEqualTypeOf<Auth<Own>>()
      expectTypeOf(forKoa.getOptionalAuth(ctx, api)).toEqualTypeOf<Auth<Own> | undefined>()
    })
  const app = fastify()
  await app.register(forFastify.verifyJwt, { api })
  app.get('/', { onRequest: forFastify.authenticate({ issuer, audience, schema }) }, (request) => {
    expectTypeOf(forFastify.getOptionalAuth(request, api)).toEqualTypeOf<Auth<Own> | undefined>()
    return forFastify.getAuth(request, api).claims.tenant
  })

  // @ts-expect-error zod's parse is not enough: a Standard Schema is asked for
  createResourceServer({ issuer, audience, schema: { parse: (value: unknown) => value } })
  // @ts-expect-error types of claims come from a schema, and are not just said
  forExpress.getAuth<Own>(new IncomingMessage(new Socket()))
}

export async function schemasOfOtherLibraries(): Promise<void> {
  const inValibot = v.object({
    tenant: v.string(),
    level: v.pipe(v.string(), v.transform(Number)),
    exp: v.optional(v.number()),
  })
  const inArkType = type({ tenant: 'string', level: 'string.numeric.parse', 'exp?': 'number' })
  const valibot = createResourceServer({ issuer, audience, schema: inValibot })
  const arkType = createResourceServer({ issuer, audience, schema: inArkType })
  expectTypeOf(valibot).toEqualTypeOf<ResourceServer<ClaimsWith<v.InferOutput<typeof inValibot>>>>()
  expectTypeOf(arkType).toEqualTypeOf<ResourceServer<ClaimsWith<typeof inArkType.infer>>>()

  for (const { claims } of [await valibot.verify('t'), await arkType.verify('t')]) {
    expectTypeOf(claims.tenant).toEqualTypeOf<string>()
    expectTypeOf(claims.level).toEqualTypeOf<number>()
    expectTypeOf(claims.iss).toEqualTypeOf<string>()
    expectTypeOf(claims.sub).toEqualTypeOf<string | undefined>()
    expectTypeOf(claims['anything']).toEqualTypeOf<unknown>()
    // @ts-expect-error claims are frozen
    claims.tenant = 'another'
  }
  for (const protect of [
    forFetch.protect({ issuer, audience, schema: inValibot }),
    forFetch.protect({ issuer, audience, schema: inArkType }),
  ]) {
    protect((_request, { claims }) => Response.json(claims.level.toFixed()))
  }
  // @ts-expect-error a guard reads the claims as they were signed, so their types are not those of the output
  forFetch.protect({ issuer, audience, schema: inArkType }, ({ claims }) => claims.level > 1)
}

// D8
export async function anonymousCallers(flag: boolean, request: IncomingMessage): Promise<void> {
  const open = createResourceServer({ issuer, audience, optional: true })
  expectTypeOf(open).toEqualTypeOf<ResourceServer<Claims, undefined>>()
  expectTypeOf(await open.authenticate(request)).toEqualTypeOf<Auth | undefined>()
  expectTypeOf(await open.verify('token')).toEqualTypeOf<Auth>()
  const perhaps = createResourceServer({ issuer, audience, optional: flag })
  expectTypeOf(await perhaps.authenticate(request)).toEqualTypeOf<Auth | undefined>()
  const options: ResourceServerOptions = { issuer, audience, optional: true }
  expectTypeOf(await createResourceServer(options).authenticate(request)).toEqualTypeOf<Auth | undefined>()
  for (const closed of [
    createResourceServer({ issuer, audience }),
    createResourceServer({ issuer, audience, optional: false }),
    createResourceServer({ issuer, audience, optional: undefined }),
    createResourceServer({ issuers: [{ issuer, audience }] }),
    createResourceServer(),
  ]) {
    expectTypeOf(await closed.authenticate(request)).toEqualTypeOf<Auth>()
  }

  // A guard lets no anonymous caller through.
  expectTypeOf(await open.authenticate(request, scope('a'))).toEqualTypeOf<Auth>()
  expectTypeOf(
    await open.authenticate(request, scope('a'), ({ subject }) => subject === 'a'),
  ).toEqualTypeOf<Auth>()
  const some: readonly Guard[] = []
  expectTypeOf(await open.authenticate(request, ...some)).toEqualTypeOf<Auth | undefined>()

  // One that finds every caller may stand where one that may not is meant, and not the other way round.
  const either: ResourceServer<Claims, undefined>[] = [createResourceServer({ issuer, audience }), open]
  // @ts-expect-error its callers may be anonymous
  const certain: ResourceServer[] = [open]
  expectTypeOf([either, certain]).toBeArray()

  const web = new Request(audience)
  const anonymous = forFetch.verifyJwt({ issuer, audience, optional: true })
  expectTypeOf(await anonymous(web)).toEqualTypeOf<Auth | Response | undefined>()
  expectTypeOf(await forFetch.verifyJwt(open)(web)).toEqualTypeOf<Auth | Response | undefined>()
  expectTypeOf(await forFetch.verifyJwt()(web)).toEqualTypeOf<Auth | Response>()
  forFetch.protect(open)((_request, auth) => {
    expectTypeOf(auth).toEqualTypeOf<Auth | undefined>()
    // @ts-expect-error the caller may be anonymous
    return Response.json(auth.subject)
  })
  forFetch.protect({ issuer, audience, optional: flag })((_request, auth) => {
    expectTypeOf(auth).toEqualTypeOf<Auth | undefined>()
    return Response.json(auth?.subject)
  })
  forFetch.protect(
    { issuer, audience, optional: true },
    forFetch.requireScope('a'),
  )((_request, auth) => {
    expectTypeOf(auth).toEqualTypeOf<Auth>()
    return Response.json(auth.subject)
  })
  forFetch.protect(open, (auth, { url }) => url.endsWith(auth.subject ?? ''))((_request, auth) => {
    expectTypeOf(auth).toEqualTypeOf<Auth>()
    return Response.json(auth.subject)
  })
  for (const wrap of [
    forFetch.protect(),
    forFetch.protect(undefined, scope('a')),
    forFetch.protect({ issuer, audience, optional: undefined }),
  ]) {
    wrap((_request, auth) => Response.json(auth.subject))
  }

  // getAuth() throws for an anonymous caller, so it returns a caller.
  expectTypeOf(forExpress.getAuth(request, open)).toEqualTypeOf<Auth>()
  expectTypeOf(forExpress.getOptionalAuth(request, open)).toEqualTypeOf<Auth | undefined>()
  expectTypeOf(forExpress.getOptionalAuth(request)).toEqualTypeOf<Auth | undefined>()
  express().use(forExpress.verifyJwt(open), forExpress.verifyJwt({ issuer, audience, optional: flag }))
  new Koa().use(forKoa.verifyJwt(open)).use(forKoa.verifyJwt({ issuer, audience, optional: flag }))
  await fastify().register(forFastify.verifyJwt, { api: open })
  await fastify().register(forFastify.verifyJwt, { issuer, audience, optional: flag })
}

/** `tokenFrom` as people write it: the parameter is the request of the framework, without a type written to it. */
export async function tokens(undiciFetch: typeof Undici.fetch, dispatcher: Undici.Dispatcher): Promise<void> {
  const own = { issuer, audience }
  createResourceServer({ ...own, tokenFrom: (request) => request.headers.cookie })
  createResourceServer({ ...own, tokenFrom: (request) => request.headers['x-token'] })
  createResourceServer({ ...own, tokenFrom: ({ url }) => url?.slice(1) })
  createResourceServer({ ...own, tokenFrom: (request: ExpressRequest) => request.get('x-token') })
  createResourceServer({ ...own, tokenFrom: (request: FastifyRequest) => request.headers['x-token'] })
  createResourceServer({ ...own, tokenFrom: (ctx: Koa.Context) => ctx.cookies.get('token') })
  createResourceServer({ ...own, tokenFrom: (request: Request) => request.headers.get('x-token') })
  createResourceServer({ ...own, tokenFrom: (message: IncomingMessage) => message.headers.cookie })
  createResourceServer({ ...own, tokenFrom: async () => Promise.resolve('token') })
  createResourceServer({ ...own, tokenFrom: async () => Promise.resolve(null) })
  createResourceServer({ ...own, tokenFrom: () => ({ token: 'a', scheme: 'DPoP' }) })
  createResourceServer({
    ...own,
    tokenFrom: firstOf(fromHeader(), (request: Request) => request.headers.get('a')),
  })
  // @ts-expect-error a token is text
  createResourceServer({ ...own, tokenFrom: () => 7 })

  const app = express()
  app.use(forExpress.verifyJwt({ ...own, tokenFrom: (req) => req.headers.cookie }))
  app.use(forExpress.verifyJwt({ ...own, tokenFrom: (req) => req.get('x-token') }))
  app.use(forExpress.verifyJwt({ ...own, tokenFrom: (req) => req.query['token'] as string | undefined }))
  app.use(forExpress.verifyJwt({ ...own, tokenFrom: (req) => req.headers['x-token'], optional: true }))
  app.use(forExpress.verifyJwt({ ...own, tokenFrom: firstOf(fromHeader(), (req) => req.get('x-token')) }))
  app.use(forExpress.verifyJwt({ ...own, tokenFrom: fromHeader('x-token') }))
  // @ts-expect-error there is no such member
  app.use(forExpress.verifyJwt({ ...own, tokenFrom: (req) => String(req.nonsense) }))

  const instance = fastify()
  await instance.register(forFastify.verifyJwt, { ...own, tokenFrom: (request) => request.headers.cookie })
  await instance.register(forFastify.verifyJwt, {
    ...own,
    tokenFrom: (request) => request.raw.headers['x-token'],
  })
  forFastify.authenticate({ ...own, tokenFrom: (request) => request.headers.cookie })
  forFastify.authenticate({ ...own, tokenFrom: firstOf(fromHeader(), (request) => request.ip) })

  const koa = new Koa()
  koa.use(forKoa.verifyJwt({ ...own, tokenFrom: (ctx) => ctx.cookies.get('token') }))
  koa.use(forKoa.verifyJwt({ ...own, tokenFrom: (ctx) => ctx.headers.cookie }))

  forFetch.verifyJwt({ ...own, tokenFrom: (request) => request.headers.get('x-token') })
  forFetch.protect({ ...own, tokenFrom: (request) => new URL(request.url).searchParams.get('token') })
  forFetch.protect({
    ...own,
    tokenFrom: async (request) => (await request.clone().formData()).get('t') as string,
  })
  // @ts-expect-error headers of a web request have no members for their names
  forFetch.protect({ ...own, tokenFrom: (request) => String(request.headers.cookie) })

  createResourceServer({ ...own, fetch: undiciFetch })
  createResourceServer({ ...own, fetch: (url, init) => undiciFetch(url, { ...init, dispatcher }) })
  app.use(
    forExpress.verifyJwt({ ...own, fetch: async (url, init) => undiciFetch(url, { ...init, dispatcher }) }),
  )
  forFetch.protect({ ...own, fetch: (url, init) => fetch(url, { ...init, cache: 'no-store' }) })
  app.use(
    forExpress.verifyJwt({ ...own, roles: (claims) => claims['permissions'], scopes: ({ scp }) => scp }),
  )
  koa.use(forKoa.verifyJwt({ ...own, roles: (claims: { roles?: string[] }) => claims.roles }))
  forFetch.protect({ issuers: [{ issuer, audience, roles: (claims) => claims['groups'] }] })
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
  app.use(forExpress.requireRecentLogin({ acrValues: ['mfa'] }))
  app.use(forExpress.requireAuthorizationDetails('payment'))
  app.use(
    forExpress.requireAuthorizationDetails('payment', (detail, req) => detail['id'] === req.params['id']),
  )
  app.use(forExpress.authorize(allOf(recentLogin({ maxAge: 300 }), authorizationDetails('payment'))))
  // @ts-expect-error a predicate decides with true or false
  app.use(forExpress.requireAuthorizationDetails('payment', (detail) => detail['amount']))
  // @ts-expect-error something has to be required
  app.use(forExpress.requireRecentLogin())
  // @ts-expect-error seconds are a number
  app.use(forExpress.requireRecentLogin({ maxAge: '300' }))
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
  app.addHook('preHandler', forFastify.requireRecentLogin({ acrValues: ['mfa'], maxAge: 300 }))
  app.addHook(
    'preHandler',
    forFastify.requireAuthorizationDetails('payment', (detail, request) => {
      expectTypeOf(detail).toEqualTypeOf<AuthorizationDetail>()
      expectTypeOf(detail.type).toEqualTypeOf<string>()
      expectTypeOf(detail['amount']).toEqualTypeOf<unknown>()
      return Promise.resolve(request.ip === detail['ip'])
    }),
  )

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
  app.use(forKoa.requireRecentLogin({ maxAge: 300 }))
  app.use(
    forKoa.requireAuthorizationDetails('payment', (detail, ctx) => detail['user'] === ctx.query['user']),
  )
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
