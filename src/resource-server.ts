import {
  checkFunction,
  checkNumber,
  checkText,
  checkWord,
  copyOptions,
  keyCacheSettings,
  type OptionsObject,
} from './check-options.ts'
import { refusalOf } from './challenge.ts'
import { type Clock, systemClock } from './clock.ts'
import { report } from './diagnostics.ts'
import { environmentOptions } from './environment.ts'
import { ForbiddenError, isAuthError, MissingTokenError } from './errors.ts'
import { credentialsOf, defaultExtractor } from './extract.ts'
import type { Fetch } from './http.ts'
import { issuerOptionNames, issuerSettings } from './issuer-options.ts'
import { dynamicIssuers, fixedIssuers, type Issuers, type NetworkOptions, trustedIssuer } from './issuers.ts'
import type { KeyHealth, KeySnapshot } from './key-source.ts'
import { after } from './maybe-promise.ts'
import type { ResourceServerOptions } from './options.ts'
import type { Snapshot } from './snapshot.ts'
import type { StandardSchema } from './standard-schema.ts'
import { tokenCache } from './token-cache.ts'
import type { Auth, Claims, Extractor, Guard, HttpRequest, HttpResponse, MaybePromise } from './types.ts'
import { verifier } from './verifier.ts'

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
  /** The same judgements for adapters, without a promise where nothing has to be waited for. */
  readonly adapter: AdapterInterface<C>
}

/** State of a resource server, fit for a readiness route. */
export interface Health {
  /** Whether every issuer known by now has keys that may be used. */
  readonly ready: boolean
  readonly issuers: Readonly<Record<string, KeyHealth>>
}

/** What adapters are made of. */
export interface AdapterInterface<C = Claims> {
  /** As {@link ResourceServer.authenticate}. */
  readonly authenticate: (request: HttpRequest) => MaybePromise<Auth<C> | undefined>
  /**
   * Asks a guard.
   *
   * @throws {MissingTokenError} without `auth`
   * @throws {AuthError} when the guard refuses; anything but `true` is a refusal
   */
  readonly authorize: <R>(guard: Guard<R>, auth: Auth | undefined, request: R) => MaybePromise<void>
  /**
   * What to answer for an error: the refusal, for adapters to copy. Throws what the framework's error path is to
   * get instead: errors that are none of ours, and with `onError: 'throw'` ours too, with `headers` set.
   */
  readonly answer: (error: unknown) => HttpResponse
}

const optionNames = [
  ...issuerOptionNames,
  'issuers',
  'schema',
  'tokenFrom',
  'optional',
  'realm',
  'maxTokenLength',
  'onError',
  'keyCache',
  'tokenCache',
  'snapshot',
  'fetch',
  'now',
] as const

/** Options that say of one issuer what `issuers` says of each. */
const singleIssuerNames = ['issuer', 'jwksUri', 'jwks', 'secret'] as const

// Registered globally, so that adapters of either build recognise a resource server of the other.
const brand = Symbol.for('oauth-resource-server.api')

/**
 * Makes a resource server: it finds, fetches and caches the issuer's keys, and judges tokens.
 *
 * Every option is read and checked here, once. Nothing is fetched before the first token, or `ready()`.
 *
 * @throws {TypeError} for options that are missing, misspelled, contradictory or unsafe, naming the remedy
 */
