import { UpstreamError } from 'oauth-resource-server'
import { beforeEach, describe, expect, it } from 'vitest'
import { type Circuit, circuit } from '../../src/issuer/circuit.ts'

let now: number
let chance: number
let breaker: Circuit

beforeEach(() => {
  now = 0
  chance = 0
  breaker = circuit({ now: () => now, random: () => chance, probeFor: 3, name: 'introspection' })
})

function fail(times = 1, retryAfter?: number): void {
  for (let count = 0; count < times; count++) breaker.enter().failed(retryAfter)
}

/** Seconds that a refused call is told to wait; `undefined` for one that is let through. */
function wait(): number | undefined {
  try {
    breaker.enter().abandoned()
    return undefined
  } catch (error) {
    expect(error).toBeInstanceOf(UpstreamError)
    return (error as UpstreamError).retryAfter
  }
}

describe('a circuit', () => {
  it('says what failed, and how often', () => {
    fail(5)
    const detail = { hint: 'introspection failed 5 times in a row' }
    expect(() => breaker.enter()).toThrow(expect.objectContaining({ detail }) as Error)
  })

  it('can be closed, as after a success', () => {
    chance = 1
    fail(5)
    now = 1
    fail()
    breaker.close()
    expect([breaker.isOpen(), wait()]).toEqual([false, undefined])
    fail(4)
    expect(breaker.isOpen()).toBe(false)
    fail()
    expect(wait()).toBe(1)
  })

  it('opens again when a probe fails, also where one failure had opened it', () => {
    chance = 1
    fail(1, 7)
    now = 7
    fail()
    expect([breaker.isOpen(), wait()]).toEqual([true, 2])
  })

  it('lets no second probe through when an older call was not made', () => {
    const older = breaker.enter()
    fail(5)
    now = 1
    breaker.enter()
    older.abandoned()
    expect(wait()).toBe(3)
  })

  it('lets a probe through as soon as the circuit opened again after it', () => {
    fail(5)
    now = 1
    fail()
    expect(wait()).toBe(1)
    now = 2
    expect(wait()).toBeUndefined()
  })

  it('stays closed below five failures in a row', () => {
    fail(4)
    breaker.enter().succeeded()
    fail(4)
    expect([breaker.isOpen(), wait()]).toEqual([false, undefined])
  })

  it('opens with the fifth, and says when to come back', () => {
    fail(5)
    expect([breaker.isOpen(), wait()]).toEqual([true, 1])
  })

  it('opens at once when the server asks for a pause, for as long as it says', () => {
    fail(1, 20)
    expect(wait()).toBe(20)
  })

  it('honours at most 300 s', () => {
    fail(1, 86_400)
    expect(wait()).toBe(300)
  })

  it('lets one probe through after the pause, and no second one beside it', () => {
    fail(5)
    now = 1
    const probe = breaker.enter()
    expect(wait()).toBe(3)
    probe.succeeded()
    expect([breaker.isOpen(), wait()]).toEqual([false, undefined])
  })

  it('lets another probe through when the first never ended', () => {
    fail(5)
    now = 1
    breaker.enter()
    now = 4
    expect(wait()).toBeUndefined()
  })

  it('lets another probe through when the first was not made', () => {
    fail(5)
    now = 1
    breaker.enter().abandoned()
    expect(wait()).toBeUndefined()
  })

  it('doubles the pause with each failed probe, up to 10 s', () => {
    chance = 1
    fail(5)
    const pauses: (number | undefined)[] = []
    for (let count = 0; count < 6; count++) {
      pauses.push(wait())
      now += pauses.at(-1) ?? 0
      fail()
    }
    expect(pauses).toEqual([1, 2, 4, 8, 10, 10])
  })

  it('draws the pause, so that many processes do not come back at one moment', () => {
    chance = 1
    fail(5)
    now = 1
    fail()
    now = 3
    chance = 0.5
    fail()
    expect(wait()).toBe(2)
  })

  it('takes no notice of calls that began before it opened', () => {
    chance = 1
    const calls = Array.from({ length: 100 }, () => breaker.enter())
    for (const call of calls) call.failed()
    expect(wait()).toBe(1)
    const late = circuit({ now: () => now, random: () => chance, probeFor: 3, name: 'x' })
    const slow = late.enter()
    for (let count = 0; count < 5; count++) late.enter().failed()
    slow.succeeded()
    expect(late.isOpen()).toBe(true)
  })

  it('starts again with the shortest pause once it was closed', () => {
    chance = 1
    fail(5)
    now = 1
    fail()
    now = 3
    breaker.enter().succeeded()
    fail(5)
    expect(wait()).toBe(1)
  })
})
