import type { ErrorFormat } from '../error-format.ts'
import type { StandardSchema } from '../lib/standard-schema.ts'
import type { Extractor, MaybePromise, TokenRequest } from '../types.ts'
import type { WithDecryption } from './decryption.ts'
import type { FetchFunction, RefusalListener } from './functions.ts'
import type { IntrospectionOptions } from './introspection.ts'
import type { KeyCacheOptions } from './key-cache.ts'
import type { KeyOptions } from './key-options.ts'
import type { RevocationOption } from './revocation.ts'
import type { Snapshot } from './snapshot.ts'
import type { TokenCacheOptions } from './token-cache.ts'
import type { TokenOptions } from './token-options.ts'

/** One trusted issuer among several. */
export interface IssuerOptions extends TokenOptions, KeyOptions {
  /** Compared exactly with `iss`, never normalised. A URL only where metadata is to be found through it. */
  readonly issuer: string
  /** Names of this API; `aud` must contain at least one (RFC 7519 §4.1.3). @default the common `audience` */
  readonly audience?: string | readonly string[] | null | undefined
  /**
   * Asks this issuer whether tokens are active. Opaque tokens are shown to one issuer of the list at most; with a
   * function of issuers it must be for `tokens: 'all'`.
   *
   * @default off: opaque tokens are refused
   */
  readonly introspection?: IntrospectionOptions | undefined
}

/** Decides whether an issuer is trusted, and how; `undefined` when it is not. */
export type IssuerResolver = (issuer: string) => MaybePromise<IssuerOptions | undefined>

/**
 * Options that have nothing to do with issuers.
 *
 * @template T output of `schema`; `unknown` without one
 * @template R request that `tokenFrom` gets
 * @template O type of `optional`, so that the types of handlers know whether a caller may be anonymous
 */
export interface CommonOptions<
  T = unknown,
  R = TokenRequest,
  O extends boolean | undefined = boolean | undefined,
> extends WithDecryption<R> {
  /**
   * Hosts from which metadata and keys may be fetched by plain http: `host` or `host:port`, without a port any port.
   * Anyone on the way to such a host can replace the keys. `127.0.0.0/8`, `[::1]` and `localhost` need no entry.
   *
   * @default []
   */
  readonly allowInsecureHosts?: readonly string[] | undefined
  /**
   * A Standard Schema (zod, valibot, arktype) for a copy of the claims, run on every request. Claims it refuses are 401.
   * Top-level members of its output, which must be an object, replace the claims of the same name in `auth.claims`;
   * the other claims stay. Guards check the claims as they were signed.
   */
  readonly schema?: StandardSchema<unknown, T> | undefined
  /**
   * Where the token is: `fromHeader()` and the like, or a function of the request. In an adapter that is the request of
   * the framework (Koa: `ctx`).
   *
   * @default fromHeader()
   */
  readonly tokenFrom?: Extractor<R> | undefined
  /**
   * Lets requests without credentials through, without `auth`. Bad credentials are refused all the same, and an
   * issuer that cannot be reached is 503 all the same.
   *
   * @default false
   */
  readonly optional?: O | undefined
  /** Protection space named in challenges (RFC 9110 §11.5). @default the first audience */
  readonly realm?: string | undefined
  /** Longest token, in characters. 256 to 65536. @default 16384 */
  readonly maxTokenLength?: number | undefined
  /**
   * Milliseconds for each promise of `issuers`, `schema`, `tokenFrom` and guards; 503 when it takes longer. 10 to
   * 60000. @default 5000
   */
  readonly hookTimeoutMs?: number | undefined
  /** Who responds to a refused request: the adapter, or the framework's own error path. @default 'respond' */
  readonly onError?: 'respond' | 'throw' | undefined
  /**
   * The body of refusals: `oauth` is `{ error, error_description }`, `problem` is `application/problem+json`
   * (RFC 9457) with `{ type, title, status, detail, error }`, a function writes its own. Status and headers stay. With
   * `onError: 'throw'` the framework writes the body.
   *
   * @default 'oauth'
   */
  readonly errorFormat?: ErrorFormat | undefined
  /**
   * Called once for every refusal, `api.verify()` and guards included: the place for a log line, with `explain(error)`.
   * It gets the framework's own request (Koa: `ctx`), `undefined` where there is none. Its errors are ignored.
   */
  readonly onRefused?: RefusalListener<R> | undefined
  /** Numbers of the key cache. */
  readonly keyCache?: KeyCacheOptions | undefined
  /** Limits of the memory of verified signatures, or `false` to check every signature anew. @default on */
  readonly tokenCache?: TokenCacheOptions | false | undefined
  /**
   * Which tokens were revoked: a list, or an object with a function `isRevoked`. Asked on every request, after every
   * other check of the token; 401 `revoked`, and 503 when it could not be found out.
   *
   * @default none: a token is valid until it expires
   */
  readonly revocation?: RevocationOption | undefined
  /** Keys an earlier process exported with `api.snapshot()`; trusted for as long as they would have been there. */
  readonly snapshot?: Snapshot | undefined
  /** Used instead of the global `fetch`. */
  readonly fetch?: FetchFunction | undefined
  /** Used instead of `Date.now`. */
  readonly now?: (() => number) | undefined
}

