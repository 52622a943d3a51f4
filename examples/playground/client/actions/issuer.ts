import type { Actions } from '../../protocol.ts'
import type { Judged } from '../calls.ts'
import { refreshTokens } from '../grants.ts'
import type { Action } from './action.ts'
import { areAll, callAll, statusesOf, tokensFrom } from './call.ts'

const route = 'GET /me'

/** Signs with new keys, and shows what the APIs make of a new token and of the one before. */
export const rotateKeys: Action<Actions['rotate-keys']> = async (world, session, { withdraw }) => {
  await world.server.rotate(withdraw)
  const what = withdraw
    ? 'New keys sign from now on, and the old ones are no longer published.'
    : 'New keys sign from now on; the old ones are still published, until the last token they signed has expired.'
  if (session.tokens === undefined) return { summary: `${what} Sign in to see it.`, asItShouldBe: true }
  const { error } = await refreshTokens(world, session)
  if (error !== undefined)
    return { summary: `${what} No new token could be had: ${error}.`, asItShouldBe: true }

  const fresh = await callAll(world, session, { route, token: tokensFrom(session).access })
  const old = await callAll(world, session, { route, token: session.previousAccess ?? '' })
  return {
    summary: `${what} The new token has an unknown key id, so each API fetched the keys once: ${statusesOf(fresh)}. The old token: ${statusesOf(old)}.`,
    asItShouldBe: areAll(fresh, 200) && (withdraw ? areAll(old, 401) : old.every(isStillGood)),
    calls: [...fresh, ...old],
  }
}

/** Its key is accepted; it may have ended in another way. */
function isStillGood({ decision: { status, reason } }: Judged): boolean {
  return status === 200 || reason === 'expired' || reason === 'revoked'
}

const modes = {
  up: 'The authorization server responds again.',
  down: 'The authorization server is down: connections to it are cut. Nobody can sign in or refresh.',
  hanging:
    'The authorization server accepts connections and responds to nobody. Whoever asks has to give up in time.',
}

/** Takes the authorization server down, lets it hang, or brings it back. */
export const issuer: Action<Actions['issuer']> = async (world, session, { mode }) => {
  world.server.setMode(mode)
  if (session.tokens === undefined) return { summary: modes[mode], asItShouldBe: true }
  const calls = await callAll(world, session, { route, token: session.tokens.access })
  return {
    summary: `${modes[mode]} The APIs have the keys they need. ${route}: ${statusesOf(calls)}.`,
    asItShouldBe: calls.every(({ decision }) => decision.status !== 503),
    calls,
  }
}

/** Sets how long access tokens live. */
export const lifetime: Action<Actions['lifetime']> = (world, _session, { seconds }) => {
  world.server.setLifetime(seconds)
  return {
    summary: `Access tokens that are issued from now on live for ${seconds} seconds. Refresh to have one.`,
    asItShouldBe: true,
  }
}
