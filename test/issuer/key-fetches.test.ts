import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it, vi } from 'vitest'
import { type Allowance, fetchBudget, unlimited } from '../../src/issuer/budget.ts'
import { keyEvents } from '../../src/issuer/key-events.ts'
import type { FetchedKeys } from '../../src/issuer/key-fetch.ts'
import { type InFlight, type KeyFetches, keyFetches } from '../../src/issuer/key-fetches.ts'
import { importKeySet } from '../../src/jose/key-set.ts'
import { type Clock, systemClock } from '../../src/lib/clock.ts'
import { keyCacheSettings } from '../../src/options/key-cache.ts'
import { Deferred } from '../support/deferred.ts'
import { publishes, status, turns, verdict } from '../support/world.ts'
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
