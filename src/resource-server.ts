import { assemble, type Parts } from './assembly.ts'
import { authenticator } from './caller/authenticate.ts'
import { authorizer } from './caller/authorize.ts'
import { isAuthError } from './errors.ts'
import { type AdapterInterface, brand, interfaceOf, protocol } from './adapter-interface.ts'
import { allOf } from './guards/combined.ts'
import { answerFor, withHeaders } from './http/challenge.ts'
import type { KeyHealth } from './issuer/key-source.ts'
import { settingsOf } from './options/settings.ts'
import type { Snapshot } from './options/snapshot.ts'
import type { ResourceServerOptions } from './options/types.ts'
import { type Trace, traced, type TraceStep } from './token/check.ts'
import type { Auth, Claims, Guard, HttpRequest, HttpResponse } from './types.ts'

/** Judges requests to one API. Made by {@link createResourceServer}. */
export interface ResourceServer<C = Claims> {
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
  readonly authenticate: (request: HttpRequest, ...guards: readonly Guard[]) => Promise<Auth<C>>
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
  readonly issuers: Readonly<Record<string, KeyHealth>>
}

/**
 * Makes a resource server: it finds, fetches and caches the issuer's keys, and judges tokens.
 *
 * Every option is read and checked here, once. Nothing is fetched before the first token, or `ready()`.
 *
 * @throws {TypeError} for options that are missing, misspelled, contradictory or unsafe, naming the option and the fix
 */
export function createResourceServer<C = Claims>(given?: ResourceServerOptions<C>): ResourceServer<C> {
  return resourceServer(assemble<C>(settingsOf(given)))
}

/** Takes a resource server as it is, and makes one of anything else. @throws {TypeError} */
export function asResourceServer<C = Claims>(
  value?: ResourceServerOptions<C> | ResourceServer<C>,
): ResourceServer<C> {
  return interfaceOf(value) === undefined
    ? createResourceServer(value as ResourceServerOptions<C>)
    : (value as ResourceServer<C>)
}

/** Makes a resource server of its parts. */
export function resourceServer<C>(parts: Parts<C>): ResourceServer<C> {
  const { issuers, stores } = parts
  const { authenticate, verify } = authenticator(parts)
  const authorize = authorizer(parts.acceptor, parts.limitGuards)

  function refuse(error: unknown): HttpResponse {
    if (!isAuthError(error)) throw error
    return answerFor(error, parts)
  }

  const adapter: AdapterInterface<C> = {
    protocol,
    authenticate(request, waitUntil) {
      if (waitUntil === undefined) return authenticate(request)
      const result = Promise.resolve(request).then(authenticate)
      // A refresh of the keys may have begun on the way, and it outlives the response.
      const handOver = (): void => {
        for (const { keys } of issuers.known()) {
          const pending = keys.pending()
          if (pending !== undefined) void keepAlive(pending, waitUntil)
        }
      }
      result.then(handOver, handOver)
      return result
    },
    authorize,
    headersFor: (auth) => (auth === undefined ? undefined : parts.acceptor.responseHeaders(auth)),
    answer(error) {
      if (parts.onError === 'throw' && isAuthError(error)) throw withHeaders(error, parts)
      return refuse(error)
    },
    forErrorPath(error) {
      return withHeaders(error, parts)
    },
    async trace(request, ...guards) {
      const steps: TraceStep[] = []
      const add: Trace = (step) => void steps.push(step)
      try {
        const auth = (await authenticate(request, add)) as Auth<C> | undefined
        for (const guard of guards) {
          await traced('guard', add, () => authorize(guard, auth as Auth | undefined, request.raw ?? request))
        }
        return { steps, auth, error: undefined }
      } catch (error) {
        return { steps, auth: undefined, error }
      }
    },
  }

  const api: ResourceServer<C> = {
    verify: async (token) => verify(token),
    async authenticate(request, ...guards) {
      const auth = (await authenticate(request)) as Auth<C>
      if (guards.length > 0) {
        await authorize(together(guards), auth as Auth | undefined, request.raw ?? request)
      }
      return auth
    },
    async authorize(auth, ...guards) {
      await authorize(together(guards), auth as Auth | undefined, undefined)
    },
    refuse,
    async refresh() {
      const results = await Promise.allSettled(issuers.proven().map(({ keys }) => keys.refresh()))
      const failed = results.find((result) => result.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    },
    async ready() {
      const waiting = [...issuers.configured().map(({ keys }) => keys), ...stores]
      await Promise.all(waiting.map((part) => part.ready()))
    },
    health() {
      const states = issuers.known().map(({ name, keys }) => [name, keys.health()] as const)
      const keysReady = issuers.configured().every(({ keys }) => keys.health().state !== 'empty')
      return {
        ready: keysReady && stores.every((store) => store.isReady()),
        issuers: Object.fromEntries(states),
      }
    },
    snapshot() {
      const snapshots = issuers.known().flatMap(({ name, keys }) => {
        const snapshot = keys.snapshot()
        return snapshot === undefined ? [] : [[name, snapshot] as const]
      })
      return { version: 1, issuers: Object.fromEntries(snapshots) }
    },
  }
  Object.defineProperty(api, brand, { value: adapter })
  return api
}

/** Hands work to the platform. The response does not depend on it, so its errors are ignored. */
async function keepAlive(work: Promise<void>, waitUntil: (work: Promise<void>) => unknown): Promise<void> {
  try {
    await waitUntil(work)
  } catch {
    // The platform accepts no more work for this request.
  }
}

/** One guard that asks them all, so that a refusal names everything that is missing. */
function together(guards: readonly Guard[]): Guard {
  return guards.length === 1 ? (guards[0] as Guard) : allOf(...guards)
}
