import type { Actions } from '../../protocol.ts'
import { proofFor } from '../bound.ts'
import { callApi, type Judged } from '../calls.ts'
import { machineToken } from '../machine.ts'
import type { Session } from '../sessions.ts'
import type { World } from '../world.ts'
import { type Action, Problem } from './action.ts'

/** Calls a route with the token that the user has chosen. */
export const call: Action<Actions['call']> = async (world, session, { api, route, token = 'current' }) => {
  const value = await tokenNamed(world, session, token)
  const calls = await callAll(world, session, { route, ...(api && { api }), ...(value && { token: value }) })
  return { summary: `${route}: ${statusesOf(calls)}.`, asItShouldBe: true, calls }
}

/** The token of a program of its own, sent to a route. */
export const clientCredentials: Action<Actions['client-credentials']> = async (world, session, { route }) => {
  const calls = await callAll(world, session, { route, token: await machineToken(world.oidc) })
  const summary = `A program obtained a token without any user (ES256, no roles). ${route}: ${statusesOf(calls)}.`
  return { summary, asItShouldBe: true, calls }
}

/** @see callAll */
export interface CallAll {
  readonly route: string
  readonly token?: string
  /** @default every one */
  readonly api?: string
}

/** Calls the APIs at the same time, each with a proof of its own where the token is bound. */
export function callAll(world: World, session: Session, { route, token, api }: CallAll): Promise<Judged[]> {
  const [method = '', path = ''] = route.split(' ')
  const apis = world.apis.filter(({ name }) => api === undefined || name === api)
  return Promise.all(
    apis.map(async (target) => {
      if (token === undefined) return callApi(world, target, { route })
      const proof = await proofFor(session, { method, url: target.url + path, token })
      if (proof === undefined) return callApi(world, target, { route, token })
      session.lastProof = { proof, token, route, api: target }
      return callApi(world, target, { route, token, proof })
    }),
  )
}

/** For example `200 from every API`. */
export function statusesOf(calls: readonly Judged[]): string {
  const by = new Map<number, string[]>()
  for (const { decision } of calls) {
    by.set(decision.status, [...(by.get(decision.status) ?? []), decision.api])
  }
  const [only] = by.keys()
  if (by.size === 1 && calls.length > 1) return `${String(only)} from every API`
  return [...by].map(([status, names]) => `${status} from ${names.join(' and ')}`).join(', ')
}

/** Whether every API responded like this. */
export function areAll(calls: readonly Judged[], status: number, reason?: string): boolean {
  return calls.every(
    ({ decision }) => decision.status === status && (reason === undefined || decision.reason === reason),
  )
}

type TokenName = NonNullable<Actions['call']['token']>

async function tokenNamed(world: World, session: Session, name: TokenName): Promise<string | undefined> {
  switch (name) {
    case 'none':
      return undefined
    case 'machine':
      return machineToken(world.oidc)
    case 'current':
      return tokensFrom(session).access
    case 'id':
      return tokensFrom(session).id
    case 'previous':
      if (session.previousAccess !== undefined) return session.previousAccess
      throw new Problem('There is no earlier token yet: refresh or sign out first.')
  }
}

/** @throws {Problem} before sign-in */
export function tokensFrom({ tokens }: Session): NonNullable<Session['tokens']> {
  if (tokens === undefined) throw new Problem('Sign in first.')
  return tokens
}
