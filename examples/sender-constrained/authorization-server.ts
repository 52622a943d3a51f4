import '../demo/quiet.ts'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { type Configuration, Provider } from 'oidc-provider'

/** The API that all tokens are for, as an OAuth resource (RFC 8707). */
export const audience = 'https://api.example.com'

/** What differs from one example to the next. */
export interface AuthorizationServerOptions {
  /** The registration of the only client. */
  readonly client: object
  /** Of oidc-provider, for example `{ dPoP: { enabled: true } }`. */
  readonly features?: object
  /** Other options of oidc-provider. */
  readonly more?: object
}

/**
 * Makes an OAuth server (oidc-provider) with a fresh key and everything in memory. Its access tokens are signed JWTs.
 *
 * @param issuer the URL that it listens on
 */
export function authorizationServer(
  issuer: string,
  { client, features = {}, more = {} }: AuthorizationServerOptions,
): Provider {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const configuration = {
    clients: [{ id_token_signed_response_alg: 'ES256', ...client }],
    jwks: {
      keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: randomUUID() }],
    },
    cookies: { keys: [randomUUID()] },
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: {
        defaultResource: () => audience,
        getResourceServerInfo: () => ({
          scope: 'reports:read transfers:write',
          audience,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
      ...features,
    },
    ...more,
  }
  return new Provider(issuer, configuration as unknown as Configuration)
}
