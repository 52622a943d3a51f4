import type { RequestListener } from 'node:http'
import { createResourceServer, type ResourceServer, type RevocationList } from 'oauth-resource-server'
import { audience, webClient } from '../facts.ts'
import { fetchAs } from '../parties.ts'
import type { ApiName } from '../protocol.ts'
import { replayStorePerRequest } from './replay.ts'

/** What the same API needs on every framework. */
export interface Guarded {
  readonly api: ResourceServer
  readonly list: RevocationList
  readonly logout: { readonly clientId: string; readonly by: 'session' }
}

/** One API on one framework. */
export type MakeApi = (guarded: Guarded) => RequestListener | Promise<RequestListener>

/** @see guardedBy */
export interface ApiOptions {
  readonly name: ApiName
  readonly issuer: string
  /** The API's own URL. */
  readonly url: string
  /** What was revoked, shared by the APIs. */
  readonly list: RevocationList
}

/** The resource server of one API. This is all that a user of the library has to set up. */
export function guardedBy({ name, issuer, url, list }: ApiOptions): Guarded {
  const api = createResourceServer({
    issuer,
    audience,
    resource: url,
    revocation: list,
    dpop: { algorithms: ['ES256'], replay: replayStorePerRequest() },
    // Every server here has the same clock, and a token is to be seen expiring.
    clockTolerance: 0,
    // An authorization server that hangs is to be seen quickly.
    keyCache: { timeoutMs: 2000 },
    fetch: fetchAs(name),
  })
  return { api, list, logout: { clientId: webClient.id, by: 'session' } }
}
