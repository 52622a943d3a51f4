import type { AlgorithmName } from '../algorithms.ts'
import {
  checkFunction,
  checkNumber,
  checkText,
  checkTexts,
  checkWord,
  copyOptions,
  type OptionsObject,
} from './reader.ts'
import { claimReader, isStringList } from '../lib/claim-path.ts'
import { checkAlgorithms, checkKeys, type ConfiguredKeys } from './keys.ts'
import { type ClaimRules, type Names, profileTypes } from './rules.ts'

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
  /** `undefined`: the default claims. */
  readonly scopes: Names | undefined
  readonly roles: Names | undefined
  /** Equal for settings whose keys are fetched from the same place for the same algorithms. */
  readonly keysIdentity: string
}

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
    scopes: checkNames(options['scopes'], at('scopes')),
    roles: checkNames(options['roles'], at('roles')),
    keysIdentity: JSON.stringify([keys.from, issuer, options['jwksUri'], algorithms]),
  }
}

function checkRules(options: OptionsObject, at: (name: string) => string): ClaimRules {
  const clients = options['clients'] === undefined ? undefined : checkTexts(options['clients'], at('clients'))
  const { requiredClaims = [], profile = 'compatible', clockTolerance = 5, maxTokenAge } = options
  if (!isStringList(requiredClaims) || requiredClaims.includes('')) {
    throw new TypeError(`${at('requiredClaims')}: must be a list of claim names`)
  }
  const checkedProfile = checkWord(profile, at('profile'), ['compatible', 'rfc9068'] as const)
  return {
    audience: checkAudienceOption(options['audience'], clients, at),
    clients,
    profile: checkedProfile,
    tokenTypes: profileTypes[checkedProfile],
    acceptNonce: false,
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

function checkNames(value: unknown, name: string): Names | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'function') return checkFunction(value, name, '(claims) => claims.permissions')
  const paths: unknown = typeof value === 'string' ? [value] : value
  if (!Array.isArray(paths) || paths.length === 0 || paths.includes('')) {
    throw new TypeError(`${name}: must be a claim path, a list of paths, or a function of the claims`)
  }
  // Throws for what is not a claim path.
  for (const path of paths as readonly string[]) claimReader(path, name)
  return [...(paths as readonly string[])]
}
