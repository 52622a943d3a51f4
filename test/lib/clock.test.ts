import fc from 'fast-check'
import { createResourceServer, UpstreamError } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { keepingClock, steadyClock, systemClock, unhurriedClock } from '../../src/lib/clock.ts'
import { tries } from '../support/tries.ts'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

describe('the clock', () => {
  it.each([1_800_000_000, 1_800_000_000_000])('reads %i as the same moment', (now) => {
    expect(systemClock(() => now).wall()).toBe(1_800_000_000)
  })

  it('runs and cancels what is due later, also where timers are numbers, as in browsers', () => {
    const due: (() => void)[] = []
    const cleared: unknown[] = []
    vi.stubGlobal('setTimeout', (work: () => void) => due.push(work))
    vi.stubGlobal('clearTimeout', (timer: unknown) => cleared.push(timer))
    const run = vi.fn()
    const cancel = systemClock().schedule(1000, run)
    due[0]?.()
    expect(run).toHaveBeenCalledTimes(1)
    cancel()
    expect(cleared).toEqual([1])
  })

  it.each([-1, -0.1, 0, 0.1, 1.5, 1234.56, 2 ** 31, 1e12, Infinity])(
    'A1 takes any number of milliseconds for a timer: %s',
    (ms) => {
      vi.useFakeTimers()
      try {
        const { deadline, schedule, pause } = systemClock()
        const run = vi.fn()
        expect(deadline(ms).aborted).toBe(false)
        const cancel = schedule(ms, run)
        void pause(ms)
        vi.advanceTimersByTime(Math.max(0, ms) < 2000 ? Math.max(0, Math.ceil(ms)) : 1000)
        expect(run).toHaveBeenCalledTimes(ms < 2000 ? 1 : 0)
        cancel()
      } finally {
        vi.useRealTimers()
      }
    },
  )

  it.each([
    [-1, 0],
    [0.1, 1],
    [250, 250],
    [1e12, 2 ** 31 - 1],
    [Infinity, 2 ** 31 - 1],
  ])('gives timers a delay that every runtime takes: %s becomes %s', async (ms, expected) => {
    const delays: unknown[] = []
    vi.stubGlobal('setTimeout', (run: () => void, delay: number) => {
      delays.push(delay)
      run()
    })
    vi.spyOn(AbortSignal, 'timeout').mockImplementation((delay) => {
      delays.push(delay)
      return AbortSignal.abort()
    })
    const { deadline, schedule, pause } = systemClock()
    expect(deadline(ms).aborted).toBe(true)
    schedule(ms, () => undefined)
    await pause(ms)
    expect(delays).toEqual([expected, expected, expected])
  })

  it('keeps no process alive with what is due later, where timers can do without', () => {
    const unref = vi.fn()
    const timers = [{ unref }, {}]
    vi.stubGlobal('setTimeout', () => timers.shift())
    systemClock().schedule(1, () => undefined)
    systemClock().schedule(1, () => undefined)
    expect(unref).toHaveBeenCalledOnce()
  })

  it('counts ages in seconds of the monotonic clock, and of the wall clock where that jumped ahead', () => {
    const now = { wall: Date.UTC(2030, 0), monotonic: 5000 }
    vi.spyOn(Date, 'now').mockImplementation(() => now.wall)
    vi.spyOn(performance, 'now').mockImplementation(() => now.monotonic)
    const { wall, steady } = systemClock()
    now.monotonic += 2000
    now.wall += 2000
    expect([wall(), steady()]).toEqual([Date.UTC(2030, 0) / 1000 + 2, 2])
    now.wall += 3_600_000
    expect(steady()).toBe(3602)
  })

  it('C6 takes an injected now up to the last instant there is, and seconds below 1e11', () => {
    expect(systemClock(() => 8.64e15).wall()).toBe(8.64e12)
    expect(systemClock(() => 1e11 - 1).wall()).toBe(1e11 - 1)
    expect(systemClock(() => 1e11).wall()).toBe(1e8)
  })

  it.each([NaN, Infinity, -Infinity, -1, 8.65e15, '1800000000', undefined, null, new Date(0)])(
    'C6 refuses %s from an injected now',
    (value) => {
      let now: unknown = 1_800_000_000_000
      const clock = systemClock(() => now as number)
      now = value
      expect(() => clock.wall()).toThrow(
        new TypeError('now: must return milliseconds since the epoch, as Date.now does'),
      )
      now = 1_800_000_001_000
      expect([clock.wall(), clock.steady()]).toEqual([1_800_000_001, 1])
    },
  )

  it.each([0, 1, 1000])('C6 takes %i from an injected now as seconds', (now) => {
    expect(systemClock(() => now).wall()).toBe(now)
  })

  it('C6 lets every age follow an injected now, and never back', () => {
    let now = 1000
    const { steady } = systemClock(() => now)
    const readings: number[] = []
    for (const next of [1000, 1010, 1010, 500, 505, 1_000_505, 1_000_505, 0, 0.5]) {
      now = next
      readings.push(steady())
    }
    expect(readings).toEqual([0, 10, 10, 10, 15, 1_000_015, 1_000_015, 1_000_015, 1_000_015.5])
  })
})

