import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Redis, redisOf } from '../../src/redis/client.ts'
import { followScript, readScript, reserveScript, revokeScript } from '../../src/redis/scripts.ts'
import { clients, type Connected, describeRedis, redisServer, type RedisServer } from '../support/redis.ts'

// A real server runs the scripts. With every client library: exact-server.test.ts.

/** Milliseconds. */
const minute = 60_000
const [state, stream] = ['{a}:state', '{a}:changes']

describeRedis('the scripts', () => {
  let server: RedisServer
  let connected: Connected
  let redis: Redis
  beforeAll(async () => {
    server = await redisServer()
    await server.start('--appendonly', 'no')
    connected = (await clients['ioredis 6']?.(server.port)) as Connected
    redis = redisOf(connected.client)
  })
  afterAll(async () => {
    connected.close()
    await server.remove()
  })
  beforeEach(() => {
    server.command('flushall')
  })

  const read = async (own: number, ...keys: string[]): Promise<unknown> =>
    redis.run(readScript, [state, ...keys], ['me', String(own)])
  const revoke = async (own: number, value: string, life: number, isExpiry: 0 | 1): Promise<unknown> =>
    redis.run(
      revokeScript,
      [state, '{a}:k', stream],
      ['me', String(own), value, String(life), String(isExpiry), 'record'],
    )
  const follow = async (position: string, most = '10'): Promise<readonly unknown[]> =>
    (await redis.run(followScript, [state, stream], ['me', String(minute), position, most])) as unknown[]
  /** Milliseconds left, rounded up to seconds, since some pass. */
  const life = (key: string): number => Math.ceil(Number(server.command('pttl', key)) / 1000) * 1000
  const name = expect.stringMatching(/^me:\d+:\d+$/) as string

  it('give a list a name once, and tell the longest life that it had before', async () => {
    const first = (await read(minute)) as string[]
    expect(first).toEqual([name, '0'])
    expect(await read(minute)).toEqual([first[0], '60000'])
    expect(await read(2 * minute)).toEqual([first[0], '60000'])
    expect(await read(minute)).toEqual([first[0], '120000'])
    expect(server.command('ttl', state)).toBe('-1')
  })

  it('read values in the order of their keys, and fail for one of another type', async () => {
    server.command('set', '{a}:k', '*')
    expect(await read(minute, '{a}:l', '{a}:k')).toEqual([name, '0', null, '*'])
    server.command('lpush', '{a}:l', '1')
    await expect(read(minute, '{a}:l', '{a}:k')).rejects.toThrow(/WRONGTYPE/)
  })

  it.each([
    ['100', '200', '200'],
    ['200', '100', '200'],
    ['*', '100', '*'],
    ['100', '*', '*'],
  ])('make of an entry %s and then %s the stronger one: %s', async (first, second, expected) => {
    await revoke(minute, first, minute, 0)
    expect(await revoke(minute, second, minute, 0)).toEqual([name, '60000'])
    expect(server.command('get', '{a}:k')).toBe(expected)
  })

  it('never shorten an entry, and write a record each time', async () => {
    await revoke(minute, '*', minute, 1)
    await revoke(minute, '*', 1000, 1)
    expect(life('{a}:k')).toBe(minute)
    const fields = (time: string): unknown => [
      expect.stringMatching(/^\d+-\d+$/),
      ['entry', 'record', 'life', time],
    ]
    expect((await follow('0-0'))[4]).toEqual([fields('60000'), fields('1000')])
  })

  it('write no entry where the stream takes no record', async () => {
    server.command('set', stream, 'foreign')
    await expect(revoke(minute, '*', minute, 0)).rejects.toThrow(/WRONGTYPE/)
    expect(server.command('exists', '{a}:k')).toBe('0')
  })

  it.each([
    ['grows with the longest life', 0, 3 * minute],
    ['is no longer than that where a token expires later', 1, 2 * minute],
  ] as const)('keep an entry for a life that %s', async (_what, isExpiry, expected) => {
    await read(2 * minute)
    await revoke(minute, '*', isExpiry === 1 ? 5 * minute : 2 * minute, isExpiry)
    expect(life('{a}:k')).toBe(expected)
    expect(life(stream)).toBe(2 * minute)
  })

  it('follow the stream from a known record, page by page, and from its start where that is gone', async () => {
    for (const value of ['1', '2', '3']) await revoke(minute, value, minute, 0)
    const [first, , , known, page] = await follow('0-0', '2')
    const seconds = Math.floor(Date.now() / 1000)
    expect([first, known]).toEqual([name, 1])
    expect((page as unknown[]).length).toBe(2)
    const [, , now, , rest] = await follow((page as string[][])[1]?.[0] as string)
    expect(Math.abs(Number(now) - seconds)).toBeLessThanOrEqual(1)
    expect((rest as unknown[]).length).toBe(1)
    const [, , , isKnown, all] = await follow('1-1')
    expect([isKnown, (all as unknown[]).length]).toEqual([0, 3])
  })

  it('go on reading where no writes are taken, without a name, and give one later', async () => {
    server.command('config', 'set', 'maxmemory', '1')
    expect(await read(minute, '{a}:k')).toEqual([null, '0', null])
    await expect(revoke(minute, '*', minute, 0)).rejects.toThrow(/OOM/)
    server.command('config', 'set', 'maxmemory', '0')
    expect(await read(minute)).toEqual([name, '0'])
    expect(server.command('exists', '{a}:k', stream)).toBe('0')
  })

  it('reserve a key for one value, which may reserve it again', async () => {
    const reserve = async (value: string): Promise<unknown> =>
      redis.run(reserveScript, ['{a}:used:x'], [value, '5000'])
    expect([await reserve('one'), await reserve('two'), await reserve('one')]).toEqual([1, 0, 1])
    expect(life('{a}:used:x')).toBe(5000)
  })
})