export function createResourceServer<C = Claims>(given?: ResourceServerOptions<C>): ResourceServer<C> {
  const options = withEnvironment(copyOptions(given ?? {}, 'options', optionNames))
  const clock = systemClock(
    options['now'] === undefined ? undefined : checkFunction(options['now'], 'now', 'Date.now'),
  )
  const issuers = issuersOf(options, networkOf(options, clock))
  const realm = realmOf(options, issuers)
  const extract =
    options['tokenFrom'] === undefined
      ? defaultExtractor
      : checkFunction<Extractor>(options['tokenFrom'], 'tokenFrom', 'fromHeader()')
  const optional = checkFlag(options['optional'], 'optional')
  const throwing = checkWord(options['onError'] ?? 'respond', 'onError', ['respond', 'throw']) === 'throw'
  const verify = verifier<C>({
    issuers,
    foreignIssuer: options['issuers'] === undefined ? 'issuer' : 'unknown_issuer',
    clock,
    maxTokenLength: checkNumber(options['maxTokenLength'] ?? 8192, 'maxTokenLength', 256, 65_536),
    tokenCache: tokenCacheOf(options['tokenCache'], clock),
    schema: schemaOf<C>(options['schema']),
  })

  function authenticate(request: HttpRequest): MaybePromise<Auth<C> | undefined> {
    const credentials = credentialsOf(extract, request)
    if (credentials !== undefined) return verify(credentials.token)
    if (optional) return undefined
    throw new MissingTokenError()
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
      await Promise.all(issuers.known().map(({ keys }) => keys.ready()))
    },
    health() {
      const states = issuers.known().map(({ issuer, keys }) => [issuer, keys.health()] as const)
      return {
        ready: states.every(([, { state }]) => state !== 'empty'),
        issuers: Object.fromEntries(states),
      }
    },
    snapshot() {
      const snapshots = issuers.known().map(({ issuer, keys }) => [issuer, keys.snapshot()] as const)
      return {
        version: 1,
        issuers: Object.fromEntries(
          snapshots.filter((entry): entry is [string, KeySnapshot] => entry[1] !== undefined),
        ),
      }
    },
    adapter: {
      authenticate,
      authorize(guard, auth, request) {
        if (auth === undefined) throw new MissingTokenError()
        return after(guard(auth, request), (allowed) => {
          // Only `true` allows: a predicate that forgot its `return` must not let anyone in.
          if ((allowed as unknown) !== true) throw new ForbiddenError()
        })
      },
      answer(error) {
        const refusal = refuse(error)
        if (!throwing) return refusal
        throw withHeaders(error, refusal)
      },
    },
  }
  Object.defineProperty(api, brand, { value: true })
  return api
}

/** Takes a resource server as it is, and makes one of anything else. @throws {TypeError} */
export function asResourceServer<C = Claims>(
  value?: ResourceServerOptions<C> | ResourceServer<C>,
): ResourceServer<C> {
  const isApi = typeof value === 'object' && (value as { [brand]?: unknown })[brand] === true
  return isApi ? (value as ResourceServer<C>) : createResourceServer(value as ResourceServerOptions<C>)
}

/** The refused error with what a framework's error path reads; the body's type is the framework's business. */
function withHeaders(error: unknown, refusal: HttpResponse): unknown {
  const { 'Content-Type': _type, ...headers } = refusal.headers
  return Object.assign(error as Error, { headers })
}

function withEnvironment(options: OptionsObject): OptionsObject {
  if (options['issuers'] !== undefined) return options
  const environment = environmentOptions()
  const keysSaid = options['jwks'] !== undefined || options['secret'] !== undefined
  return Object.assign(Object.create(null) as OptionsObject, options, {
    issuer: options['issuer'] ?? environment.issuer,
    audience: options['audience'] === undefined ? environment.audience : options['audience'],
    jwksUri: options['jwksUri'] ?? (keysSaid ? undefined : environment.jwksUri),
  })
}

function networkOf(options: OptionsObject, clock: Clock): NetworkOptions {
  const { fetch: given, snapshot } = options
  const fetch: Fetch =
    given === undefined
      ? (url, init) => globalThis.fetch(url, init)
      : checkFunction<Fetch>(given, 'fetch', 'globalThis.fetch')
  return {
    fetch,
    clock,
    random: Math.random,
    settings: keyCacheSettings(options['keyCache']),
    snapshots: snapshot === undefined ? {} : checkSnapshot(snapshot).issuers,
  }
}

function checkSnapshot(value: unknown): Snapshot {
  const { version, issuers } = value as Partial<Snapshot>
  if (version !== 1 || typeof issuers !== 'object') {
    throw new TypeError('snapshot: must be what api.snapshot() of this version returned')
  }
  return structuredClone(value) as Snapshot
}

