import type { Auth } from 'oauth-resource-server'

/** The caller as the TypeScript SDK of the Model Context Protocol hands it to tools, as `extra.authInfo`. */
export interface AuthInfo {
  /** The access token. Do not pass it on to other APIs. */
  readonly token: string
  /** `auth.clientId`; empty for a token that names no client. */
  readonly clientId: string
  readonly scopes: string[]
  /** Seconds since the epoch. */
  readonly expiresAt: number
  /** The option `resource`, where it is set. */
  readonly resource?: URL
  readonly extra: {
    readonly issuer: string
    readonly subject?: string
    readonly roles: string[]
    /** Every verified claim. */
    readonly claims: Readonly<Record<string, unknown>>
  }
}

/** As in the core, under the name both builds register. */
const resourceOf = Symbol.for('oauth-resource-server.resource')

/**
 * Turns a caller into what the SDK calls `AuthInfo`: set it as `req.auth` before `transport.handleRequest(req, res)`, or
 * pass it as `{ authInfo }` with a web `Request`. Nothing is checked here: `verifyJwt` or `protect` did that.
 *
 * @param auth as `getAuth()` returns it
 */
export function authInfo(auth: Auth<object>): AuthInfo {
  const { token, clientId = '', scopes, expiresAt, issuer, subject, roles, claims } = auth
  const resource = (auth as { readonly [resourceOf]?: string | undefined })[resourceOf]
  return {
    token,
    clientId,
    scopes: [...scopes],
    expiresAt: Math.floor(expiresAt.getTime() / 1000),
    ...(resource === undefined ? {} : { resource: new URL(resource) }),
    extra: {
      issuer,
      ...(subject === undefined ? {} : { subject }),
      roles: [...roles],
      claims: claims as Readonly<Record<string, unknown>>,
    },
  }
}
