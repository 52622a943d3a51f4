import '../../demo/quiet.ts'
import { randomUUID } from 'node:crypto'
import { type Adapter, type Configuration, type Context, errors, Provider } from 'oidc-provider'
import { audience, machineClient, scopes, users, webClient } from '../facts.ts'
import { fetchAs } from '../parties.ts'
import { grantAtOnce } from './grant.ts'
import type { SigningKey } from './keys.ts'
import type { Pages } from './pages.ts'

/** What a provider is made with. */
export interface ProviderOptions {
  /** Its URL, character for character. */
  readonly issuer: string
  /** The first key of an algorithm signs; all are published. */
  readonly keys: readonly SigningKey[]
  readonly storage: (kind: string) => Adapter
  /** The client's URL. */
  readonly client: string
  readonly pages: Pages
  /** Where sign-outs are reported to (OpenID Connect Back-Channel Logout 1.0). */
  readonly logoutUrl: string
  /** Seconds that an access token lives, asked for each token. */
  readonly lifetime: () => number
}

// Cookies stay valid when keys are rotated.
const cookieKeys = [randomUUID()]

/**
 * Makes the certified OpenID Connect and OAuth 2 server. What it knows is in `storage`, so that another one with other
 * keys goes on where this one stopped.
 */
export function makeProvider(options: ProviderOptions): Provider {
  return new Provider(options.issuer, configuration(options))
}

function configuration({
  keys,
  storage,
  client,
  pages,
  logoutUrl,
  lifetime,
}: ProviderOptions): Configuration {
  return {
    clients: [
      {
        client_id: webClient.id,
        client_secret: webClient.secret,
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: [`${client}/callback`],
        post_logout_redirect_uris: [`${client}/`],
        backchannel_logout_uri: logoutUrl,
        backchannel_logout_session_required: true,
      },
      {
        client_id: machineClient.id,
        client_secret: machineClient.secret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    // The client reads roles from the ID token, which is for the client. The access token is for the API.
    claims: { openid: ['sub', 'roles'] },
    conformIdTokenClaims: false,
    jwks: { keys },
    adapter: storage,
    cookies: { keys: cookieKeys },
    // Without the provider's own dispatcher, which never connects to loopback.
    fetch: async (url, { dispatcher: _, ...init }) => fetchAs('Authorization server')(url, init),
    ttl: { IdToken: 3600, Interaction: 3600, Grant: 86_400, RefreshToken: 86_400, Session: 86_400 },
    interactions: { url: (_context, { uid }) => `/sign-in/${uid}` },
    loadExistingGrant: grantAtOnce,
    issueRefreshToken: (_context, { clientId }) => clientId === webClient.id,
    // A used refresh token that comes back was stolen, or the client was: its whole family is withdrawn.
    rotateRefreshToken: true,
    renderError: (context, { error = '', error_description: description = '' }) => {
      send(context, pages, pages.error(error, description))
    },
    features: {
      backchannelLogout: { enabled: true },
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      dPoP: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (context, form) => {
          send(context, pages, pages.signOut(context.oidc.session.accountId ?? '', form))
        },
      },
      resourceIndicators: {
        useGrantedResource: () => true,
        getResourceServerInfo(_context, resource, { clientId }) {
          if (resource !== audience) throw new errors.InvalidTarget()
          return {
            scope: scopes.join(' '),
            accessTokenFormat: 'jwt',
            accessTokenTTL: lifetime(),
            // Both kinds of keys are in use: RSA for people, an elliptic curve for programs.
            jwt: { sign: { alg: clientId === machineClient.id ? 'ES256' : 'RS256' } },
          }
        },
      },
    },
    extraTokenClaims: (context, { accountId }) =>
      accountId === undefined ? undefined : { roles: users[accountId]?.roles, sid: sessionOf(context) },
    findAccount: (_context, subject) =>
      Object.hasOwn(users, subject)
        ? { accountId: subject, claims: () => ({ sub: subject, roles: users[subject]?.roles }) }
        : undefined,
  }
}

function send(context: Context, { headers }: Pages, page: string): void {
  for (const [name, value] of Object.entries(headers)) context.set(name, value)
  context.body = page
}

/** The session at the authorization server, so that a sign-out revokes the tokens of this session and no others. */
function sessionOf({ oidc: { entities } }: Context): string | undefined {
  return (entities['AuthorizationCode'] ?? entities['RefreshToken'])?.sid
}
