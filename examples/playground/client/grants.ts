import * as openid from 'openid-client'
import { audience } from '../facts.ts'
import { tokensFrom } from './actions/call.ts'
import { isBound } from './bound.ts'
import { makeDpopKey } from './dpop.ts'
import { tokensOf } from './oidc.ts'
import type { Session } from './sessions.ts'
import type { World } from './world.ts'

/** What came of an exchange of the refresh token. */
export interface Refreshed {
  /** Absent when it succeeded; else for example `invalid_grant`, or that no response came. */
  readonly error?: string
}

/**
 * Exchanges the refresh token; the old tokens are kept, to show what they are worth. A bound access token is followed
 * by one that is bound to the same key.
 *
 * @param bind whether the new access token is to be bound to a key of the client
 */
export async function refreshTokens(world: World, session: Session, bind?: boolean): Promise<Refreshed> {
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

/** What the authorization server has against a request, in its own words, or that it did not respond. */
export function errorOf(error: unknown): string {
  if (error instanceof openid.ResponseBodyError) {
    return error.error_description === undefined ? error.error : `${error.error}: ${error.error_description}`
  }
  if (error instanceof openid.AuthorizationResponseError) return error.error
  return 'no response'
}
