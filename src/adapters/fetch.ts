import {
  allOf,
  asResourceServer,
  type Auth,
  type Claims,
  type Guard,
  missingVerifyJwt,
  type ResourceServer,
  type ResourceServerOptions,
  type RouteGuards,
  routeGuards,
} from 'oauth-resource-server'

/** Handles a request whose caller is proven; further arguments are the server's own, such as route parameters. */
export type ProtectedHandler<C, Rest extends unknown[], Req extends Request = Request> = (
  request: Req,
  auth: Auth<C>,
  ...rest: Rest
) => Response | Promise<Response>

/**
 * Makes a function that finds the caller of a web-standard request. What the handler answers it does not see:
 * with `tokenFrom: fromQuery()`, `Cache-Control: private` is the handler's to set, or use {@link protect}.
 *
 * @param options of the resource server, or one made elsewhere; from the environment when left out
 * @returns the caller, or the refusal to answer with; with `optional: true`, `undefined` for an anonymous caller
 * @throws {TypeError} for options that are missing, contradictory or unsafe
 */
export function verifyJwt<C = Claims>(
  options?: ResourceServerOptions<C> | ResourceServer<C>,
): (request: Request) => Promise<Auth<C> | Response> {
  const api = asResourceServer(options)
  return async (request) => {
    try {
      return (await api.adapter.authenticate(request)) as Auth<C>
    } catch (error) {
      return refusal(api, error)
    }
  }
}

/**
 * Wraps a handler so that it only sees callers every guard allows.
 *
 * @param options of the resource server, or one made elsewhere; from the environment when `undefined`
 * @throws {TypeError} for options that are missing, contradictory or unsafe
 */
export function protect<C = Claims>(
  options?: ResourceServerOptions<C> | ResourceServer<C>,
  ...guards: readonly Guard<Request>[]
): <Rest extends unknown[], Req extends Request = Request>(
  handler: ProtectedHandler<C, Rest, Req>,
) => (request: Req, ...rest: Rest) => Promise<Response> {
  const api = asResourceServer(options)
  const { headers } = api.adapter
  const guard = guards.length === 0 ? undefined : allOf(...guards)
  return (handler) =>
    async (request, ...rest) => {
      let auth: Auth<C> | undefined
      try {
        auth = await api.adapter.authenticate(request)
        if (guard !== undefined) await api.adapter.authorize(guard, auth as Auth | undefined, request)
      } catch (error) {
        return refusal(api, error)
      }
      const response = handler(request, auth as Auth<C>, ...rest)
      return headers === undefined || auth === undefined ? response : withHeaders(await response, headers)
    }
}

function refusal(api: ResourceServer<never> | ResourceServer<unknown>, error: unknown): Response {
  const { status, headers, body } = api.adapter.answer(error)
  return new Response(body, { status, headers })
}

/** A copy, since the headers of some responses cannot be changed; what the handler said itself stays. */
function withHeaders(response: Response, headers: Readonly<Record<string, string>>): Response {
  // Only good answers are meant; some of the others, such as 101, cannot be made again.
  if (!response.ok) return response
  const copy = new Response(response.body, response)
  for (const [name, value] of Object.entries(headers)) {
    if (!copy.headers.has(name)) copy.headers.set(name, value)
  }
  return copy
}

/** A guard of this adapter is the guard itself, for {@link protect}, or to be asked with what `verifyJwt` found. */
function guarded(guard: Guard<Request>): Guard<Request> {
  return (auth: Auth | undefined, request) => {
    if (auth === undefined || auth instanceof Response) throw missingVerifyJwt()
    return guard(auth, request)
  }
}

type FetchGuards = RouteGuards<Guard<Request>, Request>
const guards: FetchGuards = routeGuards(guarded)

/** Allows callers who hold every one of these scopes. */
export const requireScope: FetchGuards['requireScope'] = guards.requireScope
/** Allows callers who hold at least one of these scopes. */
export const requireAnyScope: FetchGuards['requireAnyScope'] = guards.requireAnyScope
/** Allows callers who have every one of these roles. */
export const requireRole: FetchGuards['requireRole'] = guards.requireRole
/** Allows callers who have at least one of these roles. */
export const requireAnyRole: FetchGuards['requireAnyRole'] = guards.requireAnyRole
/** Allows callers whose claim is, or holds, one of the expected values. */
export const requireClaim: FetchGuards['requireClaim'] = guards.requireClaim
/** Allows callers whom a guard allows, or for whom a predicate answers `true`. */
export const authorize: FetchGuards['authorize'] = guards.authorize
