/**
 * What the page and the client's server say to each other. Every response is one of these shapes, so whole tokens have
 * no place in it: a token is shown as {@link TokenParts} only.
 *
 * `GET /state` responds with {@link State}. Every action is `POST /do/{name}` with a JSON object, and responds with
 * {@link Outcome}. A failed action of the server itself is 500 `{ "error": string }`.
 */

/** The frameworks that the same API runs on. With `--redis` a second process has three more. */
export type ApiName = 'Express' | 'Fastify' | 'Koa'

/** A route of the API, the same on every framework. */
export interface Route {
  /** For example `GET /reports`. It names the route in `call`. */
  readonly name: string
  /** What the route asks of its caller, for example `scope reports:read`. */
  readonly needs: string
}

/** One part of a token, as far as it could be read. */
export interface Part {
  /** The decoded JSON, or as much text as could be decoded. */
  readonly text: string
  /** The members, when the text is a JSON object. */
  readonly members?: readonly Member[]
  /** What is wrong with this part, for example `not base64url from character 17`. */
  readonly problem?: string
}

/** One header parameter or claim. */
export interface Member {
  readonly name: string
  /** As JSON. */
  readonly value: string
  /** What it means, in one sentence. */
  readonly meaning: string
  /** The checks that read it, by the names in {@link Step}. Empty for a member that no check reads. */
  readonly readBy: readonly string[]
}

/** A token taken apart. The signature is shortened, so that the parts together are no token. */
export interface TokenParts {
  readonly header: Part
  readonly payload: Part
  /** The first characters of the signature, then `…`; `''` when there is none. */
  readonly signature: string
  /** What is wrong with the whole, for example `two parts instead of three`. */
  readonly problem?: string
  /** Seconds since 1970, as `exp` says. */
  readonly expiresAt?: number
  /** Seconds since 1970, as `iat` says. */
  readonly issuedAt?: number
}

/** One check of the core, in the order in which it ran. */
export interface Step {
  readonly name: string
  readonly ok: boolean
  /** The claim, header parameter or option that decided. */
  readonly claim?: string
  /** What the API requires, as text. */
  readonly expected?: string
  /** What the token has, as text. */
  readonly actual?: string
  /** What an operator should do about it. */
  readonly hint?: string
}

/** One HTTP exchange that really happened, in the order of the requests. */
export interface Exchange {
  /** Counts from 1 since the playground started. */
  readonly number: number
  readonly from: Party
  readonly to: Party
  /** Milliseconds since the first exchange of the recording. */
  readonly at: number
  /** How long the response took. Milliseconds. */
  readonly took: number
  readonly method: string
  /** Path and query. Codes, tokens and secrets are replaced by `…`. */
  readonly target: string
  /** Header lines and form fields worth a look, for example `authorization: Bearer eyJ…`. Secrets are shortened. */
  readonly request: readonly string[]
  /** `undefined` when no response came. */
  readonly status?: number
  /** For example `www-authenticate: Bearer error="invalid_token"`. */
  readonly response: readonly string[]
  /** In one sentence, what this exchange is for. */
  readonly note: string
}

export type Party = 'Browser' | 'Client' | 'Authorization server' | ApiName | 'Other site'

/** How the API decided about one request. */
export interface Decision {
  readonly api: ApiName
  /** Only with `--redis`: 1, or 2 for the second process. */
  readonly process?: number
  readonly route: string
  readonly status: number
  /** The header `WWW-Authenticate`, character for character. */
  readonly challenge?: string
  /** The body of the response, at most 2,000 characters. */
  readonly body: string
  /** Every check in order, from the core's own trace. */
  readonly steps: readonly Step[]
  /** `reason` of the error (the operator sees it; the client does not). */
  readonly reason?: string
  /** In one or two plain sentences: what was decided, and why. */
  readonly verdict: string
  /** The token that was sent, taken apart; absent when none was sent. */
  readonly token?: TokenParts
}

/** What an action did. */
export interface Outcome {
  /** One sentence, for example `Signed out. The old access token would have been valid for 14 more minutes.` */
  readonly summary: string
  /** Whether the outcome is what a sound system does. A refused forgery is `true`. */
  readonly asItShouldBe: boolean
  readonly decisions: readonly Decision[]
  /** What was recorded during this action. */
  readonly exchanges: readonly Exchange[]
  /** The state afterwards. */
  readonly state: State
  /** The answer of `take-apart`. */
  readonly parts?: TokenParts
  /** The answer of `algorithms`: RS256 beside HS256. */
  readonly comparison?: readonly AlgorithmFacts[]
}

