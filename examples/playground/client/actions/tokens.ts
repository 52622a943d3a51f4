import * as openid from 'openid-client'
import type { Actions, Nothing } from '../../protocol.ts'
import { takeApart } from '../../take-apart.ts'
import { callApi, type Judged } from '../calls.ts'
import { proofFor } from '../bound.ts'
import { refreshTokens } from '../grants.ts'
import { errorOf } from '../oidc.ts'
import type { Session } from '../sessions.ts'
import type { World } from '../world.ts'
import { type Action, type Done, Problem } from './action.ts'
import { areAll, callAll, statusesOf, tokensFrom } from './call.ts'

/** Exchanges the refresh token. */
export const refresh: Action<Actions['refresh']> = async (world, session) => {
  const { error } = await refreshTokens(world, session)
  if (error === undefined) {
    return {
      summary: 'A new access token, and a new refresh token: the old one is used up. The session goes on.',
      asItShouldBe: true,
    }
  }
  const isExpected = session.isWithdrawn === true || world.server.mode() !== 'up'
  const advice = session.isWithdrawn
    ? 'The family of this refresh token was withdrawn. Sign in again.'
    : 'The access token that is there goes on until it expires.'
  return {
    summary: `The authorization server gave no new token (${error}). ${advice}`,
    asItShouldBe: isExpected,
  }
}

/** Presents a refresh token for the second time. */
export const reuseRefresh: Action<Nothing> = async (world, session) => {
  if (session.previousRefresh === undefined) {
    const { error } = await refreshTokens(world, session)
    if (error !== undefined)
      throw new Problem(`The refresh token could not be exchanged even once: ${error}.`)
  }
  const { access, refresh: latest } = tokensFrom(session)
  const used = session.previousRefresh ?? ''
  const error = await openid.refreshTokenGrant(world.oidc, used).then(() => undefined, errorOf)
  if (error !== undefined && !error.startsWith('invalid_grant'))
    throw new Problem(`The authorization server did not say whether the old refresh token is good: ${error}.`)
  session.isWithdrawn = error !== undefined
  const isActive = await openid.tokenIntrospection(world.oidc, latest).then(({ active }) => active, errorOf)
  const calls = await callAll(world, session, { route: 'GET /me', token: access })
  const fate = areAll(calls, 200) ? 'The access token lasts until it expires: the APIs were not told.' : ''
  return {
    summary:
      `${error ?? 'accepted'}. Someone has a copy, so the whole family is withdrawn: the latest refresh token is ${isActive === false ? 'no longer active either' : 'still active'}. GET /me: ${statusesOf(calls)}. ${fate}`.trim(),
    asItShouldBe: session.isWithdrawn && isActive === false,
    calls,
  }
}

/** Revokes the access token, and shows that no API accepts it any more. */
export const revoke: Action<Nothing> = async (world, session): Promise<Done> => {
  const { access } = tokensFrom(session)
  if (Number(takeApart(access).expiresAt) <= Date.now() / 1000)
    throw new Problem('This token has expired, so every API refuses it already. Refresh for another one.')
  const answer = await openid.tokenRevocation(world.oidc, access).then(() => 'accepted', errorOf)
  await tellApi(world, session, access)
  const calls = await callAll(world, session, { route: 'GET /me', token: access })
  return {
    summary: `The authorization server keeps no record of self-contained tokens (its response: ${answer}). So the client told the API, which put the token on its list of revoked tokens. GET /me: ${statusesOf(calls)}, although the token has not expired. Refresh for another one.`,
    asItShouldBe: areAll(calls, 401, 'revoked'),
    calls,
  }
}

/** The token ends itself at one API. The others share the list. */
async function tellApi(world: World, session: Session, token: string): Promise<Judged> {
  const [api] = world.apis
  if (api === undefined) throw new Error('there is no API')
  const proof = await proofFor(session, { method: 'POST', url: `${api.url}/sign-out`, token })
  return callApi(world, api, { route: 'POST /sign-out', token, ...(proof !== undefined && { proof }) })
}
