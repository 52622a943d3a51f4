import { afterEach, describe, expect, it } from 'vitest'
import { startApis } from '../examples/demo/apis.ts'
import { listen } from '../examples/demo/authorization-server.ts'
import { type Logout, logoutInMemory, logoutOnRedis } from '../examples/demo/logout.ts'
import { logOut, logoutTable, wrongLogouts } from '../examples/demo/logouts.ts'
import type { Group } from '../examples/demo/processes.ts'
import { startRedis } from '../examples/demo/redis-server.ts'
import { scaledClient, webClient } from '../examples/demo/registrations.ts'
import { describeRedis } from './support/redis.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** Signs a user in, calls every API, logs the user out at the authorization server, and calls them again. */
async function demo(client: string, lists: Readonly<Record<string, Logout>>): ReturnType<typeof logOut> {
  const { server, open } = await listen()
  closing.push(() => server.close())
  const groups: Group[] = []
  for (const [name, logout] of Object.entries(lists)) {
    const apis = await startApis(server.url, logout)
    closing.push(async () => Promise.all(apis.map((api) => api.close())))
    groups.push({ name, apis })
  }
  // The authorization server tells one API alone.
  await open({ logoutUrls: { [client]: `${groups[0]?.apis[0]?.url ?? ''}/backchannel-logout` } })
  return logOut(server.url, client, groups)
}

const frameworks = ['express', 'fastify', 'fetch', 'koa']

describe('the logout part of the demo', () => {
  it('CAC-6 shows a token that every API accepts, and refuses once its user has logged out', async () => {
    const found = await demo(webClient, { memory: logoutInMemory() })
    expect(found.map(({ framework }) => framework.toLowerCase().split(' ')[0]).sort()).toEqual(frameworks)
    for (const { before, after } of found) {
      expect([before, after]).toEqual(['200', '401 The access token was revoked'])
    }
    expect(wrongLogouts(found)).toBe(0)
    expect(logoutTable(found, false)).not.toContain('✗')
  })

  it('counts an API that goes on accepting the token', async () => {
    const found = await demo(webClient, { memory: logoutInMemory(), 'a list of its own': logoutInMemory() })
    expect(found.filter(({ group }) => group === 'a list of its own').map(({ after }) => after)).toEqual(
      frameworks.map(() => '200'),
    )
    expect(wrongLogouts(found)).toBe(frameworks.length)
    expect(logoutTable(found, false)).toContain('✗')
  })
})

describeRedis('the logout part of the demo, on Redis', () => {
  it('CAC-6 shows a token that is refused by APIs that were not told of the logout', async () => {
    const redis = await startRedis()
    if (redis === undefined) throw new Error('redis-server cannot be started')
    closing.push(() => redis.close())
    const [first, second] = [await logoutOnRedis(redis.port), await logoutOnRedis(redis.port)]
    closing.push(first.close, second.close)
    const found = await demo(scaledClient, { first, second })
    expect(found).toHaveLength(2 * frameworks.length)
    for (const { before, after } of found) {
      expect([before, after]).toEqual(['200', '401 The access token was revoked'])
    }
  })
})
