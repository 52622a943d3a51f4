import type { ErrorFormat } from '../error-format.ts'
import { isChallengeText } from '../lib/characters.ts'
import type { StandardSchema } from '../lib/standard-schema.ts'
import type { Extractor } from '../types.ts'
import { decryptionFor, type DecryptionSettings } from './decryption.ts'
import { type DpopSettings, dpopSettings, dpopWarnings } from './dpop.ts'
import { environmentOptions } from './environment.ts'
import { errorFormatOf } from './error-format.ts'
import { checkFapi2, type Fapi2Facts } from './fapi2.ts'
import { checkHosts, insecureHostWarnings, type Warning } from './insecure-hosts.ts'
import { issuerOptionNames } from './issuer.ts'
import { issuersSettings, type IssuersSettings } from './issuers.ts'
import { keyCacheSettings, type KeyCacheSettings } from './key-cache.ts'
import { mtlsSettings, type MtlsSettings } from './mtls.ts'
import { schemaOf } from './schema.ts'
import { type OptionsBehind, optionsReader, type OptionsReader } from './reader.ts'
import { checkResource, resourceWarnings } from './resource.ts'
import { revocationSettings, type RevocationSettings } from './revocation.ts'
import { checkSnapshot, type Snapshot } from './snapshot.ts'
import { offlineWarnings, scopeNames } from './scope-names.ts'
import { tokenFromOf } from './token-from.ts'
import { type TokenCacheSettings, tokenCacheSettings } from './token-cache.ts'
import type { CommonOptions } from './types.ts'

const optionNames = [
  ...issuerOptionNames,
  'issuers',
  'allowInsecureHosts',
  'schema',
  'tokenFrom',
  'optional',
  'realm',
  'resource',
  'dpop',
  'challengeScopes',
  'mtls',
  'maxTokenLength',
  'hookTimeoutMs',
  'onError',
  'errorFormat',
  'onRefused',
  'keyCache',
  'tokenCache',
  'revocation',
  'decryption',
  'snapshot',
  'fetch',
  'now',
] as const

type Reader = OptionsReader<(typeof optionNames)[number]>

/** All options, checked, as plain values with the defaults filled in. */
export interface Settings<C> {
  readonly issuers: IssuersSettings
  /** Hosts from which keys may be fetched by plain http. */
  readonly allowInsecureHosts: readonly string[]
  readonly realm: string
  /** The public URL of this API, as it was written. */
  readonly resource: string | undefined
  /** `undefined`: tokens bound to a key are refused. */
  readonly dpop: DpopSettings | undefined
  /** Whether tokens that are bound to nothing are refused, and tokens anywhere but in the Authorization header. */
  readonly boundOnly: boolean
  /** Scopes that a 401 names when no guard has run. */
  readonly challengeScopes: readonly string[]
  /** `undefined`: tokens bound to a certificate are refused. */
  readonly mtls: MtlsSettings | undefined
  readonly optional: boolean
  readonly onError: 'respond' | 'throw'
  readonly errorFormat: ErrorFormat
  readonly onRefused: CommonOptions['onRefused']
  /** Characters. */
  readonly maxTokenLength: number
  /** Milliseconds that a promise of the user's may take. */
  readonly hookTimeoutMs: number
  readonly keyCache: KeyCacheSettings
  /** `undefined`: off. */
  readonly tokenCache: TokenCacheSettings | undefined
  /** `undefined`: a token is valid until it expires. */
  readonly revocation: RevocationSettings | undefined
  /** `undefined`: encrypted tokens are refused. */
  readonly decryption: DecryptionSettings | undefined
  readonly schema: StandardSchema<unknown, C> | undefined
  readonly tokenFrom: Extractor | undefined
  readonly snapshot: Snapshot | undefined
  readonly fetch: CommonOptions['fetch']
  readonly now: (() => number) | undefined
  /** What the process has to be warned of. */
  readonly warnings: readonly Warning[]
}

/**
 * Reads the options of a resource server once, with the environment's where they are left out.
 *
 * @throws {TypeError} for options that are missing, misspelled, contradictory or unsafe, naming the fix
 */
