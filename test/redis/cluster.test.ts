import { GlideClusterClient } from '@valkey/valkey-glide'
import { Cluster as IoCluster } from 'ioredis'
import { Cluster as IoCluster5 } from 'ioredis5'
import { Cluster as ValkeyCluster } from 'iovalkey'
import { createResourceServer } from 'oauth-resource-server'
import { replayStore, revocationList } from 'oauth-resource-server/redis'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { createCluster } from 'redis'
import { createCluster as createCluster5 } from 'redis5'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { type Connected, describeRedis, redisServer, type RedisServer } from '../support/redis.ts'
import { verdict } from '../support/tokens.ts'

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
const host = '127.0.0.1'
const quiet = (): void => undefined

const clusters: Readonly<Record<string, (ports: readonly number[]) => Promise<Connected>>> = {
  async 'redis 6'(ports) {
    const client = createCluster({ rootNodes: ports.map((port) => ({ url: `redis://${host}:${port}` })) })
    await client.on('error', quiet).connect()
    return { client, close: () => client.destroy() }
  },
  async 'redis 5'(ports) {
    const client = createCluster5({ rootNodes: ports.map((port) => ({ url: `redis://${host}:${port}` })) })
    await client.on('error', quiet).connect()
    return { client, close: () => client.destroy() }
  },
  async 'ioredis 6'(ports) {
    const client = new IoCluster(ports.map((port) => ({ host, port })))
    return Promise.resolve({ client, close: () => client.disconnect() })
  },
  async 'ioredis 5'(ports) {
    const client = new IoCluster5(ports.map((port) => ({ host, port })))
    return Promise.resolve({ client, close: () => client.disconnect() })
  },
  async iovalkey(ports) {
    const client = new ValkeyCluster(ports.map((port) => ({ host, port })))
    return Promise.resolve({ client, close: () => client.disconnect() })
  },
  async 'valkey-glide'(ports) {
    const client = await GlideClusterClient.createClient({ addresses: ports.map((port) => ({ host, port })) })
    return { client, close: () => client.close() }
  },
}

describeRedis('a cluster of three nodes', () => {
  const nodes: RedisServer[] = []
  beforeAll(async () => {
    const buses: number[] = []
    for (let count = 0; count < 3; count += 1) {
      const node = await redisServer()
      const bus = await freePort()
      await node.start('--cluster-enabled', 'yes', '--cluster-port', String(bus), '--appendonly', 'no')
      nodes.push(node)
      buses.push(bus)
    }
    const [first] = nodes
    const slots = [0, 5461, 10_923, 16_384]
    for (const [index, node] of nodes.entries()) {
      node.command('cluster', 'addslotsrange', String(slots[index]), String((slots[index + 1] ?? 0) - 1))
      if (index > 0) first?.command('cluster', 'meet', host, String(node.port), String(buses[index]))
    }
    await vi.waitFor(
      () => {
        for (const node of nodes) expect(node.command('cluster', 'info')).toContain('cluster_state:ok')
      },
      { timeout: 20_000, interval: 100 },
    )
  })
  afterAll(async () => {
    for (const node of nodes) await node.remove()
  })

  it.each(Object.entries(clusters))('serves lists and stores with %s', async (name, connect) => {
    const { client, close } = await connect(nodes.map(({ port }) => port))
    // Prefixes that are in the slots of different nodes.
    for (const prefix of ['a', 'b', 'c'].map((letter) => `${name} ${letter}`)) {
      const options = { prefix, timeoutMs: 5000 }
      const lists = [{}, { follow: { within: 5 } }].map((more) =>
        revocationList(client, { ...options, ...more }),
      )
      const apis = lists.map((revocation) => createResourceServer({ ...issuer.options, revocation }))
      await Promise.all(apis.map(async (api) => api.ready()))
      const token = await issuer.sign({ jti: 'a', sub: 'alice', sid: 's', client_id: 'app' })
      const use = async (): Promise<string[]> =>
        Promise.all(apis.map(async (api) => verdict(api.verify(token))))
      expect(await use()).toEqual(['200', '200'])
      await lists[0]?.revoke({ subject: 'alice' })
      await vi.waitFor(async () => expect(await use()).toEqual(['401 revoked', '401 revoked']), {
        timeout: 5000,
      })
      const store = replayStore(client, options)
      const soon = new Date(Date.now() + 60_000)
      expect(await store.reserve('once', soon)).toBe(true)
      expect(await store.reserve('once', soon)).toBe(false)
      for (const list of lists) list.close()
    }
    close()
  })
})
