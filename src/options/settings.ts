import {
  checkFunction,
  checkNumber,
  checkText,
  checkWord,
  copyOptions,
  type OptionsObject,
} from './reader.ts'
import { environmentOptions } from './environment.ts'
import { issuerOptionNames } from './issuer.ts'
import { issuersSettings, type IssuersSettings } from './issuers.ts'
import { keyCacheSettings, type KeyCacheSettings } from './key-cache.ts'
import { checkSnapshot, type Snapshot } from './snapshot.ts'
import type { CommonOptions, TokenCacheSettings } from './types.ts'
import type { StandardSchema } from '../lib/standard-schema.ts'
import type { Extractor } from '../types.ts'

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

/** Everything the options say, checked, as plain values with the defaults filled in. */
export interface Settings<C> {
  readonly issuers: IssuersSettings
  readonly realm: string
  readonly optional: boolean
  readonly onError: 'respond' | 'throw'
  readonly maxTokenLength: number
  readonly keyCache: KeyCacheSettings
  /** `undefined`: off. */
  readonly tokenCache: TokenCacheSettings | undefined
  readonly schema: StandardSchema<unknown, C> | undefined
  readonly tokenFrom: Extractor | undefined
  readonly snapshot: Snapshot | undefined
  readonly fetch: CommonOptions['fetch']
  readonly now: (() => number) | undefined
}

/**
 * Reads the options of a resource server once, with the environment's where they are left out.
 *
 * @throws {TypeError} for options that are missing, misspelled, contradictory or unsafe, naming the fix
 */
export function settingsOf<C>(given: unknown): Settings<C> {
  const options = withEnvironment(copyOptions(given === undefined ? {} : given, 'options', optionNames))
  const { now, fetch, snapshot, tokenFrom } = options
  const issuers = issuersSettings(options)
  return {
    issuers,
    realm: realmOf(options, issuers),
    optional: checkFlag(options['optional'], 'optional'),
    onError: checkWord(options['onError'] ?? 'respond', 'onError', ['respond', 'throw']),
    maxTokenLength: checkNumber(options['maxTokenLength'] ?? 8192, 'maxTokenLength', 256, 65_536),
    keyCache: keyCacheSettings(options['keyCache']),
    tokenCache: tokenCacheSettings(options['tokenCache']),
    schema: schemaOf<C>(options['schema']),
    tokenFrom:
      tokenFrom === undefined ? undefined : checkFunction<Extractor>(tokenFrom, 'tokenFrom', 'fromHeader()'),
    snapshot: snapshot === undefined ? undefined : checkSnapshot(snapshot),
    fetch:
      fetch === undefined
        ? undefined
        : checkFunction<typeof globalThis.fetch>(fetch, 'fetch', 'globalThis.fetch'),
    now: now === undefined ? undefined : checkFunction<() => number>(now, 'now', 'Date.now'),
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

function realmOf({ realm, audience }: OptionsObject, issuers: IssuersSettings): string {
  if (realm !== undefined) {
    const text = checkText(realm, 'realm')
    if (!/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(text)) {
      throw new TypeError('realm: must be ASCII without quotes and backslashes (RFC 6750 §3)')
    }
    return text
  }
  const said =
    typeof audience === 'string' ? audience : (audience as readonly string[] | null | undefined)?.[0]
  const first = issuers.from === 'function' ? undefined : issuers.issuers[0]
  return said ?? first?.rules.audience?.[0] ?? 'api'
}

function checkFlag(value: unknown, name: string): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw new TypeError(`${name}: must be true or false`)
  return value ?? false
}

function tokenCacheSettings(value: unknown): TokenCacheSettings | undefined {
  if (value === false) return undefined
  const { max = 10_000, maxAge = 3600 } =
    value === undefined ? {} : copyOptions(value, 'tokenCache', ['max', 'maxAge'])
  return {
    max: checkNumber(max, 'tokenCache.max', 1, 1_000_000),
    maxAge: checkNumber(maxAge, 'tokenCache.maxAge', 1, 86_400),
  }
}

function schemaOf<C>(value: unknown): StandardSchema<unknown, C> | undefined {
  if (value === undefined) return undefined
  const standard = (value as Partial<StandardSchema<unknown, C>> | null)?.['~standard']
  if (typeof standard?.validate !== 'function') {
    throw new TypeError('schema: must be a Standard Schema, for example of zod, valibot or arktype')
  }
  return value as StandardSchema<unknown, C>
}
