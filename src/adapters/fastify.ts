import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import {
  asResourceServer,
  type Auth,
  type Guard,
  type HttpRequest,
  type HttpResponse,
  isPromise,
  missingVerifyJwt,
  type ResourceServer,
  type ResourceServerOptions,
  type RouteGuards,
  routeGuards,
} from 'oauth-resource-server'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is calling; not set where `optional: true` let an anonymous caller through. */
    auth: Auth
  }
}

/** Which resource server verified a request: guards answer in its name. */
const verifiedBy = Symbol.for('oauth-resource-server.verified-by')

/* eslint-disable @typescript-eslint/no-explicit-any -- Fastify's own way to say "any": a server's and route's generics */
type AnyInstance = FastifyInstance<any, any, any, any, any>
type AnyRequest = FastifyRequest<any, any, any, any, any, any, any, any>
type AnyReply = FastifyReply<any, any, any, any, any, any, any, any>
/* eslint-enable @typescript-eslint/no-explicit-any */
type VerifiedRequest = AnyRequest & { [verifiedBy]?: ResourceServer<unknown> }
type Done = (error?: Error) => void

/**
 * A hook for a route's `onRequest` or `preHandler`. Nothing is said of request and reply, so that the route keeps
 * the types of its own schema.
 */
export type FastifyGuard = (request: object, reply: object, done: Done) => void

/** Options of the plugin: those of a resource server, or one made elsewhere. */
export type VerifyJwtOptions<C = unknown> = ResourceServerOptions<C> | { readonly api: ResourceServer<C> }

/**
 * Plugin that lets only requests with a valid access token through, and leaves the caller on `request.auth`. It
 * covers the context it is registered in and everything below; contexts beside it stay open.
 *
 * @throws {TypeError} through `app.ready()`, for options that are missing, contradictory or unsafe
 */
export function verifyJwt<C>(app: AnyInstance, options: VerifyJwtOptions<C>, done: Done): void {
  let api: ResourceServer<unknown>
  try {
    api = apiOf(options)
  } catch (error) {
    // Fastify waits for `done`; what a plugin throws it does not see.
    done(error as Error)
    return
  }
  // Decorated once, so that every request has the same shape; a context below finds it done.
  for (const name of ['auth', verifiedBy]) {
    if (!app.hasRequestDecorator(name)) app.decorateRequest(name, undefined as never)
  }
  const { headers } = api.adapter
  app.addHook('onRequest', (request: VerifiedRequest, reply, next) => {
    const admit = (auth: unknown): void => {
      if (headers !== undefined && auth !== undefined) reply.headers(headers)
      request.auth = auth as Auth
      request[verifiedBy] = api
      next()
    }
    let auth: unknown
    try {
      auth = api.adapter.authenticate(viewOf(request as FastifyRequest))
    } catch (error) {
      refuse(api, error, reply, next)
      return
    }
    if (isPromise(auth)) void auth.then(admit, (error: unknown) => refuse(api, error, reply, next))
    else admit(auth)
  })
  done()
}

// What fastify-plugin does: without it the hook would cover a context of its own, with no route in it.
Object.assign(verifyJwt, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'oauth-resource-server',
  [Symbol.for('plugin-meta')]: { fastify: '5.x', name: 'oauth-resource-server' },
})

/** @throws {TypeError} */
function apiOf(options: object): ResourceServer<unknown> {
  // These are Fastify's own, for any plugin.
  const { prefix: _1, logLevel: _2, logSerializers: _3, api, ...rest } = options as Record<string, unknown>
  if (api === undefined) return asResourceServer(rest as ResourceServerOptions<unknown>)
  const [name] = Object.keys(rest)
  if (name !== undefined)
    throw new TypeError(`${name}: belongs to the resource server; say it where api is made`)
  return asResourceServer(api as ResourceServer<unknown>)
}

function guarded(guard: Guard<FastifyRequest>): FastifyGuard {
  const hook = (request: VerifiedRequest, reply: AnyReply, done: Done): void => {
    const api = request[verifiedBy]
    if (api === undefined) {
      done(missingVerifyJwt())
      return
    }
    let pending: void | Promise<void>
    try {
      pending = api.adapter.authorize(guard, request.auth, request as FastifyRequest)
    } catch (error) {
      refuse(api, error, reply, done)
      return
    }
    if (pending === undefined) done()
    else
      pending.then(
        () => done(),
        (error: unknown) => refuse(api, error, reply, done),
      )
  }
  return hook as FastifyGuard
}

function viewOf({ raw, method, url, headers, body }: FastifyRequest): HttpRequest {
  return { method, url, headers, rawHeaders: raw.rawHeaders, body }
}

/** Copies the refusal; what is none goes to the application's own error handler. */
function refuse(api: ResourceServer<unknown>, error: unknown, reply: AnyReply, done: Done): void {
  let refusal: HttpResponse
  try {
    refusal = api.adapter.answer(error)
  } catch (unanswered) {
    done(unanswered as Error)
    return
  }
  void reply.code(refusal.status).headers(refusal.headers).send(refusal.body)
}

type FastifyGuards = RouteGuards<FastifyGuard, FastifyRequest>
const guards: FastifyGuards = routeGuards(guarded)

/** Lets callers through who hold every one of these scopes; 403 naming them all otherwise. */
export const requireScope: FastifyGuards['requireScope'] = guards.requireScope
/** Lets callers through who hold at least one of these scopes. */
export const requireAnyScope: FastifyGuards['requireAnyScope'] = guards.requireAnyScope
/** Lets callers through who have every one of these roles. */
export const requireRole: FastifyGuards['requireRole'] = guards.requireRole
/** Lets callers through who have at least one of these roles. */
export const requireAnyRole: FastifyGuards['requireAnyRole'] = guards.requireAnyRole
/** Lets callers through whose claim is, or holds, one of the expected values. */
export const requireClaim: FastifyGuards['requireClaim'] = guards.requireClaim
/** Lets callers through whom a guard allows, or for whom a predicate answers `true`. */
export const authorize: FastifyGuards['authorize'] = guards.authorize
