import { generateKeyPairSync, sign } from 'node:crypto'
import {
  type Anonymous,
  type Auth,
  type ClaimsWith,
  type CommonOptions,
  createResourceServer,
  type ResourceServer,
  type ResourceServerOptions,
  type TokenRequest,
} from 'oauth-resource-server'
import { claimsOf } from './fake-auth.ts'

/** Says who sends a request: a caller of {@link fakeAuth}, or `null` for an anonymous one. */
export type FakeCaller<R> = {
  of(request: R): Auth | null | Promise<Auth | null>
}['of']

/** Options of a fake resource server: those of a real one that have nothing to do with issuers, keys and tokens. */
export type FakeResourceServerOptions<
  T = unknown,
  O extends boolean | undefined = boolean | undefined,
> = Omit<
  CommonOptions<T, never, O>,
  'tokenFrom' | 'allowInsecureHosts' | 'keyCache' | 'tokenCache' | 'snapshot' | 'fetch' | 'now'
> & {
  /** `aud` of the tokens. @default 'https://api.test' */
  readonly audience?: string | undefined
}

/** Options of a real resource server that a fake one sets itself. */
const ownOptions = [
  'issuer',
  'issuers',
  'clients',
  'jwksUri',
  'metadataUrl',
  'jwks',
  'publicKey',
  'secret',
  'algorithms',
  'tokenFrom',
  'scopes',
  'roles',
  'keyCache',
  'tokenCache',
  'snapshot',
  'fetch',
  'now',
]

/**
 * Makes a resource server for tests of handlers: requests need no token. It is a real resource server with a key of
 * its own, made in this process. For each request it signs a token with the claims of the fake caller, and verifies it
 * as any other. What a request brings in its headers is not looked at.
 *
 * ```ts
 * let caller = fakeAuth({ scopes: ['read'] })
 * const api = fakeResourceServer(() => caller)   // asked for every request
 * ```
 *
 * @param caller the caller of every request, or a function of the framework's own request (Koa: `ctx`)
 * @throws {TypeError} under `NODE_ENV=production`, where requests fail too if it is set later, for a caller that {@link fakeAuth} did not make, and for options of
 * issuers, keys or tokens
 */
export function fakeResourceServer<T = unknown, R = unknown, O extends boolean | undefined = false>(
  caller: Auth | null | FakeCaller<R>,
  options: FakeResourceServerOptions<T, O> = {},
): ResourceServer<ClaimsWith<T>, Anonymous<O>> {
  refuseProduction()
  if (typeof caller !== 'function') checkCaller(caller)
  for (const name of Object.keys(options)) {
    if (ownOptions.includes(name)) {
      throw new TypeError(`fakeResourceServer: leave ${name} out; a fake resource server has its own`)
    }
  }
  const { audience = 'https://api.test', ...common } = options
  const { jwk, signed } = freshKey()

  function tokenOf(found: Auth | null): string | undefined {
    checkCaller(found)
    return found === null ? undefined : signed({ aud: audience, ...claimsOf(found) })
  }

  const all = {
    ...common,
    audience,
    // Its own key signs for every issuer that a caller names.
    issuers: (issuer: string) => ({ issuer, jwks: { keys: [jwk] }, algorithms: ['ES256'] }),
    tokenCache: false,
    tokenFrom(request: R) {
      // Again, since a file of settings may set it after the modules were loaded.
      refuseProduction()
      const found = typeof caller === 'function' ? caller(request) : caller
      return isPromise(found) ? found.then(tokenOf) : tokenOf(found)
    },
  }
  return createResourceServer(all as unknown as ResourceServerOptions<T, TokenRequest, O>)
}

/** @throws {TypeError} */
function refuseProduction(): void {
  const environment = process.env['NODE_ENV'] ?? ''
  if (/^\s*prod(?:uction)?\s*$/i.test(environment)) {
    throw new TypeError('fakeResourceServer: lets every request through; it is not for NODE_ENV=production')
  }
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function'
}

/** @throws {TypeError} for anything else than a fake caller and `null` */
function checkCaller(caller: unknown): void {
  if (caller === null || claimsOf(caller) !== undefined) return
  throw new TypeError('fakeResourceServer: pass or return fakeAuth({ ... }), or null for an anonymous caller')
}

interface FreshKey {
  readonly jwk: object
  /** A token with these claims. */
  readonly signed: (claims: object) => string
}

/** Synchronous throughout, so that an application can be a constant of its module. */
function freshKey(): FreshKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const header = base64url({ alg: 'ES256', typ: 'at+jwt', kid: 'fake' })
  return {
    jwk: { ...publicKey.export({ format: 'jwk' }), kid: 'fake', alg: 'ES256', use: 'sig' },
    signed(claims) {
      const input = `${header}.${base64url(claims)}`
      // JWS wants the two halves side by side (RFC 7518 §3.4), not OpenSSL's DER.
      const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
      return `${input}.${signature.toString('base64url')}`
    },
  }
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
