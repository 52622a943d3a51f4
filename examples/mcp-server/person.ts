import {
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
} from '@modelcontextprotocol/client'
import { browse } from '../demo/browser.ts'
import { documentUrl, knownClient, metadata, redirectUrl, type Registration } from './authorization-server.ts'

/** A person with an MCP client: what the client keeps, and a browser to sign in with. */
export class Person implements OAuthClientProvider {
  readonly redirectUrl = redirectUrl
  readonly clientMetadata = metadata
  /** Set for a metadata document alone: the client then needs no registration. */
  readonly clientMetadataUrl?: string
  /** Where the browser was sent, in order. */
  readonly sent: URL[] = []
  #client: StoredOAuthClientInformation | undefined
  #tokens: StoredOAuthTokens | undefined
  #verifier = ''
  #discovered: OAuthDiscoveryState | undefined

  /** @param issuer the authorization server that knows the client, where it is registered beforehand */
  constructor(registration: Registration, issuer: string) {
    if (registration === 'pre-registered client') this.#client = { client_id: knownClient, issuer }
    if (registration === 'client ID metadata document') this.clientMetadataUrl = documentUrl
  }

  clientInformation(): StoredOAuthClientInformation | undefined {
    return this.#client
  }
  saveClientInformation(client: StoredOAuthClientInformation): void {
    this.#client = client
  }
  tokens(): StoredOAuthTokens | undefined {
    return this.#tokens
  }
  saveTokens(tokens: StoredOAuthTokens): void {
    this.#tokens = tokens
  }
  redirectToAuthorization(url: URL): void {
    this.sent.push(url)
  }
  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier
  }
  codeVerifier(): string {
    return this.#verifier
  }
  saveDiscoveryState(state: OAuthDiscoveryState): void {
    this.#discovered = state
  }
  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#discovered
  }

  /** The scopes that the client requested last. */
  requested(): readonly string[] {
    return this.sent.at(-1)?.searchParams.get('scope')?.split(' ') ?? []
  }

  /** Signs in as alice where the browser was sent last. */
  async signIn(): Promise<URLSearchParams> {
    const start = this.sent.at(-1)
    if (start === undefined) throw new Error('the browser was sent nowhere')
    return (await browse(start, { login: 'alice', password: 'any' }, redirectUrl)).searchParams
  }
}
