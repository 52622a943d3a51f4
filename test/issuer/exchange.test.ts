import { describe, expect, it, vi } from 'vitest'
import { beginExchange, type Exchange, isPassing } from '../../src/issuer/exchange.ts'
import { FetchError } from '../../src/issuer/fetch-error.ts'
import type { Clock } from '../../src/lib/clock.ts'

interface World {
  readonly exchange: Exchange
  readonly time: { now: number }
  readonly pauses: number[]
  readonly abort: () => void
}

/** An exchange of five seconds, in which pauses take no time. */
function world(random = 0): World {
  const time = { now: 100 }
  const pauses: number[] = []
  const controller = new AbortController()
  const clock = {
    steady: () => time.now,
    deadline: () => controller.signal,
    pause: (ms: number) => {
      pauses.push(ms)
      return Promise.resolve()
    },
  } as unknown as Clock
  return { exchange: beginExchange(clock, () => random, 5000), time, pauses, abort: () => controller.abort() }
}

const down = new FetchError('down')
/** Fails once, then succeeds. */
const failsOnce = (error: unknown = down) =>
  vi.fn<() => Promise<string>>(() => Promise.resolve('done')).mockRejectedValueOnce(error)

describe('the retry of an exchange', () => {
  it('is after a pause of 100 to 300 ms', async () => {
    const shortest = world(0)
    expect(await shortest.exchange.attempt(failsOnce())).toBe('done')
    expect(shortest.pauses).toEqual([100])
    const longer = world(0.5)
    await longer.exchange.attempt(failsOnce())
    expect(longer.pauses).toEqual([200])
  })

  it('is not needed where the step succeeds', async () => {
    const { exchange, pauses } = world()
    const step = vi.fn(() => Promise.resolve('done'))
    expect(await exchange.attempt(step)).toBe('done')
    expect(step).toHaveBeenCalledOnce()
    expect(pauses).toEqual([])
  })

  it('is one for all the steps together', async () => {
    const { exchange } = world()
    await exchange.attempt(failsOnce())
    const second = failsOnce()
    await expect(exchange.attempt(second)).rejects.toBe(down)
    expect(second).toHaveBeenCalledOnce()
  })

  it('fails with the second error', async () => {
    const { exchange } = world()
    const second = new FetchError('still down')
    const step = failsOnce().mockRejectedValueOnce(second)
    await expect(exchange.attempt(step)).rejects.toBe(second)
  })

  it.each([
    ['the server says when to come again', new FetchError('busy', { status: 503, retryAfter: 1 })],
    ['the server has given its answer', new FetchError('gone', { status: 404 })],
    ['the error is a mistake of ours', new TypeError('x')],
  ])('is left out where %s', async (_title, error) => {
    const step = failsOnce(error)
    await expect(world().exchange.attempt(step)).rejects.toBe(error)
    expect(step).toHaveBeenCalledOnce()
  })

  it('is left out where the time is over', async () => {
    const { exchange, abort } = world()
    abort()
    const step = failsOnce()
    await expect(exchange.attempt(step)).rejects.toBe(down)
    expect(step).toHaveBeenCalledOnce()
  })
})

describe('the time of an exchange', () => {
  it('runs down by the steady clock', () => {
    const { exchange, time } = world()
    expect(exchange.left()).toBe(5000)
    time.now += 1.5
    expect(exchange.left()).toBe(3500)
  })
})

describe('isPassing', () => {
  it.each([
    [undefined, true],
    [408, true],
    [429, true],
    [500, true],
    [503, true],
    [499, false],
    [404, false],
    [200, false],
  ])('%s: %s', (status, passing) => {
    expect(isPassing(status)).toBe(passing)
  })
})
