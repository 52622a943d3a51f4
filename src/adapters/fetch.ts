import {
  allOf,
  asResourceServer,
  type Anonymous,
  type Auth,
  type Caller,
  type ClaimsWith,
  type Guard,
  type GetAuth,
  type GetOptionalAuth,
  hooksFor,
  type LogoutArguments,
  type MetadataArguments,
  type ResourceServerLike,
  type ResourceServerOptions,
  type RouteGuards,
} from 'oauth-resource-server'
import { forWebRequests, type ProtectedHandler, viewOf } from './fetch-request.ts'
import { type ExecutionContext, isExecutionContext, withHeaders } from './platform-context.ts'

export type { ProtectedHandler } from './fetch-request.ts'
export type { ExecutionContext } from './platform-context.ts'

/** One request on its way: what was found out, and what is done with it. */
interface Call {
  auth: Auth | undefined
  headers: Readonly<Record<string, string>> | undefined
  readonly proceed: (call: Call) => unknown
}

const { verify, logout, metadata, guardsBy, misuse, ...callers } = hooksFor<
  Request,
  ExecutionContext | undefined,
  Call,
  unknown
>({
  rawOf: (request) => request,
  requestOf: (request) => viewOf(request, wrong),
  responseOf: () => undefined,
  keep(auth, _request, call) {
    call.auth = auth
  },
  setHeaders(headers, _request, _context, call) {
    call.headers = headers
  },
  hasNext: () => true,
  next: (_request, _context, call) => call.proceed(call),
  // A response without a body must have none, not an empty one: 204.
  refuse: ({ status, headers, body }, { method }) =>
    new Response(body === '' || method === 'HEAD' ? null : body, { status, headers }),
  fail(error) {
    throw error
  },
  leave: () => undefined,
  awaits: true,
  waitUntilOf: (_request, context) =>
    isExecutionContext(context) ? (work) => context.waitUntil(work) : undefined,
})

const wrong = (message: string): TypeError => misuse(message)

/**
 * Makes a function that finds the caller of a web-standard request. It does not see the handler's response: with
 * `tokenFrom: fromQuery()` the handler sets `Cache-Control: private` itself, or use {@link protect}.
 *
 * @param options of the resource server, or one made elsewhere; from the environment when left out
 * @returns the caller, or the refusal to respond with; with `optional: true`, `undefined` for an anonymous caller. It
 * throws a TypeError at once for anything but a web `Request`
 * @throws {TypeError} for options that are missing, contradictory or unsafe
 */
export function verifyJwt<
  T = unknown,
  O extends boolean | undefined = false,
  C = ClaimsWith<T>,
  A extends undefined = Anonymous<O>,
>(
  options?: ResourceServerOptions<T, Request, O> | ResourceServerLike<C, A>,
): (request: Request, context?: ExecutionContext) => Promise<Caller<C, A> | Response>
export function verifyJwt(
  options?: ResourceServerOptions<unknown, never> | ResourceServerLike,
  ...others: readonly unknown[]
): (request: Request, context?: ExecutionContext) => Promise<unknown> {
  const hook = verify(asResourceServer(options, others))
  const proceed: Call['proceed'] = ({ auth }) => auth
  return forWebRequests(wrong, async (request, context) => await hook(request, context, callOf(proceed)))
}

function callOf(proceed: Call['proceed']): Call {
  return { auth: undefined, headers: undefined, proceed }
}

/**
 * Wraps a handler so that it only sees callers that pass every guard. The first further argument with a method
 * `waitUntil` is the platform's context.
 *
 * @param options of the resource server, or one made elsewhere; from the environment when `undefined`
 * @throws {TypeError} for options that are missing, contradictory or unsafe
 */
export function protect<
  G extends readonly Guard<Request>[],
  T = unknown,
  O extends boolean | undefined = false,
  C = ClaimsWith<T>,
  A extends undefined = Anonymous<O>,