describe('a system clock that cannot be right', () => {
  it.each(['1970-01-01', '1980-01-01', '2000-01-01', '2015-04-30', '2201-01-01', '+010000-01-01'])(
    'C6 accepts no token on %s: nobody could find out',
    (day) => {
      vi.spyOn(Date, 'now').mockReturnValue(Date.parse(`${day}T00:00:00Z`))
      expect(() => systemClock().wall()).toThrow(UpstreamError)
    },
  )

  it.each([NaN, Infinity, -1])('C6 accepts no token when it says %s', (now) => {
    vi.spyOn(Date, 'now').mockReturnValue(now)
    expect(() => systemClock().wall()).toThrow(UpstreamError)
  })

  it.each(['2015-05-01', '2026-01-01', '2200-12-31'])('C6 verifies tokens on %s', (day) => {
    const now = Date.parse(`${day}T00:00:00Z`)
    vi.spyOn(Date, 'now').mockReturnValue(now)
    expect(systemClock().wall()).toBe(now / 1000)
  })

  it('C6 answers 503, and 200 once it is set', async () => {
    const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
    const { issuer: name, audience, jwks } = issuer.options
    const api = createResourceServer({ issuer: name, audience, jwks })
    const token = await issuer.sign({ iat: undefined, nbf: undefined })
    const now = Date.now()
    const spy = vi.spyOn(Date, 'now').mockReturnValue(0)
    await expect(api.verify(token)).rejects.toMatchObject({
      status: 503,
      retryAfter: 10,
      detail: { hint: 'the clock of this machine is wrong: set it' },
    })
    spy.mockReturnValue(now)
    expect((await api.verify(token)).issuer).toBe(name)
  })
})

describe('the unhurried clock', () => {
  it('counts seconds of the monotonic clock, whatever the wall clock does', () => {
    let monotonic = 1000
    vi.spyOn(performance, 'now').mockImplementation(() => monotonic)
    const clock = unhurriedClock()
    const before = clock()
    monotonic += 2500
    expect(clock() - before).toBe(2.5)
  })
})

describe('the clock of what is kept', () => {
  /** What it shows after the clocks of the system moved by so many seconds. */
  function moved(...steps: readonly (readonly [passed: number, wall: number])[]): number[] {
    let [monotonic, wall] = [1000, 1_800_000_000]
    vi.spyOn(performance, 'now').mockImplementation(() => monotonic * 1000)
    vi.spyOn(Date, 'now').mockImplementation(() => wall * 1000)
    const clock = keepingClock()
    const before = clock()
    return steps.map(([passed, change]) => {
      monotonic += passed
      wall += change
      return Number((clock() - before).toFixed(3))
    })
  }

  it('counts the time that passed', () => {
    expect(moved([10, 10], [5, 5])).toEqual([10, 15])
  })

  it('does not run ahead with a wall clock that is set forward', () => {
    expect(moved([10, 3610], [5, 5], [5, 86_405])).toEqual([10, 15, 20])
  })

  it('is set back with a wall clock that is set back, each time', () => {
    expect(moved([10, 10 - 600], [5, 5], [5, 5 - 100])).toEqual([10 - 600, 15 - 600, 20 - 700])
  })

  it('is set back from where the wall clock was set to', () => {
    expect(moved([10, 3610], [10, 10 - 3600])).toEqual([10, 20 - 3600])
  })

  it('counts a change of a second, and no less: that is the difference between two clocks', () => {
    expect(moved([10, 9.4], [10, 9.4])).toEqual([10, 18.8])
  })

  it('goes on where the wall clock shows nonsense', () => {
    expect(moved([10, NaN], [5, 5])).toEqual([10, 15])
  })

  it('is an injected now, which may go back', () => {
    let now = 1_800_000_000_000
    const clock = keepingClock(() => now)
    expect(clock()).toBe(1_800_000_000)
    now -= 5000
    expect(clock()).toBe(1_799_999_995)
  })

  it('refuses a now that returns no instant, at once and later', () => {
    let now = NaN
    expect(() => keepingClock(() => now)).toThrow(/^now: /)
    now = 1000
    const clock = keepingClock(() => now)
    now = NaN
    expect(clock).toThrow(/^now: /)
  })
})

