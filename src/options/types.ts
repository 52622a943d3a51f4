import type { AlgorithmName } from '../algorithms.ts'
import type { ErrorFormat } from '../error-format.ts'
import type { StandardSchema } from '../lib/standard-schema.ts'
import type { Claims, MaybePromise } from '../types.ts'
import type { FetchFunction, TokenFinder, TokenRequest } from './functions.ts'
import type { KeyCacheOptions } from './key-cache.ts'
import type { KeyOptions } from './key-options.ts'
import type { RevocationOption } from './revocation.ts'
import type { Names, Profile } from './rules.ts'
import type { Snapshot } from './snapshot.ts'

/** Options about an issuer's tokens, whether the API trusts one issuer or several. */
export interface TokenOptions {
  /**
   * Client ids to accept: `client_id`, else `azp`, else `cid`, else `appid`.
   *
   * @default any
   */
  readonly clients?: readonly string[] | undefined
  /**
   * Algorithms to accept.
   *
   * @default the asymmetric ones the running platform supports, ML-DSA and Ed448 aside; with `secret`, those it is
   * long enough for
   */
  readonly algorithms?: readonly AlgorithmName[] | undefined
  /**
   * `compatible` takes the access tokens of today's issuers and still refuses other kinds of token; `rfc9068`
   * requires `typ` at+jwt and every claim of RFC 9068 §2.2.
   *
   * @default 'compatible'
   */
  readonly profile?: Profile | undefined
  /**
   * Accepted values of the header parameter `typ`, instead of the profile's; `undefined` in the list stands for an
   * absent `typ`. Compared as media types: without regard to case and to `application/` (RFC 7515 §4.1.9).
   *
   * @default the profile's
   */
  readonly tokenTypes?: readonly (string | undefined)[] | undefined
  /**
   * Accepts `nonce` in a token that is marked as an access token: by `typ` at+jwt, payload `typ` Bearer, `token_use`
   * access, or a `scope` or `scp` claim. Keycloak up to 24, Azure AD B2C and authentik write such tokens.
   *
   * @default false
   */
  readonly acceptNonce?: boolean | undefined
  /** Seconds the issuer's clock may differ from ours. 0 to 300. @default 30 */
  readonly clockTolerance?: number | undefined
  /** Longest time since `iat`, in seconds. @default off */
  readonly maxTokenAge?: number | undefined
  /** Claims every token must have, on top of `iss`, `aud` and `exp`. @default [] */
  readonly requiredClaims?: readonly string[] | undefined
  /**
   * Where the scopes are: a claim path, a list of paths whose scopes add up, or a pure function of the verified
   * claims. A path is the name of a claim, or a JSON Pointer when it begins with `/`: `'/realm_access/roles'`. A claim
   * of the wrong type is refused with 401.
   *
   * @default `scope`, else `scp`
   */
  readonly scopes?: Names | undefined
  /** Where the roles are, in the same forms. @default `roles`, else `role` */
  readonly roles?: Names | undefined
}

/** One trusted issuer among several. */
export interface IssuerOptions extends TokenOptions, KeyOptions {
  /** Compared exactly with `iss`, never normalised. A URL only where metadata is to be found through it. */
  readonly issuer: string
  /** Names this API answers to; `aud` must hold at least one (RFC 7519 §4.1.3). @default the common `audience` */
  readonly audience?: string | readonly string[] | null | undefined
}

/** Decides whether an issuer is trusted, and how; `undefined` when it is not. */
export type IssuerResolver = (issuer: string) => MaybePromise<IssuerOptions | undefined>

/** Options that have nothing to do with issuers. `R` is the request that `tokenFrom` gets. */
export interface CommonOptions<C = Claims, R = TokenRequest> {
  /**
   * Hosts from which metadata and keys may be fetched by plain http: `host` or `host:port`, without a port any port.
   * Anyone on the way to such a host can replace the keys. `127.0.0.0/8`, `[::1]` and `localhost` need no entry.
   *
   * @default []
   */
  readonly allowInsecureHosts?: readonly string[] | undefined
  /**
   * A Standard Schema (zod, valibot, arktype) for the claims, run on every request. Claims it refuses are 401.
   * Top-level members of its output, which must be an object, replace the claims of the same name in `auth.claims`;
   * the other claims stay. Guards check the claims as they were signed.
   */
  readonly schema?: StandardSchema<unknown, C> | undefined
  /** Where the token is. @default fromHeader() */
  readonly tokenFrom?: TokenFinder<R> | undefined
  /**
   * Lets requests without credentials through, without `auth`. Bad credentials are refused all the same, and an
   * issuer that cannot be reached is 503 all the same.
   *
   * @default false
   */
  readonly optional?: boolean | undefined
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
  /** Numbers of the key cache. */
  readonly keyCache?: KeyCacheOptions | undefined
  /** Limits of the memory of verified signatures, or `false` to check every signature anew. @default on */
  readonly tokenCache?: TokenCacheOptions | false | undefined
  /**
   * Which tokens were revoked: a list, or an object with a function `isRevoked`. Asked on every request, after every
   * other check of the token; 401 `revoked`, and 503 when nobody can tell.
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

/** Limits of the memory of verified signatures. */
export interface TokenCacheOptions {
  /** Tokens. 1 to 1000000. @default 10000 */
  readonly max?: number | undefined
  /** Seconds until a signature is checked anew. 1 to 86400. @default 3600 */
  readonly maxAge?: number | undefined
}

/** {@link TokenCacheOptions} with the defaults filled in. */
export interface TokenCacheSettings {
  /** Tokens. */
  readonly max: number
  /** Seconds. */
  readonly maxAge: number
}

/** An API that trusts one issuer. */
export interface SingleIssuerOptions extends TokenOptions, KeyOptions {
  /** Compared exactly with `iss`, never normalised. @default `OAUTH_ISSUER` */
  readonly issuer?: string | undefined
  /** Names this API answers to; `aud` must hold at least one (RFC 7519 §4.1.3). @default `OAUTH_AUDIENCE` */
  readonly audience: string | readonly string[]
  readonly issuers?: undefined
}

/** An API that trusts one issuer and, as its tokens have no audience, only some of its clients. */
export interface SingleIssuerForClientsOptions extends Omit<SingleIssuerOptions, 'audience'> {
  /** Switches the audience check off. */
  readonly audience: null
  readonly clients: readonly string[]
}

/** An API whose issuer and audience come from `OAUTH_ISSUER` and `OAUTH_AUDIENCE`. */
export interface EnvironmentIssuerOptions extends Omit<SingleIssuerOptions, 'issuer' | 'audience'> {
  readonly issuer?: undefined
  readonly audience?: string | readonly string[] | undefined
}

/** An API that trusts several issuers. Options about tokens apply to each that does not set them itself. */
export interface ManyIssuersOptions extends TokenOptions {
  /** The issuers, or a function that decides which `iss` is trusted, and how. */
  readonly issuers: readonly IssuerOptions[] | IssuerResolver
  readonly audience?: string | readonly string[] | null | undefined
  readonly issuer?: undefined
  readonly jwksUri?: undefined
  readonly jwks?: undefined
  readonly publicKey?: undefined
  readonly metadataUrl?: undefined
  readonly secret?: undefined
}

/** Options of `createResourceServer` and of every `verifyJwt`. */
export type ResourceServerOptions<C = Claims, R = TokenRequest> = CommonOptions<C, R> &
  (SingleIssuerOptions | SingleIssuerForClientsOptions | EnvironmentIssuerOptions | ManyIssuersOptions)
