import type { JSONWebKeySet } from 'jose'
import { compareAlgorithms } from '../../algorithms.ts'
import { audience } from '../../facts.ts'
import { forge as makeForgery, forgeries } from '../../forgeries.ts'
import { fetchAs } from '../../parties.ts'
import type { Actions, Nothing } from '../../protocol.ts'
import { callApi } from '../calls.ts'
import type { World } from '../world.ts'
import { type Action, Problem } from './action.ts'
import { statusesOf, tokensFrom } from './call.ts'

/** Makes a forged token, and sends it to every API. */
export const forge: Action<Actions['forge']> = async (world, session, { name, route = 'GET /me' }) => {
  const found = forgeries.find((one) => one.name === name)
  if (found === undefined) throw new Problem(`There is no forgery ${name}.`)
  const { access, id } = tokensFrom(session)
  const token = await makeForgery(name, {
    accessToken: access,
    idToken: id,
    jwks: await publishedKeys(world),
    issuer: world.urls.issuer,
    audience,
    sign: world.server.sign,
  })
  const calls = await Promise.all(world.apis.map((api) => callApi(world, api, { route, token })))
  return {
    summary: `${found.what} ${route}: ${statusesOf(calls)}.`,
    asItShouldBe: calls.every(({ decision: { status } }) => status === 401 || route === 'GET /public'),
    calls,
  }
}

/** A forger can fetch the public keys, as everyone can. */
async function publishedKeys({ oidc }: World): Promise<JSONWebKeySet> {
  try {
    const response = await fetchAs('Client')(oidc.serverMetadata().jwks_uri ?? '', {
      signal: AbortSignal.timeout(3000),
    })
    return (await response.json()) as JSONWebKeySet
  } catch {
    throw new Problem('The forger needs the public keys, and the authorization server does not respond.')
  }
}

/** RS256 beside HS256, with keys made for this. */
export const algorithms: Action<Nothing> = async () => {
  const { facts, summary, asItShouldBe } = await compareAlgorithms()
  return { summary, asItShouldBe, comparison: facts }
}