/** An API that trusts one issuer. */
export interface SingleIssuerOptions<
  T = unknown,
  R = TokenRequest,
  O extends boolean | undefined = boolean | undefined,
>
  extends CommonOptions<T, R, O>, TokenOptions, KeyOptions {
  /** Compared exactly with `iss`, never normalised. @default `OAUTH_ISSUER` */
  readonly issuer?: string | undefined
  /**
   * Names of this API; `aud` must contain at least one (RFC 7519 §4.1.3). `undefined` is checked at construction,
   * not by the compiler, so that `process.env` may be read here.
   *
   * @default `OAUTH_AUDIENCE`
   */
  readonly audience: string | readonly string[] | undefined
  /** Asks the issuer whether tokens are active (RFC 7662). @default off: opaque tokens are refused */
  readonly introspection?: IntrospectionOptions | undefined
  /** Set `issuer` or `issuers`, not both. */
  readonly issuers?: undefined
}

/** An API that trusts one issuer and, as its tokens have no audience, only some of its clients. */
export interface SingleIssuerForClientsOptions<
  T = unknown,
  R = TokenRequest,
  O extends boolean | undefined = boolean | undefined,
> extends Omit<SingleIssuerOptions<T, R, O>, 'audience'> {
  /** Switches the audience check off; not with `profile: 'rfc9068'`. */
  readonly audience: null
  readonly clients: readonly string[]
}

/** An API whose issuer and audience come from `OAUTH_ISSUER` and `OAUTH_AUDIENCE`. */
export interface EnvironmentIssuerOptions<
  T = unknown,
  R = TokenRequest,
  O extends boolean | undefined = boolean | undefined,
> extends Omit<SingleIssuerOptions<T, R, O>, 'issuer' | 'audience'> {
  readonly issuer?: undefined
  readonly audience?: undefined
}

/** An API that trusts several issuers. Options about tokens apply to each that does not set them itself. */
export interface ManyIssuersOptions<
  T = unknown,
  R = TokenRequest,
  O extends boolean | undefined = boolean | undefined,
>
  extends CommonOptions<T, R, O>, TokenOptions {
  /** The issuers, or a function that decides which `iss` is trusted, and how. */
  readonly issuers: readonly IssuerOptions[] | IssuerResolver
  /** The audience of every issuer that has none of its own. */
  readonly audience?: string | readonly string[] | null | undefined
  /** Set it inside `issuers`. */
  readonly issuer?: undefined
  /** Set it inside `issuers`. */
  readonly jwksUri?: undefined
  /** Set it inside `issuers`. */
  readonly jwks?: undefined
  /** Set it inside `issuers`. */
  readonly publicKey?: undefined
  /** Set it inside `issuers`. */
  readonly metadataUrl?: undefined
  /** Set it inside `issuers`. */
  readonly secret?: undefined
  /** Set it inside `issuers`. */
  readonly introspection?: undefined
}

/**
 * Options of `createResourceServer` and of every `verifyJwt`.
 *
 * @template T output of `schema`; `unknown` without one
 * @template R request that `tokenFrom` gets
 * @template O type of `optional`; as long as that may be `true`, callers may be `undefined`
 */
export type ResourceServerOptions<
  T = unknown,
  R = TokenRequest,
  O extends boolean | undefined = boolean | undefined,
> =
  // In this order the compiler speaks of the last one when none fits.
  | ManyIssuersOptions<T, R, O>
  | EnvironmentIssuerOptions<T, R, O>
  | SingleIssuerForClientsOptions<T, R, O>
  | SingleIssuerOptions<T, R, O>
