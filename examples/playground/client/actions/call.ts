import type { Actions } from '../../protocol.ts'
import { callApi, type Judged } from '../calls.ts'
import { makeProof } from '../dpop.ts'
import { machineToken } from '../machine.ts'
import type { Session } from '../sessions.ts'
import type { World } from '../world.ts'
import { type Action, Problem } from './action.ts'

/** Calls a route, as the page's user does. */
export const call: Action<Actions['call']> = async (world, session, { api, route, token = 'current' }) => {
  const value = await tokenNamed(world, session, token)
  const calls = await callAll(world, { route, session, ...(api && { api }), ...(value && { token: value }) })
  const statuses = [...new Set(calls.map(({ decision }) => decision.status))]
  const who = calls.length === 1 ? (calls[0]?.decision.api ?? '') : 'Every API'
  return {
    summary:
      statuses.length === 1
        ? `${who} responded to ${route} with ${String(statuses[0])}.`
        : `The APIs responded to ${route} with ${statuses.join(' and ')}.`,
    asItShouldBe: statuses.length === 1,
    calls,
  }
}

/** @see callAll */
export interface CallAll {
  readonly route: string
  readonly token?: string
  /** Signs a proof where the token is bound to the session's key. */
  readonly session?: Session
  /** @default every one */
  readonly api?: string
}

/** Calls the APIs at the same time, each with a proof of its own where the token is bound. */
export function callAll(world: World, { route, token, session, api }: CallAll): Promise<Judged[]> {
  const apis = world.apis.filter(({ name }) => api === undefined || name === api)
  return Promise.all(
    apis.map(async (target) => {
      if (token === undefined) return callApi(world, target, { route })
      const key = session?.dpopKey
      if (key === undefined || token !== session?.tokens?.access)
        return callApi(world, target, { route, token })
      const [method = '', path = ''] = route.split(' ')
      const proof = await makeProof(key, { method, url: target.url + path, token })
      return callApi(world, target, { route, token, proof })
    }),
  )
}

type TokenName = NonNullable<Actions['call']['token']>

async function tokenNamed(world: World, session: Session, name: TokenName): Promise<string | undefined> {
  const { tokens, previousAccess } = session
  switch (name) {
    case 'none':
      return undefined
    case 'machine':
      return machineToken(world.oidc)
    case 'current':
      return present(tokens?.access, 'Sign in first.')
    case 'id':
      return present(tokens?.id, 'Sign in first.')
    case 'previous':
      return present(previousAccess, 'There is no earlier token: refresh, revoke or sign out first.')
  }
}

function present(token: string | undefined, otherwise: string): string {
  if (token === undefined) throw new Problem(otherwise)
  return token
}
