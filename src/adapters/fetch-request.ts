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
  const { method, url, headers } = request
  if (typeof (headers as Partial<Headers> | undefined)?.get !== 'function') {
    throw misuse(
      'oauth-resource-server/fetch: the first argument must be a web Request; on Hono pass c.req.raw; Express, Fastify and Koa have adapters of their own',
    )
  }
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
    viewOf(request, misuse)
    return handle(request, ...rest)
  }
}
