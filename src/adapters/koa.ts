import type { Context, Middleware } from 'koa'
import {
  asResourceServer,
  type Auth,
  type GetAuth,
  type GetOptionalAuth,
  hooksFor,
  type LogoutArguments,
  type MetadataArguments,
  type ResourceServerLike,
  type ResourceServerOptions,
  type RouteGuards,
} from 'oauth-resource-server'
import { RequestView } from './koa-request.ts'

type Next = () => Promise<void>

const { verify, guarded, logout, metadata, guardsBy, ...callers } = hooksFor<
  Context,
  Next,
  unknown,
  void | Promise<void>
>({
  rawOf: (ctx) => ctx.req,
  requestOf: (ctx) => new RequestView(ctx),
  responseOf: (ctx) => ctx.res,
  keep(auth, ctx) {
    ;(ctx.state as { auth?: Auth | undefined }).auth = auth
  },
  setHeaders(headers, ctx) {
    for (const name of Object.keys(headers)) {
      if (!ctx.res.hasHeader(name)) ctx.set(name, headers[name] as string)
    }
  },
  hasNext: (next) => typeof next === 'function',
  next: (_ctx, next) => next(),
  refuse({ status, headers, body }, ctx) {
    ctx.status = status
    ctx.set(headers)
    ctx.body = body
    // With `ctx.respond` off Koa does not respond, and no handler runs that would.
    if (ctx.respond === false) ctx.res.end(ctx.method === 'HEAD' ? undefined : body)
  },
  fail(error, ctx) {
    // Koa does not end a response whose headers it did not send. Without a response it was called by something else.
    if ((ctx as Partial<Context>).res?.headersSent === true) ctx.res.destroy()
    throw error
  },
  leave(error) {
    // Koa reports the error. It writes nothing to a response that was sent.
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- as it was thrown
    if (error !== undefined) throw error
  },
  awaits: true,
})

/**
 * Middleware that accepts only requests with a valid access token. {@link getAuth} returns the caller, who is also
 * on `ctx.state.auth`.
 *
 * @param options of the resource server, or one made elsewhere; from the environment when left out
 * @throws {TypeError} for options that are missing, contradictory or unsafe
 */
export function verifyJwt(options?: ResourceServerOptions<unknown, Context> | ResourceServerLike): Middleware
export function verifyJwt(
  options?: ResourceServerOptions<unknown, never> | ResourceServerLike,
  ...others: readonly unknown[]
): Middleware {
  return middleware(verify(asResourceServer(options, others)))
}

/** Koa passes two arguments. */
function middleware(hook: (ctx: Context, next: Next, none: unknown) => void | Promise<void>): Middleware {
  return (ctx: Context, next: Next) => hook(ctx, next, undefined)
}

/**
 * Handler for OpenID Connect Back-Channel Logout 1.0:
 * `router.post('/logout', backChannelLogout(api, list, { clientId }))`. See {@link LogoutArguments}.
 *
 * @throws {TypeError} for arguments that are missing or wrong
 */
export function backChannelLogout(...args: LogoutArguments): Middleware {
  return middleware(logout(...args))
}

/**
 * Middleware that serves the metadata of the API (RFC 9728): `app.use(protectedResourceMetadata(api))`. See
 * {@link MetadataArguments}.
 *
 * @throws {TypeError} for arguments that are missing or wrong
 */
export function protectedResourceMetadata(...args: MetadataArguments): Middleware {
  return middleware(metadata(...args).hook)
}

/**
 * The caller `verifyJwt()` found, with the claim types of that resource server's `schema` where it is passed.
 *
 * @throws {MissingTokenError} for an anonymous caller
 * @throws {Error} where nothing, or another resource server, verified the request
 */
export const getAuth: GetAuth<Pick<Context, 'req'>> = callers.getAuth as GetAuth<unknown>

/**
 * The caller `verifyJwt()` found, `undefined` for an anonymous one.
 *
 * @throws {Error} where nothing, or another resource server, verified the request
 */
export const getOptionalAuth: GetOptionalAuth<Pick<Context, 'req'>> =
  callers.getOptionalAuth as GetOptionalAuth<unknown>

type KoaGuards = RouteGuards<Middleware, Context>
const guards: KoaGuards = guardsBy((guard) => middleware(guarded(guard)))

/** Allows callers that have all of these scopes; 403 with all of them otherwise. */
export const requireScope: KoaGuards['requireScope'] = guards.requireScope
/** Allows callers that have at least one of these scopes. */
export const requireAnyScope: KoaGuards['requireAnyScope'] = guards.requireAnyScope
/** Allows callers that have all of these roles. */
export const requireRole: KoaGuards['requireRole'] = guards.requireRole
/** Allows callers that have at least one of these roles. */
export const requireAnyRole: KoaGuards['requireAnyRole'] = guards.requireAnyRole
/** Allows callers whose claim is, or contains, one of the expected values. */
export const requireClaim: KoaGuards['requireClaim'] = guards.requireClaim
/** Allows callers whose user logged in strongly and recently enough (RFC 9470); 401 that says how otherwise. */
export const requireRecentLogin: KoaGuards['requireRecentLogin'] = guards.requireRecentLogin
/** Allows callers that have an entry of this type in `authorization_details` (RFC 9396) that passes the predicate. */
export const requireAuthorizationDetails: KoaGuards['requireAuthorizationDetails'] =
  guards.requireAuthorizationDetails
/** Allows callers that pass the guard, or for whom the predicate returns `true`. */
export const authorize: KoaGuards['authorize'] = guards.authorize
