import type { AlgorithmName } from '../algorithms.ts'
import { mediaType } from '../jose/jws.ts'
import { claimReader } from '../lib/claim-path.ts'
import { foreignClaims, foreignTypes } from '../lib/foreign-tokens.ts'
import { clockBounds } from './fapi2.ts'
import { introspectionSettings, type IntrospectionSettings } from './introspection.ts'
import { checkDiscoverable, checkIssuerName } from './issuer-name.ts'
import { checkCommonAlgorithms, type ConfiguredKeys, keySettings } from './keys.ts'
import { checkEntries, checkText, type OptionsReader } from './reader.ts'
import { audienceOf, requiredAudience } from './audience.ts'
import { type ClaimRules, type Names, profileTypes } from './rules.ts'

/** Options an issuer has to itself, which are not common to several. */
export const singleIssuerNames = [
  'issuer',
  'jwksUri',
  'jwks',
  'publicKey',
  'metadataUrl',
  'secret',
  'introspection',
] as const

/** Options about tokens, which may be common to several issuers. */
const tokenOptionNames = [
  'audience',
  'clients',
  'algorithms',
  'profile',
  'tokenTypes',
  'acceptNonce',
  'clockTolerance',
  'maxTokenAge',
  'requiredClaims',
  'scopes',
  'roles',
] as const

/** Name of an option of one issuer. */
export type IssuerOptionName = (typeof singleIssuerNames)[number] | (typeof tokenOptionNames)[number]

/** Options of one issuer. */
export const issuerOptionNames: readonly IssuerOptionName[] = [...singleIssuerNames, ...tokenOptionNames]

/** The options of one issuer, checked and with the defaults filled in. */
export interface IssuerSettings {
  readonly issuer: string
  readonly rules: ClaimRules
  readonly algorithms: readonly AlgorithmName[]
  readonly keys: ConfiguredKeys
  /** `undefined`: off. */
  readonly introspection: IntrospectionSettings | undefined
  /** `undefined`: the default claims. */
  readonly scopes: Names | undefined
  readonly roles: Names | undefined
}

/**
 * Checks the options of one issuer.
 *
 * @param allowInsecureHosts hosts from which keys may be fetched by plain http
 * @throws {TypeError} for what is missing, contradictory or unsafe, naming the option and the fix
 */
export function issuerSettings(
  read: OptionsReader<IssuerOptionName>,
  allowInsecureHosts: readonly string[],
): IssuerSettings {
  const { values } = read
  // With `issuers`, the environment is not read.
  const name = read.at('issuer') === 'issuer' ? 'issuer (or OAUTH_ISSUER)' : read.at('issuer')
  if (values['issuer'] === undefined) {
    throw new TypeError(`${name}: must be set, exactly as iss of the tokens has it`)
  }
  if (Array.isArray(values['issuer'])) {
    throw new TypeError(`${name}: must be one string; for several use issuers: [{ issuer }, ...]`)
  }
  const issuer = checkText(values['issuer'], name)
  checkIssuerName(issuer, read.at('issuer'))
  const at = (name: string): string => read.at(name as IssuerOptionName)
  const { algorithms, keys } = keySettings(values, at, allowInsecureHosts)
  checkDiscoverable(issuer, values, { at: read.at('issuer'), allowInsecureHosts })
  return {
    issuer,
    rules: { ...tokenRules(read), audience: requiredAudience(read) },
    algorithms,
    keys,
    introspection: introspectionSettings(values['introspection'], read.at('introspection'), {
      ...values,
      issuer,
      allowInsecureHosts,
    }),
    scopes: checkNames(values['scopes'], read.at('scopes')),
    roles: checkNames(values['roles'], read.at('roles')),
  }
}

/**
 * Checks the options that are common to several issuers, so that a mistake among them shows at construction even when
 * the issuers are known later.
 *
 * @throws {TypeError}
 */
export function checkCommonOptions(read: OptionsReader<IssuerOptionName>): Omit<ClaimRules, 'audience'> {
  const rules = tokenRules(read)
  audienceOf(read)
  checkCommonAlgorithms(read.values, read.at('algorithms'))
  checkNames(read.values['scopes'], read.at('scopes'))
  checkNames(read.values['roles'], read.at('roles'))
  return rules
}

function tokenRules(read: OptionsReader<IssuerOptionName>): Omit<ClaimRules, 'audience'> {
  const profile = read.word('profile', ['compatible', 'rfc9068', 'fapi2'])
  return {
    profile,
    clients: read.list('clients'),
    tokenTypes: tokenTypesOf(read) ?? profileTypes[profile],
    acceptNonce: read.flag('acceptNonce'),
    requiredClaims: requiredClaimsOf(read),
    clockTolerance: read.number('clockTolerance', ...clockBounds(profile), 30),
    maxTokenAge: read.number('maxTokenAge', 1, 1e9, undefined),
  }
}

function tokenTypesOf({ values, at }: OptionsReader<IssuerOptionName>): ClaimRules['tokenTypes'] | undefined {
  const given = values['tokenTypes']
  if (given === undefined) return undefined
  const name = at('tokenTypes')
  const what = "values of typ, for example ['at+jwt', undefined], where undefined stands for an absent typ"
  const types = checkEntries(given, name, what)
  if (types.length === 0)
    throw new TypeError(`${name}: must be a list of ${what}; empty, it refuses every token`)
  return types.map((type) => {
    if (type === undefined) return undefined
    if (typeof type !== 'string' || type === '') throw new TypeError(`${name}: must be a list of ${what}`)
    const media = mediaType(type)
    if (foreignTypes.includes(media)) {
      throw new TypeError(`${name}: '${media}' is the type of another kind of token, not of an access token`)
    }
    return media
  })
}

function requiredClaimsOf(read: OptionsReader<IssuerOptionName>): readonly string[] {
  const claims = read.names('requiredClaims')
  const refused = [...foreignClaims, ...(read.flag('acceptNonce') ? [] : ['nonce'])]
  const contradictory = claims.find((claim) => refused.includes(claim))
  if (contradictory === undefined) return claims
  throw new TypeError(
    `${read.at('requiredClaims')}: a token with '${contradictory}' is not an access token and always refused; ${
      contradictory === 'nonce' ? 'set acceptNonce: true' : 'remove it from the list'
    }`,
  )
}

/** Claims of Keycloak that are objects, and where the roles in them are. */
const keycloakObjects: ReadonlyMap<string, string> = new Map([
  ['realm_access', '/realm_access/roles'],
  ['resource_access', '/resource_access/CLIENT/roles'],
])

function checkNames(value: unknown, name: string): Names | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'function') return value as Names
  const given: unknown = typeof value === 'string' ? [value] : value
  if (!Array.isArray(given) || given.length === 0 || given.includes('')) {
    throw new TypeError(`${name}: must be a claim path, a list of paths, or a function of the claims`)
  }
  const paths = checkEntries(given, name, 'claim paths') as readonly string[]
  for (const path of paths) {
    // Throws for what is not a claim path.
    claimReader(path, name)
    const nested = keycloakObjects.get(path)
    if (nested !== undefined) {
      throw new TypeError(
        `${name}: the claim ${path} of Keycloak is an object; write '${nested}' as one path, since a list names several claims`,
      )
    }
  }
  return paths
}
