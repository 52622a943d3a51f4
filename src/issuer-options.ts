import { importSecret, supports } from '#platform'
import {
  type AlgorithmName,
  algorithms,
  defaultAlgorithms,
  isAlgorithmName,
  secretAlgorithms,
} from './algorithms.ts'
import {
  checkFetchable,
  checkFunction,
  checkNumber,
  checkText,
  checkTexts,
  checkWord,
  copyOptions,
  type OptionsObject,
} from './check-options.ts'
import {
  type ClaimPath,
  type ClaimRules,
  type ClaimsObject,
  isStringList,
  type Names,
  namesReader,
  rolesIn,
  rolesOf,
  scopesIn,
  scopesOf,
} from './claims.ts'
import { importKeySet, type KeySet } from './key-set.ts'
import type { VerificationKey } from './keys.ts'
import { after } from './maybe-promise.ts'
import type { MaybePromise } from './types.ts'

/** Options an issuer has to itself. */
export const issuerOptionNames = [
  'issuer',
  'audience',
  'jwksUri',
  'jwks',
  'secret',
  'clients',
  'algorithms',
  'profile',
  'clockTolerance',
  'maxTokenAge',
  'requiredClaims',
  'scopes',
  'roles',
] as const

/** Everything that was said of one issuer, checked and with the defaults filled in. */
export interface IssuerSettings {
  readonly issuer: string
  readonly rules: ClaimRules
  readonly algorithms: readonly AlgorithmName[]
  readonly keys: ConfiguredKeys
  readonly scopesOf: (claims: ClaimsObject) => readonly string[]
  readonly rolesOf: (claims: ClaimsObject) => readonly string[]
  /** Equal for settings that may share one key source. */
  readonly keysIdentity: string
}

/** Where the keys are, one way or another. */
export type ConfiguredKeys =
  | { readonly from: 'metadata' }
  | { readonly from: 'uri'; readonly uri: string }
  | { readonly from: 'set'; readonly set: MaybePromise<KeySet> }
  | { readonly from: 'secret'; readonly key: MaybePromise<VerificationKey> }

/** Most keys a set in the configuration may have. */
const maxConfiguredKeys = 1000

/**
 * Checks the options of one issuer.
 *
 * @param where what messages begin with, for example `issuers[1]`
 * @throws {TypeError} for what is missing, contradictory or unsafe, naming the option and the remedy
 */
export function issuerSettings(value: unknown, where: string): IssuerSettings {
  const options = copyOptions(value, where === '' ? 'options' : where, issuerOptionNames)
  const at = (name: string): string => (where === '' ? name : `${where}.${name}`)
  const issuer = checkText(options['issuer'], `${at('issuer')} (or OAUTH_ISSUER)`)
  const algorithms = checkAlgorithms(options, at)
  const keys = checkKeys(options, issuer, algorithms, at)
  return {
    issuer,
    rules: checkRules(options, at),
    algorithms,
    keys,
    scopesOf: namesReader(checkNames(options['scopes'], at('scopes')), scopesOf, scopesIn),
    rolesOf: namesReader(checkNames(options['roles'], at('roles')), rolesOf, rolesIn),
    keysIdentity: JSON.stringify([issuer, algorithms, options['jwksUri'], options['jwks'], keys.from]),
  }
}

function checkRules(options: OptionsObject, at: (name: string) => string): ClaimRules {
  const clients = options['clients'] === undefined ? undefined : checkTexts(options['clients'], at('clients'))
  const { requiredClaims = [], profile = 'compatible', clockTolerance = 5, maxTokenAge } = options
  if (!isStringList(requiredClaims) || requiredClaims.includes('')) {
    throw new TypeError(`${at('requiredClaims')}: must be a list of claim names`)
  }
  return {
    audience: checkAudienceOption(options['audience'], clients, at),
    clients,
    profile: checkWord(profile, at('profile'), ['compatible', 'rfc9068'] as const),
    clockTolerance: checkNumber(clockTolerance, at('clockTolerance'), 0, 300),
    maxTokenAge: maxTokenAge === undefined ? undefined : checkNumber(maxTokenAge, at('maxTokenAge'), 1, 1e9),
    requiredClaims: [...requiredClaims],
  }
}

function checkAudienceOption(
  audience: unknown,
  clients: readonly string[] | undefined,
  at: (name: string) => string,
): ClaimRules['audience'] {
  if (audience === undefined) {
    throw new TypeError(
      `${at('audience')}: say which audience this API answers to (or set OAUTH_AUDIENCE); without it every API's tokens would be accepted`,
    )
  }
  if (audience !== null)
    return typeof audience === 'string' && audience !== '' ? [audience] : checkTexts(audience, at('audience'))
  if (clients === undefined) {
    throw new TypeError(
      `${at('audience')}: null is accepted only beside clients, the list of clients whose tokens are meant`,
    )
  }
  return null
}

