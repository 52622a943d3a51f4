import * as openid from 'openid-client'
import { audience, machineClient } from '../facts.ts'
import { fetchAs } from '../parties.ts'

/**
 * Obtains a token for a program that acts on its own (client credentials, RFC 6749 section 4.4). The program is another
 * client than the web application, with credentials of its own.
 */
export async function machineToken(oidc: openid.Configuration): Promise<string> {
  const { id, secret } = machineClient
  const config = new openid.Configuration(oidc.serverMetadata(), id, secret, openid.ClientSecretBasic(secret))
  config[openid.customFetch] = fetchAs('Client') as openid.CustomFetch
  config.timeout = oidc.timeout
  const form = { resource: audience, scope: 'reports:read' }
  const { access_token: token } = await openid.clientCredentialsGrant(config, form)
  return token
}
