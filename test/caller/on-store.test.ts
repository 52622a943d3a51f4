import { createTestClock } from 'oauth-resource-server/testing'
import { describe, expect, it, vi } from 'vitest'
import { type RemoteTools, replayStoreOn, revocationListOn } from '../../src/caller/on-store.ts'
import type { RevocationStore, StoreTools } from '../../src/caller/revocation-list.ts'
import { listInterfaceOf, type RevocationEntry } from '../../src/stores.ts'
import { refusalOf } from '../support/refusals.ts'

const clock = createTestClock(1_800_000_000_000)
const now = (): number => clock.now() / 1000

/** What the stores below are made with. */
type Tools = RemoteTools & Partial<StoreTools>

/** The tools that a list gives its store. */
function toolsOf(options: object = {}): Tools {
  let given: Tools | undefined
  revocationListOn(options, ['prefix'], (tools) => {
    given = tools
    return {} as RevocationStore
  })
  return given as Tools
}

describe('a list on a store', () => {
  it('gives the store its settings, its own options, and time that no injected clock changes', () => {
    const makeStore = vi.fn<Parameters<typeof revocationListOn>[2]>(() => ({}) as RevocationStore)
    revocationListOn({ prefix: 'p', tokenLifetime: 1000, max: 5, now: clock.now }, ['prefix'], makeStore)
    expect(makeStore).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ tokenLifetime: 1000, longestLife: 1600, max: 5, onUnavailable: 'refuse' }),
      expect.objectContaining({ prefix: 'p' }),
    )
    const [{ clock: own, warn }] = makeStore.mock.calls[0] as [Tools, unknown]
    const before = own.steady()
    clock.advance(1000)
    expect(own.steady() - before).toBeLessThan(500)
    expect(warn).toBeTypeOf('function')
  })

  it('adds what was revoked, and asks about a token', async () => {
    const added: RevocationEntry[] = []
    const store: RevocationStore = { add: (entry) => void added.push(entry), has: ({ jti }) => jti === 'j' }
    const list = revocationListOn({ now: clock.now }, [], () => store)
    await list.revoke({ jti: 'j' })
    expect(added).toMatchObject([{ kind: 'jti', value: 'j' }])
    const token = { jti: 'j' } as never
    expect(await listInterfaceOf(list)?.has(token)).toBe(true)
  })

  it.each([
    [{ timeoutMs: 9 }, 'revocationList.timeoutMs: must be a number from 10 to 60000, in milliseconds'],
    [{ timeoutMs: 60_001 }, 'revocationList.timeoutMs: must be a number from 10 to 60000, in milliseconds'],
    [{ maxInFlight: 0 }, 'revocationList.maxInFlight: must be a number from 1 to 1000000'],
    [{ tokenLifetime: 1 }, 'revocationList.tokenLifetime: must be a number from 60 to 31536000, in seconds'],
    [{ prefx: 'p' }, 'revocationList: unknown option prefx (did you mean prefix?)'],
    [undefined, 'revocationList: must be a plain object of options'],
  ])('refuses %o', (options, message) => {
    const make = (): unknown => revocationListOn(options, ['prefix'], () => ({}) as RevocationStore)
    expect(make).toThrow(new TypeError(message))
  })
})

describe('a call to a store', () => {
  it.each([
    [{}, 250],
    [{ timeoutMs: 10 }, 10],
  ])('has a deadline (%o)', async (options, ms) => {
    vi.useFakeTimers()
    const refusal = refusalOf(() => toolsOf(options).ask(() => new Promise(() => undefined)))
    await vi.advanceTimersByTimeAsync(ms + 1)
    vi.useRealTimers()
    expect(await refusal).toEqual({
      status: 503,
      reason: 'unavailable',
      detail: { hint: `revocation list: no answer within ${ms} ms` },
    })
  })

  it('is one of so many at the same time', async () => {
    const { ask } = toolsOf({ maxInFlight: 1 })
    void ask(() => new Promise(() => undefined)).catch(() => undefined)
    expect(await refusalOf(() => ask(() => Promise.resolve()))).toMatchObject({
      detail: { hint: 'revocation list: 1 calls are pending' },
    })
  })
})

describe('a replay store on a store', () => {
  const world = (options: object = {}) => {
    const reserve = vi.fn((_key: string, _lifeMs: number) => Promise.resolve(true))
    const makeStore = vi.fn((_tools: RemoteTools, _values: object) => reserve)
    return { reserve, makeStore, store: replayStoreOn({ now: clock.now, ...options }, ['prefix'], makeStore) }
  }

  it('reserves a key for as long as it may be used, in whole milliseconds', async () => {
    const { store, reserve } = world()
    expect(await store.reserve('k', now() + 60.0001)).toBe(true)
    expect(await store.reserve('k', new Date(clock.now() + 2000))).toBe(true)
    reserve.mockResolvedValueOnce(false)
    expect(await store.reserve('k', now() - 10)).toBe(false)
    expect(reserve.mock.calls).toEqual([
      ['k', 60_001],
      ['k', 2000],
      ['k', 1000],
    ])
    expect(Object.isFrozen(store)).toBe(true)
  })

  it('gives the store its own options', () => {
    const { makeStore } = world({ prefix: 'p' })
    expect(makeStore.mock.calls[0]?.[1]).toMatchObject({ prefix: 'p' })
  })

  it('names itself in what cannot be found out', async () => {
    const { makeStore } = world()
    const [{ ask }] = makeStore.mock.calls[0] as [RemoteTools, object]
    expect(await refusalOf(() => ask(() => Promise.reject(new Error('x'))))).toMatchObject({
      detail: { hint: 'replay store: the call failed, Error' },
    })
  })

  it.each<[unknown, unknown, string]>([
    ['', 1, 'reserve: key: must be a string that is not empty'],
    ['k', NaN, 'reserve: expiresAt: must be a Date or seconds since the epoch'],
  ])('takes no key %j that expires at %o', async (key, expiresAt, message) => {
    const { store, reserve } = world()
    await expect(store.reserve(key as string, expiresAt as number)).rejects.toThrow(new TypeError(message))
    expect(reserve).not.toHaveBeenCalled()
  })

  it.each([
    [{ now: 1 }, 'replayStore.now: must be a function, for example Date.now'],
    [{ timeoutMs: 1 }, 'replayStore.timeoutMs: must be a number from 10 to 60000, in milliseconds'],
    [{ maxInFlight: 1_000_001 }, 'replayStore.maxInFlight: must be a number from 1 to 1000000'],
    [{ max: 1 }, /^replayStore: unknown option max/],
  ])('refuses %o', (options, message) => {
    expect(() => world(options)).toThrow(message)
  })
})
