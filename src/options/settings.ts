import {
  checkFunction,
  checkNumber,
  checkText,
  checkWord,
  copyOptions,
  keyCacheSettings,
  type OptionsObject,
} from './reader.ts'
import { type Clock, systemClock } from '../lib/clock.ts'
import { environmentOptions } from './environment.ts'
import { fromHeader } from '../http/credentials.ts'
import type { Fetch } from '../issuer/fetch-json.ts'
import { issuerOptionNames, issuerSettings, type IssuerSettings } from './issuer.ts'
import {
  dynamicIssuers,
  fixedIssuers,
  type Issuers,
  type NetworkOptions,
  trustedIssuer,
} from '../issuer/issuers.ts'
import { andThen } from '../lib/maybe-promise.ts'
import type { Snapshot } from '../issuer/snapshot.ts'
import type { StandardSchema } from '../lib/standard-schema.ts'
import { type TokenCache, tokenCache } from '../token/remembered.ts'
import type { Extractor } from '../types.ts'
import type { VerifierOptions } from '../token/jwt.ts'

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

/** Everything a resource server needs to know, checked and with the defaults filled in. */
export interface Configuration<C> extends VerifierOptions<C> {
  readonly realm: string
  readonly extract: Extractor
  readonly optional: boolean
  readonly onError: 'respond' | 'throw'
}

/**
 * Reads the options of a resource server once, with the environment's where they are left out.
 *
 * @throws {TypeError} for options that are missing, misspelled, contradictory or unsafe, naming the remedy
 */
export function configurationOf<C>(given: unknown): Configuration<C> {
  const options = withEnvironment(copyOptions(given === undefined ? {} : given, 'options', optionNames))
  const clock = systemClock(
    options['now'] === undefined ? undefined : checkFunction(options['now'], 'now', 'Date.now'),
  )
  const issuers = issuersOf(options, networkOf(options, clock))
  return {
    issuers,
    foreignIssuer: options['issuers'] === undefined ? 'issuer' : 'unknown_issuer',
    clock,
    maxTokenLength: checkNumber(options['maxTokenLength'] ?? 8192, 'maxTokenLength', 256, 65_536),
    tokenCache: tokenCacheOf(options['tokenCache']),
    schema: schemaOf<C>(options['schema']),
    realm: realmOf(options, issuers),
    extract:
      options['tokenFrom'] === undefined
        ? fromHeader()
        : checkFunction<Extractor>(options['tokenFrom'], 'tokenFrom', 'fromHeader()'),
    optional: checkFlag(options['optional'], 'optional'),
    onError: checkWord(options['onError'] ?? 'respond', 'onError', ['respond', 'throw']),
  }
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
  const { version, issuers } = (value ?? {}) as Partial<Snapshot>
  if (version !== 1 || typeof issuers !== 'object' || (issuers as unknown) === null) {
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
        andThen((issuers as (name: string) => unknown)(name), (answer) =>
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
function vouchedSettings(name: string, answer: unknown, common: OptionsObject): IssuerSettings | undefined {
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

function tokenCacheOf(value: unknown): TokenCache | undefined {
  if (value === false) return undefined
  const { max = 10_000, maxAge = 3600 } =
    value === undefined ? {} : copyOptions(value, 'tokenCache', ['max', 'maxAge'])
  return tokenCache({
    max: checkNumber(max, 'tokenCache.max', 1, 1_000_000),
    maxAge: checkNumber(maxAge, 'tokenCache.maxAge', 1, 86_400),
  })
}

function schemaOf<C>(value: unknown): StandardSchema<unknown, C> | undefined {
  if (value === undefined) return undefined
  const standard = (value as Partial<StandardSchema<unknown, C>> | null)?.['~standard']
  if (typeof standard?.validate !== 'function') {
    throw new TypeError('schema: must be a Standard Schema, for example of zod, valibot or arktype')
  }
  return value as StandardSchema<unknown, C>
}
