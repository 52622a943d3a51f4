import type { Auth, Guard, MaybePromise, ResourceServer } from 'oauth-resource-server'

type Authorize = (guard: Guard, auth: Auth | undefined, request: unknown) => MaybePromise<void>

/** The part of a resource server that runs guards for the adapters. */
function authorizeOf(api: ResourceServer): Authorize {
  const parts = api as unknown as Record<PropertyKey, { authorize: Authorize }>
  return (parts['adapter'] ?? parts[Symbol.for('oauth-resource-server.api')])?.authorize as Authorize
}

/** What the adapters do with a guard: `true`, or the error it refuses or fails with; a promise only for a promise. */
export function ask(
  api: ResourceServer,
  guard: Guard,
  auth: Auth | undefined,
  request?: unknown,
): MaybePromise<unknown> {
  try {
    const result = authorizeOf(api)(guard, auth, request)
    return result instanceof Promise
      ? result.then(
          () => true,
          (error: unknown) => error,
        )
      : true
  } catch (error) {
    return error
  }
}
