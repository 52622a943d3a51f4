import * as openid from 'openid-client'
import { audience, machineClient } from '../facts.ts'
import { fetchAs } from '../parties.ts'
import { Problem } from './actions/action.ts'
import { errorOf } from './oidc.ts'

/**
 * Obtains a token for a program that acts on its own (client credentials, RFC 6749 section 4.4). The program is another
 * client than the web application, with credentials of its own.
 *
 * @throws {Problem} when the authorization server issues none, or does not respond
 */
export async function machineToken(oidc: openid.Configuration): Promise<string> {
  const { id, secret } = machineClient
  const config = new openid.Configuration(oidc.serverMetadata(), id, secret, openid.ClientSecretBasic(secret))
  config[openid.customFetch] = fetchAs('Client') as openid.CustomFetch
  config.timeout = oidc.timeout
  const form = { resource: audience, scope: 'reports:read' }
  try {
    const { access_token: token } = await openid.clientCredentialsGrant(config, form)
    return token
  } catch (error) {
    throw new Problem(`The program got no token from the authorization server: ${errorOf(error)}.`)
  }
}