>(
  options?: ResourceServerOptions<T, Request, O> | ResourceServerLike<C, A>,
  ...guards: G
): <Rest extends unknown[], Req extends Request = Request>(
  handler: ProtectedHandler<Caller<C, A, G>, Rest, Req>,
) => (request: Req, ...rest: Rest) => Promise<Response> {
  const hook = verify(asResourceServer(options), guards.length === 0 ? undefined : allOf(...guards))
  return (handler, ...others: readonly unknown[]) => {
    if (typeof handler !== 'function' || others.some((each) => typeof each === 'function')) {
      throw misuse(
        'protect: pass the handler to what protect() returned: protect(options, ...guards)(handler)',
      )
    }
    return forWebRequests(wrong, async (request, ...rest) => {
      const call = callOf(({ auth, headers }) => {
        const response = handler(request, auth as Caller<C, A, G>, ...rest)
        return headers === undefined ? response : withHeaders(response, headers)
      })
      return (await hook(request, rest.find(isExecutionContext), call)) as Response
    })
  }
}

/**
 * Handler for OpenID Connect Back-Channel Logout 1.0:
 * `backChannelLogout(api, list, { clientId })`. See {@link LogoutArguments}.
 *
 * @throws {TypeError} for arguments that are missing or wrong
 */
export function backChannelLogout(...args: LogoutArguments): (request: Request) => Promise<Response> {
  const hook = logout(...args)
  const call = callOf(() => undefined)
  return forWebRequests(wrong, async (request) => (await hook(request, undefined, call)) as Response)
}

/**
 * Function that serves the metadata of the API (RFC 9728), `undefined` for every other request:
 * `metadata(request) ?? handler(request)`. See {@link MetadataArguments}.
 *
 * @throws {TypeError} for arguments that are missing or wrong
 */
export function protectedResourceMetadata(
  ...args: MetadataArguments
): (request: Request) => Response | undefined {
  const { hook } = metadata(...args)
  const call = callOf(() => undefined)
  return (request) => hook(request, undefined, call) as Response | undefined
}

/**
 * The caller `verifyJwt()` found, with the claim types of that resource server's `schema` where it is passed.
 *
 * @throws {MissingTokenError} for an anonymous caller
 * @throws {Error} where nothing, or another resource server, verified the request
 */
export const getAuth: GetAuth<Request> = callers.getAuth

/**
 * The caller `verifyJwt()` found, `undefined` for an anonymous one.
 *
 * @throws {Error} where nothing, or another resource server, verified the request
 */
export const getOptionalAuth: GetOptionalAuth<Request> = callers.getOptionalAuth

// Guards for {@link protect}, which can also be called with what `verifyJwt` found.
type FetchGuards = RouteGuards<Guard<Request>, Request>
const guards: FetchGuards = guardsBy(callers.callable)

/** Allows callers that have all of these scopes; 403 with all of them otherwise. */
export const requireScope: FetchGuards['requireScope'] = guards.requireScope
/** Allows callers that have at least one of these scopes. */
export const requireAnyScope: FetchGuards['requireAnyScope'] = guards.requireAnyScope
/** Allows callers that have all of these roles. */
export const requireRole: FetchGuards['requireRole'] = guards.requireRole
/** Allows callers that have at least one of these roles. */
export const requireAnyRole: FetchGuards['requireAnyRole'] = guards.requireAnyRole
/** Allows callers whose claim is, or contains, one of the expected values. */
export const requireClaim: FetchGuards['requireClaim'] = guards.requireClaim
/** Allows callers whose user logged in strongly and recently enough (RFC 9470); 401 that says how otherwise. */
export const requireRecentLogin: FetchGuards['requireRecentLogin'] = guards.requireRecentLogin
/** Allows callers that have an entry of this type in `authorization_details` (RFC 9396) that passes the predicate. */
export const requireAuthorizationDetails: FetchGuards['requireAuthorizationDetails'] =
  guards.requireAuthorizationDetails
/** Allows callers that pass the guard, or for whom the predicate returns `true`. */
export const authorize: FetchGuards['authorize'] = guards.authorize
