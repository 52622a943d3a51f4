import type * as Core from 'oauth-resource-server'
import type * as OnRedis from 'oauth-resource-server/redis'
import {
  clients,
  type Connected,
  missingRedis,
  redisServer,
  type RedisServer,
} from '../test/support/redis-server.ts'
import { root } from './baseline.ts'
import { introspectionServer } from './introspection-server.ts'
import { authenticateOf, built } from './library.ts'
import { type Contender, type Effort, interleaved, type Timings } from './measure.ts'
import { audience, freshRequests, signedTokens } from './tokens.ts'

/** Entries of every list. */
const entries = 10_000

/** The row that the others are compared with. */
export const withoutRevocation = 'no revocation'

/** Times requests with a token seen before, with each kind of revocation and of introspection. */
export async function revocationPart(effort: Effort): Promise<Timings> {
  const core = await built<typeof Core>(root, 'index')
  const onRedis = await built<typeof OnRedis>(root, 'redis')
  const { issuer, tokens } = await signedTokens('RS256', 200)
  const inputs = (count: number): readonly unknown[] => freshRequests(tokens, count)
  const options = { issuer: issuer.issuer, audience, jwks: issuer.jwks }
  const contender = async (name: string, list?: Core.RevocationList): Promise<Contender> => {
    if (list !== undefined) await fill(list)
    const api = core.createResourceServer({ ...options, revocation: list })
    await api.ready()
    return { name, inputs, call: authenticateOf(api) }
  }

  const contenders = [await contender(withoutRevocation), await contender('in memory', core.revocationList())]
  const server = await startedRedis()
  const opened: Connected[] = []
  if (server !== undefined) {
    for (const [name, connect] of Object.entries(clients)) {
      const connected = await connect(server.port)
      opened.push(connected)
      const remote = { prefix: name, timeoutMs: 5000, maxInFlight: 20_000 }
      if (opened.length === 1) {
        const list = onRedis.revocationList(connected.client, { ...remote, follow: { within: 60 } })
        contenders.push(await contender('follow', list))
      }
      contenders.push(await contender(`exact, ${name}`, onRedis.revocationList(connected.client, remote)))
    }
  }
  const introspection = await introspectionServer(issuer.issuer, audience)
  for (const cacheFor of [3600, 0]) {
    const { endpoint } = introspection
    const api = core.createResourceServer({
      ...options,
      allowInsecureHosts: ['127.0.0.1'],
      introspection: { clientId: 'api', clientSecret: 'secret', endpoint, cacheFor },
    })
    const opaque = Array.from({ length: 200 }, (_, index) => Buffer.from(`opaque-token-${index}`))
    contenders.push({
      name: cacheFor === 0 ? 'introspection, not cached' : 'introspection, cached',
      inputs: (count) => freshRequests(opaque, count),
      call: authenticateOf(api),
    })
  }
  try {
    return await interleaved(contenders, effort)
  } finally {
    for (const { close } of opened) close()
    introspection.close()
    await server?.remove()
  }
}

async function startedRedis(): Promise<RedisServer | undefined> {
  if (missingRedis !== undefined) {
    console.error(missingRedis)
    return undefined
  }
  const server = await redisServer()
  await server.start('--appendonly', 'no')
  return server
}

async function fill(list: Core.RevocationList): Promise<void> {
  for (let first = 0; first < entries; first += 1000) {
    const some = Array.from({ length: 1000 }, (_, index) => list.revoke({ jti: `revoked-${first + index}` }))
    await Promise.all(some)
  }
}
