import { createTestIssuer } from 'oauth-resource-server/testing'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type Allowance, fetchBudget, unlimited } from '../../src/issuer/budget.ts'
import { FetchError } from '../../src/issuer/fetch-error.ts'
import { type KeyEvents, keyEvents } from '../../src/issuer/key-events.ts'
import type { FetchedKeys } from '../../src/issuer/key-fetch.ts'
import { type InFlight, type KeyFetches, keyFetches } from '../../src/issuer/key-fetches.ts'
import type { VerificationKey } from '../../src/jose/jwk.ts'
import { importKeySet } from '../../src/jose/key-set.ts'
import { type Clock, systemClock } from '../../src/lib/clock.ts'
import { keyCacheSettings } from '../../src/options/key-cache.ts'
import type { RestoredKeys } from '../../src/issuer/snapshot.ts'
import { Deferred } from '../support/deferred.ts'
import { publishes, status, turns, verdict } from '../support/world.ts'
import { fetchedKeys, keyOf, type ManualFetches, manualFetches, manualUri } from './manual-fetches.ts'
import { api, forge, health, issuer, judged, net, setUp, sign, state, time } from './one-issuer.ts'

setUp()

const { jwks } = await createTestIssuer({ algorithms: ['EdDSA'] })
const found: FetchedKeys = {
  set: await importKeySet(jwks, ['EdDSA'], 10),
  jwks,
  uri: 'https://issuer.test/jwks',
  etag: undefined,
  lastModified: undefined,
  freshFor: 600,
  confirmed: false,
}

function made(
  fetchKeys: () => Promise<FetchedKeys>,
  allowance: Allowance = unlimited,
  clock = systemClock(),
): KeyFetches {
  return keyFetches({
    fetchKeys,
    clock,
    random: () => 0,
    settings: keyCacheSettings(undefined),
    budget: fetchBudget(clock.steady, () => 0),
    allowance,
    events: keyEvents('https://issuer.test/'),
    changed: () => undefined,
  })
}

/** What workerd makes of a promise whose request has ended, for every other request that waits for it. */
const ended = (): InFlight => ({
  number: 1,
  begunAt: 0,
  done: Promise.reject(new Error('This promise was created by a request that has since ended')),
})

describe('A3 a fetch that ended with the request that began it', () => {
  it('is replaced by whoever waits for it', async () => {
    const fetchKeys = vi.fn(() => Promise.resolve(found))
    const fetches = made(fetchKeys)
    await fetches.join(ended(), fetches.arrive())
    expect(fetchKeys).toHaveBeenCalledOnce()
    expect(fetches.age()).toBe('fresh')
  })

  it('is replaced too where it still counts as the one in flight', async () => {
    const fetchKeys = vi.fn(() => Promise.resolve(found))
    let waits = 0
    const schedule: Clock['schedule'] = () => {
      if (waits++ === 0) throw new Error('This promise was created by a request that has since ended')
      return () => undefined
    }
    const fetches = made(fetchKeys, unlimited, { ...systemClock(), schedule })
    fetchKeys.mockReturnValueOnce(new Promise(() => undefined))
    await fetches.join(fetches.start(), fetches.arrive())
    expect(fetchKeys).toHaveBeenCalledTimes(2)
    expect(fetches.age()).toBe('fresh')
  })

  it('is not replaced where another one is in flight already', async () => {
    const arriving = new Deferred<FetchedKeys>()
    const fetchKeys = vi.fn(() => arriving.promise)
    const fetches = made(fetchKeys)
    fetches.start()
    const joined = fetches.join(ended(), fetches.arrive())
    await turns()
    arriving.settle(() => found)
    await joined
    expect(fetchKeys).toHaveBeenCalledOnce()
  })

  it('is 503 where no other fetch may begin', async () => {
    const fetches = made(() => Promise.resolve(found), { isProven: () => false, take: () => false })
    await expect(fetches.join(ended(), fetches.arrive())).rejects.toMatchObject({ status: 503 })
  })

  it('is told from one that failed, which nobody repeats at once', async () => {
    const fetchKeys = vi.fn(() => Promise.reject(new Error('the issuer is down')))
    const fetches = made(fetchKeys)
    await expect(fetches.join(fetches.start(), fetches.arrive())).rejects.toMatchObject({ status: 503 })
    expect(fetchKeys).toHaveBeenCalledOnce()
  })
})

