/** Hosts of issuers whose tokens need words of their own. */
const okta = /^https:\/\/[^/]+\.(?:okta|oktapreview|okta-emea)\.com\/?$/
const entraV1 = /^https:\/\/sts\.windows\.net\/([^/]+)\/$/
const entraV2 = /^https:\/\/login\.microsoftonline\.com\/([^/]+)\/v2\.0$/
const keycloak = /^(.*?)(\/auth)?\/realms\/([^/]+)$/

/** Trusted issuers that a foreign one is compared with: a refusal must cost little. */
const maxCompared = 10

/** Tells the hosts of Microsoft Entra. */
export function isMicrosoft(issuer: string): boolean {
  return entraV1.test(issuer) || /^https:\/\/(?:login\.microsoftonline|[^/]+\.ciamlogin)\.com\//.test(issuer)
}

/** Tells Okta's org authorization server, which publishes no keys for its access tokens. */
export function isOktaOrg(issuer: string): boolean {
  return okta.test(issuer)
}

/** What to do with tokens of Okta's org authorization server. */
export const oktaOrg =
  'the Okta org authorization server publishes no keys for access tokens: take tokens of a custom one, for example /oauth2/default'

/**
 * Tells what is the matter with an issuer that is not trusted.
 *
 * @param actual `iss` of the token
 * @param trusted the configured issuers
 */
export function issuerHint(actual: unknown, trusted: readonly string[]): string {
  if (actual === undefined)
    return 'the token does not name its issuer: ask the issuer for access tokens with iss'
  if (typeof actual !== 'string') return 'iss must be a string (RFC 7519 §4.1.1)'
  for (const name of trusted.slice(0, maxCompared)) {
    const difference = differenceOf(actual, name)
    if (difference !== undefined) return difference
  }
  if (isOktaOrg(actual)) return oktaOrg
  if (trusted.length === 0)
    return 'the issuers function returns no options for this issuer; or they name no keys, and the name of the issuer is no https URL at which metadata can be found'
  return 'a token of another issuer: take one from a trusted issuer, or trust this issuer too, with issuers'
}

/**
 * Tells what to do about metadata of another issuer.
 *
 * @param actual `issuer` of the metadata
 * @param configured the issuer of the options
 */
export function metadataHint(actual: string, configured: string): string {
  const { tenant = '' } = entraTenant(configured) ?? {}
  if (isAnyTenant(tenant)) return anyTenant
  return spelling(actual, configured) ?? 'copy issuer from this metadata, or correct metadataUrl'
}

const anyTenant =
  'Microsoft Entra names the tenant of the user in iss: pass a function as issuers that accepts your tenants'

function isAnyTenant(tenant: string): boolean {
  return ['common', 'organizations', '{tenantid}'].includes(tenant)
}

function differenceOf(actual: string, trusted: string): string | undefined {
  return (
    spelling(actual, trusted) ??
    entra(actual, trusted) ??
    keycloakRealm(actual, trusted) ??
    place(actual, trusted)
  )
}

const copy = 'copy the issuer exactly as the token has it'

function spelling(actual: string, trusted: string): string | undefined {
  if (`${actual}/` === trusted || actual === `${trusted}/`) return `only the final slash differs: ${copy}`
  if (schemeless(actual) === schemeless(trusted)) return `only the scheme differs: ${copy}`
  if (actual.toLowerCase() === trusted.toLowerCase()) return `only upper and lower case differ: ${copy}`
  if (actual.trim() === trusted) return `only white space differs: ask the issuer to leave it out`
  return undefined
}

function schemeless(issuer: string): string {
  return issuer.replace(/^https?:\/\//, '')
}

function entra(actual: string, trusted: string): string | undefined {
  const [is, wanted] = [entraTenant(actual), entraTenant(trusted)]
  if (is === undefined || wanted === undefined) return undefined
  if (isAnyTenant(wanted.tenant)) return anyTenant
  if (is.tenant !== wanted.tenant) return 'a token of another tenant of Microsoft Entra'
  return is.version === 1
    ? 'a version 1 token of Microsoft Entra: set requestedAccessTokenVersion to 2 in the app registration of this API, or trust the issuer of version 1'
    : 'a version 2 token of Microsoft Entra: configure the issuer that ends in /v2.0'
}

function entraTenant(issuer: string): { readonly version: number; readonly tenant: string } | undefined {
  const [first, second] = [entraV1.exec(issuer)?.[1], entraV2.exec(issuer)?.[1]]
  if (first !== undefined) return { version: 1, tenant: first }
  return second === undefined ? undefined : { version: 2, tenant: second }
}

function keycloakRealm(actual: string, trusted: string): string | undefined {
  const [is, wanted] = [keycloak.exec(actual), keycloak.exec(trusted)]
  if (is === null || wanted === null) return undefined
  if (is[1] === wanted[1] && is[2] !== wanted[2])
    return 'only /auth before /realms differs: Keycloak 17 left it out'
  if (is[3] !== wanted[3]) return 'a token of another realm: request it from the configured realm'
  return 'the same realm under another host name: set hostname in Keycloak (KC_HOSTNAME) to the one that clients use, and configure that one as issuer'
}

function place(actual: string, trusted: string): string | undefined {
  if (isOktaOrg(actual) && trusted.startsWith(`${actual.replace(/\/$/, '')}/oauth2/`)) return oktaOrg
  if (!URL.canParse(actual) || !URL.canParse(trusted)) return undefined
  const [is, wanted] = [new URL(actual), new URL(trusted)]
  if (is.host !== wanted.host) return undefined
  return is.hostname.startsWith('cognito-idp.')
    ? 'a token of another user pool of Amazon Cognito'
    : 'the same host with another path: another tenant, environment or authorization server'
}
