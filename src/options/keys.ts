import { supports } from '#platform'
import { type AlgorithmName, algorithms as known, defaultAlgorithms, isAlgorithmName } from '../algorithms.ts'
import type { KeySet } from '../jose/key-set.ts'
import type { MaybePromise } from '../types.ts'
import { checkFapi2Algorithms, isFapi2Algorithm } from './fapi2.ts'
import { type LiteralKeysOptions, literalKeySet } from './literal-keys.ts'
import { publicKeyOf } from './public-key.ts'
import { checkFetchable } from './fetchable.ts'
import { checkText, checkTexts, type OptionsObject } from './reader.ts'
import { algorithmsForSecrets, importSecrets, type Secret, secretBytes } from './secret.ts'

/** Where the keys of an issuer are. */
export interface ConfiguredKeys {
  /** `undefined`: there are secrets alone. */
  readonly public: PublicKeys | undefined
  /** Empty without the `secret` option. */
  readonly secrets: readonly Secret[]
}

/** Where the public keys of an issuer are. */
export type PublicKeys =
  /** `url`: where the metadata is, when not at its well-known places. */
  | { readonly from: 'metadata'; readonly url: string | undefined }
  | { readonly from: 'uri'; readonly uri: string }
  | { readonly from: 'set'; readonly set: MaybePromise<KeySet> }

/** The keys of an issuer, and what they may be used for. */
export interface KeySettings {
  readonly algorithms: readonly AlgorithmName[]
  readonly keys: ConfiguredKeys
}

/** Options that tell where public keys are; at most one may be set. */
const places = ['jwksUri', 'jwks', 'publicKey', 'metadataUrl'] as const
type Place = (typeof places)[number]

/** How messages name an option. */
type At = (name: string) => string

/**
 * Checks the options `algorithms`, `secret`, `jwksUri`, `jwks`, `publicKey` and `metadataUrl`.
 *
 * @throws {TypeError} for keys that are unsafe, contradict each other, or do not fit the algorithms
 */
export function keySettings(
  options: OptionsObject,
  at: At,
  allowInsecureHosts: readonly string[],
): KeySettings {
  const bytes = options['secret'] === undefined ? [] : secretBytes(options['secret'], at('secret'))
  const [place, another] = places.filter((name) => options[name] !== undefined)
  if (another !== undefined) {
    throw new TypeError(
      `${at(place as Place)} and ${another}: public keys come from one place; set one of them`,
    )
  }
  const algorithms = allowedAlgorithms(checkAlgorithms(options['algorithms'], bytes, place, at), options, at)
  const secrets = importSecrets(bytes, algorithms.filter(isSymmetric), at('secret'))
  const names = algorithms.filter((name) => !isSymmetric(name))
  if (names.length === 0) return { algorithms, keys: { public: undefined, secrets } }
  const found =
    place === 'jwks' || place === 'publicKey'
      ? literalKeys(options, place, { names, secrets: bytes, at })
      : publishedKeys(options, place, { at, allowInsecureHosts })
  return { algorithms, keys: { public: found, secrets } }
}

/** The algorithms that the profile permits. @throws {TypeError} when the configuration names others */
function allowedAlgorithms(
  algorithms: readonly AlgorithmName[],
  { profile, secret, algorithms: given }: OptionsObject,
  at: At,
): readonly AlgorithmName[] {
  if (profile !== 'fapi2') return algorithms
  if (secret !== undefined) {
    throw new TypeError(`${at('secret')}: profile 'fapi2' accepts signatures of public keys alone; drop it`)
  }
  return given === undefined
    ? algorithms.filter(isFapi2Algorithm)
    : checkFapi2Algorithms(algorithms, at('algorithms'))
}

function isSymmetric(name: AlgorithmName): boolean {
  return known[name].kty === 'oct'
}

/** The accepted algorithms, which fit the keys there are. @throws {TypeError} */
function checkAlgorithms(
  given: unknown,
  secrets: readonly Uint8Array[],
  place: Place | undefined,
  at: At,
): readonly AlgorithmName[] {
  if (given === undefined) {
    if (secrets.length === 0) return defaultAlgorithms.filter(supports)
    if (place === undefined) return algorithmsForSecrets(secrets)
    throw new TypeError(
      `${at('secret')} and ${place}: list the algorithms of both in algorithms, for example ['HS256', 'RS256']; alg then decides which of the two is used`,
    )
  }
  const names = namesOf(given, at('algorithms'))
  const symmetric = names.filter(isSymmetric)
  if (secrets.length === 0 && symmetric.length > 0) {
    throw new TypeError(
      `${at('algorithms')}: ${symmetric.join(', ')} needs the option secret, and public keys cannot be one; drop it, or set secret`,
    )
  }
  if (secrets.length > 0 && symmetric.length === 0) {
    throw new TypeError(
      `${at('algorithms')}: a secret is for HS256, HS384 and HS512 alone; add one of them, or drop secret`,
    )
  }
  if (place !== undefined && symmetric.length === names.length) {
    throw new TypeError(
      `${at('algorithms')}: lists no algorithm for the keys of ${place}; add one, for example RS256, or drop ${place}`,
    )
  }
  return names
}

/**
 * Checks the option `algorithms` where the issuers, and so their keys, are not known yet.
 *
 * @throws {TypeError} for names that can never be accepted
 */
export function checkCommonAlgorithms({ algorithms, profile }: OptionsObject, option: string): void {
  if (algorithms === undefined) return
  const names = namesOf(algorithms, option)
  if (profile === 'fapi2') checkFapi2Algorithms(names, option)
}

function namesOf(given: unknown, option: string): readonly AlgorithmName[] {
  return checkTexts(given, option).map((name) => checkAlgorithm(name, option))
}

function checkAlgorithm(name: string, option: string): AlgorithmName {
  if (!isAlgorithmName(name)) {
    throw new TypeError(
      `${option}: ${JSON.stringify(name)} is not an algorithm that can be accepted; name RS256, ES256, EdDSA or the like`,
    )
  }
  if (!supports(name)) throw new TypeError(`${option}: this platform cannot check ${name}; drop it`)
  return name
}

interface PublishedOptions {
  readonly at: At
  readonly allowInsecureHosts: readonly string[]
}

function publishedKeys(
  options: OptionsObject,
  place: 'jwksUri' | 'metadataUrl' | undefined,
  { at, allowInsecureHosts }: PublishedOptions,
): PublicKeys {
  // Without a place, the name of the issuer leads to the metadata.
  if (place === undefined) return { from: 'metadata', url: undefined }
  const name = at(place)
  const url = checkFetchable(checkText(options[place], name), name, '', allowInsecureHosts).href
  return place === 'jwksUri' ? { from: 'uri', uri: url } : { from: 'metadata', url }
}

function literalKeys(
  options: OptionsObject,
  place: 'jwks' | 'publicKey',
  literal: Omit<LiteralKeysOptions, 'name'>,
): PublicKeys {
  const name = literal.at(place)
  const jwks = place === 'jwks' ? options[place] : { keys: [publicKeyOf(options[place], name)] }
  return { from: 'set', set: literalKeySet(jwks, { ...literal, name }) }
}