describe('concurrent requests', () => {
  it('share one fetch', async () => {
    const token = await sign()
    const outcomes = Array.from({ length: 200 }, () => verdict(api.verify(token)))
    await time.until(Promise.all(outcomes))
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['200']))
    expect(net.calls).toHaveLength(1)
  })

  it('share its failure', async () => {
    net.answer = status(404)
    const token = await sign()
    const outcomes = Array.from({ length: 200 }, () => verdict(api.verify(token)))
    await time.until(Promise.all(outcomes))
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['503 unavailable']))
    expect(net.calls).toHaveLength(1)
  })

  it('do not lose it when the one that started it goes away', async () => {
    const leaving = new AbortController()
    const headers = { authorization: `Bearer ${await sign()}` }
    let answer: (() => void) | undefined
    net.answer = async (call) => {
      await new Promise<void>((resolve) => (answer = resolve))
      return publishes(issuer)(call)
    }
    const first = api.authenticate(new Request('https://api.test/', { headers, signal: leaving.signal }))
    const second = verdict(api.authenticate({ headers }))
    await turns()
    leaving.abort()
    answer?.()
    expect(await second).toBe('200')
    await first
    expect(net.calls).toHaveLength(1)
    expect(net.calls[0]?.signal.aborted).toBe(false)
  })
})

describe('A3 a fetch that the runtime never settles', () => {
  /** Starts a fetch, and ends the request that started it with all its timers and connections, as Workers do. */
  async function abandonedFetch(): Promise<(response: Response) => void> {
    let settle!: (response: Response) => void
    net.answer = () => new Promise((resolve) => (settle = resolve))
    void verdict(api.verify(await sign()))
    await turns()
    time.forget()
    return (response) => {
      settle(response)
    }
  }

  it('in the background has failed when its time is up, and is replaced', async () => {
    await api.ready()
    await time.advance(480)
    await abandonedFetch()
    expect(await judged(await sign())).toEqual(['200', 0])
    net.answer = publishes(issuer)
    await time.advance(5.6)
    expect(await judged(await sign())).toEqual(['200', 0])
    expect(health()).toMatchObject({ lastError: 'no complete response in time', counters: { failures: 1 } })
    await time.advance(1)
    await judged(await sign())
    expect(net.calls).toHaveLength(3)
    expect(state()).toBe('fresh')
  })

  it('keeps nobody waiting where there are no keys', async () => {
    await abandonedFetch()
    expect(await judged(await sign())).toEqual(['503 unavailable', 5.5])
    net.answer = publishes(issuer)
    expect((await judged(await sign()))[0]).toBe('503 unavailable')
    await time.advance(1)
    expect(await judged(await sign())).toEqual(['200', 0])
  })

  it('keeps nobody waiting where the keys are stale', async () => {
    await api.ready()
    await time.advance(700)
    await abandonedFetch()
    expect(await judged(await sign())).toEqual(['200', 5.5])
    expect(await judged(await sign())).toEqual(['200', 0])
  })

  it('keeps nobody waiting who brings an unknown key, or asks for a refresh', async () => {
    await api.ready()
    await time.advance(480)
    await abandonedFetch()
    expect(await judged(await forge('lost'))).toEqual(['503 unavailable', 5.5])
  })

  it('CAC-13 never replaces newer keys, whenever its answer comes', async () => {
    await api.ready()
    const old = await sign()
    const before = await publishes(issuer)(net.calls[0] as never)
    await time.advance(480)
    const settle = await abandonedFetch()
    await issuer.rotate({ keepOld: false })
    net.answer = publishes(issuer)
    for (const seconds of [7, 2]) {
      await time.advance(seconds)
      await judged(old)
    }
    expect((await judged(await sign()))[0]).toBe('200')
    settle(before)
    await turns()
    expect((await judged(await sign()))[0]).toBe('200')
    expect((await judged(old))[0]).toBe('401 unknown_key')
  })

  it('counts as failed once, though it fails later too', async () => {
    let fail: (error: Error) => void = () => undefined
    net.answer = () => new Promise((_resolve, reject) => (fail = reject))
    void verdict(api.verify(await sign()))
    await turns()
    time.forget()
    await time.advance(5.5)
    net.answer = publishes(issuer)
    expect((await judged(await sign()))[0]).toBe('503 unavailable')
    fail(new Error('aborted'))
    await turns()
    expect(health()?.counters).toMatchObject({ fetches: 1, failures: 1 })
    await time.advance(1)
    expect(await judged(await sign())).toEqual(['200', 0])
  })

  it('brings no keys when its answer is late: nobody knows how old it is', async () => {
    const settle = await abandonedFetch()
    await time.advance(7200)
    settle(await publishes(issuer)({ headers: new Headers() } as never))
    await turns()
    expect(state()).toBe('empty')
  })
})

