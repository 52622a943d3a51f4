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

type Differs = 'clients' | 'extraClientMetadata' | 'features'

/** The part of the configuration that differs between the three. */
const setUps: Readonly<Record<Registration, Pick<Configuration, Differs>>> = {
  'client ID metadata document': {
    features: { clientIdMetadataDocument: { enabled: true, ack: 'draft-02' } },
  },
  'dynamic registration': {
    features: { registration: { enabled: true } },
    // Clients register with the scopes of their first request, and this server would never give them more.
    extraClientMetadata: {
      properties: ['scope'],
      validator(_context, _property, _scope, client) {
        delete client.scope
      },
    },
  },
  'pre-registered client': {
    clients: [{ ...metadata, client_id: knownClient }],
  },
}

/** @see authorizationServer */
export interface AuthorizationServerOptions {
  readonly registration: Registration
  /** The URL of the MCP server: tokens are issued for it alone. */
  readonly resource: string
  /** How long the next access token lives. Seconds. @default an hour */
  readonly lifetime?: () => number
  /**
   * Web pages of clients, by URL. Here they stand in for the network, so that nothing leaves this machine: leave
   * `fetch` out of the configuration of a real server.
   *
   * @default the document of the example's client
   */
  readonly documents?: Readonly<Record<string, object>>
}

/** An authorization server with fresh keys and everything in memory. Any login and password will do. */
export function authorizationServer(issuer: string, options: AuthorizationServerOptions): RequestListener {
  const {
    registration,
    resource,
    lifetime = () => 3600,
    documents = { [documentUrl]: { ...metadata, client_id: documentUrl } },
  } = options
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { features, ...setUp } = setUps[registration]
  return new Provider(issuer, {
    ...setUp,
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
    fetch: (url) => Promise.resolve(pageAt(documents[url])),
  }).callback()
}

function pageAt(document: object | undefined): Response {
  return document === undefined ? new Response(null, { status: 404 }) : Response.json(document)
}
