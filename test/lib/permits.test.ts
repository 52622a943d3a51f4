import { describe, expect, it } from 'vitest'
import { type Permits, permits } from '../../src/lib/permits.ts'

/** A bucket of two that gains one every ten seconds. */
function bucket(): { readonly time: { now: number }; readonly of: Permits } {
  const time = { now: 1000 }
  return { time, of: permits({ burst: 2, every: 10 }, () => time.now) }
}

/** How many permits can be taken now. */
function taken({ take }: Permits): number {
  let count = 0
  while (count < 10 && take()) count += 1
  return count
}

describe('permits', () => {
  it('are there at once, and then no more', () => {
    expect(taken(bucket().of)).toBe(2)
  })

  it.each([
    [9.9, 0],
    [10, 1],
    [19.9, 1],
    [20, 2],
    [1000, 2],
  ])('after %d seconds are %d more', (seconds, count) => {
    const { of, time } = bucket()
    taken(of)
    time.now += seconds
    expect(taken(of)).toBe(count)
  })

  it('lose no part of the time in which one is gained', () => {
    const { of, time } = bucket()
    taken(of)
    time.now += 15
    expect(taken(of)).toBe(1)
    time.now += 5
    expect(taken(of)).toBe(1)
  })

  it('gain nothing while the bucket is full', () => {
    const { of, time } = bucket()
    expect(of.take()).toBe(true)
    time.now += 19
    expect(taken(of)).toBe(2)
    time.now += 9
    expect(taken(of)).toBe(0)
  })

  it('can be given back, up to a full bucket', () => {
    const { of } = bucket()
    of.giveBack()
    expect(taken(of)).toBe(2)
    of.giveBack()
    expect(taken(of)).toBe(1)
  })
})
