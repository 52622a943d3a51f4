import type { KeyObject } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Fault, FaultOptions } from './fault-names.ts'
import type { TestAlgorithm, TestJwks } from './keys.ts'
import type { TestMetadata } from './metadata.ts'
import type { TestAudience, TestServerOptions } from './options.ts'

/** An authorization server of a test's own: it signs anything. */
export interface TestIssuer {
  /** The issuer's name, the `iss` of its tokens. One made without a name takes that of its first server. */
  readonly issuer: string
  /** The `aud` of its tokens. */
  readonly audience: TestAudience
  /** The algorithms it has keys for; the first one signs by default. */
  readonly algorithms: readonly [TestAlgorithm, ...TestAlgorithm[]]
  /** A copy of the public keys it publishes at this moment, newest first. */
  readonly jwks: TestJwks
  /** Its metadata document (RFC 8414); the addresses in it lead somewhere once it listens. */
  readonly metadata: TestMetadata
  /**
   * Options for `createResourceServer`: a resource server that trusts this issuer without any network.
   * The keys in it are those of this moment, so a later `rotate()` is seen only by asking again.
   */
  readonly options: TestIssuerApiOptions
  /**
   * Signs an access token that is valid but for what is overridden; `undefined` removes a member.
   *
   * By default it has `iss`, `aud`, `sub: 'user-1'`, `client_id: 'client-1'`, `iat` (now), `exp` (in 300 seconds)
   * and a `jti` of its own, under the header `{ alg, kid, typ: 'at+jwt' }`. With an `exp` in the past, `iat` is 300
   * seconds before it. Nothing that overrides a member is checked, except that an `alg` in the header picks the key.
   *
   * @throws {TypeError} when the issuer has no key for the header's `alg`.
   */
  readonly sign: (claims?: Record<string, unknown>, header?: Record<string, unknown>) => Promise<string>
  /**
   * Signs exactly these bytes, whatever they are: the way to duplicate members, a BOM, broken UTF-8 or an `alg`
   * that lies. Text is encoded as UTF-8.
   *
   * @param alg - Which key signs. Default: the first of the issuer's algorithms.
   * @throws {TypeError} when the issuer has no key for `alg`.
   */
  readonly signRaw: (
    header: string | Uint8Array,
    payload: string | Uint8Array,
    alg?: TestAlgorithm,
  ) => Promise<string>
  /**
   * Makes a new key under a new `kid` for every algorithm; the new ones sign from now on.
   *
   * @param options - `keepOld: false` stops publishing the earlier keys. Default: true.
   */
  readonly rotate: (options?: { readonly keepOld?: boolean }) => Promise<void>
  /**
   * Stops publishing one key, even one that still signs, or without a `kid` all keys that no longer sign.
   *
   * @throws {TypeError} when no key is published under that `kid`.
   */
  readonly withdraw: (kid?: string) => void
  /**
   * The private key that signs at this moment. Default: that of the first of the issuer's algorithms.
   *
   * @throws {TypeError} when the issuer has no key for `alg`.
   */
  readonly privateKey: (alg?: TestAlgorithm) => KeyObject
  /**
   * Publishes metadata and keys over HTTP, on loopback only. May be called more than once.
   *
   * An issuer made without a name is called what its first server's `url` is, from then on and for good, so that
   * its metadata can be discovered. Tokens signed before have the earlier name.
   *
   * @throws {TypeError} when an option is unknown or makes no sense.
   * @throws {Error} Node's own, when the port is taken.
   */
  readonly listen: (options?: TestServerOptions) => Promise<TestServer>
}

/** What a resource server needs in order to trust a test issuer without any network. */
export interface TestIssuerApiOptions {
  readonly issuer: string
  readonly audience: TestAudience
  readonly jwks: TestJwks
  /** The issuer's clock, in milliseconds. */
  readonly now: () => number
}

/** A test issuer over real HTTP, on loopback. */
export interface TestServer {
  /** The address of the issuer, without a slash at the end. */
  readonly url: string
  /** The issuer's name: `url`, unless the issuer was given another. */
  readonly issuer: string
  /** The address of the keys. */
  readonly jwksUri: string
  /**
   * Options for `createResourceServer`: one that discovers this issuer, or one with a `jwksUri` when the issuer's
   * name is not this server's address or no metadata is served.
   */
  readonly options: TestServerApiOptions
  /** The requests so far, oldest first, failed requests included. The list grows as requests come in. */
  readonly requests: readonly TestRequest[]
  /** How many requests there were so far, for one path (with its query) or for all. */
  readonly count: (path?: string) => number
  /**
   * Sets headers of the responses that contain keys, such as `cache-control`, in place of those set before. Without any,
   * a response has `content-type` and an `etag` that changes with its body.
   */
  readonly setHeaders: (headers: Record<string, string>) => void
  /**
   * Misbehaves from the next request on. A fault replaces an earlier one of the same target.
   *
   * For a refused connection, `close()` the server.
   *
   * @throws {TypeError} when the fault or an option is unknown, or the fault means nothing for its target.
   */
  readonly fail: (fault: Fault, options?: FaultOptions) => Promise<void>
  /** Responds correctly from the next request on. Responses that have begun go on as they began. */
  readonly heal: () => void
  /** Stops listening and ends all connections, hanging ones too. May be called more than once. */
  readonly close: () => Promise<void>
}

/** What a resource server needs in order to trust a test issuer over HTTP. */
export interface TestServerApiOptions {
  readonly issuer: string
  readonly audience: TestAudience
  readonly jwksUri?: string
  /** The issuer's clock, in milliseconds. */
  readonly now: () => number
}

/** One request as the test server saw it. */
export interface TestRequest {
  readonly method: string
  /** The path, and the query if there was one. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
}
