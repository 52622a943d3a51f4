import { createHash, randomBytes } from 'node:crypto'
import { browse, type Cookies } from './browser.ts'
import { api, nightlyJob, redirectUri, webClient } from './registrations.ts'

/** What the token endpoint answers with (RFC 6749 section 5.1). */
export interface TokenResponse {
  readonly access_token: string
  readonly id_token?: string
}

/** Obtains a token for a program that acts on its own (RFC 6749 section 4.4). */
export function clientCredentials(issuer: string, scope: string): Promise<TokenResponse> {
  const { client_id, client_secret } = nightlyJob
  const credentials = Buffer.from(`${client_id}:${client_secret}`).toString('base64')
  return redeem(
    issuer,
    { grant_type: 'client_credentials', scope, resource: api },
    { authorization: `Basic ${credentials}` },
  )
}

/** @see signIn */
export interface SignIn {
  readonly user: string
  readonly scope: string
  /** @default 'web-app' */
  readonly client?: string
  /** The user's browser. @default a new one */
  readonly cookies?: Cookies
  /** The API that the token is for. @default the demo's own */
  readonly resource?: string
}

/** Obtains a user's tokens by authorization code with PKCE (RFC 7636), the user's clicks included. */
export async function signIn(issuer: string, options: SignIn): Promise<Required<TokenResponse>> {
  const { user, scope, client = webClient, resource = api, cookies } = options
  const verifier = randomBytes(32).toString('base64url')
  const start = new URL(`${issuer}/auth`)
  start.search = new URLSearchParams({
    response_type: 'code',
    client_id: client,
    redirect_uri: redirectUri,
    scope: `openid ${scope}`,
    resource,
    nonce: randomBytes(16).toString('base64url'),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString()
  const arrived = await browse(start, { login: user, password: 'any' }, redirectUri, cookies)
  const code = arrived.searchParams.get('code')
  if (code === null) throw new Error(`no code in ${arrived.search}`)
  const { id_token, access_token } = await redeem(issuer, {
    grant_type: 'authorization_code',
    client_id: client,
    redirect_uri: redirectUri,
    code,
    code_verifier: verifier,
    resource,
  })
  if (id_token === undefined) throw new Error('no ID token although openid was asked for')
  return { access_token, id_token }
}

/** Ends the session of a user's browser at the authorization server (OpenID Connect RP-Initiated Logout 1.0). */
export async function signOut(issuer: string, cookies: Cookies): Promise<void> {
  const end = `${issuer}/session/end`
  await browse(new URL(end), { logout: 'yes' }, `${end}/success`, cookies)
}

async function redeem(
  issuer: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<TokenResponse> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(form),
  })
  if (!response.ok)
    throw new Error(`the token endpoint answered ${response.status}: ${await response.text()}`)
  return (await response.json()) as TokenResponse
}
