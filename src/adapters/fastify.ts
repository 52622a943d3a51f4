import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
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
  type ResponseState,
  type RouteGuards,
} from 'oauth-resource-server'
import { type EndpointPlugin, exceptLogout, logoutEndpoint, metadataEndpoint } from './fastify-endpoints.ts'
import { RequestView } from './fastify-request.ts'
import { apiOf } from './plugin-options.ts'

/* eslint-disable @typescript-eslint/no-explicit-any -- Fastify's own way to say "any": a server's and route's generics */
type AnyInstance = FastifyInstance<any, any, any, any, any>
/* eslint-enable @typescript-eslint/no-explicit-any */
type Done = (error?: Error) => void

/**
 * A hook for a route's `onRequest` or `preHandler`. It names no types of request and reply, so that the route keeps
 * the types of its own schema.
 */
export type FastifyGuard = (request: object, reply: object, done: Done) => void

/** The request that functions of the application get. An interface, for short messages of the compiler. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- it has another name
export interface RouteRequest extends FastifyRequest {}

/** A request of any Fastify server, HTTP/2 included. */
export interface FastifyRequestLike {
  readonly raw: object
  readonly ip: string
}

/** Options of the plugin: those of a resource server, or one made elsewhere. */
export type VerifyJwtOptions =
  ResourceServerOptions<unknown, RouteRequest> | { readonly api: ResourceServerLike }

const hijacked: ResponseState = { headersSent: true, writableEnded: true }

// Hooks with a callback return nothing: Fastify would go on a second time when a promise of theirs resolves.
const { verify, guarded, logout, metadata, readsBody, guardsBy, misuse, ...callers } = hooksFor<
  FastifyRequest,
  FastifyReply,
  Done,
  unknown
>({
  rawOf: (request) => request.raw,
  requestOf: (request) => new RequestView(request),
  responseOf: (_request, reply) => (reply.sent ? hijacked : reply.raw),
  keep(auth, request) {
    ;(request as { auth?: Auth | undefined }).auth = auth
  },
  setHeaders(headers, _request, reply) {
    for (const name of Object.keys(headers)) {
      // On `raw`: by middleware of other frameworks.
      if (!reply.hasHeader(name) && !reply.raw.hasHeader(name)) void reply.header(name, headers[name])
    }
  },
  hasNext: (_reply, done) => typeof done === 'function',
  next: (_request, _reply, done) => done(),
  refuse({ status, headers, body }, _request, reply) {
    void reply.code(status).headers(headers).send(body)
  },
  fail(error, _request, _reply, done) {
    // Without `done` it was called by another hook, which waits for nothing but an error.
    if (typeof done !== 'function') throw error as Error
    done(error as Error)
  },
  leave(error, request) {
    if (error !== undefined) request.log.info({ err: error }, 'refused after the response was sent or closed')
  },
  awaits: false,
})

/**
 * Plugin that accepts only requests with a valid access token. {@link getAuth} returns the caller, who is also on
 * `request.auth`. It covers every route of the context it is registered in, those registered before it included, and
 * of the contexts below. For single routes use {@link authenticate}.
 *
 * @throws {TypeError} through `app.ready()`, for options that are missing, contradictory or unsafe
 */
export function verifyJwt(app: AnyInstance, options: VerifyJwtOptions, done: Done): void {
  if (
    typeof (app as Partial<AnyInstance> | undefined)?.addHook !== 'function' ||
    typeof done !== 'function'
  ) {
    const error = misuse('verifyJwt: is a plugin on Fastify: app.register(verifyJwt, options)')
    // Called as a hook: Fastify does not catch what a hook throws.
    if (typeof done !== 'function') throw error
    done(error)
    return
  }
  let hook: FastifyGuard
  try {
    const api = apiOf(options, misuse)
    if (readsBody(api)) throw misuse(bodyLater)
    hook = verify(api) as FastifyGuard
  } catch (error) {
    // Fastify waits for `done`, and does not catch what a plugin throws.
    done(error as Error)
    return
  }
  // Decorated once, so that every request has the same shape; a context below finds it done.
  if (!app.hasRequestDecorator('auth')) app.decorateRequest('auth', undefined as never)
  app.addHook('onRequest', exceptLogout(hook))
  done()
}

