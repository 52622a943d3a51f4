import '../demo/quiet.ts'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { type Configuration, errors, Provider } from 'oidc-provider'

/** How an authorization server comes to know the clients. MCP names these three. */
export type Registration = 'client ID metadata document' | 'dynamic registration' | 'pre-registered client'

/** Where the browser is sent when the user has signed in. Nothing listens there. */
export const redirectUrl = 'https://app.example.com/callback'

/** What a client says about itself, however it is registered. */
export const metadata = {
  client_name: 'Example client',
  redirect_uris: [redirectUrl],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
}

/** The client id of the client that was registered beforehand. */
export const knownClient = 'example-client'

/** With a metadata document the client id is a URL: the authorization server fetches from there who the client is. */
export const documentUrl = 'https://app.example.com/client.json'

/** The document at that URL. */
export const document = { ...metadata, client_id: documentUrl }

type Differs = 'clients' | 'extraClientMetadata' | 'features'

/** The part of the configuration that differs between the three. */
function setUp(registration: Registration, redirectUris: readonly string[]): Pick<Configuration, Differs> {
  switch (registration) {
    case 'client ID metadata document':
      return { features: { clientIdMetadataDocument: { enabled: true, ack: 'draft-02' } } }
    case 'dynamic registration':
      return { features: { registration: { enabled: true } }, extraClientMetadata: registered }
    case 'pre-registered client':
      return { clients: [{ ...metadata, client_id: knownClient, redirect_uris: redirectUris }] }
  }
}

/** What oidc-provider by itself does with the metadata that a client registers is not what MCP needs. */
const registered: NonNullable<Configuration['extraClientMetadata']> = {
  properties: ['scope', 'redirect_uris'],
  validator(_context, property, value, client) {
    // Clients register with the scopes of their first request, and would never be given others.
    if (property === 'scope') delete client.scope
    // A code that is sent to another machine by plain http can be read on its way (OAuth 2.1, section 2.3.1).
    else if (!Array.isArray(value) || !value.every(isSafe)) throw new errors.InvalidRedirectUri()
  },
}

function isSafe(redirectUri: unknown): boolean {
  if (!URL.canParse(String(redirectUri))) return false
  const { protocol, hostname } = new URL(String(redirectUri))
  return protocol !== 'http:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
}

/** @see authorizationServer */
export interface AuthorizationServerOptions {
  readonly registration: Registration
  /** The URL of the MCP server: tokens are issued for it alone. */
  readonly resource: string
  /** How long the next access token lives. Seconds. @default an hour */
  readonly lifetime?: () => number
  /** Where the example's client may be redirected to, if it does not register itself. @default {@link redirectUrl} */
  readonly redirectUris?: readonly string[]
}

/** An authorization server with fresh keys and everything in memory. Any login and password will do. */
export function authorizationServer(issuer: string, options: AuthorizationServerOptions): RequestListener {
  const { registration, resource, lifetime = () => 3600, redirectUris = [redirectUrl] } = options
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { features, ...more } = setUp(registration, redirectUris)
  return new Provider(issuer, {
    ...more,
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'key' }] },
    cookies: { keys: [randomUUID()] },
    features: {
      ...features,
      // The client names the MCP server (RFC 8707), and the access token is for that server alone.
      resourceIndicators: {
        getResourceServerInfo(_context, wanted) {
          if (wanted !== resource) throw new errors.InvalidTarget()
          return {
            scope: 'reports:read reports:write',
            accessTokenFormat: 'jwt',
            accessTokenTTL: lifetime(),
            jwt: { sign: { alg: 'ES256' } },
          }
        },
      },
    },
    issueRefreshToken: (_context, client) => client.grantTypeAllowed('refresh_token'),
    findAccount: (_context, subject) => ({ accountId: subject, claims: () => ({ sub: subject }) }),
    // Stands in for the web site of the client, so that nothing leaves this machine: a real server needs no `fetch`.
    fetch: (url) =>
      Promise.resolve(
        url === documentUrl
          ? Response.json({ ...document, redirect_uris: redirectUris })
          : new Response(null, { status: 404 }),
      ),
  }).callback()
}