function checkAlgorithms(options: OptionsObject, at: (name: string) => string): readonly AlgorithmName[] {
  const symmetric = options['secret'] !== undefined
  const given = options['algorithms']
  if (given === undefined) {
    if (!symmetric) return defaultAlgorithms.filter(supports)
    return secretAlgorithms.filter((name) => secretBytes(options, at).length >= hashLength(name))
  }
  const names = checkTexts(given, at('algorithms'))
  return names.map((name) => {
    if (!isAlgorithmName(name)) {
      throw new TypeError(
        `${at('algorithms')}: ${JSON.stringify(name)} is not an algorithm that can be accepted; name RS256, ES256, EdDSA or the like`,
      )
    }
    if ((algorithms[name].kty === 'oct') !== symmetric) {
      throw new TypeError(
        symmetric
          ? `${at('algorithms')}: a secret is for HS256, HS384 and HS512 alone; drop ${name}, or the secret`
          : `${at('algorithms')}: ${name} needs a secret, and public keys cannot be one; drop it, or say secret instead of keys`,
      )
    }
    if (!supports(name))
      throw new TypeError(`${at('algorithms')}: this platform cannot check ${name}; drop it`)
    return name
  })
}

function checkKeys(
  options: OptionsObject,
  issuer: string,
  algorithms: readonly AlgorithmName[],
  at: (name: string) => string,
): ConfiguredKeys {
  const { jwksUri, jwks, secret } = options
  const said = Object.entries({ jwksUri, jwks, secret }).filter(([, value]) => value !== undefined)
  if (said.length > 1) {
    throw new TypeError(
      `${at(said.map(([name]) => name).join(' and '))}: keys come from one place; say one of them`,
    )
  }
  if (secret !== undefined) return { from: 'secret', key: secretVerificationKey(options, algorithms, at) }
  if (jwks !== undefined) return { from: 'set', set: literalKeySet(jwks, algorithms, at('jwks')) }
  if (jwksUri !== undefined) {
    return { from: 'uri', uri: checkFetchable(checkText(jwksUri, at('jwksUri')), at('jwksUri'), '').href }
  }
  const url = checkFetchable(issuer, at('issuer'), ', or say where the keys are with jwksUri or jwks')
  if (url.search !== '' || url.hash !== '' || issuer.includes('?') || issuer.includes('#')) {
    throw new TypeError(
      `${at('issuer')}: a URL with a query or fragment has no metadata; say where the keys are with jwksUri or jwks`,
    )
  }
  return { from: 'metadata' }
}

function literalKeySet(
  jwks: unknown,
  algorithms: readonly AlgorithmName[],
  name: string,
): MaybePromise<KeySet> {
  try {
    // A copy of plain data: what happens to the object later changes nothing.
    return importKeySet(structuredClone(jwks), algorithms, maxConfiguredKeys)
  } catch {
    throw new TypeError(
      `${name}: must be a JWK Set with at least one public key for the accepted algorithms (RFC 7517 §5)`,
    )
  }
}

function hashLength(name: AlgorithmName): number {
  return algorithms[name].signatureLength as number
}

function secretBytes(options: OptionsObject, at: (name: string) => string): Uint8Array {
  const secret = options['secret']
  const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret
  if (!(bytes instanceof Uint8Array) || bytes.length < 32) {
    throw new TypeError(
      `${at('secret')}: must have at least 32 bytes, drawn at random (RFC 7518 §3.2); a password is too easily guessed`,
    )
  }
  return Uint8Array.from(bytes)
}

function secretVerificationKey(
  options: OptionsObject,
  algorithms: readonly AlgorithmName[],
  at: (name: string) => string,
): MaybePromise<VerificationKey> {
  const bytes = secretBytes(options, at)
  for (const name of algorithms) {
    if (bytes.length < hashLength(name)) {
      throw new TypeError(`${at('secret')}: ${name} needs at least ${hashLength(name)} bytes (RFC 7518 §3.2)`)
    }
  }
  const finish = (key: unknown): VerificationKey => ({ kid: undefined, algorithms, key, identity: 'secret' })
  const imported = importSecret(bytes, algorithms)
  return after(imported, finish)
}

function checkNames(value: unknown, name: string): Names | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'function') return checkFunction(value, name, '(claims) => claims.permissions')
  if (typeof value === 'string' && value !== '') return value
  const isPath = (path: unknown): path is ClaimPath =>
    (typeof path === 'string' && path !== '') || (isStringList(path) && path.length > 0 && !path.includes(''))
  if (Array.isArray(value) && value.length > 0 && value.every(isPath))
    return structuredClone<ClaimPath[]>(value)
  throw new TypeError(`${name}: must be a claim path, a list of paths, or a function of the claims`)
}
