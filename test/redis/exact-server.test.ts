import { createResourceServer, type ResourceServer } from 'oauth-resource-server'
import { replayStore, revocationList } from 'oauth-resource-server/redis'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { clients, type Connected, describeRedis, redisServer, type RedisServer } from '../support/redis.ts'
import { verdict } from '../support/tokens.ts'

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })

for (const [name, connect] of Object.entries(clients)) {
  describeRedis(`exact mode with ${name}`, () => {
    let server: RedisServer
    let connected: Connected
    beforeAll(async () => {
      server = await redisServer()
      await server.start()
      connected = await connect(server.port)
    })
    afterAll(async () => {
      connected.close()
      await server.remove()
    })

    /** Two resource servers as two processes would have them: each with a list of its own. */
    function two(prefix: string): { lists: ReturnType<typeof revocationList>[]; apis: ResourceServer[] } {
      const lists = [1, 2].map(() => revocationList(connected.client, { prefix, timeoutMs: 2000 }))
      return {
        lists,
        apis: lists.map((revocation) => createResourceServer({ ...issuer.options, revocation })),
      }
    }

    it('refuses everywhere what was revoked anywhere, and nothing else', async () => {
      const { lists, apis } = two('refuses')
      const use = async (token: string): Promise<string[]> =>
        Promise.all(apis.map(async (api) => verdict(api.verify(token))))
      await Promise.all(apis.map((api) => api.ready()))
      const [list] = lists
      for (const [revocation, claims] of [
        [{ jti: 'é"}{' }, { jti: 'é"}{' }],
        [{ subject: 'alice' }, { sub: 'alice' }],
        [{ session: 's' }, { sid: 's' }],
        [{ client: 'app' }, { client_id: 'app' }],
      ] as const) {
        const token = await issuer.sign(claims)
        expect(await use(token)).toEqual(['200', '200'])
        await list?.revoke({ ...revocation, issuer: 'https://another.test/' })
        expect(await use(token)).toEqual(['200', '200'])
        await list?.revoke(revocation)
        expect(await use(token)).toEqual(['401 revoked', '401 revoked'])
      }
      const nameless = await issuer.sign({ jti: undefined })
      await list?.revoke({ token: (await apis[1]?.verify(nameless)) as never })
      expect(await use(nameless)).toEqual(['401 revoked', '401 revoked'])
      expect(await use(await issuer.sign())).toEqual(['200', '200'])
      const later = await issuer.sign({ sub: 'alice', iat: Math.floor(Date.now() / 1000) + 5 })
      expect(await use(later)).toEqual(['200', '200'])
    })

    it('is not weakened by an earlier issuedBefore, in one round trip each', async () => {
      const { lists, apis } = two('earlier')
      const token = await issuer.sign({ sub: 'alice' })
      await lists[0]?.revoke({ subject: 'alice' })
      await lists[1]?.revoke({ subject: 'alice', issuedBefore: 1000 })
      const before = Number(/eval:calls=(\d+)/.exec(server.command('info', 'commandstats'))?.[1])
      expect(await verdict(apis[0]?.verify(token) as never)).toBe('401 revoked')
      expect(Number(/eval:calls=(\d+)/.exec(server.command('info', 'commandstats'))?.[1])).toBe(before + 1)
    })

    it('CAC-16 is 503 for a value of another type and for one that cannot be read', async () => {
      const { apis } = two('foreign')
      const token = await issuer.sign({ sub: 'bob' })
      const key = `{foreign}:subject:${JSON.stringify([null, 'bob'])}`
      server.command('lpush', key, '1')
      expect(await verdict(apis[0]?.verify(token) as never)).toBe('503 unavailable')
      server.command('del', key)
      server.command('set', key, 'true')
      expect(await verdict(apis[0]?.verify(token) as never)).toBe('503 unavailable')
      server.command('set', key, '-1')
      expect(await verdict(apis[0]?.verify(token) as never)).toBe('503 unavailable')
      server.command('del', key)
      expect(await verdict(apis[0]?.verify(token) as never)).toBe('200')
    })

    it('keeps an entry for as long as a token may be accepted, and its record in the stream', async () => {
      const { lists } = two('life')
      await lists[0]?.revoke({ jti: 'j' })
      const key = `{life}:jti:${JSON.stringify([null, 'j'])}`
      const life = Number(server.command('ttl', key))
      expect(life).toBeGreaterThan(86_990)
      expect(life).toBeLessThanOrEqual(87_000)
      expect(server.command('xlen', '{life}:changes')).toBe('1')
      await lists[0]?.revoke({ jti: 'j', expiresAt: Date.now() / 1000 })
      expect(Number(server.command('ttl', key))).toBeGreaterThan(86_990)
    })

    it('keeps an entry for as long as the list for the longest tokens needs it, whoever writes it', async () => {
      const [short, long] = [60, 7200].map((tokenLifetime) =>
        revocationList(connected.client, { prefix: 'mixed', timeoutMs: 2000, tokenLifetime }),
      )
      await long?.ready()
      const life = (key: string): number => Number(server.command('ttl', `{mixed}:${key}`))
      const inAnHour = Date.now() / 1000 + 3600
      await short?.revoke({ subject: 'alice' })
      expect(life(`subject:${JSON.stringify([null, 'alice'])}`)).toBeGreaterThan(7790)
      await short?.revoke({ jti: 'a', expiresAt: inAnHour })
      expect(life(`jti:${JSON.stringify([null, 'a'])}`)).toBeGreaterThan(3890)
      await short?.revoke({ jti: 'b', expiresAt: inAnHour * 2 })
      expect(life(`jti:${JSON.stringify([null, 'b'])}`)).toBeLessThanOrEqual(7800)
      expect(Number(server.command('ttl', '{mixed}:changes'))).toBeGreaterThan(7790)
      expect(server.command('ttl', '{mixed}:state')).toBe('-1')
    })

    it('warns a list for longer tokens than the entries were kept for, once', async () => {
      const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
      const [short, long] = [60, 7200].map((tokenLifetime) =>
        revocationList(connected.client, { prefix: 'late', timeoutMs: 2000, tokenLifetime }),
      )
      await short?.revoke({ subject: 'alice' })
      expect(warnings).not.toHaveBeenCalled()
      await long?.ready()
      await long?.ready()
      await short?.ready()
      expect(warnings.mock.calls.map(([, options]) => options)).toEqual([{ code: 'OAUTH_REVOCATIONS_SHORT' }])
      warnings.mockRestore()
    })

    it('warns once when another list took the place of the one it has used', async () => {
      const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
      const list = revocationList(connected.client, { prefix: 'lost', timeoutMs: 2000 })
      await list.ready()
      server.command('del', '{lost}:state')
      await list.ready()
      await list.ready()
      expect(warnings.mock.calls.map(([, options]) => options)).toEqual([{ code: 'OAUTH_REVOCATIONS_LOST' }])
      warnings.mockRestore()
    })

    it('reads on where Redis takes no writes yet, and is 503 where the state cannot be read', async () => {
      const { apis } = two('fresh')
      const token = await issuer.sign()
      server.command('config', 'set', 'maxmemory', '1')
      expect(await verdict(apis[0]?.verify(token) as never)).toBe('200')
      expect(server.command('exists', '{fresh}:state')).toBe('0')
      server.command('config', 'set', 'maxmemory', '0')
      expect(await verdict(apis[0]?.verify(token) as never)).toBe('200')
      expect(server.command('exists', '{fresh}:state')).toBe('1')
      server.command('hset', '{fresh}:state', 'longest', 'x')
      expect(await verdict(apis[0]?.verify(token) as never)).toBe('503 unavailable')
      server.command('del', '{fresh}:state')
      server.command('set', '{fresh}:state', '1')
      expect(await verdict(apis[0]?.verify(token) as never)).toBe('503 unavailable')
    })

    it('reserves a key for the first caller only, across stores', async () => {
      const stores = [1, 2].map(() => replayStore(connected.client, { prefix: 'replay', timeoutMs: 2000 }))
      const soon = new Date(Date.now() + 60_000)
      const results = await Promise.all(
        Array.from({ length: 100 }, async (_, index) => stores[index % 2]?.reserve('a', soon)),
      )
      expect(results.filter(Boolean)).toHaveLength(1)
      await expect(stores[0]?.reserve('b', soon)).resolves.toBe(true)
      server.command('lpush', '{replay}:used:c', '1')
      await expect(stores[0]?.reserve('c', soon)).rejects.toMatchObject({ status: 503 })
    })
  })
}
