/** The little of oidc-provider that the examples use; the package itself comes without types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
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

  export interface Grant {
    addOIDCScope(scope: string): void
    addResourceScope(resource: string, scope: string): void
    save(): Promise<unknown>
  }

  export class Provider {
    constructor(issuer: string, configuration: Configuration)
    readonly Grant: new (of: { readonly clientId: string; readonly accountId: string }) => Grant
    callback(): RequestListener
    interactionDetails(
      request: IncomingMessage,
      response: ServerResponse,
    ): Promise<{ readonly params: { readonly acr_values?: string } }>
    interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>
  }

  export interface Check {
    new (name: string, description: string, check: (context: never) => boolean): object
    readonly REQUEST_PROMPT: true
    readonly NO_NEED_TO_PROMPT: false
  }

  export const interactionPolicy: {
    readonly Check: Check
    base(): { get(prompt: string): { readonly checks: { add(check: object): void } } }
  }

  export const errors: { readonly InvalidTarget: new () => Error }
}