/** Who can do what with a token of one algorithm. Both are tried for real. */
export interface AlgorithmFacts {
  readonly algorithm: 'RS256' | 'HS256'
  /** Who holds the key that signs. */
  readonly signedBy: string
  /** Parties that can check the signature, and with what. */
  readonly canVerify: readonly string[]
  /** Parties that could make a token that passes. */
  readonly couldForge: readonly string[]
  /** What was tried to show it, and what came of it. */
  readonly tried: string
}

/** How the authorization server behaves towards APIs and clients. */
export type IssuerMode = 'up' | 'down' | 'hanging'

/** A key of the authorization server, or one that an API holds. */
export interface KeyView {
  readonly kid: string
  readonly alg: string
  /** Signs new tokens (authorization server), or has been used (API). */
  readonly inUse: boolean
}

/** What one API knows of the issuer's keys, from its `health()`. */
export interface KeyCacheView {
  readonly api: ApiName
  /** 1, or 2 for the second process. */
  readonly process: number
  readonly keys: readonly KeyView[]
  /** Seconds since the keys were fetched; `undefined` when none are held. */
  readonly age?: number
  /** For example `fresh`, `stale`, `empty`, with the last error. */
  readonly status: string
}

/** A request from another site that reached the client's server. */
export interface AttackView {
  /** For example `form post`. */
  readonly name: string
  /** What the server saw: `sec-fetch-site`, `origin`, which cookies came along. */
  readonly seen: readonly string[]
  readonly refused: boolean
  /** Why it was refused. */
  readonly because: string
}

export interface State {
  /** Who is signed in; absent before sign-in and after sign-out. */
  readonly user?: { readonly name: string; readonly roles: readonly string[] }
  readonly accessToken?: TokenParts
  readonly idToken?: TokenParts
  /** How often the refresh token has been exchanged since sign-in. */
  readonly refreshes?: number
  /** The access token before the last refresh or sign-out, which `call` can send once more. */
  readonly previousAccessToken?: TokenParts
  /** Whether the current access token is bound to a DPoP key. */
  readonly dpop: boolean
  readonly users: readonly {
    readonly name: string
    readonly roles: readonly string[]
    readonly may: string
  }[]
  readonly routes: readonly Route[]
  readonly forgeries: readonly { readonly name: string; readonly what: string }[]
  readonly issuer: { readonly url: string; readonly mode: IssuerMode; readonly keys: readonly KeyView[] }
  /** How long new access tokens live. Seconds. */
  readonly lifetime: number
  readonly keyCaches: readonly KeyCacheView[]
  /** Where the attacking site's page is. Another site than the client's. */
  readonly otherSite: string
  /** Requests of the other site, latest first. */
  readonly attacks: readonly AttackView[]
  /** Whether revocations are shared through Redis by two processes. */
  readonly redis: boolean
  /** Everything recorded since the last sign-in began, at most 60 exchanges. */
  readonly recording: readonly Exchange[]
  /** The server's clock. Seconds since 1970. */
  readonly now: number
}

/** No members. */
export type Nothing = Readonly<Record<string, never>>

/** The actions: their names and what they take. */
export interface Actions {
  /** Calls a route of one API, or of all three without `api`. */
  readonly call: {
    readonly api?: ApiName
    readonly route: string
    /** @default 'current' */
    readonly token?: 'current' | 'previous' | 'none' | 'id' | 'machine'
  }
  /** Makes a forged token by its name, and sends it to `GET /me` (or `route`) of every API. */
  readonly forge: { readonly name: string; readonly route?: string }
  /** Sends a pasted token to `GET /me` of every API. */
  readonly paste: { readonly text: string }
  /** Takes a pasted text apart, as far as it goes. Sends it nowhere. */
  readonly 'take-apart': { readonly text: string }
  /** Exchanges the refresh token. */
  readonly refresh: Nothing
  /** Presents a refresh token that was exchanged before; the provider then withdraws the whole family. */
  readonly 'reuse-refresh': Nothing
  /** Revokes the access token at the authorization server and tells the APIs, and keeps the session. */
  readonly revoke: Nothing
  /** The token of a program of its own (client credentials), sent to a route. */
  readonly 'client-credentials': { readonly route: string }
  readonly 'rotate-keys': { readonly withdraw: boolean }
  readonly issuer: { readonly mode: IssuerMode }
  /** 5 to 900 seconds; holds for tokens issued from now on. */
  readonly lifetime: { readonly seconds: number }
  readonly algorithms: Nothing
  /** Obtains a token bound to a key of the client's server, and calls `GET /me` with a proof. */
  readonly dpop: Nothing
  /** Sends the same proof once more; with `as: 'bearer'` the bound token without its proof. */
  readonly 'dpop-replay': { readonly as?: 'proof' | 'bearer' }
}

export type ActionName = keyof Actions
