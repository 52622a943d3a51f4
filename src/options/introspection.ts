import type { Jwk } from '../types.ts'
import { type ClientKey, clientKey } from './client-key.ts'
import { checkFetchable } from './fetchable.ts'
import { type OptionsReader, optionsReader } from './reader.ts'
import { wholeNumber } from './whole-number.ts'

/** How this API authenticates itself at the introspection endpoint (RFC 7662 §2.1). */
export type ClientAuthMethod = 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt'

/** Asks the issuer whether tokens are active (RFC 7662). All times in seconds unless the name ends in `Ms`. */
export interface IntrospectionOptions {
  /** The client id under which this API is registered at the issuer. */
  readonly clientId: string
  /** Its secret. Set either this or `privateKey`. */
  readonly clientSecret?: string | undefined
  /**
   * Its private key as a JWK, for `private_key_jwt` (RFC 7523). `alg` decides the algorithm; without it RS256, ES256,
   * ES384, ES512 or EdDSA, by the kind of key. With `profile: 'fapi2'` it is PS256, ES256 or EdDSA; a key for another algorithm is a
   * TypeError. The assertion names the issuer alone as its audience.
   */
  readonly privateKey?: Jwk | undefined
  /** @default 'client_secret_basic', with `privateKey` 'private_key_jwt' */
  readonly authMethod?: ClientAuthMethod | undefined
  /**
   * URL of the endpoint, https like every other.
   *
   * @default `introspection_endpoint` of the issuer's metadata, which must be on the issuer's own origin
   */
  readonly endpoint?: string | undefined
  /**
   * `opaque`: asks about tokens that are no JWTs. `all`: asks about JWTs too, after they were verified here; a token
   * that fails that is refused without asking.
   *
   * @default 'opaque'; with `profile: 'fapi2'` 'all'
   */
  readonly tokens?: 'opaque' | 'all' | undefined
  /**
   * Requires signed answers (RFC 9701), verified with the issuer's keys and limited to `algorithms`. Plain JSON is
   * refused then.
   *
   * @default false
   */
  readonly signed?: boolean | undefined
  /** Seconds an active token is not asked about again, never past its `exp`. 0 to 3600. @default 30 */
  readonly cacheFor?: number | undefined
  /** Seconds an inactive token is not asked about again. 0 to 3600. @default 10 */
  readonly cacheInactiveFor?: number | undefined
  /** Milliseconds for one question, the issuer's metadata included. 10 to 60000. @default 3000 */
  readonly timeoutMs?: number | undefined
  /** Questions at a time; over it: 503. 1 to 10000. @default 100 */
  readonly maxInFlight?: number | undefined
}

/** How the client proves who it is. */
export type ClientCredentials =
  | { readonly method: 'client_secret_basic' | 'client_secret_post'; readonly secret: string }
  | { readonly method: 'private_key_jwt'; readonly key: ClientKey }

/** {@link IntrospectionOptions} checked, with the defaults filled in. */
export interface IntrospectionSettings {
  readonly clientId: string
  readonly credentials: ClientCredentials
  /** Written in the configuration, or where the issuer's metadata is, when not at its well-known places. */
  readonly endpoint: { readonly url: string } | { readonly metadataUrl: string | undefined }
  readonly tokens: 'opaque' | 'all'
  readonly signed: boolean
  /** Seconds. */
  readonly cacheFor: number
  /** Seconds. */
  readonly cacheInactiveFor: number
  readonly timeoutMs: number
  readonly maxInFlight: number
}

const names = [
  'clientId',
  'clientSecret',
  'privateKey',
  'authMethod',
  'endpoint',
  'tokens',
  'signed',
  'cacheFor',
  'cacheInactiveFor',
  'timeoutMs',
  'maxInFlight',
] as const

/** What the options say of the issuer that is to be asked. */
export interface AskedIssuer {
  readonly issuer: string
  readonly metadataUrl?: unknown
  readonly allowInsecureHosts: readonly string[]
  /** The option `profile`. */
  readonly profile?: unknown
}

/**
 * Checks the `introspection` option.
 *
 * @param at name of the option for messages
 * @throws {TypeError} for what is missing, contradictory or unsafe, naming the option and the fix
 */
export function introspectionSettings(
  value: unknown,
  at: string,
  asked: AskedIssuer,
): IntrospectionSettings | undefined {
  if (value === undefined) return undefined
  const read = optionsReader(value, at, names)
  const clientId = read.text('clientId')
  if (clientId === undefined) {
    throw new TypeError(`${read.at('clientId')}: set the id under which the issuer knows this API`)
  }
  return {
    clientId,
    credentials: credentialsOf(read, asked.profile),
    endpoint: endpointOf(read, asked),
    // The status of every token must be checked.
    tokens: read.word('tokens', asked.profile === 'fapi2' ? ['all', 'opaque'] : ['opaque', 'all']),
    signed: read.flag('signed'),
    cacheFor: read.number('cacheFor', 0, 3600, 30),
    cacheInactiveFor: read.number('cacheInactiveFor', 0, 3600, 10),
    timeoutMs: read.number('timeoutMs', 10, 60_000, 3000),
    maxInFlight: wholeNumber(read, 'maxInFlight', 10_000, 100),
  }
}

type Reader = OptionsReader<(typeof names)[number]>

function credentialsOf(read: Reader, profile: unknown): ClientCredentials {
  const secret = read.text('clientSecret')
  const { privateKey } = read.values
  if ((secret === undefined) === (privateKey === undefined)) {
    const problem = secret === undefined ? 'set' : 'set only one of'
    throw new TypeError(
      `${read.at('clientSecret')}: ${problem} clientSecret or privateKey; the issuer answers only clients that it knows`,
    )
  }
  if (secret !== undefined) {
    const method = read.word('authMethod', ['client_secret_basic', 'client_secret_post', 'private_key_jwt'])
    if (method === 'private_key_jwt') {
      throw new TypeError(
        `${read.at('authMethod')}: private_key_jwt needs privateKey instead of clientSecret`,
      )
    }
    return { method, secret }
  }
  const method = read.word('authMethod', ['private_key_jwt', 'client_secret_basic', 'client_secret_post'])
  if (method !== 'private_key_jwt') {
    throw new TypeError(`${read.at('authMethod')}: ${method} needs clientSecret instead of privateKey`)
  }
  return { method, key: clientKey(privateKey, read.at('privateKey'), profile) }
}

function endpointOf(read: Reader, asked: AskedIssuer): IntrospectionSettings['endpoint'] {
  const { issuer, metadataUrl, allowInsecureHosts } = asked
  const endpoint = read.text('endpoint')
  const at = read.at('endpoint')
  if (endpoint !== undefined) {
    const url = checkFetchable(endpoint, at, '', allowInsecureHosts)
    if (url.hash !== '') throw new TypeError(`${at}: must not have a fragment`)
    return { url: url.href }
  }
  const found = typeof metadataUrl === 'string' ? metadataUrl : undefined
  const place = found ?? issuer
  if (!URL.canParse(place)) {
    throw new TypeError(`${at}: set it, since the issuer's name is no URL by which it could be found`)
  }
  checkFetchable(place, at, '; or set it to the URL of the endpoint', allowInsecureHosts)
  return { metadataUrl: found }
}
