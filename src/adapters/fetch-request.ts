import type { HttpRequest } from 'oauth-resource-server'

/**
 * Handles a request of a caller; further arguments are the server's own, such as route parameters.
 *
 * @template A what is found out about the caller: an `Auth`, or `undefined` too where a caller may be anonymous
 */
export type ProtectedHandler<A, Rest extends unknown[], Req extends Request = Request> = (
  request: Req,
  auth: A,
  ...rest: Rest
) => Response | Promise<Response>

/**
 * A web `Request` as the core reads it.
 *
 * @param misuse makes the error for anything else, such as the request of another framework
 * @throws {TypeError}
 */
export function viewOf(request: Request, misuse: (message: string) => TypeError): HttpRequest {
  const { method, url, headers } = Object(request) as Request
  if (typeof (headers as Partial<Headers> | undefined)?.get !== 'function') throw misuse(noWebRequest)
  return { method, url, headers, raw: request }
}

/**
 * Makes a function throw at once for what is no web request. Express 4 handles that, but no promise that rejects, which
 * would end the process.
 */
export function forWebRequests<Req extends Request, Rest extends unknown[], T>(
  misuse: (message: string) => TypeError,
  handle: (request: Req, ...rest: Rest) => Promise<T>,
): (request: Req, ...rest: Rest) => Promise<T> {
  return (request, ...rest) => {
    if (!isWebRequest(request)) throw misuse(noWebRequest)
    return handle(request, ...rest)
  }
}

const noWebRequest =
  'oauth-resource-server/fetch: the first argument must be a web Request; on Hono pass c.req.raw; Express, Fastify and Koa have adapters of their own'

function isWebRequest(request: unknown): boolean {
  try {
    return typeof (request as Partial<Request> | null | undefined)?.headers?.get === 'function'
  } catch {
    // What a getter throws may be any value, and goes the way of all errors.
    return true
  }
}
