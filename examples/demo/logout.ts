import {
  type BackChannelLogoutOptions,
  type ReplayStore,
  revocationList,
  type RevocationList,
} from 'oauth-resource-server'
import * as onRedis from 'oauth-resource-server/redis'
import { createClient } from 'redis'
import { scaledClient, webClient } from './registrations.ts'

/** What an API needs to hear of logouts. */
export interface Logout {
  readonly list: RevocationList
  readonly options: BackChannelLogoutOptions
}

/** Access tokens of oidc-provider have no `sid`, so a logout revokes all tokens of the user. */
const optionsFor = (clientId: string, replay?: ReplayStore): BackChannelLogoutOptions => ({
  clientId,
  replay,
  by: 'subject',
})

/** Remembers logouts in the memory of this process. */
export function logoutInMemory(): Logout {
  return { list: revocationList(), options: optionsFor(webClient) }
}

/** Longer than the default: a machine that is busy with other work shall not fail the demo. */
const timeoutMs = 3000

/** Remembers logouts on Redis, for every process. */
export async function logoutOnRedis(port: number): Promise<Logout & { readonly close: () => void }> {
  const client = createClient({ url: `redis://127.0.0.1:${port}` })
  // The client tries again until the server has started.
  client.on('error', () => undefined)
  await client.connect()
  const list = onRedis.revocationList(client, { timeoutMs })
  return {
    list,
    options: optionsFor(scaledClient, onRedis.replayStore(client, { timeoutMs })),
    close: () => client.destroy(),
  }
}
