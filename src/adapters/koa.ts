import type { Context, Middleware } from 'koa'
import {
  asResourceServer,
  type Auth,
  type Guard,
  type HttpRequest,
  isPromise,
  missingVerifyJwt,
  type ResourceServer,
  type ResourceServerOptions,
  type RouteGuards,
  routeGuards,
} from 'oauth-resource-server'

declare module 'koa' {
  interface DefaultState {
    /** Who is calling; not set where `optional: true` let an anonymous caller through. */
    auth: Auth
  }
}

/** Which resource server verified a request: guards answer in its name. */
const verifiedBy = Symbol.for('oauth-resource-server.verified-by')
type VerifiedContext = Context & { [verifiedBy]?: ResourceServer<unknown> }

type Proceed = () => Promise<void>

/**
 * Middleware that lets only requests with a valid access token through, and leaves the caller on
 * `ctx.state.auth`.
 *
 * @param options of the resource server, or one made elsewhere; from the environment when left out
 * @throws {TypeError} for options that are missing, contradictory or unsafe
 */
export function verifyJwt<C>(options?: ResourceServerOptions<C> | ResourceServer<C>): Middleware {
  const api = asResourceServer(options)
  const { headers } = api.adapter
  return (ctx: VerifiedContext, next: Proceed) => {
    const admit = (auth: unknown): Promise<void> => {
      if (headers !== undefined && auth !== undefined) ctx.set(headers)
      ctx.state.auth = auth as Auth
      ctx[verifiedBy] = api
      return next()
    }
    let auth: unknown
    try {
      auth = api.adapter.authenticate(viewOf(ctx))
    } catch (error) {
      refuse(api, error, ctx)
      return undefined
    }
    // Outside the `try`: an error further down is not a refusal.
    return isPromise(auth) ? auth.then(admit, (error: unknown) => refuse(api, error, ctx)) : admit(auth)
  }
}

function guarded(guard: Guard<Context>): Middleware {
  return (ctx: VerifiedContext, next: Proceed) => {
    const api = ctx[verifiedBy]
    if (api === undefined) throw missingVerifyJwt()
    let pending: void | Promise<void>
    try {
      pending = api.adapter.authorize(guard, ctx.state.auth, ctx)
    } catch (error) {
      refuse(api, error, ctx)
      return undefined
    }
    return pending === undefined ? next() : pending.then(next, (error: unknown) => refuse(api, error, ctx))
  }
}

function viewOf({ req, request }: Context): HttpRequest {
  return {
    method: req.method,
    url: req.url,
    headers: req.headers,
    rawHeaders: req.rawHeaders,
    body: (request as { body?: unknown }).body,
  }
}

/** Copies the refusal; what is none passes through to Koa's own error path. */
function refuse(api: ResourceServer<unknown>, error: unknown, ctx: Context): void {
  const { status, headers, body } = api.adapter.answer(error)
  ctx.status = status
  ctx.set(headers)
  ctx.body = body
}

type KoaGuards = RouteGuards<Middleware, Context>
const guards: KoaGuards = routeGuards(guarded)

/** Lets callers through who hold every one of these scopes; 403 naming them all otherwise. */
export const requireScope: KoaGuards['requireScope'] = guards.requireScope
/** Lets callers through who hold at least one of these scopes. */
export const requireAnyScope: KoaGuards['requireAnyScope'] = guards.requireAnyScope
/** Lets callers through who have every one of these roles. */
export const requireRole: KoaGuards['requireRole'] = guards.requireRole
/** Lets callers through who have at least one of these roles. */
export const requireAnyRole: KoaGuards['requireAnyRole'] = guards.requireAnyRole
/** Lets callers through whose claim is, or holds, one of the expected values. */
export const requireClaim: KoaGuards['requireClaim'] = guards.requireClaim
/** Lets callers through whom a guard allows, or for whom a predicate answers `true`. */
export const authorize: KoaGuards['authorize'] = guards.authorize
