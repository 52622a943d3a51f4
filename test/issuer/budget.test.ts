import { describe, expect, it } from 'vitest'
import { type FetchBudget, fetchBudget, unlimited } from '../../src/issuer/budget.ts'
import { FetchError } from '../../src/issuer/fetch-error.ts'

function world(): { readonly time: { now: number }; readonly budget: FetchBudget } {
  const time = { now: 1000 }
  return {
    time,
    budget: fetchBudget(
      () => time.now,
      () => 0,
    ),
  }
}

describe('the budget of forced fetches', () => {
  it('is two at once, and one more every ten seconds', () => {
    const { budget, time } = world()
    const take = (): boolean => budget.forced.take()
    expect([take(), take(), take()]).toEqual([true, true, false])
    time.now += 10
    expect([take(), take()]).toEqual([true, false])
  })

  it('gets back what found new keys', () => {
    const { budget } = world()
    budget.forced.take()
    budget.forced.take()
    budget.forced.refund()
    expect(budget.forced.take()).toBe(true)
    expect(budget.forced.take()).toBe(false)
  })

  it('gets back no more than it gains by itself, so that it comes to an end', () => {
    const { budget } = world()
    let fetches = 0
    while (fetches < 100 && budget.forced.take()) {
      fetches += 1
      budget.forced.refund()
    }
    expect(fetches).toBe(4)
  })
})

describe('the budget of a place', () => {
  it('has one pause for all who fetch from there', () => {
    const { budget, time } = world()
    expect(budget.backOff.isOn()).toBe(false)
    budget.backOff.failed(new FetchError('down'))
    expect(budget.backOff.isOn()).toBe(true)
    time.now += 1
    expect(budget.backOff.isOn()).toBe(false)
  })
})

describe('the allowance of a configured issuer', () => {
  it('is unlimited', () => {
    expect(unlimited.isProven()).toBe(true)
    expect(unlimited.take()).toBe(true)
  })
})