describe('the fetches of one issuer', () => {
  let manual: ManualFetches
  let events: Record<'note' | 'failed' | 'count', ReturnType<typeof vi.fn>>
  let changed: ReturnType<typeof vi.fn>
  let fetches: KeyFetches
  const [a, b, c] = [keyOf('a'), keyOf('b'), keyOf('c')]
  const begin = (restored?: RestoredKeys, allowance = unlimited): void => {
    manual = manualFetches(allowance)
    events = { note: vi.fn(), failed: vi.fn(), count: vi.fn() }
    changed = vi.fn()
    fetches = keyFetches({
      ...manual.options,
      events: events as unknown as KeyEvents,
      changed: changed as () => void,
      restored,
    })
  }
  beforeEach(() => {
    begin()
  })
  const latest = () => manual.begun.at(-1) as (typeof manual.begun)[number]
  /** Makes these the current keys, and forgets what was noted about that. */
  async function have(...keys: readonly VerificationKey[]): Promise<void> {
    fetches.start()
    await latest().finds(...keys)
    events.note.mockClear()
    changed.mockClear()
  }

  it('report what they bring: the URL without its query, and how long it took', async () => {
    const fetch = fetches.start()
    expect(events.note.mock.calls).toEqual([['fetchStart']])
    await manual.advance(2)
    const keys = fetchedKeys([a, b], { uri: `${manualUri}?key=secret` })
    await latest().brings({ ...keys, set: { ...keys.set, refused: [{ index: 2, reason: 'modulus' }] } })
    expect(await fetch.done).toBe(2)
    expect(events.note.mock.calls.slice(1)).toEqual([
      ['fetched', { url: manualUri, keyCount: 2, seconds: 2 }],
      ['keysChanged', { added: 2, removed: 0, refused: 1 }],
    ])
    expect(changed).toHaveBeenCalledOnce()
    expect(fetches.keys()).toMatchObject({ number: 1, fetchedAt: 1_900_000_002 })
  })

  it.each<[string, readonly (typeof a)[], object | undefined, number]>([
    ['the same', [a, b], undefined, 0],
    ['the same in another order', [b, a], undefined, 0],
    ['one more', [a, b, c], { added: 1, removed: 0, refused: 0 }, 1],
    ['one less', [a], { added: 0, removed: 1, refused: 0 }, 0],
    ['one replaced', [a, c], { added: 1, removed: 1, refused: 0 }, 1],
    ['all replaced', [c], { added: 1, removed: 2, refused: 0 }, 1],
  ])('tell changed keys from those that were there: %s', async (_title, keys, change, added) => {
    await have(a, b)
    const fetch = fetches.start()
    expect(latest().previous?.set.keys).toEqual([a, b])
    await latest().finds(...keys)
    expect(await fetch.done).toBe(added)
    const changes = events.note.mock.calls.filter(([event]) => event === 'keysChanged')
    expect(changes).toEqual(change === undefined ? [] : [['keysChanged', change]])
    expect(changed).toHaveBeenCalledTimes(changes.length)
  })

  it('that only confirm the keys change nothing but their age', async () => {
    await have(a)
    await manual.advance(500)
    const fetch = fetches.start()
    await manual.advance(1)
    await latest().brings(fetchedKeys([a], { confirmed: true }))
    expect(await fetch.done).toBe(0)
    expect(events.note.mock.calls).toEqual([['fetchStart'], ['notModified', { seconds: 1 }]])
    expect(changed).not.toHaveBeenCalled()
    expect(fetches.keys()?.fetchedAt).toBe(1_900_000_501)
  })

  it('that fail are counted, and followed by a pause', async () => {
    const error = new FetchError('down', { retryAfter: 7 })
    const fetch = fetches.start()
    await manual.advance(3)
    await latest().fails(error)
    await expect(fetch.done).rejects.toMatchObject({ status: 503, retryAfter: 7 })
    expect(events.failed.mock.calls).toEqual([[error, { seconds: 3, failures: 1, retryIn: 7 }]])
    expect([fetches.inFlight(), fetches.refresh()]).toEqual([undefined, undefined])
    await manual.advance(7)
    expect(fetches.refresh()).toBe(fetches.inFlight())
    expect(fetches.inFlight()?.number).toBe(2)
  })

  it('that take longer than their limit have failed, and what they bring is not used', async () => {
    const fetch = fetches.start()
    await manual.advance(5.4)
    expect(fetches.inFlight()).toBe(fetch)
    await manual.advance(0.1)
    expect(fetches.inFlight()).toBeUndefined()
    expect(events.failed.mock.calls).toEqual([
      [
        expect.objectContaining({ message: 'no complete response in time' }),
        { seconds: 5.5, failures: 1, retryIn: 1 },
      ],
    ])
    await latest().finds(a)
    await expect(fetch.done).rejects.toMatchObject({ status: 503 })
    expect(fetches.keys()).toBeUndefined()
  })

  it('that fail after their limit count once, and say 503 like the others', async () => {
    const fetch = fetches.start()
    await manual.advance(5.5)
    await latest().fails(new Error('late'))
    await expect(fetch.done).rejects.toMatchObject({ status: 503 })
    expect(events.failed).toHaveBeenCalledOnce()
  })

  it('end no later fetch', async () => {
    fetches.start()
    const first = latest()
    await manual.advance(5.5)
    expect(fetches.refresh()).toBeUndefined()
    await manual.advance(1)
    const second = fetches.refresh()
    await first.finds(a)
    expect(fetches.inFlight()).toBe(second)
    expect(fetches.keys()).toBeUndefined()
    await latest().finds(b)
    expect(fetches.keys()?.keys.set.keys).toEqual([b])
  })

  it('tell fresh keys from those that are due, and newer ones from those before a request', async () => {
    expect(fetches.fresh()).toBeUndefined()
    const before = fetches.arrive()
    expect(fetches.isNewer(before)).toBe(false)
    await have(a)
    expect(fetches.isNewer(before)).toBe(true)
    expect(fetches.isNewer(fetches.arrive())).toBe(false)
    const { refreshAt } = fetches.keys() as { refreshAt: number }
    await manual.advance(refreshAt - fetches.arrive().at - 1)
    expect(fetches.fresh()?.keys).toEqual([a])
    await manual.advance(1)
    expect([fetches.fresh(), fetches.age()]).toEqual([undefined, 'refreshing'])
  })

  it('are waited for within what is left of their limit', async () => {
    const fetch = fetches.start()
    const arrival = fetches.arrive()
    await manual.advance(2)
    const waiting = [
      fetches.join(fetch, arrival),
      fetches.join(fetch, arrival, 1000),
      fetches.join(fetch, arrival, 9000),
      fetches.join(fetch, fetches.arrive()),
    ]
    expect(manual.timers.slice(-4)).toEqual([3500, 1000, 3500, 5500])
    await latest().finds(a)
    expect(await Promise.all(waiting)).toEqual([undefined, undefined, undefined, undefined])
  })

  it('are not waited for when nothing is left', async () => {
    const fetch = fetches.start()
    const arrival = fetches.arrive()
    await manual.advance(5.5)
    expect(() => fetches.join(fetch, arrival)).toThrow(expect.objectContaining({ status: 503 }) as Error)
  })

  it('are waited for by 5,000 requests, and one more is told at once', () => {
    const fetch = fetches.start()
    for (let request = 0; request < 5000; request++)
      fetches.join(fetch, fetches.arrive()).catch(() => undefined)
    expect(events.note.mock.calls).toEqual([['fetchStart']])
    const full = { status: 503, detail: { hint: 'keys: 5000 calls are pending' } }
    expect(() => fetches.join(fetch, fetches.arrive())).toThrow(expect.objectContaining(full) as Error)
    expect(events.note.mock.calls).toEqual([['fetchStart'], ['refreshLimited']])
  })

  describe('where the keys of a snapshot are', () => {
    beforeEach(() => {
      begin({ keys: fetchedKeys([a]), age: 0, isDiscovered: true })
      fetches.start()
    })

    it('keep them in the place they came from', () => {
      latest().located(manualUri)
      expect(fetches.keys()?.keys.set.keys).toEqual([a])
    })

    it('drop them in any other', () => {
      latest().located('https://issuer.test/moved')
      expect(fetches.keys()).toBeUndefined()
    })

    it('drop no keys that were fetched', async () => {
      await latest().finds(b)
      fetches.start()
      latest().located('https://issuer.test/moved')
      expect(fetches.keys()?.keys.set.keys).toEqual([b])
    })
  })

  it('may learn of a place before there are any keys', () => {
    fetches.start()
    latest().located(manualUri)
    expect(fetches.keys()).toBeUndefined()
  })
})
