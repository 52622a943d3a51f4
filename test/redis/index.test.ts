import { replayStore, revocationList } from 'oauth-resource-server/redis'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeRedis, joined, outcomeOf, revocable } from '../support/fake-redis.ts'

let redis: FakeRedis
beforeEach(() => {
  redis = new FakeRedis()
})
const client = new FakeRedis().client
const follow = 'follow: must be { within: seconds }, from 1 to 3600'

describe('revocationList', () => {
  it.each<[unknown, string]>([
    [{ follow: null }, follow],
    [{ follow: 5 }, follow],
    [{ follow: {} }, follow],
    [{ follow: { within: '5' } }, follow],
    [{ follow: { within: NaN } }, follow],
    [{ follow: { within: 0.99 } }, follow],
    [{ follow: { within: 3601 } }, follow],
    [{ follow: { within: 5, max: 5 } }, follow],
    [{ max: 5 }, 'max: limits what follow keeps in memory; leave it out, or set follow'],
    [{ prefix: '' }, 'prefix: must be a string that is not empty'],
    [{ prefix: '', follow: { within: 5 } }, 'prefix: must be a string that is not empty'],
  ])('refuses %j', (options, message) => {
    expect(() => revocationList(client, options as object)).toThrow(new TypeError(message))
  })

  it.each([{ folow: { within: 5 } }, { timeoutMs: 9 }, { timeoutMs: 60_001 }, { maxInFlight: 0 }])(
    'refuses %j',
    (options) => {
      expect(() => revocationList(client, options)).toThrow(TypeError)
    },
  )

  it.each([1, 3600])('takes a bound of %i seconds', (within) => {
    expect(() => revocationList(client, { follow: { within }, max: 5 })).not.toThrow()
  })

  it('refuses what is no client, whatever the options are', () => {
    expect(() => revocationList({})).toThrow(/^client: pass a client/)
    expect(() => replayStore({})).toThrow(/^client: pass a client/)
  })

  it('keeps its keys under the prefix, and asks Redis about every token unless it follows', async () => {
    const exact = joined(revocationList(redis.client, { prefix: 'api' }))
    await exact.has(revocable())
    expect(redis.calls.map(({ script, keys: [key] }) => [script, key])).toEqual([['read', '{api}:state']])
    redis.calls.length = 0
    const list = revocationList(redis.client, { prefix: 'api', follow: { within: 5 } })
    await list.ready()
    await joined(list).has(revocable())
    list.close()
    expect(redis.calls.map(({ script, keys }) => [script, keys])).toEqual([
      ['follow', ['{api}:state', '{api}:changes']],
    ])
  })
})

describe('replayStore', () => {
  const soon = (seconds = 60): Date => new Date(Date.now() + seconds * 1000)

  it('DPP-37 reserves a key for the first caller only, across stores of one prefix', async () => {
    const [one, other, apart] = [{}, {}, { prefix: 'apart' }].map((options) =>
      replayStore(redis.client, options),
    )
    expect(await one?.reserve('a', soon())).toBe(true)
    expect(await one?.reserve('a', soon())).toBe(false)
    expect(await other?.reserve('a', soon())).toBe(false)
    expect(await apart?.reserve('a', soon())).toBe(true)
    expect(await other?.reserve('b', soon())).toBe(true)
    expect([...redis.data.entries.keys()]).toEqual(['{oauth}:used:a', '{apart}:used:a', '{oauth}:used:b'])
  })

  it('DPP-37 counts a command once that a client has sent twice', async () => {
    const { customCommand } = redis.client as { customCommand: (parts: string[]) => Promise<unknown> }
    const twice = {
      async customCommand(parts: string[]) {
        await customCommand(parts)
        return customCommand(parts)
      },
    }
    expect(await replayStore(twice).reserve('a', soon())).toBe(true)
    expect(await replayStore(twice).reserve('a', soon())).toBe(false)
  })

  it('keeps a key for as long as asked for, and at least a second', async () => {
    const now = Date.now()
    const store = replayStore(redis.client, { now: () => now })
    await store.reserve('a', new Date(now + 2500))
    await store.reserve('b', new Date(now - 2500))
    expect(redis.calls.map(({ values }) => values[1])).toEqual(['2500', '1000'])
  })

  it.each([
    [1, true],
    ['1', true],
    [1n, true],
    [0, false],
    ['0', false],
    [new TextEncoder().encode('0'), false],
  ])('reads the reply %s as %s', async (reply, expected) => {
    redis.reply = () => reply
    expect(await replayStore(redis.client).reserve('a', soon())).toBe(expected)
  })

  it.each([2, -1, 'OK', null, undefined, true, [1]])('is a 503 for the reply %j', async (reply) => {
    redis.reply = () => reply
    expect(await outcomeOf(async () => replayStore(redis.client).reserve('a', soon()))).toBe(
      '503 a value in Redis cannot be read: another program may have written under this prefix',
    )
  })

  it('is a 503 within the deadline when Redis does not respond', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    redis.mood = 'hung'
    const late = outcomeOf(async () => replayStore(redis.client, { timeoutMs: 50 }).reserve('a', soon()))
    await vi.advanceTimersByTimeAsync(51)
    expect(await late).toBe('503 replay store: no answer within 50 ms')
    vi.useRealTimers()
  })
})
