import './quiet.ts'
import { generateKeyPair, randomUUID, type JsonWebKey } from 'node:crypto'
import { createServer } from 'node:http'
import { promisify } from 'node:util'
import { Provider, errors, type Configuration } from 'oidc-provider'
import { api, apiScope, clients, lifetime, siblingApi, users } from './registrations.ts'
import { running, type Running } from './running.ts'

/** What the access tokens can be signed with. */
export type Algorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA'

/** @see startAuthorizationServer */
export interface AuthorizationServerOptions {
  /** Signs the access tokens. ID tokens are RS256 always. @default 'RS256' */
  readonly algorithm?: Algorithm
  /** @default 0, any free port */
  readonly port?: number
  /** Where clients hear of logouts: URLs by `client_id`. @default nowhere */
  readonly logoutUrls?: Readonly<Record<string, string>>
}

/**
 * Starts a certified OpenID Connect and OAuth 2 server on loopback, with fresh keys and everything in memory.
 * Its `url` is the issuer, character for character.
 */
export async function startAuthorizationServer(options: AuthorizationServerOptions = {}): Promise<Running> {
  const { server, open } = await listen(options.port)
  await open(options)
  return server
}

/**
 * Listens, so that the issuer has a name, which APIs need. It responds once it is opened, which needs the URLs of these
 * APIs.
 *
 * @param port 0 for any free one
 */
export async function listen(port = 0): Promise<{
  readonly server: Running
  readonly open: (options?: AuthorizationServerOptions) => Promise<void>
}> {
  const server = createServer()
  const started = await running('authorization server', server.listen(port, '127.0.0.1'))
  return {
    server: started,
    async open({ algorithm = 'RS256', logoutUrls = {} } = {}) {
      const provider = new Provider(started.url, await configuration(algorithm, logoutUrls))
      server.on('request', provider.callback())
    },
  }
}

async function configuration(
  algorithm: Algorithm,
  logoutUrls: Readonly<Record<string, string>>,
): Promise<Configuration> {
  return {
    clients: clients.map((client) => {
      const url = logoutUrls[client.client_id]
      return url === undefined ? client : { ...client, backchannel_logout_uri: url }
    }),
    jwks: { keys: await generateKeys() },
    cookies: { keys: [randomUUID()] },
    // Without the provider's own dispatcher, which never connects to loopback.
    fetch: async (url, { dispatcher: _, ...options }) => fetch(url, options),
    features: {
      backchannelLogout: { enabled: true },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        getResourceServerInfo(_context, resource, { clientId }) {
          if (resource !== api && resource !== siblingApi) throw new errors.InvalidTarget()
          return {
            scope: apiScope,
            accessTokenFormat: 'jwt',
            accessTokenTTL: lifetime(clientId),
            jwt: { sign: { alg: algorithm } },
          }
        },
      },
    },
    extraTokenClaims: (_context, { accountId }) => (accountId ? { roles: users[accountId] } : undefined),
    findAccount: (_context, subject) =>
      users[subject] && { accountId: subject, claims: () => ({ sub: subject }) },
  }
}

const newKeyPair = promisify(generateKeyPair)

/** One key per algorithm: verifiers have to tell them apart by `kid`. */
function generateKeys(): Promise<JsonWebKey[]> {
  const pairs = {
    RS256: newKeyPair('rsa', { modulusLength: 2048 }),
    PS256: newKeyPair('rsa', { modulusLength: 2048 }),
    ES256: newKeyPair('ec', { namedCurve: 'P-256' }),
    EdDSA: newKeyPair('ed25519'),
  } satisfies Record<Algorithm, unknown>
  return Promise.all(
    Object.entries(pairs).map(async ([alg, pair]) => {
      const { privateKey } = await pair
      return { ...privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: randomUUID() }
    }),
  )
}