export function settingsOf<C>(given: unknown): Settings<C> {
  const read = withEnvironment(given === undefined ? {} : given)
  const { keyCache, tokenCache, schema, snapshot } = read.values
  const allowInsecureHosts = checkHosts(read.names('allowInsecureHosts'))
  const issuers = issuersSettings(read, allowInsecureHosts)
  const resource = checkResource(read.values['resource'], allowInsecureHosts)
  const revocation = revocationSettings(read.values['revocation'])
  const mtls = mtlsSettings(read.values['mtls'])
  const { profile } = read.values
  const dpop = dpopSettings(read.values['dpop'], { resource, profile, certificates: mtls !== undefined })
  const challengeScopes = scopeNames(read.list('challengeScopes'), 'challengeScopes') ?? []
  return {
    issuers,
    allowInsecureHosts,
    realm: realmOf(read, issuers),
    resource,
    dpop,
    boundOnly: checkFapi2(fapi2Facts(read, issuers, revocation)),
    challengeScopes,
    mtls,
    optional: read.flag('optional'),
    onError: read.word('onError', ['respond', 'throw']),
    errorFormat: errorFormatOf(read.values['errorFormat']),
    onRefused: read.function<NonNullable<CommonOptions['onRefused']>>(
      'onRefused',
      '(error) => log(explain(error))',
    ),
    maxTokenLength: read.number('maxTokenLength', 256, 65_536, 16_384),
    hookTimeoutMs: read.number('hookTimeoutMs', 10, 60_000, 5000),
    keyCache: keyCacheSettings(keyCache),
    tokenCache: tokenCacheSettings(tokenCache),
    revocation,
    decryption: decryptionFor(read.values['decryption'], issuers),
    schema: schemaOf<C>(schema),
    tokenFrom: tokenFromOf(read.values['tokenFrom']),
    snapshot: snapshot === undefined ? undefined : checkSnapshot(snapshot),
    fetch: read.function<NonNullable<CommonOptions['fetch']>>('fetch', 'globalThis.fetch'),
    now: read.function<() => number>('now', 'Date.now'),
    warnings: [
      ...insecureHostWarnings(allowInsecureHosts),
      ...resourceWarnings(resource),
      ...dpopWarnings(read.values['dpop']),
      ...offlineWarnings(challengeScopes, 'challengeScopes'),
    ],
  }
}

/** Reads the options, with those of the environment behind them. */
function withEnvironment(given: unknown): Reader {
  const read = optionsReader(given, '', optionNames)
  if (read.values['issuers'] !== undefined) return read
  return optionsReader(read.values, '', optionNames, environmentBehind(read))
}

function environmentBehind({ values }: Reader): OptionsBehind {
  const environment = environmentOptions()
  const at = (name: keyof typeof variables): string => `${name} (from ${variables[name]})`
  const { issuer = environment.issuer } = values
  const hasKeys = ['jwks', 'publicKey', 'metadataUrl', 'secret'].some((name) => values[name] !== undefined)
  // The keys of one issuer must never sign for another.
  const takesKeys = issuer === environment.issuer && !hasKeys
  return {
    values: { ...environment, jwksUri: takesKeys ? environment.jwksUri : undefined },
    at,
  }
}

const variables = { issuer: 'OAUTH_ISSUER', audience: 'OAUTH_AUDIENCE', jwksUri: 'OAUTH_JWKS_URI' } as const

function realmOf(read: Reader, issuers: IssuersSettings): string {
  const realm = read.text('realm')
  if (realm !== undefined && !isChallengeText(realm)) {
    throw new TypeError('realm: must be ASCII without quotes and backslashes (RFC 6750 §3)')
  }
  const { audience } = read.values
  const common =
    typeof audience === 'string' ? audience : (audience as readonly string[] | null | undefined)?.[0]
  const first = issuers.from === 'function' ? undefined : issuers.issuers[0]
  return realm ?? common ?? first?.rules.audience?.[0] ?? 'api'
}

function fapi2Facts(
  { values }: Reader,
  issuers: IssuersSettings,
  revocation: RevocationSettings | undefined,
): Fapi2Facts {
  return {
    profile: values['profile'],
    confirmsSenders: values['dpop'] !== undefined || values['mtls'] !== undefined,
    revocation: revocation?.from === 'list' ? revocation.list : revocation,
    issuers:
      issuers.from === 'function'
        ? undefined
        : issuers.issuers.map(({ issuer, rules, introspection }) => ({
            issuer,
            profile: rules.profile,
            introspected: introspection?.tokens,
          })),
  }
}
