import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createResourceServer, type ResourceServer } from 'oauth-resource-server'
import { replayStore, revocationList } from 'oauth-resource-server/redis'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { clients, type Connected, describeRedis, redisServer, type RedisServer } from '../support/redis.ts'
import { verdict } from '../support/tokens.ts'

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
const timeoutMs = 250

for (const [name, connect] of Object.entries(clients)) {
  describeRedis(`STO-1 a Redis in trouble, with ${name}`, () => {
    let server: RedisServer
    let connected: Connected
    beforeEach(async () => {
      server = await redisServer()
      await server.start()
      connected = await connect(server.port)
    })
    afterEach(async () => {
      server.goOn()
      connected.close()
      await server.remove()
    })

    const api = (): ResourceServer =>
      createResourceServer({ ...issuer.options, revocation: revocationList(connected.client, { timeoutMs }) })

    /** Sends requests at once. @returns the verdicts, and how long the last one took beyond the delays of this machine */
    async function burst(api: ResourceServer, token: string, count = 50): Promise<[Set<string>, number]> {
      const delay = monitorEventLoopDelay({ resolution: 5 })
      delay.enable()
      const start = performance.now()
      const verdicts = await Promise.all(
        Array.from({ length: count }, async () => verdict(api.verify(token))),
      )
      const took = performance.now() - start
      delay.disable()
      return [new Set(verdicts), took - delay.max / 1e6]
    }

    const untilServed = async (server: ResourceServer, token: string, expected: string): Promise<void> =>
      vi.waitFor(async () => expect(await verdict(server.verify(token))).toBe(expected), {
        timeout: 10_000,
        interval: 20,
      })

    it('is 503 within the deadline while it is hung, and serves again once it goes on', async () => {
      const hung = api()
      const token = await issuer.sign({ jti: 'valid' })
      await untilServed(hung, token, '200')
      server.hang()
      for (let round = 0; round < 3; round += 1) {
        const [verdicts, took] = await burst(hung, token)
        expect([...verdicts]).toEqual(['503 unavailable'])
        expect(took).toBeLessThan(timeoutMs + 50)
      }
      await expect(
        revocationList(connected.client, { timeoutMs }).revoke({ jti: 'x' }),
      ).rejects.toMatchObject({
        status: 503,
      })
      await expect(
        replayStore(connected.client, { timeoutMs }).reserve('x', new Date(Date.now() + 60_000)),
      ).rejects.toMatchObject({ status: 503 })
      server.goOn()
      await untilServed(hung, token, '200')
    })

    it('is 503 while it is dead, and refuses what was revoked after a restart with AOF', async () => {
      const list = revocationList(connected.client, { timeoutMs })
      const restarted = api()
      const [valid, revoked] = [await issuer.sign(), await issuer.sign({ jti: 'revoked' })]
      await untilServed(restarted, valid, '200')
      await list.revoke({ jti: 'revoked' })
      await server.kill()
      const [verdicts, took] = await burst(restarted, valid)
      expect([...verdicts]).toEqual(['503 unavailable'])
      expect(took).toBeLessThan(timeoutMs + 50)
      await server.start()
      await untilServed(restarted, valid, '200')
      expect(await verdict(restarted.verify(revoked))).toBe('401 revoked')
    })

    it('rejects revoke() when it is read-only or full, and goes on reading', async () => {
      const list = revocationList(connected.client, { timeoutMs })
      const reading = api()
      const token = await issuer.sign()
      await untilServed(reading, token, '200')
      server.command('config', 'set', 'maxmemory', '1')
      await expect(list.revoke({ jti: 'a' })).rejects.toMatchObject({ status: 503 })
      expect(await verdict(reading.verify(token))).toBe('200')
      server.command('config', 'set', 'maxmemory', '0')
      server.command('replicaof', '127.0.0.1', '1')
      await expect(list.revoke({ jti: 'a' })).rejects.toMatchObject({ status: 503 })
      server.command('replicaof', 'no', 'one')
      await vi.waitFor(async () => list.revoke({ jti: 'a' }), { timeout: 10_000, interval: 50 })
      expect(await verdict(reading.verify(await issuer.sign({ jti: 'a' })))).toBe('401 revoked')
    })
  })
}
