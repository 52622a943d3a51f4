import { routes, users } from '../facts.ts'
import { forgeries } from '../forgeries.ts'
import type { State } from '../protocol.ts'
import { isBound } from './bound.ts'
import { takeApart } from '../take-apart.ts'
import type { Session } from './sessions.ts'
import type { World } from './world.ts'

/** All that the page shows. Tokens are taken apart. */
export function stateOf(world: World, session: Session): State {
  const { urls, server, apis, attacks, recorder } = world
  const { user, tokens, previousAccess, refreshes, recordedFrom } = session
  return {
    ...(user !== undefined && { user }),
    ...(tokens !== undefined && {
      accessToken: takeApart(tokens.access),
      idToken: takeApart(tokens.id),
      refreshes,
    }),
    ...(previousAccess !== undefined && { previousAccessToken: takeApart(previousAccess) }),
    dpop: tokens !== undefined && isBound(tokens.access),
    users: Object.entries(users).map(([name, { roles, may }]) => ({ name, roles, may })),
    routes,
    forgeries: forgeries.map(({ name, what }) => ({ name, what })),
    issuer: { url: urls.issuer, mode: server.mode(), keys: server.keys() },
    lifetime: server.lifetime(),
    keyCaches: apis.map(({ keyCache }) => keyCache()),
    otherSite: urls.otherSite,
    attacks: attacks.list(),
    redis: world.redis,
    recording: recorder.since(recordedFrom).slice(-60),
    now: Date.now() / 1000,
  }
}
