import type { LogoutHandler } from './caller/logout.ts'
import type { AuthError } from './errors.ts'
import { privateRecord } from './lib/private-record.ts'
import { misuse } from './hints/plain.ts'
import type { MetadataHandler, Published } from './http/metadata.ts'
import type { BackChannelLogoutOptions } from './options/logout.ts'
import type { RevocationList } from './stores.ts'
import type { TraceStep } from './token/check.ts'
import type { Auth, Claims, Guard, HttpRequest, HttpResponse, MaybePromise } from './types.ts'

/**
 * Number of the agreement between adapters and core. It changes with {@link AdapterInterface} and {@link Proven}, so
 * that the adapters of one release never use the core of another.
 */
export const protocol = 4

/** What adapters call. A resource server carries it under the brand, where it is no part of its public face. */
export interface AdapterInterface<C = Claims> {
  readonly protocol: number
  /** Whether the token is looked for in the parsed body. */
  readonly readsBody: boolean
  /**
   * Finds the caller. `undefined` only with `optional: true`, for a request without credentials.
   *
   * @param request whose `raw` is the framework's own request object (Koa: `ctx`); functions of the user get that
   * @param waitUntil gets the promise of work that outlives the response, where the platform offers that
   * @throws {AuthError} also as a rejection
   */
  readonly authenticate: (
    request: HttpRequest,
    waitUntil?: (work: Promise<unknown>) => void,
  ) => MaybePromise<Auth<C> | undefined>
  /** Decides about a request. @throws {AuthError} when the guard refuses, and {@link MissingTokenError} without `auth` */
  readonly authorize: <R>(guard: Guard<R>, auth: Auth | undefined, request: R) => MaybePromise<void>
  /**
   * Asks a guard that the application, or another guard, calls itself.
   *
   * @param asker the caller that was passed; `auth` is the proven one
   * @throws {AuthError} as `authorize`
   */
  readonly ask: <R>(guard: Guard<R>, auth: Auth | undefined, request: R, asker: unknown) => MaybePromise<void>
  /** Reports a refusal that an adapter itself decided. */
  readonly refused: (error: unknown, request: unknown) => void
  /** Headers of a successful response to this caller, unless the handler sets them; `undefined` for none. */
  readonly headersFor: (auth: Auth | undefined) => Readonly<Record<string, string>> | undefined
  /**
   * Turns an error into the refusal to send. Throws what the framework's error path must get instead: other errors,
   * and with `onError: 'throw'` ours too, with `headers` set.
   *
   * @param scopes that a 401 names in place of the option `challengeScopes`
   */
  readonly answer: (error: unknown, request?: unknown, scopes?: readonly string[]) => HttpResponse
  /** The error with the `headers` of its refusal, for the framework's error path. */
  readonly forErrorPath: (error: AuthError) => AuthError
  /** Makes the handler of back-channel logout requests. @throws {TypeError} for options that are wrong */
  readonly logout: (list: RevocationList, options: BackChannelLogoutOptions) => LogoutHandler
  /**
   * Publishes metadata: from now on `published` responds too, so that `verifyJwt()` needs no token for it, wherever it
   * is registered.
   *
   * @throws {TypeError} for options that are wrong
   */
  readonly publish: (options: unknown) => Published
  /** Responds to requests for published metadata; `undefined` before there is any. */
  readonly published: MetadataHandler | undefined
  /** Verifies a request, runs guards, and reports every decision on the way; for the test kit. */
  readonly trace: (request: HttpRequest, ...guards: readonly Guard[]) => Promise<Traced<C>>
}

/** Every step of the verification of one request, and what came of it. */
export interface Traced<C> {
  readonly steps: readonly TraceStep[]
  readonly auth: Auth<C> | undefined
  readonly error: unknown
}

/** Registered globally, so that the adapters of either build recognise a resource server of the other. */
export const brand: unique symbol = Symbol.for('oauth-resource-server.api') as never

/**
 * Finds the adapters' face of a resource server; `undefined` for any other value.
 *
 * @throws {TypeError} for a resource server of another release
 */
export function interfaceOf(value: unknown): AdapterInterface<unknown> | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, brand)) return undefined
  const face = (value as { [brand]: AdapterInterface<unknown> | null | undefined })[brand]
  if (face?.protocol === protocol) return face
  throw misuse(
    `this resource server comes from another release of oauth-resource-server (adapter protocol ${String(
      face?.protocol,
    )}, here ${protocol}): install one version only`,
  )
}

/** Who was found to send a request, and by which resource server. */
export interface Proven {
  readonly by: AdapterInterface<unknown>
  /** `undefined` for an anonymous caller. */
  readonly auth: Auth | undefined
}

/** The record of what was proven, by the raw request. */
export type ProvenRecord = Pick<WeakMap<object, Proven>, 'get' | 'set' | 'delete'>

/** One record for the process: guards of one build see what `verifyJwt()` of the other proved. */
export const proven: ProvenRecord = /* @__PURE__ */ sharedRecord(
  globalThis,
  `oauth-resource-server.proven.${protocol}`,
)

function sharedRecord(global: object, name: string): ProvenRecord {
  const key = Symbol.for(name)
  if (!Object.hasOwn(global, key)) {
    const value: ProvenRecord = Object.freeze(privateRecord<Proven>())
    // Neither writable nor configurable; a frozen global object leaves each build with a record of its own.
    if (!Reflect.defineProperty(global, key, { value })) return value
  }
  return (global as { [key]: ProvenRecord })[key]
}
