import { afterEach, describe, expect, it, vi } from 'vitest'
import { steadyClock, systemClock } from '../../src/lib/clock.ts'

afterEach(() => vi.unstubAllGlobals())

describe('the clock', () => {
  it.each([1_800_000_000, 1_800_000_000_000])('reads %i as the same moment', (now) => {
    expect(systemClock(() => now).wall()).toBe(1_800_000_000)
  })

  it('waits where timers are numbers, as in browsers', async () => {
    vi.stubGlobal('setTimeout', (work: () => void) => {
      queueMicrotask(work)
      return 1
    })
    await expect(systemClock().wait(1000)).resolves.toBeUndefined()
  })

  it('goes on steadily when the wall clock is set back', () => {
    let wall = 1000
    let monotonic = 0
    const steady = steadyClock(
      () => wall,
      () => monotonic,
    )
    wall += 10
    monotonic += 10
    expect(steady()).toBe(10)
    wall -= 500
    expect(steady()).toBe(10)
    wall += 5
    monotonic += 5
    expect(steady()).toBe(15)
  })

  it('reads the monotonic clock no more than once in a millisecond', () => {
    let wall = 1000
    const monotonic = vi.fn(() => wall)
    const steady = steadyClock(() => wall, monotonic)
    wall += 0.001
    const asked = Array.from({ length: 40 }, steady)
    expect(new Set(asked).size).toBe(1)
    expect(asked[0]).toBeCloseTo(0.001)
    expect(monotonic).toHaveBeenCalledTimes(2)
    wall += 0.001
    expect(steady()).toBeCloseTo(0.002)
  })

  it('counts the time a machine slept, which its monotonic clock missed', () => {
    let wall = 1000
    const steady = steadyClock(
      () => wall,
      () => 0,
    )
    wall += 3600
    expect(steady()).toBe(3600)
  })
})
