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
}

/**
 * Starts a certified OpenID Connect and OAuth 2 server on loopback, with fresh keys and everything in memory.
 * Its `url` is the issuer, character for character.
 */
export async function startAuthorizationServer(options: AuthorizationServerOptions = {}): Promise<Running> {
  const { algorithm = 'RS256', port = 0 } = options
  const server = createServer()
  const started = await running('authorization server', server.listen(port, '127.0.0.1'))
  // The issuer's name holds the port, so the server has to listen before the provider can be made.
  const provider = new Provider(started.url, await configuration(algorithm))
  server.on('request', provider.callback())
  return started
}

async function configuration(algorithm: Algorithm): Promise<Configuration> {
  return {
    clients,
    jwks: { keys: await generateKeys() },
    cookies: { keys: [randomUUID()] },
    features: {
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
