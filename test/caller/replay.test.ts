import { replayStore, UpstreamError } from 'oauth-resource-server'
import { createTestClock } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'

const clock = createTestClock(1_800_000_000_000)
const soon = (seconds = 60): number => clock.now() / 1000 + seconds

describe('replayStore in memory', () => {
  it('reserves a key for the first caller only', async () => {
    const store = replayStore({ now: clock.now })
    const results = await Promise.all(Array.from({ length: 50 }, () => store.reserve('a', soon())))
    expect(results.filter(Boolean)).toHaveLength(1)
    await expect(store.reserve('b', soon())).resolves.toBe(true)
  })

  it('takes a Date or seconds, and forgets a key after that moment, never before', async () => {
    const store = replayStore({ now: clock.now })
    await store.reserve('a', new Date(clock.now() + 60_000))
    clock.advance(59)
    await expect(store.reserve('a', soon())).resolves.toBe(false)
    clock.advance(30)
    await expect(store.reserve('a', soon())).resolves.toBe(true)
  })

  it('refuses new keys when it is full, forgets nothing, and has room again after a key expired', async () => {
    const store = replayStore({ max: 2, now: clock.now })
    await store.reserve('a', soon())
    await store.reserve('b', soon(600))
    await expect(store.reserve('c', soon())).rejects.toBeInstanceOf(UpstreamError)
    await expect(store.reserve('a', soon())).resolves.toBe(false)
    clock.advance(90)
    await expect(store.reserve('c', soon())).resolves.toBe(true)
    await expect(store.reserve('b', soon())).resolves.toBe(false)
  })

  it('reserves a key once whose moment has just passed', async () => {
    const store = replayStore({ now: clock.now })
    await expect(store.reserve('a', soon(-1))).resolves.toBe(true)
    await expect(store.reserve('a', soon(-1))).resolves.toBe(false)
  })

  it('keeps its keys when the clock is set back', async () => {
    const store = replayStore({ now: clock.now })
    await store.reserve('a', soon())
    clock.advance(-3600)
    await expect(store.reserve('a', soon())).resolves.toBe(false)
    clock.advance(3600)
  })

  it.each<[string, unknown, unknown, RegExp]>([
    ['an empty key', '', soon(), /^reserve: key: must be a string/],
    ['no key', undefined, soon(), /^reserve: key/],
    ['no moment', 'a', undefined, /^reserve: expiresAt: must be a Date or seconds/],
    ['an invalid Date', 'a', new Date(NaN), /^reserve: expiresAt/],
    ['milliseconds', 'a', clock.now(), /looks like milliseconds/],
  ])('rejects %s with a TypeError', async (_what, key, expiresAt, message) => {
    const store = replayStore({ now: clock.now })
    const error: unknown = await store.reserve(key as string, expiresAt as number).catch((it: unknown) => it)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch(message)
  })

  it('checks its options', () => {
    expect(() => replayStore({ max: 0 })).toThrow(/^replayStore.max: must be a number from 1/)
    expect(() => replayStore({ maximum: 1 } as never)).toThrow(/unknown option maximum/)
  })
})
