import type { IncomingMessage, ServerResponse } from 'node:http'
import type { NextFunction, Request, RequestHandler, Response } from 'express'
import {
  asResourceServer,
  type Auth,
  type Guard,
  type HttpResponse,
  isPromise,
  missingVerifyJwt,
  type ResourceServer,
  type ResourceServerOptions,
  type RouteGuards,
  routeGuards,
} from 'oauth-resource-server'

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- the only way Express's own types can be extended
  namespace Express {
    interface Request {
      /** Who is calling; not set where `optional: true` let an anonymous caller through. */
      auth: Auth
    }
  }
}

/** Which resource server verified a request: guards answer in its name. */
const verifiedBy = Symbol.for('oauth-resource-server.verified-by')

/**
 * Where that is noted: in `res.locals`, or on the request where something else than Express made the response. Each
 * request of Express has a hidden class of its own, which makes one more member cost microseconds.
 */
function notesOf(req: object, { locals }: { locals?: object }): { [verifiedBy]?: ResourceServer<unknown> } {
  return locals ?? req
}

/**
 * Middleware for any Express route. Less is said of the request than Express's own type says, so that a handler
 * behind it still knows the parameters of its path.
 */
export type ExpressMiddleware = (
  req: IncomingMessage,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => void

/**
 * Middleware that lets only requests with a valid access token through, and leaves the caller on `req.auth`. For
 * guards it leaves a note in `res.locals`: add to that object behind it, but do not put another in its place.
 *
 * @param options of the resource server, or one made elsewhere; from the environment when left out
 * @throws {TypeError} for options that are missing, contradictory or unsafe
 */
export function verifyJwt<C>(options?: ResourceServerOptions<C> | ResourceServer<C>): ExpressMiddleware {
  const api = asResourceServer(options)
  const { headers } = api.adapter
  const middleware: RequestHandler = (req, res, next) => {
    const admit = (auth: unknown): void => {
      if (headers !== undefined && auth !== undefined) res.set(headers)
      req.auth = auth as Auth
      notesOf(req, res)[verifiedBy] = api
      next()
    }
    let auth: unknown
    try {
      auth = api.adapter.authenticate(req)
    } catch (error) {
      refuse(api, error, res, next)
      return
    }
    // Outside the `try`: an error of the handler's own is not a refusal.
    if (isPromise(auth)) void auth.then(admit, (error: unknown) => refuse(api, error, res, next))
    else admit(auth)
  }
  return middleware as ExpressMiddleware
}

function guarded(guard: Guard<Request>): ExpressMiddleware {
  const middleware: RequestHandler = (req, res, next) => {
    const api = notesOf(req, res)[verifiedBy]
    if (api === undefined) {
      next(missingVerifyJwt())
      return
    }
    let pending: void | Promise<void>
    try {
      pending = api.adapter.authorize(guard, req.auth, req)
    } catch (error) {
      refuse(api, error, res, next)
      return
    }
    if (pending === undefined) next()
    else
      pending.then(
        () => next(),
        (error: unknown) => refuse(api, error, res, next),
      )
  }
  return middleware as ExpressMiddleware
}

/** Copies the refusal; what is none goes to the application's own error handler. */
function refuse(api: ResourceServer<unknown>, error: unknown, res: Response, next: NextFunction): void {
  let refusal: HttpResponse
  try {
    refusal = api.adapter.answer(error)
  } catch (unanswered) {
    next(unanswered)
    return
  }
  res.status(refusal.status).set(refusal.headers).send(refusal.body)
}

type ExpressGuards = RouteGuards<ExpressMiddleware, Request>
const guards: ExpressGuards = routeGuards(guarded)

/** Lets callers through who hold every one of these scopes; 403 naming them all otherwise. */
export const requireScope: ExpressGuards['requireScope'] = guards.requireScope
/** Lets callers through who hold at least one of these scopes. */
export const requireAnyScope: ExpressGuards['requireAnyScope'] = guards.requireAnyScope
/** Lets callers through who have every one of these roles. */
export const requireRole: ExpressGuards['requireRole'] = guards.requireRole
/** Lets callers through who have at least one of these roles. */
export const requireAnyRole: ExpressGuards['requireAnyRole'] = guards.requireAnyRole
/** Lets callers through whose claim is, or holds, one of the expected values. */
export const requireClaim: ExpressGuards['requireClaim'] = guards.requireClaim
/** Lets callers through whom a guard allows, or for whom a predicate answers `true`. */
export const authorize: ExpressGuards['authorize'] = guards.authorize
