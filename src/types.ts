/** A value, or the promise of one where waiting cannot be avoided. */
export type MaybePromise<T> = T | Promise<T>

/** A JSON Web Key as it was published, not yet checked (RFC 7517). */
export interface Jwk {
  readonly [member: string]: unknown
}

/** A JWK Set (RFC 7517 §5). */
export interface JwkSet {
  readonly keys: readonly Jwk[]
}

/** JOSE header of a verified token: what the issuer signed, members we do not use included (RFC 7515 §4). */
export interface JwtHeader {
  readonly alg: string
  readonly kid?: string
  readonly typ?: string
  readonly [parameter: string]: unknown
}

/**
 * Verified claims. Augment this interface to type the claims of your own issuer everywhere at once:
 *
 * ```ts
 * declare module 'oauth-resource-server' {
 *   interface Claims { tenant: string }
 * }
 * ```
 */
export interface Claims {
  readonly iss: string
  readonly exp: number
  readonly aud?: string | readonly string[]
  readonly sub?: string
  readonly iat?: number
  readonly nbf?: number
  readonly jti?: string
  readonly client_id?: string
  readonly [claim: string]: unknown
}

/**
 * The type of `auth.claims` with a schema: members of its output `T` replace the verified claims of the same name, and
 * the other claims stay. {@link Claims} without a schema.
 */
export type ClaimsWith<T> = unknown extends T ? Claims : T extends unknown ? Merged<T> : never

type Merged<T> = Plain<
  { readonly [K in keyof Claims as K extends NamedKey<T> ? never : K]: Unnamed<T, Claims[K]> } & T
>

/** One object type, which editors show better than an intersection. */
type Plain<T> = { readonly [K in keyof T]: T[K] }

/** The members of an object type by name, without its index signatures. */
type NamedKey<T> = keyof {
  [K in keyof T as string extends K ? never : number extends K ? never : K]: never
}

/** The type of a claim that `T` does not name: its index signature, if there is one, may have replaced the claim. */
type Unnamed<T, V> = string extends keyof T
  ? unknown extends T[string & keyof T]
    ? V
    : T[string & keyof T] | V
  : V

/**
 * What the core reads of a request. Node's `IncomingMessage` and a web `Request` fit as they are; the host is
 * never read, so that a forged `Host` header decides nothing.
 */
export interface HttpRequest {
  /** Upper-case method, for example `GET`. */
  readonly method?: string | undefined
  /** Target as the client sent it, for example `/orders?page=2`; absolute in a web `Request`. */
  readonly url?: string | undefined
  /** As Node, the web platform or a Lambda event have them. */
  readonly headers: HttpHeaders
  /** Node's flat list of names and values: the only place where a second Authorization header shows. */
  readonly rawHeaders?: readonly string[] | undefined
  /** Parsed form body, where `tokenFrom: fromBody()` is used. */
  readonly body?: unknown
  /** Target before a router or a rewrite changed `url`; `url` itself where there is none. */
  readonly originalUrl?: string | undefined
  /** Method before a method override changed `method`; `method` itself where there is none. */
  readonly originalMethod?: string | undefined
  /** The framework's own request object (Koa: `ctx`), for functions of the application's. */
  readonly raw?: unknown
}

/** Header names to values, or a web `Headers` object. */
export type HttpHeaders =
  { readonly [name: string]: string | readonly string[] | undefined } | { get(name: string): string | null }

/** A response that an adapter copies as it is. */
export interface HttpResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** JSON text. */
  readonly body: string
}

/** A standard way to send a bearer token (RFC 6750 §2), as metadata names it (RFC 9728 §2). */
export type BearerMethod = 'header' | 'body' | 'query'

/** Where in a request a token was found. */
export type TokenPlace = 'header' | 'cookie' | 'query' | 'body' | 'custom'

/** What was presented, untrusted. */
export interface Credentials {
  readonly scheme: 'Bearer' | 'DPoP'
  readonly token: string
  /**
   * A token from the query or a cookie makes successful responses `Cache-Control: private` (RFC 6750 §2.3). A token
   * from a cookie needs a request of the API's own pages; see `fromCookie`.
   */
  readonly place: TokenPlace
}

/** A request as `tokenFrom` gets it where no framework is known; web servers have a `Headers` object in it. */
export interface TokenRequest extends Omit<HttpRequest, 'headers'> {
  readonly headers: {
    readonly authorization?: string | undefined
    readonly cookie?: string | undefined
    readonly [name: string]: string | readonly string[] | undefined
  }
}

/** What an {@link Extractor} returns. `null`, an empty list and `undefined` mean that there is no token. */
export type FoundToken =
  (Pick<Credentials, 'token'> & Partial<Credentials>) | string | readonly string[] | null | undefined

/**
 * Finds the token of a request. Of a list, as some headers are typed, more than one token is refused.
 *
 * @template R the request, which may be annotated with the framework's own type
 */
export type Extractor<R = HttpRequest> = { find(request: R): MaybePromise<FoundToken> }['find']

/** Who is calling, proven. */
export interface Auth<C = Claims> {
  readonly scheme: 'Bearer' | 'DPoP'
  /** The access token. Not enumerable, so that serialising or printing an `Auth` never shows it. */
  readonly token: string
  /** Verified protected header, frozen; absent for a token that is no JWT. */
  readonly header?: JwtHeader
  /** Every verified claim, frozen all the way down, with the output of `schema` in place of what it replaced. */
  readonly claims: C
  /** `iss`: together with `subject` the identity of the caller (RFC 8725 §3.8). */
  readonly issuer: string
  /** `sub`. A client's own token may carry its client id here (RFC 9700 §4.15). */
  readonly subject?: string
  /** `client_id`, else `azp`, else `cid`, else `appid`. */
  readonly clientId?: string
  readonly scopes: ReadonlySet<string>
  readonly roles: ReadonlySet<string>
  /** `exp`. */
  readonly expiresAt: Date
}

/** What is found out about an anonymous caller: `undefined`, as long as the option `optional`, of type `O`, may be `true`. */
export type Anonymous<O extends boolean | undefined> = true extends O ? undefined : never

/**
 * What is found out about a request: a caller or, as long as no guard has run, `A`.
 *
 * @template A `undefined` where a caller may be anonymous, else `never`
 * @template G the guards, none of which lets an anonymous caller through
 */
export type Caller<C, A extends undefined, G extends readonly unknown[] = []> = G extends readonly [
  unknown,
  ...unknown[],
]
  ? Auth<C>
  : Auth<C> | A

/**
 * A decision on a proven caller: `true` allows the call. `false`, or an `AuthError` with status 401 or 403, refuses
 * it. Guards made by `scope()`, `role()` and the like throw the error that fits.
 *
 * A guard that asks other guards passes on the `auth` it got: a refusal that it then allows is not reported. With
 * `api.authorize()`, that is another object than the one that was passed.
 */
export type Guard<R = unknown> = (auth: Auth, request: R) => MaybePromise<boolean>
