import type { AlgorithmName } from '../algorithms.ts'
import type { KeyCacheOptions } from './key-cache.ts'
import type { Names } from './rules.ts'
import type { Snapshot } from './snapshot.ts'
import type { StandardSchema } from '../lib/standard-schema.ts'
import type { Claims, Extractor, JwkSet, MaybePromise } from '../types.ts'

/** What may be said of an issuer's tokens, whether the API trusts one issuer or several. */
export interface TokenOptions {
  /**
   * Client ids to accept: `client_id`, else `azp`, else `cid`, else `appid`.
   *
   * @default any
   */
  readonly clients?: readonly string[]
  /**
   * Algorithms to accept.
   *
   * @default the asymmetric ones the running platform supports, ML-DSA and Ed448 aside; with `secret`, those it is
   * long enough for
   */
  readonly algorithms?: readonly AlgorithmName[]
  /**
   * `compatible` takes the access tokens of today's issuers and still refuses other kinds of token; `rfc9068`
   * requires `typ` at+jwt and every claim of RFC 9068 §2.2.
   *
   * @default 'compatible'
   */
  readonly profile?: 'compatible' | 'rfc9068'
  /** Seconds the issuer's clock may differ from ours. 0 to 300. @default 5 */
  readonly clockTolerance?: number
  /** Longest time since `iat`, in seconds. @default off */
  readonly maxTokenAge?: number
  /** Claims every token must have, on top of `iss`, `aud` and `exp`. @default [] */
  readonly requiredClaims?: readonly string[]
  /**
   * Where the scopes are: a claim path, a list of paths whose scopes add up, or a pure function of the verified
   * claims. A path is the name of a claim, or a JSON Pointer when it begins with `/`: `'/realm_access/roles'`. A claim
   * of the wrong type is refused with 401.
   *
   * @default `scope`, else `scp`
   */
  readonly scopes?: Names
  /** Where the roles are, in the same forms. @default `roles`, else `role` */
  readonly roles?: Names
}

/** Where the keys of an issuer are. At most one may be said; without any, the issuer's metadata is asked. */
export interface KeyOptions {
  /** URL of the issuer's JWK Set. @default `OAUTH_JWKS_URI`, else what the issuer's metadata says (RFC 8414) */
  readonly jwksUri?: string
  /** The JWK Set itself: no network at all. */
  readonly jwks?: JwkSet
  /** Secret shared with the issuer, for HS256, HS384 and HS512; at least as long as the hash. */
  readonly secret?: string | Uint8Array
}

/** One trusted issuer among several. */
export interface IssuerOptions extends TokenOptions, KeyOptions {
  /** Compared exactly with `iss`, never normalised. A URL only where metadata is to be found through it. */
  readonly issuer: string
  /** Names this API answers to; `aud` must hold at least one (RFC 7519 §4.1.3). @default the common `audience` */
  readonly audience?: string | readonly string[] | null
}

/** Says whether an issuer is trusted, and how; `undefined` when it is not. */
export type IssuerResolver = (issuer: string) => MaybePromise<IssuerOptions | undefined>

/** Options that have nothing to do with issuers. */
export interface CommonOptions<C = Claims> {
  /**
   * A Standard Schema (zod, valibot, arktype) for the claims: what it refuses is 401, what it returns is
   * `auth.claims`. Asked on every request.
   */
  readonly schema?: StandardSchema<unknown, C>
  /** Where the token is. @default fromHeader() */
  readonly tokenFrom?: Extractor
  /**
   * Lets requests without credentials through, without `auth`. Bad credentials are refused all the same, and an
   * issuer that cannot be reached is 503 all the same.
   *
   * @default false
   */
  readonly optional?: boolean
  /** Protection space named in challenges (RFC 9110 §11.5). @default the first audience */
  readonly realm?: string
  /** Longest token, in characters. 256 to 65536. @default 8192 */
  readonly maxTokenLength?: number
  /** Who answers a refused request: the adapter, or the framework's own error path. @default 'respond' */
  readonly onError?: 'respond' | 'throw'
  /** Numbers of the key cache. */
  readonly keyCache?: KeyCacheOptions
  /** Limits of the memory of verified signatures, or `false` to check every signature anew. @default on */
  readonly tokenCache?: TokenCacheOptions | false
  /** Keys an earlier process exported with `api.snapshot()`; trusted for as long as they would have been there. */
  readonly snapshot?: Snapshot
  /** Used instead of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch
  /** Used instead of `Date.now`. */
  readonly now?: () => number
}

/** Limits of the memory of verified signatures. */
export interface TokenCacheOptions {
  /** Tokens. 1 to 1000000. @default 10000 */
  readonly max?: number
  /** Seconds until a signature is checked anew. 1 to 86400. @default 3600 */
  readonly maxAge?: number
}

/** {@link TokenCacheOptions} with the defaults filled in. */
export type TokenCacheSettings = Required<TokenCacheOptions>

/** An API that trusts one issuer. */
export interface SingleIssuerOptions extends TokenOptions, KeyOptions {
  /** Compared exactly with `iss`, never normalised. @default `OAUTH_ISSUER` */
  readonly issuer: string
  /** Names this API answers to; `aud` must hold at least one (RFC 7519 §4.1.3). @default `OAUTH_AUDIENCE` */
  readonly audience: string | readonly string[]
  readonly issuers?: never
}

/** An API that trusts one issuer and, as its tokens have no audience, only some of its clients. */
export interface SingleIssuerForClientsOptions extends Omit<SingleIssuerOptions, 'audience'> {
  /** Switches the audience check off. */
  readonly audience: null
  readonly clients: readonly string[]
}

/** An API whose issuer and audience come from `OAUTH_ISSUER` and `OAUTH_AUDIENCE`. */
export interface EnvironmentIssuerOptions extends Omit<SingleIssuerOptions, 'issuer' | 'audience'> {
  readonly issuer?: never
  readonly audience?: string | readonly string[]
}

/** An API that trusts several issuers. What is said here of tokens holds for each that does not say otherwise. */
export interface ManyIssuersOptions extends TokenOptions {
  /** The issuers, or a function that says which `iss` is trusted, and how. */
  readonly issuers: readonly IssuerOptions[] | IssuerResolver
  readonly audience?: string | readonly string[] | null
  readonly issuer?: never
  readonly jwksUri?: never
  readonly jwks?: never
  readonly secret?: never
}

/** Options of `createResourceServer` and of every `verifyJwt`. */
export type ResourceServerOptions<C = Claims> = CommonOptions<C> &
  (SingleIssuerOptions | SingleIssuerForClientsOptions | EnvironmentIssuerOptions | ManyIssuersOptions)
