import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Request } from 'express'
import {
  asResourceServer,
  type Auth,
  type LogoutArguments,
  type HttpResponse,
  type MetadataArguments,
  type GetAuth,
  type GetOptionalAuth,
  hooksFor,
  type ResourceServerLike,
  type ResourceServerOptions,
  type RouteGuards,
} from 'oauth-resource-server'
import { RequestView } from './express-request.ts'

type Next = (error?: unknown) => void

/**
 * Middleware for any Express route, and for every other stack of `(request, response, next)`. Typed on `node:http`, so
 * that handlers behind it keep the types of their path parameters.
 */
export type ExpressMiddleware = (req: IncomingMessage, res: ServerResponse, next: Next) => void

/** The request that functions of the application get. An interface, for short messages of the compiler. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- it has another name
export interface ExpressRequest extends Request {}

const { verify, guarded, logout, metadata, guardsBy, misuse, ...callers } = hooksFor<
  Request,
  ServerResponse,
  Next,
  unknown
>({
  rawOf: (req) => req,
  requestOf: (req) => new RequestView(req),
  responseOf: (_req, res) => res,
  keep(auth, req) {
    ;(req as { auth?: Auth | undefined }).auth = auth
  },
  setHeaders(headers, _req, res) {
    if (res.headersSent) return
    for (const name of Object.keys(headers)) {
      if (res.getHeader(name) === undefined) res.setHeader(name, headers[name] as string)
    }
  },
  hasNext: (_res, next) => typeof next === 'function',
  next(_req, res, next) {
    if (typeof next === 'function') next()
    else respond(res, failure, undefined)
  },
  refuse: (refusal, req, res) => respond(res, refusal, req.method),
  fail(error, req, res, next) {
    // Without `next` there is no error path. The response shows nothing of the error.
    if (typeof next === 'function') next(error)
    else if ((res as unknown) === undefined) throw error as Error
    else if (!res.headersSent) respond(res, failure, req.method)
    else res.destroy()
  },
  leave: () => undefined,
  awaits: false,
})

const failure: HttpResponse = {
  status: 500,
  headers: { 'Content-Type': 'text/plain' },
  body: 'Internal Server Error',
}

/** With what every response of Node has: others than Express's have no `status()`, `set()` and `send()`. */
function respond(
  res: ServerResponse,
  { status, headers, body }: HttpResponse,
  method: string | undefined,
): void {
  requireResponse(res)
  res.statusCode = status
  // That of another body: the client would wait for more bytes, or take some for the next response.
  if ((res as Partial<ServerResponse>).hasHeader?.('Content-Length') === true) {
    res.setHeader('Content-Length', Buffer.byteLength(body))
  }
  for (const name of Object.keys(headers)) res.setHeader(name, headers[name] as string)
  if (method === 'HEAD') res.end()
  else res.end(body)
}

/** @throws {TypeError} where another framework called */
function requireResponse(res: Partial<ServerResponse>): void {
  if (typeof res.setHeader === 'function') return
  throw misuse(
    'verifyJwt: called without a response of Node; import it from the subpath of the framework in use, such as oauth-resource-server/koa',
  )
}

/**
 * Middleware that accepts only requests with a valid access token. {@link getAuth} returns the caller, who is also
 * on `req.auth`.
 *
 * @param options of the resource server, or one made elsewhere; from the environment when left out
 * @throws {TypeError} for options that are missing, contradictory or unsafe
 */
export function verifyJwt(
  options?: ResourceServerOptions<unknown, ExpressRequest> | ResourceServerLike,
): ExpressMiddleware
export function verifyJwt(
  options?: ResourceServerOptions<unknown, never> | ResourceServerLike,
  ...others: readonly unknown[]
): ExpressMiddleware {
  return verify(asResourceServer(options, others)) as ExpressMiddleware
}

/**
 * Handler for OpenID Connect Back-Channel Logout 1.0:
 * `app.post('/logout', backChannelLogout(api, list, { clientId }))`. See {@link LogoutArguments}.
 *
 * @throws {TypeError} for arguments that are missing or wrong
 */
export function backChannelLogout(...args: LogoutArguments): ExpressMiddleware {
  const hook = logout(...args) as ExpressMiddleware
  return (req, res, next) => {
    // First: what is found out later could only end the process.
    requireResponse(res)
    hook(req, res, next)
  }
}

/**
 * Middleware that serves the metadata of the API (RFC 9728): `app.use(protectedResourceMetadata(api))`. See
 * {@link MetadataArguments}.
 *
 * @throws {TypeError} for arguments that are missing or wrong
 */
export function protectedResourceMetadata(...args: MetadataArguments): ExpressMiddleware {
  return metadata(...args).hook as ExpressMiddleware
}

/**
 * The caller `verifyJwt()` found, with the claim types of that resource server's `schema` where it is passed.
 *
 * @throws {MissingTokenError} for an anonymous caller
 * @throws {Error} where nothing, or another resource server, verified the request
 */
export const getAuth: GetAuth<IncomingMessage> = callers.getAuth as GetAuth<unknown>

/**
 * The caller `verifyJwt()` found, `undefined` for an anonymous one.
 *
 * @throws {Error} where nothing, or another resource server, verified the request
 */
export const getOptionalAuth: GetOptionalAuth<IncomingMessage> =
  callers.getOptionalAuth as GetOptionalAuth<unknown>

type ExpressGuards = RouteGuards<ExpressMiddleware, Request>
const guards: ExpressGuards = guardsBy((guard) => guarded(guard) as ExpressMiddleware)

/** Allows callers that have all of these scopes; 403 with all of them otherwise. */
export const requireScope: ExpressGuards['requireScope'] = guards.requireScope
/** Allows callers that have at least one of these scopes. */
export const requireAnyScope: ExpressGuards['requireAnyScope'] = guards.requireAnyScope
/** Allows callers that have all of these roles. */
export const requireRole: ExpressGuards['requireRole'] = guards.requireRole
/** Allows callers that have at least one of these roles. */
export const requireAnyRole: ExpressGuards['requireAnyRole'] = guards.requireAnyRole
/** Allows callers whose claim is, or contains, one of the expected values. */
export const requireClaim: ExpressGuards['requireClaim'] = guards.requireClaim
/** Allows callers whose user logged in strongly and recently enough (RFC 9470); 401 that says how otherwise. */
export const requireRecentLogin: ExpressGuards['requireRecentLogin'] = guards.requireRecentLogin
/** Allows callers that have an entry of this type in `authorization_details` (RFC 9396) that passes the predicate. */
export const requireAuthorizationDetails: ExpressGuards['requireAuthorizationDetails'] =
  guards.requireAuthorizationDetails
/** Allows callers that pass the guard, or for whom the predicate returns `true`. */
export const authorize: ExpressGuards['authorize'] = guards.authorize
