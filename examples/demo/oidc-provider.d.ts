/** The little of oidc-provider that the examples use; the package itself comes without types. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http'
  import type { JsonWebKey } from 'node:crypto'

  export interface Client {
    readonly clientId: string
    grantTypeAllowed(type: string): boolean
  }

  export interface AccessToken {
    readonly accountId?: string
  }

  export interface ResourceServer {
    readonly scope: string
    readonly accessTokenFormat: 'jwt' | 'opaque'
    /** Seconds. */
    readonly accessTokenTTL: number
    readonly jwt: { readonly sign: { readonly alg: string } }
  }

  export interface Account {
    readonly accountId: string
    claims(): Record<string, unknown>
  }

  export interface Configuration {
    readonly clients?: readonly object[]
    readonly clientDefaults?: object
    readonly extraClientMetadata?: {
      readonly properties: readonly string[]
      validator(context: unknown, property: string, value: unknown, client: { scope?: string }): void
    }
    readonly jwks: { readonly keys: readonly JsonWebKey[] }
    readonly cookies: { readonly keys: readonly string[] }
    fetch(url: string, options: RequestInit & { readonly dispatcher?: unknown }): Promise<Response>
    readonly features?: {
      readonly backchannelLogout?: { readonly enabled: boolean }
      readonly clientCredentials?: { readonly enabled: boolean }
      readonly clientIdMetadataDocument?: { readonly enabled: boolean; readonly ack: string }
      readonly registration?: { readonly enabled: boolean }
      readonly resourceIndicators?: {
        getResourceServerInfo(context: unknown, resource: string, client: Client): ResourceServer
      }
    }
    extraTokenClaims?(context: unknown, token: AccessToken): Record<string, unknown> | undefined
    issueRefreshToken?(context: unknown, client: Client): boolean
    findAccount(context: unknown, subject: string): Account | undefined
  }

  export class Provider {
    constructor(issuer: string, configuration: Configuration)
    callback(): RequestListener
  }

  export const errors: { readonly InvalidTarget: new () => Error }
}
