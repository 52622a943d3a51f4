import { type ClaimsObject, isStringList } from '../lib/claim-path.ts'
import { own } from '../lib/objects.ts'

/** Audiences of Microsoft's own APIs. */
const microsoft: Readonly<Record<string, string>> = {
  '00000003-0000-0000-c000-000000000000': 'Microsoft Graph',
  'https://graph.microsoft.com': 'Microsoft Graph',
  '00000002-0000-0000-c000-000000000000': 'Azure AD Graph',
  'https://graph.windows.net': 'Azure AD Graph',
  'https://management.azure.com': 'the Azure management API',
  'https://vault.azure.net': 'Azure Key Vault',
}

/** Audiences of the token, and of the configuration, that are compared: a refusal must cost little. */
const maxCompared = 10

const askFor = 'ask the issuer for a token with the audience of this API (parameter resource or audience)'

/**
 * Tells what is the matter with the audience of a token.
 *
 * @param audience what the configuration accepts; `null` accepts any
 */
export function audienceHint(claims: ClaimsObject, audience: readonly string[] | null): string {
  const aud = own(claims, 'aud')
  if (aud === undefined) return withoutAudience(claims)
  const names = typeof aud === 'string' ? [aud] : aud
  if (!isStringList(names) || audience === null)
    return 'aud must be a string or a list of strings (RFC 7519 §4.1.3)'
  if (names.length === 0) return `aud is empty, since no audience was asked for: ${askFor}`
  return spelling(names, audience) ?? foreignApi(names) ?? ofClient(names, claims) ?? otherApi(names, claims)
}

function withoutAudience(claims: ClaimsObject): string {
  const iss = own(claims, 'iss')
  const issuer = typeof iss === 'string' ? iss : ''
  if (issuer.startsWith('https://cognito-idp.')) {
    return "access tokens of Amazon Cognito have no aud: set audience: null and clients: ['<app client id>']"
  }
  if (/^https:\/\/(?:clerk\.|[^/]+\.clerk\.accounts\.dev)/.test(issuer)) {
    return "session tokens of Clerk have no aud: set audience: null and clients: ['<origin of the web app>'], which Clerk writes to azp; or add aud in a JWT template"
  }
  if (issuer.includes('/realms/')) {
    return 'Keycloak writes no aud for this client: add an audience mapper for this API to the client or to a client scope'
  }
  const client = ['client_id', 'azp', 'cid', 'appid'].some((name) => own(claims, name) !== undefined)
  return client
    ? `the token has no aud: ${askFor}; for issuers that never write aud, set audience: null together with clients`
    : `the token names neither an audience nor a client, so nothing says which API it is for: ${askFor}`
}

function spelling(names: readonly string[], audience: readonly string[]): string | undefined {
  const [compared, accepted] = [names.slice(0, maxCompared), audience.slice(0, maxCompared)]
  const same = (change: (text: string) => string): boolean => {
    const wanted = accepted.map(change)
    return compared.some((name) => wanted.includes(change(name)))
  }
  if (same((text) => text.replace(/\/$/, ''))) {
    return 'only the final slash differs: copy the audience exactly as the token has it'
  }
  if (same((text) => text.replace(/^api:\/\//, ''))) {
    return 'only api:// differs: Microsoft Entra writes the client id alone in tokens of version 2; list both forms as audience'
  }
  if (same((text) => text.toLowerCase())) {
    return 'only upper and lower case differ: copy the audience exactly as the token has it'
  }
  return undefined
}

function foreignApi(names: readonly string[]): string | undefined {
  for (const name of names.slice(0, maxCompared)) {
    const api = own(microsoft, name.replace(/\/$/, ''))
    if (typeof api === 'string') {
      return `a token for ${api}: request a scope of this API instead, for example api://<client id>/.default`
    }
  }
  if (names.every((name) => /^https:\/\/.*\/userinfo$/.test(name))) {
    return 'a token for the userinfo endpoint alone: pass audience in the authorization request (Auth0)'
  }
  if (names.includes('account')) {
    return 'aud "account" is what Keycloak writes by default: add an audience mapper for this API to the client or to a client scope'
  }
  if (names.includes('api://default')) return "api://default is Okta's default audience: set audience to it"
  return names.includes('authenticated')
    ? 'Supabase writes "authenticated" for every project: set audience to it'
    : undefined
}

/** Where `aud` is the client itself, an ID token and an access token look alike (OpenID Connect Core §2). */
function ofClient(names: readonly string[], claims: ClaimsObject): string | undefined {
  const clients = ['azp', 'client_id', 'cid', 'appid'].map((name) => own(claims, name))
  if (!names.some((name) => clients.includes(name))) return undefined
  return `aud is the client, as in an ID token: send the access token, and ${askFor}`
}

function otherApi(names: readonly string[], claims: ClaimsObject): string {
  const scope = own(claims, 'scope')
  const scopes = typeof scope === 'string' ? scope.split(' ', 50) : []
  if (names.length === 1 && names[0] === scope) return scopesAsAudience
  if (names.length > 1 && names.every((name) => scopes.includes(name))) return scopesAsAudience
  return `a token for another API: ${askFor}; where it is meant for this API, set audience to what the token has, unless that is a client id`
}

const scopesAsAudience =
  'aud lists the scopes, since the request named no API: pass the parameter resource in the token request'

/** Tells a configuration in which ID tokens and access tokens cannot be told apart by their audience. */
export function audienceIsClient(claims: ClaimsObject): boolean {
  const aud = own(claims, 'aud')
  const names = typeof aud === 'string' ? [aud] : isStringList(aud) ? aud : []
  return ofClient(names, claims) !== undefined
}
