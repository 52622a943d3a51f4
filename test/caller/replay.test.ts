import { replayStore, UpstreamError } from 'oauth-resource-server'
import { createTestClock } from 'oauth-resource-server/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { refusalOf } from '../support/refusals.ts'

const clock = createTestClock(1_800_000_000_000)
afterEach(() => vi.restoreAllMocks())
const soon = (seconds = 60): number => clock.now() / 1000 + seconds

const full = (what: string): object => ({
  status: 503,
  reason: 'unavailable',
  detail: { hint: `the replay store is full: ${what}; raise max, or use a store on Redis` },
})

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
    clock.advance(1.25)
    await expect(store.reserve('a', soon())).resolves.toBe(true)
  })

  it('refuses new keys when it is full, forgets nothing, and has room again after a key expired', async () => {
    const store = replayStore({ max: 2, now: clock.now })
    await store.reserve('a', soon())
    await store.reserve('b', soon(600))
    await expect(store.reserve('c', soon())).rejects.toBeInstanceOf(UpstreamError)
    await expect(store.reserve('a', soon())).resolves.toBe(false)
    clock.advance(60.25)
    await expect(store.reserve('c', soon())).resolves.toBe(true)
    await expect(store.reserve('b', soon())).resolves.toBe(false)
  })

  it('keeps its keys for longer when the clock of the system is set back', async () => {
    let [passed, wall] = [5000, 1_800_000_000]
    vi.spyOn(performance, 'now').mockImplementation(() => passed * 1000)
    vi.spyOn(Date, 'now').mockImplementation(() => wall * 1000)
    const pass = (seconds: number): void => {
      passed += seconds
      wall += seconds
    }
    const store = replayStore()
    const until = wall + 60
    await store.reserve('a', until)
    wall -= 100
    pass(120)
    await expect(store.reserve('a', until)).resolves.toBe(false)
    pass(60)
    await expect(store.reserve('a', until)).resolves.toBe(true)
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

  const proofOf = (client: string, jti: string): string => `${client.repeat(43)}.${jti}`
  it('has room for so many proofs of one client, and for others all the same', async () => {
    const store = replayStore({ max: 29, now: clock.now })
    for (const jti of ['1', '2']) expect(await store.reserve(proofOf('a', jti), soon())).toBe(true)
    expect(await refusalOf(() => store.reserve(proofOf('a', '3'), soon()))).toEqual(
      full('2 proofs of one client'),
    )
    expect(await store.reserve(proofOf('a', '2'), soon())).toBe(false)
    expect(await store.reserve(proofOf('b', '3'), soon())).toBe(true)
    // Keys that are of no proof.
    for (const key of [
      'a'.repeat(43),
      `${'a'.repeat(44)}.1`,
      `x${proofOf(' ', '1')}`,
      ` ${proofOf('a', '4')}`,
    ]) {
      expect(await store.reserve(key, soon())).toBe(true)
    }
    clock.advance(90)
    for (const jti of ['1', '2']) expect(await store.reserve(proofOf('a', jti), soon())).toBe(true)
    expect(await refusalOf(() => store.reserve(proofOf('a', '3'), soon()))).toEqual(
      full('2 proofs of one client'),
    )
  })

  it('has room for one proof of a client at least', async () => {
    const store = replayStore({ max: 5, now: clock.now })
    expect(await store.reserve(proofOf('a', '1'), soon())).toBe(true)
    expect(await refusalOf(() => store.reserve(proofOf('a', '2'), soon()))).toEqual(
      full('1 proofs of one client'),
    )
  })

  it.each([
    ...['a', 'z', 'A', 'Z', '0', '9', '-', '_'].map((character) => [character, true] as const),
    ...['`', '{', '@', '[', '/', ':', ',', '.', '^', ' ', 'é', 'ū'].map((other) => [other, false] as const),
  ])(
    'takes keys that begin with %j and more like it for those of one client: %s',
    async (character, isOne) => {
      for (const at of [0, 21, 42]) {
        const holder = `${'a'.repeat(at)}${character}${'a'.repeat(42 - at)}`
        const store = replayStore({ max: 5, now: clock.now })
        expect(await store.reserve(`${holder}.1`, soon())).toBe(true)
        const second = store.reserve(`${holder}.2`, soon())
        if (isOne) await expect(second).rejects.toThrow(UpstreamError)
        else await expect(second).resolves.toBe(true)
      }
    },
  )

  it('tells how many keys it has room for, and when to try again', async () => {
    const store = replayStore({ max: 1, now: clock.now })
    await store.reserve('a', soon())
    expect(await refusalOf(() => store.reserve('b', soon()))).toEqual(full('1 keys'))
    await expect(store.reserve('b', soon())).rejects.toMatchObject({ retryAfter: 1 })
  })

  it('cannot be changed by whoever has it', () => {
    expect(Object.isFrozen(replayStore())).toBe(true)
  })

  it('checks its options', () => {
    expect(() => replayStore({ max: 0 })).toThrow(/^replayStore.max: must be a number from 1/)
    expect(() => replayStore({ max: 10_000_001 })).toThrow(/^replayStore.max: must be a number from 1/)
    expect(() => replayStore({ maximum: 1 } as never)).toThrow(/^replayStore: unknown option maximum/)
    expect(() => replayStore({ now: 1 as never })).toThrow(/^replayStore.now: .* for example Date.now$/)
  })
})