function issuersOf(options: OptionsObject, network: NetworkOptions): Issuers {
  const { issuers } = options
  if (issuers === undefined) {
    return fixedIssuers([trustedIssuer(issuerSettings(pick(options, issuerOptionNames), ''), network)])
  }
  const contradiction = singleIssuerNames.find((name) => options[name] !== undefined)
  if (contradiction !== undefined) {
    throw new TypeError(`${contradiction}: belongs to one issuer; say it inside issuers, or drop issuers`)
  }
  const common = pick(options, issuerOptionNames)
  if (typeof issuers === 'function') {
    return dynamicIssuers(
      (name) =>
        after((issuers as (name: string) => unknown)(name), (answer) =>
          vouchedSettings(name, answer, common),
        ),
      network,
    )
  }
  if (!Array.isArray(issuers) || issuers.length === 0) {
    throw new TypeError('issuers: must be a list of at least one issuer, or a function')
  }
  const trusted = issuers.map((entry: unknown, index) => {
    const where = `issuers[${index}]`
    const said = copyOptions(entry, where, issuerOptionNames)
    return trustedIssuer(issuerSettings({ ...common, ...said }, where), network)
  })
  if (new Set(trusted.map(({ issuer }) => issuer)).size < trusted.length) {
    throw new TypeError('issuers: two entries name the same issuer; merge them')
  }
  return fixedIssuers(trusted)
}

/** What the function of the `issuers` option returned, checked. @throws {TypeError} */
function vouchedSettings(
  name: string,
  answer: unknown,
  common: OptionsObject,
): ReturnType<typeof issuerSettings> | undefined {
  if (answer === undefined || answer === null) return undefined
  const said = copyOptions(answer, 'issuers(iss)', issuerOptionNames)
  // Anything else would let one issuer's keys sign for another.
  if ((said['issuer'] ?? name) !== name) {
    throw new TypeError('issuers(iss): must return options for the issuer it was asked about')
  }
  return issuerSettings({ ...common, ...said, issuer: name }, 'issuers(iss)')
}

function pick(options: OptionsObject, names: readonly string[]): OptionsObject {
  const picked: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const name of names) if (options[name] !== undefined) picked[name] = options[name]
  return picked
}

function realmOf(options: OptionsObject, issuers: Issuers): string {
  const { realm, audience } = options
  if (realm !== undefined) {
    const text = checkText(realm, 'realm')
    if (!/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(text)) {
      throw new TypeError('realm: must be ASCII without quotes and backslashes (RFC 6750 §3)')
    }
    return text
  }
  const said =
    typeof audience === 'string' ? audience : (audience as readonly string[] | null | undefined)?.[0]
  return said ?? issuers.known()[0]?.rules.audience?.[0] ?? 'api'
}

function checkFlag(value: unknown, name: string): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw new TypeError(`${name}: must be true or false`)
  return value ?? false
}

function tokenCacheOf(value: unknown, clock: Clock): ReturnType<typeof tokenCache> | undefined {
  if (value === false) return undefined
  const { max = 10_000, maxAge = 3600 } =
    value === undefined ? {} : copyOptions(value, 'tokenCache', ['max', 'maxAge'])
  return tokenCache(
    {
      max: checkNumber(max, 'tokenCache.max', 1, 1_000_000),
      maxAge: checkNumber(maxAge, 'tokenCache.maxAge', 1, 86_400),
    },
    clock.steady,
  )
}

function schemaOf<C>(value: unknown): StandardSchema<unknown, C> | undefined {
  if (value === undefined) return undefined
  const standard = (value as Partial<StandardSchema<unknown, C>> | null)?.['~standard']
  if (typeof standard?.validate !== 'function') {
    throw new TypeError('schema: must be a Standard Schema, for example of zod, valibot or arktype')
  }
  return value as StandardSchema<unknown, C>
}
