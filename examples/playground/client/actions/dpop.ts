import type { Actions, Nothing } from '../../protocol.ts'
import { isBound } from '../bound.ts'
import { callApi } from '../calls.ts'
import { refreshTokens } from '../grants.ts'
import { type Action, Problem } from './action.ts'
import { areAll, callAll, statusesOf, tokensFrom } from './call.ts'

/** Obtains a bound token, and uses it with proofs. */
export const dpop: Action<Nothing> = async (world, session) => {
  const { error } = await refreshTokens(world, session, true)
  if (error !== undefined) throw new Problem(`No bound token could be had: ${error}.`)
  const { access } = tokensFrom(session)
  const calls = await callAll(world, session, { route: 'GET /me', token: access })
  return {
    summary: `The access token now names a key that only the client has (cnf.jkt). Every request carries a proof of its own, signed with that key. GET /me: ${statusesOf(calls)}.`,
    asItShouldBe: isBound(access) && areAll(calls, 200),
    calls,
  }
}

/** Does what a thief would do with a bound token. */
export const dpopReplay: Action<Actions['dpop-replay']> = async (world, session, { as = 'proof' }) => {
  const { lastProof } = session
  if (lastProof === undefined) throw new Problem('Obtain a bound token first.')
  const { proof, token, route, api } = lastProof
  if (as === 'bearer') {
    const calls = await Promise.all(world.apis.map((target) => callApi(world, target, { route, token })))
    return {
      summary: `The bound token without any proof, as a thief has it. ${route}: ${statusesOf(calls)}.`,
      asItShouldBe: areAll(calls, 401),
      calls,
    }
  }
  const calls = [await callApi(world, api, { route, token, proof })]
  return {
    summary: `The same proof once more, as someone who recorded the request would send it. ${route}: ${statusesOf(calls)}.`,
    // By then the proof may be too old, or the token over.
    asItShouldBe: areAll(calls, 401),
    calls,
  }
}
