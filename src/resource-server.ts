import { assemble, type Parts } from './assembly.ts'
import { asReported } from './caller/as-reported.ts'
import { authenticator } from './caller/authenticate.ts'
import { authorizer } from './caller/authorize.ts'
import { logoutHandler } from './caller/logout.ts'
import { type AuthError, isAuthError } from './errors.ts'
import { type AdapterInterface, brand, interfaceOf, protocol } from './adapter-interface.ts'
import { misuse, plainly } from './hints/plain.ts'
import { allOf } from './guards/combined.ts'
import { requireGuards } from './guards/decide.ts'
import { answerFor, withHeaders } from './http/challenge.ts'
import { type MetadataHandler, publication, type Published } from './http/metadata.ts'
import { healthOf } from './issuer/issuer-health.ts'
import { logoutSettings } from './options/logout.ts'
import { metadataOf, metadataWarnings } from './options/metadata.ts'
import { settingsOf } from './options/settings.ts'
import type { ResourceServerOptions } from './options/types.ts'
import type { ResourceServer, ResourceServerLike } from './resource-server-types.ts'
import { type Trace, traced, type TraceStep } from './token/check.ts'
import type {
  Anonymous,
  Auth,
  Caller,
  ClaimsWith,
  Guard,
  HttpRequest,
  HttpResponse,
  TokenRequest,
} from './types.ts'

/**
 * Makes a resource server: it finds, fetches and caches the issuer's keys, and verifies tokens.
 *
 * Every option is read and checked here, once. Nothing is fetched before the first token, or `ready()`.
 *
 * @throws {TypeError} for options that are missing, misspelled, contradictory or unsafe, naming the option and the fix
 */
export function createResourceServer<T = unknown, R = TokenRequest, O extends boolean | undefined = false>(
  options?: ResourceServerOptions<T, R, O>,
): ResourceServer<ClaimsWith<T>, Anonymous<O>> {
  // Messages name options and never their secrets.
  return plainly(() => resourceServer(assemble(settingsOf(options))))
}

/**
 * Takes a resource server as it is, and makes one of anything else.
 *
 * @param others what an adapter's function was called with beside it
 * @throws {TypeError} also for options beside it, and for a function, or a list with one, among the others: a guard
 * there would never run
 */
export function asResourceServer(
  value?: ResourceServerOptions<unknown, never> | ResourceServerLike,
  others: readonly unknown[] = [],
): ResourceServer<unknown, undefined> {
  const api = interfaceOf(value) === undefined ? createResourceServer(value as ResourceServerOptions) : value
  // A number, or nothing, where `verifyJwt` is called by `map()`.
  if (typeof others[0] === 'object' || others.flat().some((each) => typeof each === 'function')) {
    throw misuse(
      'verifyJwt() and authenticate() take options or a resource server alone, and run no guards; pass guards to the route, after them: verifyJwt(api), requireScope(...); on fetch servers to protect(api, ...guards); write options as one object',
    )
  }
  return api as ResourceServer<unknown, undefined>
}

/** What adapters call. A member that every request reads is no getter. */
type Publishing<C> = Omit<AdapterInterface<C>, 'published'> & { published: MetadataHandler | undefined }

/** Makes a resource server of its parts. */
export function resourceServer<C, A extends undefined = undefined>(parts: Parts<C>): ResourceServer<C, A> {
  const { issuers, stores } = parts
  const { authenticate, verify } = authenticator(parts)
  const { decide, ask } = authorizer(parts.acceptor, parts.limitGuards, parts.refused)

  function refuse(thrown: unknown): HttpResponse {
    const error = asReported(thrown)
    if (!isAuthError(error)) throw error
    return answerFor(error, parts)
  }

  function publish(options: unknown): Published {
    const document = metadataOf(options, parts.metadata)
    for (const { message, code } of metadataWarnings(document)) parts.warn(message, code)
    const published = publication(document)
    adapter.published = published.respond
    return published
  }

  const adapter: Publishing<C> = {
    protocol,
    readsBody: parts.readsBody,
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
    authorize: decide,
    ask,
    refused: (error, request) => void parts.refused(error, { request }),
    headersFor: (auth) => (auth === undefined ? undefined : parts.acceptor.responseHeaders(auth)),
    answer(thrown, _request, challengeScopes) {
      const error = asReported(thrown)
      if (!isAuthError(error)) throw error
      const options = challengeScopes === undefined ? parts : { ...parts, challengeScopes }
      if (parts.onError === 'throw') throw withHeaders(error, options)
      return answerFor(error, options)
    },
    forErrorPath(error) {
      return withHeaders(asReported(error) as AuthError, parts)
    },
    logout: (list, options) => logoutHandler(logoutSettings(list, options), parts),
    publish: (options) => plainly(() => publish(options)),
    published: undefined,
    async trace(request, ...guards) {
      const steps: TraceStep[] = []
      const add: Trace = (step) => void steps.push(step)
      try {
        const auth = (await authenticate(request, add)) as Auth<C> | undefined
        for (const guard of guards) {
          await traced('guard', add, () => decide(guard, auth as Auth | undefined, request.raw ?? request))
        }
        return { steps, auth, error: undefined }
      } catch (error) {
        return { steps, auth: undefined, error }
      }
    },
  }

  const api: Omit<ResourceServer<C, A>, typeof Symbol.toStringTag> = {
    verify: async (token) => verify(token),
    async authenticate<G extends readonly Guard[]>(request: HttpRequest, ...guards: G) {
      if (typeof request !== 'object' || (request as unknown) === null) throw misuse(noRequest)
      const auth = await authenticate(request)
      if (guards.length > 0) {
        await decide(together('authenticate', guards), auth as Auth | undefined, request.raw ?? request)
      }
      return auth as Caller<C, A, G>
    },
    async authorize(auth, ...guards) {
      await ask(together('authorize', guards), auth as Auth | undefined, undefined)
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
      const states = issuers.known().map((issuer) => [issuer.name, healthOf(issuer)] as const)
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
  return Object.defineProperties(api as ResourceServer<C, A>, {
    [brand]: { value: adapter },
    [Symbol.toStringTag]: { value: 'ResourceServer' },
  })
}

/** Hands work to the platform. The response does not depend on it, so its errors are ignored. */
async function keepAlive(work: Promise<void>, waitUntil: (work: Promise<void>) => unknown): Promise<void> {
  try {
    await waitUntil(work)
  } catch {
    // The platform accepts no more work for this request.
  }
}

/** One guard that runs them all, so that a refusal names everything that is missing. */
function together(name: string, guards: readonly Guard[]): Guard {
  requireGuards(name, guards)
  return guards.length === 1 ? (guards[0] as Guard) : allOf(...guards)
}

const noRequest =
  'authenticate: pass a request with method, url and headers; for a token alone use verify(token)'
