import { createResourceServer } from 'oauth-resource-server'
import { replayStore, revocationList } from 'oauth-resource-server/redis'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { clients, type Connected, describeRedis, redisServer, type RedisServer } from '../support/redis.ts'
import { type TcpProxy, tcpProxy } from '../support/tcp-proxy.ts'
import { verdict } from '../support/tokens.ts'

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
const names = ['redis 6', 'ioredis 6', 'iovalkey', 'valkey-glide']

describeRedis('STO-1 a connection in trouble', () => {
  let server: RedisServer
  let proxy: TcpProxy
  let connected: readonly Connected[]
  beforeEach(async () => {
    server = await redisServer()
    await server.start()
    proxy = await tcpProxy(server.port)
    connected = await Promise.all(names.map(async (name) => (await clients[name]?.(proxy.port)) as Connected))
  })
  afterEach(async () => {
    for (const { close } of connected) close()
    proxy.close()
    await server.remove()
  })

  it('DPP-37 gives one key to one caller, however often connections are cut in mid-command', async () => {
    const stores = connected.map(({ client }) => replayStore(client, { timeoutMs: 5000 }))
    const until = new Date(Date.now() + 60_000)
    await Promise.all(stores.map(async (store, index) => store.reserve(`warm-${index}`, until)))
    const uses = Array.from({ length: 400 }, async (_, index) =>
      stores[index % stores.length]?.reserve('one', until).catch(() => undefined),
    )
    proxy.cutAfter = 3000
    await new Promise(setImmediate)
    const later = Array.from({ length: 400 }, async (_, index) =>
      stores[index % stores.length]?.reserve('one', until).catch(() => undefined),
    )
    await vi.waitFor(async () =>
      stores[0]?.reserve('cut', until).then(
        () => undefined,
        () => undefined,
      ),
    )
    proxy.cutAfter = undefined
    const results = await Promise.all([...uses, ...later])
    // The one that won may have lost its answer together with its connection.
    expect(results.filter((won) => won === true).length).toBeLessThanOrEqual(1)
    expect(await vi.waitFor(async () => stores[1]?.reserve('one', until), { timeout: 5000 })).toBe(false)
  })

  it('DPP-37 never calls a fresh key used when the server restarts', async () => {
    const until = new Date(Date.now() + 60_000)
    const stores = connected.map(({ client }) => replayStore(client, { timeoutMs: 5000 }))
    const use = async (round: number): Promise<(boolean | undefined)[]> =>
      Promise.all(
        Array.from({ length: 200 }, async (_, index) =>
          stores[index % stores.length]?.reserve(`${round}-${index}`, until).catch(() => undefined),
        ),
      )
    const first = use(1)
    await server.kill()
    await server.start()
    const second = use(2)
    const results = [...(await first), ...(await second)]
    expect(results).not.toContain(false)
    expect(results).toContain(true)
  })

  it('accepts and refuses rightly while each command takes 200 ms, and while connections are cut', async () => {
    const apis = connected.map(({ client }) =>
      createResourceServer({ ...issuer.options, revocation: revocationList(client, { timeoutMs: 2000 }) }),
    )
    await Promise.all(apis.map(async (api) => vi.waitFor(async () => api.ready(), { timeout: 5000 })))
    await revocationList(connected[0]?.client as object, { timeoutMs: 2000 }).revoke({ jti: 'revoked' })
    const [valid, revoked] = [await issuer.sign({ jti: 'valid' }), await issuer.sign({ jti: 'revoked' })]
    const use = async (token: string): Promise<Set<string>> =>
      new Set(await Promise.all(apis.map(async (api) => verdict(api.verify(token)))))
    proxy.delay = 200
    expect(await use(valid)).toEqual(new Set(['200']))
    expect(await use(revoked)).toEqual(new Set(['401 revoked']))
    proxy.delay = 0
    proxy.cutAfter = 1
    expect([...(await use(valid))].filter((it) => it !== '503 unavailable')).toEqual([])
    expect([...(await use(revoked))].filter((it) => it !== '503 unavailable')).toEqual([])
    proxy.cutAfter = undefined
    await vi.waitFor(async () => expect(await use(revoked)).toEqual(new Set(['401 revoked'])), {
      timeout: 10_000,
    })
    expect(await use(valid)).toEqual(new Set(['200']))
  })
})