/** Both clocks of a machine, in a test's hands. Seconds. */
function machine(): {
  wall: number
  monotonic: number
  readonly steady: () => number
  readonly pass: (seconds: number) => void
} {
  const self = {
    wall: 1_800_000_000,
    monotonic: 5,
    steady: (): number => 0,
    pass: (seconds: number): void => {
      self.wall += seconds
      self.monotonic += seconds
    },
  }
  self.steady = steadyClock(
    () => self.wall,
    () => self.monotonic,
  )
  return self
}

describe('the steady clock', () => {
  it('C6 goes on when the wall clock is set back', () => {
    const clock = machine()
    clock.pass(10)
    expect(clock.steady()).toBe(10)
    clock.wall -= 500
    expect(clock.steady()).toBe(10)
    clock.pass(5)
    expect(clock.steady()).toBe(15)
  })

  it('C6 goes on when the wall clock stands still', () => {
    const clock = machine()
    for (let second = 1; second <= 100; second++) {
      clock.monotonic += 1
      expect(clock.steady()).toBe(second)
    }
  })

  it('C6 goes on when the wall clock stands still after a jump ahead', () => {
    const clock = machine()
    clock.wall += 1000
    expect(clock.steady()).toBe(1000)
    clock.monotonic += 10
    expect(clock.steady()).toBe(1010)
  })

  it.each([NaN, Infinity, -Infinity])('C6 goes on when the wall clock shows %s', (nonsense) => {
    const clock = machine()
    clock.pass(10)
    const { wall } = clock
    clock.wall = nonsense
    clock.monotonic += 10
    expect(clock.steady()).toBe(20)
    clock.wall = wall + 10
    clock.pass(10)
    expect(clock.steady()).toBe(30)
  })

  it('C6 begins with a wall clock that shows nonsense', () => {
    let wall = NaN
    let monotonic = NaN
    const steady = steadyClock(
      () => wall,
      () => monotonic,
    )
    expect(steady()).toBe(0)
    wall = 1000
    monotonic = 50
    expect(steady()).toBe(0)
    wall += 3600
    monotonic += 10
    expect(steady()).toBe(3600)
  })

  it('C6 goes on when the monotonic clock runs backwards', () => {
    const clock = machine()
    clock.pass(10)
    expect(clock.steady()).toBe(10)
    clock.monotonic -= 8
    expect(clock.steady()).toBe(10)
    clock.pass(3)
    expect(clock.steady()).toBe(13)
  })

  it('C6 counts the time a machine slept, which its monotonic clock missed', () => {
    const clock = machine()
    clock.pass(10)
    clock.wall += 3600
    expect(clock.steady()).toBe(3610)
    clock.pass(10)
    expect(clock.steady()).toBe(3620)
  })

  it('C6 counts the time a machine slept after its wall clock was set back', () => {
    const clock = machine()
    clock.wall -= 7200
    expect(clock.steady()).toBe(0)
    clock.wall += 3600
    expect(clock.steady()).toBe(3600)
  })

  it('C6 counts a sleep of a second, and no shorter one', () => {
    const clock = machine()
    clock.wall += 0.999
    expect(clock.steady()).toBe(0)
    clock.wall += 0.001
    expect(clock.steady()).toBe(1)
  })

  it('C6 counts a sleep once, after each of which both clocks agree again', () => {
    const clock = machine()
    clock.wall += 1.5
    expect(clock.steady()).toBe(1.5)
    clock.wall += 0.75
    expect(clock.steady()).toBe(1.5)
    clock.wall += 0.75
    expect(clock.steady()).toBe(3)
  })

  it('C6 counts no sleep that is longer than a year', () => {
    const clock = machine()
    clock.wall += 40_000_000
    expect(clock.steady()).toBe(31_536_000)
  })

  it('C6 counts many short sleeps', () => {
    const clock = machine()
    for (let sleep = 1; sleep <= 100; sleep++) {
      clock.wall += 0.4
      clock.monotonic += 0.1
      clock.steady()
    }
    expect(clock.steady()).toBeGreaterThan(40 - 1)
  })

  it('C6 is not moved by the difference in how finely the clocks are read', () => {
    let now = 0
    const steady = steadyClock(
      () => Math.floor(now * 1000) / 1000,
      () => now,
    )
    for (let reading = 0; reading < 10_000; reading++) {
      now += 0.0013
      steady()
    }
    expect(steady()).toBeCloseTo(now, 6)
  })

  it('C6 still moves after a jump no number can follow', () => {
    const clock = machine()
    clock.wall = 1e300
    const after = clock.steady()
    clock.monotonic += 1
    expect(clock.steady() - after).toBeCloseTo(1, 6)
  })

  it('reads the wall clock no more than once in a millisecond', () => {
    let monotonic = 0
    const wall = vi.fn(() => 1_800_000_000 + monotonic)
    const steady = steadyClock(wall, () => monotonic)
    for (let reading = 1; reading <= 40; reading++) {
      monotonic += 1 / 16_384
      expect(steady()).toBe(reading / 16_384)
    }
    expect(wall.mock.calls.length).toBeLessThan(5)
  })

  /** What may happen to the two clocks of a machine between two readings. */
  const event = fc.oneof(
    fc.record({ kind: fc.constant('pass' as const), seconds: fc.double({ min: 0, max: 5000, noNaN: true }) }),
    fc.record({ kind: fc.constant('sleep' as const), seconds: fc.double({ min: 2, max: 1e6, noNaN: true }) }),
    fc.record({
      kind: fc.constant('setBack' as const),
      seconds: fc.double({ min: 2, max: 1e6, noNaN: true }),
    }),
    fc.record({
      kind: fc.constant('frozenWall' as const),
      seconds: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    fc.record({
      kind: fc.constant('nonsense' as const),
      seconds: fc.constantFrom(NaN, Infinity, -Infinity),
    }),
  )

  it('C6 never runs back, nor slower than the monotonic clock, and counts every sleep, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const clock = machine()
        let before = clock.steady()
        let ran = 0
        let slept = 0
        let frozen = 0
        for (const { kind, seconds } of events) {
          const { wall } = clock
          if (kind === 'pass') clock.pass(seconds)
          if (kind === 'sleep') clock.wall += seconds
          if (kind === 'setBack') clock.wall -= seconds
          if (kind === 'frozenWall') clock.monotonic += seconds
          if (kind === 'nonsense') clock.wall = seconds
          if (kind === 'pass' || kind === 'frozenWall') ran += seconds
          if (kind === 'sleep') slept += seconds
          if (kind === 'frozenWall') frozen += seconds
          const after = clock.steady()
          if (kind === 'nonsense') clock.wall = wall
          const least = before + (kind === 'pass' || kind === 'frozenWall' ? seconds : 0)
          expect(after).toBeGreaterThanOrEqual(least - 1e-5)
          expect(after).toBeGreaterThanOrEqual(before)
          // A sleep is seen at once, less the second below which two clocks count as one and what froze before.
          if (kind === 'sleep') expect(after - before).toBeGreaterThanOrEqual(seconds - 1 - 1e-5)
          before = after
        }
        expect(before).toBeLessThanOrEqual(ran + slept + events.length + frozen + 1e-3)
      }),
      { numRuns: tries(500) },
    )
  })
})
