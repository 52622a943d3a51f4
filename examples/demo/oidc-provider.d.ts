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

  /** What a user has allowed a client. */
  export interface Grant {
    addOIDCScope(scopes: string): void
    addResourceScope(resource: string, scopes: string): void
    rejectResourceScope(resource: string, scopes: string): void
    save(): Promise<string>
  }

  /** What one request is about; `oidc.entities` has what was loaded for it, by the name of its class. */
  export interface Context {
    readonly req: IncomingMessage
    readonly res: ServerResponse
    body: unknown
    type: string
    set(name: string, value: string): void
    readonly oidc: {
      readonly client: Client
      readonly provider: Provider
      readonly account?: Account
      readonly session: {
        grantIdFor(clientId: string): string | undefined
        readonly accountId?: string
      }
      readonly entities: Readonly<Record<string, { readonly sid?: string } | undefined>>
    }
  }

  /** A sign-in that waits for the user. */
  export interface Interaction {
    readonly uid: string
    readonly prompt: { readonly name: string }
    readonly params: Readonly<Record<string, string | undefined>>
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

  /** What is stored. */
  export interface Payload {
    readonly uid?: string
    readonly userCode?: string
    readonly grantId?: string
    /** Seconds since 1970. */
    consumed?: number
  }

  /** Stores things of one kind. */
  export interface Adapter {
    upsert(id: string, payload: Payload, seconds?: number): Promise<void>
    find(id: string): Promise<Payload | undefined>
    findByUid(uid: string): Promise<Payload | undefined>
    findByUserCode(code: string): Promise<Payload | undefined>
    destroy(id: string): Promise<void>
    consume(id: string): Promise<void>
    revokeByGrantId(grantId: string): Promise<void>
  }

  export interface Configuration {
    readonly adapter?: (kind: string) => Adapter
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
      readonly devInteractions?: { readonly enabled: boolean }
      readonly dPoP?: { readonly enabled: boolean }
      readonly introspection?: { readonly enabled: boolean }
      readonly registration?: { readonly enabled: boolean }
      readonly revocation?: { readonly enabled: boolean }
      readonly rpInitiatedLogout?: {
        readonly enabled: boolean
        logoutSource(context: Context, form: string): void
      }
      readonly resourceIndicators?: {
        getResourceServerInfo(context: unknown, resource: string, client: Client): ResourceServer
        useGrantedResource?(): boolean
      }
    }
    /** Seconds, by kind of token. */
    readonly ttl?: Readonly<Record<string, number>>
    readonly claims?: Readonly<Record<string, readonly string[]>>
    readonly conformIdTokenClaims?: boolean
    readonly rotateRefreshToken?: boolean
    readonly interactions?: {
      url?(context: Context, interaction: Interaction): string
      readonly policy?: unknown
    }
    issueRefreshToken?(context: unknown, client: Client): boolean
    loadExistingGrant?(context: Context): Promise<Grant | undefined>
    renderError?(context: Context, out: Readonly<Record<string, string>>): void
    extraTokenClaims?(context: Context, token: AccessToken): Record<string, unknown> | undefined
    findAccount(context: unknown, subject: string): Account | undefined
  }

  export class Provider {
    constructor(issuer: string, configuration: Configuration)
    callback(): RequestListener
    readonly Grant: new (of: { readonly clientId: string; readonly accountId: string }) => Grant
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>
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

  export const errors: {
    readonly InvalidRedirectUri: new () => Error
    readonly InvalidTarget: new () => Error
  }
}
