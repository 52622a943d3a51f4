import { type AdapterInterface, brand, interfaceOf, protocol } from './adapter-interface.ts'
import { refusalOf } from './http/challenge.ts'
import { assemble } from './assembly.ts'
import { settingsOf } from './options/settings.ts'
import { decide } from './guards/decide.ts'
import { report } from './lib/diagnostics.ts'
import {
  type AuthError,
  InvalidRequestError,
  InvalidTokenError,
  isAuthError,
  MissingTokenError,
} from './errors.ts'
import { isToken68, tokenOf } from './http/credentials.ts'
import type { KeyHealth } from './issuer/key-source.ts'
import type { ResourceServerOptions } from './options/types.ts'
import type { KeySnapshot, Snapshot } from './options/snapshot.ts'
import type { Auth, Claims, HttpRequest, HttpResponse, MaybePromise } from './types.ts'
import { verifier } from './token/jwt.ts'

/** Judges requests to one API. Made by {@link createResourceServer}. */
export interface ResourceServer<C = Claims> {
  /**
   * Verifies a bare access token.
   *
   * Checks everything but what only a request can show: no scope or role is asked for here.
   *
   * @throws {InvalidTokenError} when it does not hold
   * @throws {UpstreamError} when the issuer's keys cannot be had
   */
  readonly verify: (token: string) => Promise<Auth<C>>
  /**
   * Finds the token of a request and verifies it. `undefined` only with `optional: true`, for a request without
   * credentials.
   *
   * @throws {AuthError} as {@link ResourceServer.verify}, and for credentials that are missing or malformed
   */
  readonly authenticate: (request: HttpRequest) => Promise<Auth<C>>
  /** The answer for an error of this library. Throws again what is none. */
  readonly refuse: (error: unknown) => HttpResponse
  /**
   * Resolves once the keys of every configured issuer are there, so that a start-up can fail loudly. Dynamic
   * issuers are not known yet, and not waited for.
   *
   * @throws {UpstreamError} whose `cause` says what went wrong
   */
  readonly ready: () => Promise<void>
  /** State of the keys of every issuer known by now, by issuer. */
  readonly health: () => Health
  /** The fetched keys with their age, for the `snapshot` option of a later process. */
  readonly snapshot: () => Snapshot
}

/** State of a resource server, fit for a readiness route. */
export interface Health {
  /** Whether every configured issuer has keys that may be used. A dynamic one without keys stops no other. */
  readonly ready: boolean
  readonly issuers: Readonly<Record<string, KeyHealth>>
}

/**
 * Makes a resource server: it finds, fetches and caches the issuer's keys, and judges tokens.
 *
 * Every option is read and checked here, once. Nothing is fetched before the first token, or `ready()`.
 *
 * @throws {TypeError} for options that are missing, misspelled, contradictory or unsafe, naming the remedy
 */
export function createResourceServer<C = Claims>(given?: ResourceServerOptions<C>): ResourceServer<C> {
  const { extract, optional, realm, onError, ...rest } = assemble(settingsOf<C>(given))
  const { issuers } = rest
  const headers = extract.readsUrl === true ? { 'Cache-Control': 'private' } : undefined
  const verify = verifier<C>(rest)

  function authenticate(request: HttpRequest): MaybePromise<Auth<C> | undefined> {
    const token = tokenOf(extract, request)
    if (token !== undefined) return verifyPresented(token)
    if (optional) return undefined
    throw new MissingTokenError()
  }

  function verifyPresented(token: string): MaybePromise<Auth<C>> {
    try {
      const auth = verify(token)
      if (!(auth instanceof Promise)) return auth
      return auth.catch((error: unknown) => {
        throw asPresented(error, token)
      })
    } catch (error) {
      throw asPresented(error, token)
    }
  }

  function refuse(error: unknown): HttpResponse {
    if (!isAuthError(error)) throw error
    report('refused', { reason: error.reason, status: error.status })
    return refusalOf(error, { realm })
  }

  const api: ResourceServer<C> = {
    verify: async (token) => verify(token),
    authenticate: async (request) => (await authenticate(request)) as Auth<C>,
    refuse,
    async ready() {
      await Promise.all(issuers.configured().map(({ keys }) => keys.ready()))
    },
    health() {
      const states = issuers.known().map(({ name, keys }) => [name, keys.health()] as const)
      const ready = issuers.configured().every(({ keys }) => keys.health().state !== 'empty')
      return { ready, issuers: Object.fromEntries(states) }
    },
    snapshot() {
      const snapshots = issuers.known().map(({ name, keys }) => [name, keys.snapshot()] as const)
      return {
        version: 1,
        issuers: Object.fromEntries(
          snapshots.filter((entry): entry is [string, KeySnapshot] => entry[1] !== undefined),
        ),
      }
    },
  }
  const adapterInterface: AdapterInterface<C> = {
    protocol,
    authenticate,
    authorize(guard, auth, request) {
      if (auth === undefined) throw new MissingTokenError()
      const refusal = decide(guard, auth, request)
      if (refusal instanceof Promise) return refusal.then(throwRefusal)
      throwRefusal(refusal)
    },
    headersFor: (auth) => (auth === undefined ? undefined : headers),
    answer(error) {
      const refusal = refuse(error)
      if (onError === 'respond') return refusal
      throw withHeaders(error, refusal)
    },
  }
  Object.defineProperty(api, brand, { value: adapterInterface })
  return api
}

/**
 * Takes a resource server as it is, and makes one of anything else.
 *
 * @throws {TypeError} also for a resource server of another release
 */
export function asResourceServer<C = Claims>(
  value?: ResourceServerOptions<C> | ResourceServer<C>,
): ResourceServer<C> {
  return interfaceOf(value) === undefined
    ? createResourceServer(value as ResourceServerOptions<C>)
    : (value as ResourceServer<C>)
}

/** Says of a token that is none at all that the request is malformed (RFC 6750 §3.1). */
function asPresented(error: unknown, token: string): unknown {
  if (!(error instanceof InvalidTokenError)) return error
  const ofItsForm = error.reason === 'malformed' || error.reason === 'too_large'
  return ofItsForm && !isToken68(token) ? new InvalidRequestError() : error
}

function throwRefusal(refusal: AuthError | undefined): void {
  if (refusal !== undefined) throw refusal
}

/** The refused error with what a framework's error path reads; the body's type is the framework's business. */
function withHeaders(error: unknown, refusal: HttpResponse): unknown {
  const { 'Content-Type': _type, ...headers } = refusal.headers
  return Object.assign(error as Error, { headers })
}
