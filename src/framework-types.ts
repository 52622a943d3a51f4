import type { RouteGuards } from './guards/route-guards.ts'
import type { ResourceServer, ResourceServerLike } from './resource-server-types.ts'
import type { BackChannelLogoutOptions } from './options/logout.ts'
import type { ProtectedResourceMetadataOptions } from './options/metadata.ts'
import type { RevocationList } from './stores.ts'
import type { Auth, Guard, HttpRequest, HttpResponse } from './types.ts'

/** State of a response of Node. Responses of other frameworks have fewer of these members. */
export interface ResponseState {
  readonly headersSent?: boolean
  readonly writableEnded?: boolean
  readonly destroyed?: boolean
}

/** What an adapter supplies about its framework. Hooks take three arguments; the first is the request. */
export interface Framework<A, B, C, R> {
  /** Node's own request, or the web `Request`: what was proven is kept by it. */
  readonly rawOf: (a: A) => object
  /** The request as the core reads it. */
  readonly requestOf: (a: A) => HttpRequest
  /** The response, looked at before it is written; `undefined` where there is none yet. */
  readonly responseOf: (a: A, b: B) => ResponseState | undefined
  /** Puts the caller where handlers can read it, as a convenience. Its errors are ignored. */
  readonly keep: (auth: Auth | undefined, a: A, c: C) => void
  /** Sets headers of a successful response, unless they are set. */
  readonly setHeaders: (headers: Readonly<Record<string, string>>, a: A, b: B, c: C) => void
  /** Whether a hook was given what it calls when it has decided. Otherwise nothing waits for its decision. */
  readonly hasNext: (b: B, c: C) => boolean
  /** Runs what comes next: middleware or the handler. */
  readonly next: (a: A, b: B, c: C) => R
  /** Sends a refusal, or another response that the core decided. */
  readonly refuse: (refusal: HttpResponse, a: A, b: B, c: C) => R
  /** Passes an error to the framework's error path. */
  readonly fail: (error: unknown, a: A, b: B, c: C) => R
  /** Ends the hook when the response was sent or closed meanwhile. It writes nothing. */
  readonly leave: (error: unknown, a: A) => R
  /** Whether the framework waits for what a hook returns, and handles its rejection. */
  readonly awaits: boolean
  /** What a hook returns while it waits, where the framework does not wait for a promise. */
  readonly pending?: R
  /** The second argument of the core's `authenticate`. */
  readonly waitUntilOf?: (a: A, b: B) => ((work: Promise<unknown>) => void) | undefined
}

/** A hook, middleware or handler of a framework. */
export type Hook<A, B, C, R> = (a: A, b: B, c: C) => R

/** Returns the caller that `verifyJwt()` found. */
export interface GetAuth<A> {
  /**
   * @throws {MissingTokenError} for an anonymous caller
   * @throws {Error} where nothing verified the request
   */
  (request: A): Auth
  /**
   * @param api the resource server that verified the request; its `schema` gives the claims their types
   * @throws {MissingTokenError} for an anonymous caller
   * @throws {Error} where nothing, or another resource server, verified the request
   */
  <C>(request: A, api: ResourceServer<C, undefined>): Auth<C>
}

/** Returns the caller that `verifyJwt()` found, `undefined` for an anonymous one. */
export interface GetOptionalAuth<A> {
  /** @throws {Error} where nothing verified the request */
  (request: A): Auth | undefined
  /**
   * @param api the resource server that verified the request; its `schema` gives the claims their types
   * @throws {Error} where nothing, or another resource server, verified the request
   */
  <C>(request: A, api: ResourceServer<C, undefined>): Auth<C> | undefined
}

/**
 * What `backChannelLogout()` takes: the resource server, as `createResourceServer()` returns it, which trusts the
 * issuer; the list in which tokens are revoked; and options. What it makes reads the form itself, 64 KiB and 5 s at
 * most, validates the logout token, and revokes the tokens of its session or its user. It responds 200; 400 to a request
 * that is not acceptable; 503 when keys or a store are not available. It authenticates nobody but the issuer.
 */
export type LogoutArguments = readonly [
  api: ResourceServerLike,
  list: RevocationList,
  options: BackChannelLogoutOptions,
]

/**
 * What `protectedResourceMetadata()` takes: the resource server, as `createResourceServer()` returns it, with the option
 * `resource`; and options. What it makes serves the metadata (RFC 9728) at the well-known URL of `resource`, and only
 * there: GET, HEAD and OPTIONS, to every page, without a token. `verifyJwt()` of the same resource server serves it too,
 * so that the order of registration does not matter.
 */
export type MetadataArguments = readonly [
  api: ResourceServerLike,
  options?: ProtectedResourceMetadataOptions | undefined,
]

/** The hook that serves metadata, with the path at which it does. */
export interface MetadataHook<A, B, C, R> {
  readonly path: string
  readonly hook: Hook<A, B, C, R>
}

/** What an adapter is made of. */
export interface Hooks<A, B, C, R> {
  /** Lets only verified callers through that pass the guard, if there is one. */
  readonly verify: (api: object, guard?: Guard<A>) => Hook<A, B, C, R>
  /** Lets only callers through that pass the guard. */
  readonly guarded: (guard: Guard<A>) => Hook<A, B, C, R>
  /** Responds to back-channel logout requests. @throws {TypeError} for arguments that are wrong */
  readonly logout: (...args: LogoutArguments) => Hook<A, B, C, R>
  /**
   * Serves the metadata of a resource server, whatever was proven about the request; goes on with every other request.
   *
   * @throws {TypeError} for options that are wrong
   */
  readonly metadata: (...args: MetadataArguments) => MetadataHook<A, B, C, R>
  /** Whether a resource server looks for the token in the parsed body. */
  readonly readsBody: (api: object) => boolean
  /** The guards every adapter exports, in the form its framework takes. */
  readonly guardsBy: <H>(wrap: (guard: Guard<A>) => H) => RouteGuards<H, A>
  /**
   * A guard that the application can also call with what `verifyJwt()` returned. It checks the caller that was proven
   * for the request. The caller may be left out.
   *
   * @throws {TypeError} when it is called with another caller than that of the request
   */
  readonly callable: (guard: Guard<A>) => Guard<A>
  /** The error for a mistake in how an adapter is used: `explain()` shows its message, which has no value of a request. */
  readonly misuse: (message: string) => TypeError
  readonly getAuth: GetAuth<A>
  readonly getOptionalAuth: GetOptionalAuth<A>
}
