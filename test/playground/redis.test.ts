import { expect, it } from 'vitest'
import { launch } from '../../examples/playground/launch.ts'
import { describeRedis } from '../support/redis.ts'
import { openBrowser } from './browser.ts'

describeRedis('the playground with --redis', () => {
  it('refuses a revoked token in the process that was not told', async () => {
    const playground = await launch({ port: 0, redis: true })
    try {
      const alice = openBrowser(playground)
      await alice.signIn('alice', 'wonderland')
      const before = await alice.act('call', { route: 'GET /me', api: 'Koa' })
      expect(before.decisions.map(({ process, status }) => [process, status])).toEqual([
        [1, 200],
        [2, 200],
      ])
      expect(before.asItShouldBe).toBe(true)
      // What the other process recorded is in the picture too.
      expect(before.exchanges.map(({ to, status }) => [to, status])).toEqual([
        ['Client', 200],
        ['Koa', 200],
        ['Koa', 200],
      ])

      const { decisions } = await alice.act('revoke', {})
      expect(decisions.map(({ process, reason }) => [process, reason])).toEqual([
        [1, 'revoked'],
        [1, 'revoked'],
        [1, 'revoked'],
        [2, 'revoked'],
        [2, 'revoked'],
        [2, 'revoked'],
      ])
    } finally {
      await playground.close()
    }
  })
})
