import {
  type Auth,
  AuthError,
  createResourceServer,
  type Guard,
  type MaybePromise,
  type Reason,
  type ResourceServer,
  UpstreamError,
} from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'

type Authorize = (guard: Guard, auth: Auth | undefined, request: unknown) => MaybePromise<void>

/** The part of a resource server that runs guards for the adapters. */
function authorizeOf(server: ResourceServer): Authorize {
  const parts = server as unknown as Record<PropertyKey, { authorize: Authorize }>
  return (parts['adapter'] ?? parts[Symbol.for('oauth-resource-server.api')])?.authorize as Authorize
}

const issuer = await createTestIssuer()
const api = createResourceServer(issuer.options)

/** The caller that guards are asked about. */
export const caller = await api.verify(
  await issuer.sign({
    scope: 'read write',
    roles: ['clerk', 'auditor'],
    tenant: 'a',
    groups: ['staff', 7],
    level: 3,
    admin: false,
    nothing: null,
    'a.b': 'dotted',
    a: { b: 'nested', list: ['x'] },
  }),
)

/** What the adapters do with a guard: `true`, or the error it refuses or fails with; a promise only for a promise. */
export function ask(
  guard: unknown,
  auth: Auth | undefined = caller,
  request?: unknown,
): MaybePromise<unknown> {
  return askAbout(auth, guard, request)
}

/** As {@link ask}, for an anonymous caller. */
export function askAnonymously(guard: Guard): MaybePromise<unknown> {
  return askAbout(undefined, guard, undefined)
}

function askAbout(auth: Auth | undefined, guard: unknown, request: unknown): MaybePromise<unknown> {
  try {
    const result = authorizeOf(api)(guard as Guard, auth, request)
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

/** A failure that is nobody's refusal. */
export const down = new UpstreamError(1)
export const bug = new Error('bug')

/** A guard that never settles. */
export const never = (): Promise<boolean> => new Promise(() => undefined)

/** A guard that throws. */
export const throwing = (error: unknown) => (): never => {
  throw error
}

/** A guard that rejects. */
export const rejecting = (error: unknown) => (): Promise<never> =>
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a user's guard may reject with anything
  Promise.reject(error)

/** A refusal with a status and a reason of the next releases. */
export class Refusal extends AuthError {
  readonly status: number
  readonly code = undefined
  readonly reason: Reason
  constructor(status: number, reason: Reason) {
    super('refused')
    this.status = status
    this.reason = reason
  }
}
