import type { IssuerHealth } from './issuer/issuer-health.ts'
import type { Snapshot } from './options/snapshot.ts'
import type { Auth, Caller, Claims, Guard, HttpRequest, HttpResponse } from './types.ts'

/** What tells a resource server from its options, and its types from those of others. */
export interface ResourceServerTag<C, A extends undefined> {
  /** `types` is for the compiler alone: the value is a string. */
  readonly [Symbol.toStringTag]: 'ResourceServer' & {
    readonly types?: { readonly claims: C; readonly anonymous: A }
  }
}

/**
 * A resource server, where its options are accepted too. Only `createResourceServer()` makes one. The type has no other
 * members, so that editors offer the names of options alone, and compilers complain of the options.
 */
export interface ResourceServerLike<C = unknown, A extends undefined = undefined> extends ResourceServerTag<
  C,
  A
> {
  readonly issuer?: undefined
  readonly audience?: undefined
  readonly issuers?: undefined
}

/**
 * Judges requests to one API. Made by `createResourceServer()`.
 *
 * @template C the type of `auth.claims`: {@link Claims}, with the output of `schema` where there is one
 * @template A `undefined` where the option `optional` lets anonymous callers through, else `never`
 */
export interface ResourceServer<C = Claims, A extends undefined = never> extends ResourceServerTag<C, A> {
  /**
   * Verifies a bare access token. A token bound to a key is refused, since there is no request to confirm it with.
   * Scopes and roles are not checked.
   *
   * @throws {InvalidTokenError} when the token is not valid
   * @throws {UpstreamError} when the issuer's keys cannot be had
   */
  readonly verify: (token: string) => Promise<Auth<C>>
  /**
   * Finds the token of a request, verifies it and asks the guards. Resolves to `undefined` only with `optional: true`
   * and without guards, for a request without credentials.
   *
   * @throws {AuthError} as {@link ResourceServer.verify}, for missing or malformed credentials, and when a guard
   * refuses
   */
  readonly authenticate: <G extends readonly Guard[]>(
    request: HttpRequest,
    ...guards: G
  ) => Promise<Caller<C, A, G>>
  /**
   * Asks guards about a caller that this resource server returned, for frameworks without an adapter. The guards get
   * no request.
   *
   * @throws {MissingTokenError} for `undefined`, an anonymous caller
   * @throws {AuthError} when a guard refuses
   * @throws {TypeError} for an `Auth` of anything else
   */
  readonly authorize: (auth: Auth<unknown> | undefined, ...guards: readonly Guard[]) => Promise<void>
  /** Turns an `AuthError` into a response. Rethrows any other error. */
  readonly refuse: (error: unknown) => HttpResponse
  /**
   * Fetches the keys of every configured issuer again, and of every dynamic one of which a signature was verified.
   *
   * @throws {UpstreamError} when a fetch fails; the other issuers are fetched all the same
   */
  readonly refresh: () => Promise<void>
  /**
   * Resolves once the keys of every configured issuer are there, so that a start-up can fail loudly. Dynamic issuers
   * are not known yet, and not waited for.
   *
   * @throws {UpstreamError} whose `cause` tells what went wrong
   */
  readonly ready: () => Promise<void>
  /** State of the keys of every issuer known by now, by issuer. Starts a fetch where there are no keys. */
  readonly health: () => Health
  /** The fetched keys with their age, for the `snapshot` option of a later process. */
  readonly snapshot: () => Snapshot
}

/** State of a resource server, fit for a readiness route. */
export interface Health {
  /** Whether every configured issuer has keys that may be used. A dynamic one without keys stops no other. */
  readonly ready: boolean
  readonly issuers: Readonly<Record<string, IssuerHealth>>
}
