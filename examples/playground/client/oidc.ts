import * as openid from 'openid-client'
import { audience, scopes, webClient } from '../facts.ts'
import { fetchAs } from '../parties.ts'
import type { Tokens, Transaction } from './sessions.ts'

/** Seconds that the client waits for the authorization server. */
const timeout = 3

/** Learns where the endpoints of the authorization server are (OpenID Connect Discovery 1.0). */
export function discover(issuer: string): Promise<openid.Configuration> {
  const { id, secret } = webClient
  return openid.discovery(new URL(issuer), id, secret, openid.ClientSecretBasic(secret), {
    [openid.customFetch]: fetchAs('Client') as openid.CustomFetch,
    timeout,
  })
}

/** Where the browser goes to sign in, and what has to come back (authorization code with PKCE, RFC 7636). */
export async function beginSignIn(
  oidc: openid.Configuration,
  client: string,
  user: string | undefined,
): Promise<{ readonly url: URL; readonly transaction: Omit<Transaction, 'recordedFrom'> }> {
  const transaction = {
    state: openid.randomState(),
    nonce: openid.randomNonce(),
    verifier: openid.randomPKCECodeVerifier(),
  }
  const url = openid.buildAuthorizationUrl(oidc, {
    redirect_uri: `${client}/callback`,
    scope: ['openid', ...scopes].join(' '),
    resource: audience,
    state: transaction.state,
    nonce: transaction.nonce,
    code_challenge: await openid.calculatePKCECodeChallenge(transaction.verifier),
    code_challenge_method: 'S256',
    prompt: 'login',
    ...(user !== undefined && { login_hint: user }),
  })
  return { url, transaction }
}

/**
 * Exchanges the code for tokens.
 *
 * @param arrived where the browser was sent, query and all
 * @throws {Error} when state, nonce, code or verifier do not fit, or no response came in time
 */
export async function finishSignIn(
  oidc: openid.Configuration,
  arrived: URL,
  { state, nonce, verifier }: Transaction,
): Promise<{ readonly tokens: Tokens; readonly user: { readonly name: string; readonly roles: string[] } }> {
  const granted = await openid.authorizationCodeGrant(
    oidc,
    arrived,
    { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true },
    { resource: audience },
  )
  const claims = granted.claims()
  return {
    tokens: tokensOf(granted),
    user: { name: claims?.sub ?? '', roles: (claims?.['roles'] ?? []) as string[] },
  }
}

/** What the authorization server has against a request, in its own words, or that it did not respond. */
export function errorOf(error: unknown): string {
  if (error instanceof openid.ResponseBodyError) {
    return error.error_description === undefined ? error.error : `${error.error}: ${error.error_description}`
  }
  if (error instanceof openid.AuthorizationResponseError) return error.error
  return 'no response'
}

/** The tokens of a response, with those of before where it has none. */
export function tokensOf(
  { access_token: access, id_token: id, refresh_token: refresh }: openid.TokenEndpointResponse,
  before?: Tokens,
): Tokens {
  return { access, id: id ?? before?.id ?? '', refresh: refresh ?? before?.refresh ?? '' }
}
