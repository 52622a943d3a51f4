import * as openid from 'openid-client'
import { audience } from '../facts.ts'
import { tokensFrom } from './actions/call.ts'
import { isBound } from './bound.ts'
import { makeDpopKey } from './dpop.ts'
import { errorOf, tokensOf } from './oidc.ts'
import type { Session } from './sessions.ts'
import type { World } from './world.ts'

/** What came of an exchange of the refresh token. */
export interface Refreshed {
  /** Absent when it succeeded; else for example `invalid_grant`, or that no response came. */
  readonly error?: string
}

/** The latest exchange of each session. */
const latest = new WeakMap<Session, Promise<Refreshed>>()

/**
 * Exchanges the refresh token, one exchange at a time for each session: two tabs that presented the same refresh token
 * would look like theft, and the authorization server would withdraw every token of the sign-in.
 *
 * @param bind whether the new access token is to be bound to a key of the client
 * @throws {Problem} before sign-in
 */
export function refreshTokens(world: World, session: Session, bind?: boolean): Promise<Refreshed> {
  const next = (): Promise<Refreshed> => exchange(world, session, bind)
  const turn = latest.get(session)?.then(next, next) ?? next()
  latest.set(session, turn)
  return turn
}

/**
 * Exchanges the refresh token; the old tokens are kept, to show what they are worth. A bound access token is followed
 * by one that is bound to the same key.
 */
async function exchange(world: World, session: Session, bind?: boolean): Promise<Refreshed> {
  const tokens = tokensFrom(session)
  if (bind ?? isBound(tokens.access)) session.dpopKey ??= await makeDpopKey()
  else delete session.dpopKey
  const key = session.dpopKey
  const options = key === undefined ? {} : { DPoP: openid.getDPoPHandle(world.oidc, key) }
  try {
    const granted = await openid.refreshTokenGrant(
      world.oidc,
      tokens.refresh,
      { resource: audience },
      options,
    )
    session.previousAccess = tokens.access
    session.previousRefresh = tokens.refresh
    session.tokens = tokensOf(granted, tokens)
    session.refreshes += 1
    return {}
  } catch (error) {
    return { error: errorOf(error) }
  }
}
