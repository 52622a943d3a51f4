import { misuse } from './hints/plain.ts'

/** The raw request behind what a framework passes on; `undefined` where there is none. */
export function rawIn<A>(request: A, rawOf: (request: A) => object): object | undefined {
  const raw: unknown = request === undefined || request === null ? undefined : rawOf(request)
  return typeof raw === 'object' && raw !== null ? raw : undefined
}

/** Checks that a hook was called by the framework that its adapter is for. @throws {TypeError} */
export function requireRequest(
  request: unknown,
  rawOf: (request: never) => object,
  what = 'verifyJwt',
): void {
  if (rawIn(request as never, rawOf) !== undefined) return
  throw misuse(
    `${what}: called without a request of its framework; import it from the subpath of the framework in use, such as oauth-resource-server/express`,
  )
}

/** The error for a hook that was not given what it calls when it has decided. */
export function withoutNext(): TypeError {
  return misuse(
    'verifyJwt() and guards: called without next, on Fastify done, so that nothing waits for them; pass them to the app or route, from the subpath of the framework in use, or call them with all three arguments (on Koa both)',
  )
}

/** The raw request for `getAuth()`. @throws {TypeError} */
export function rawForAuth<A>(request: A, rawOf: (request: A) => object, what = 'getAuth'): object {
  const raw = rawIn(request, rawOf)
  if (raw === undefined) throw misuse(`${what}: pass the request that the handler got; on Koa it is ctx`)
  return raw
}