const bodyLater =
  'tokenFrom: fromBody() finds nothing in this plugin, which runs before bodies are read; instead of the plugin use authenticate(api) as the preHandler of each route'

// What fastify-plugin does: without it the hook would cover a context of its own, with no route in it.
Object.assign(verifyJwt, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'oauth-resource-server',
  [Symbol.for('plugin-meta')]: { fastify: '5.x', name: 'oauth-resource-server' },
})

/**
 * Route hook that does for one route what {@link verifyJwt} does for a context:
 * `app.get('/me', { onRequest: authenticate(api) }, handler)`.
 *
 * @param options of the resource server, or one made elsewhere; from the environment when left out
 * @throws {TypeError} for options that are missing, contradictory or unsafe
 */
export function authenticate(
  options?: ResourceServerOptions<unknown, RouteRequest> | ResourceServerLike,
): FastifyGuard
export function authenticate(
  options?: ResourceServerOptions<unknown, never> | ResourceServerLike,
  ...others: readonly unknown[]
): FastifyGuard {
  return verify(asResourceServer(options, others)) as FastifyGuard
}

/**
 * Plugin with the route `POST /` for OpenID Connect Back-Channel Logout 1.0:
 * `app.register(backChannelLogout(api, list, { clientId }), { prefix: '/logout' })`. The route needs no access token,
 * also where {@link verifyJwt} covers it. See {@link LogoutArguments}.
 *
 * @throws {TypeError} for arguments that are missing or wrong
 */
export function backChannelLogout(...args: LogoutArguments): EndpointPlugin {
  return logoutEndpoint(logout(...args) as FastifyGuard)
}

/**
 * Plugin that serves the metadata of the API (RFC 9728): `app.register(protectedResourceMetadata(api, options))`. Its
 * path is that of the well-known URL, whatever prefix a context has. See {@link MetadataArguments}.
 *
 * @throws {TypeError} for arguments that are missing or wrong
 */
export function protectedResourceMetadata(...args: MetadataArguments): EndpointPlugin {
  const { path, hook } = metadata(...args)
  return metadataEndpoint(path, hook as FastifyGuard)
}

/**
 * The caller `verifyJwt()` found, with the claim types of that resource server's `schema` where it is passed.
 *
 * @throws {MissingTokenError} for an anonymous caller
 * @throws {Error} where nothing, or another resource server, verified the request
 */
export const getAuth: GetAuth<FastifyRequestLike> = callers.getAuth as GetAuth<unknown>

/**
 * The caller `verifyJwt()` found, `undefined` for an anonymous one.
 *
 * @throws {Error} where nothing, or another resource server, verified the request
 */
export const getOptionalAuth: GetOptionalAuth<FastifyRequestLike> =
  callers.getOptionalAuth as GetOptionalAuth<unknown>

type FastifyGuards = RouteGuards<FastifyGuard, FastifyRequest>
const guards: FastifyGuards = guardsBy((guard) => guarded(guard) as FastifyGuard)

/** Allows callers that have all of these scopes; 403 with all of them otherwise. */
export const requireScope: FastifyGuards['requireScope'] = guards.requireScope
/** Allows callers that have at least one of these scopes. */
export const requireAnyScope: FastifyGuards['requireAnyScope'] = guards.requireAnyScope
/** Allows callers that have all of these roles. */
export const requireRole: FastifyGuards['requireRole'] = guards.requireRole
/** Allows callers that have at least one of these roles. */
export const requireAnyRole: FastifyGuards['requireAnyRole'] = guards.requireAnyRole
/** Allows callers whose claim is, or contains, one of the expected values. */
export const requireClaim: FastifyGuards['requireClaim'] = guards.requireClaim
/** Allows callers whose user logged in strongly and recently enough (RFC 9470); 401 that says how otherwise. */
export const requireRecentLogin: FastifyGuards['requireRecentLogin'] = guards.requireRecentLogin
/** Allows callers that have an entry of this type in `authorization_details` (RFC 9396) that passes the predicate. */
export const requireAuthorizationDetails: FastifyGuards['requireAuthorizationDetails'] =
  guards.requireAuthorizationDetails
/** Allows callers that pass the guard, or for whom the predicate returns `true`. */
export const authorize: FastifyGuards['authorize'] = guards.authorize
