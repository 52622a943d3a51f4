/** A clock that stands still until it is advanced. */
export interface TestClock {
  /** The clock's time, in milliseconds since the epoch like `Date.now`. Works detached: `{ now: clock.now }`. */
  readonly now: () => number
  /**
   * Moves the clock. Seconds; fractions and negative numbers are fine.
   *
   * @throws {TypeError} when it is not a finite number.
   */
  readonly advance: (seconds: number) => void
  /**
   * Puts the clock at one instant. A `Date`, or milliseconds since the epoch.
   *
   * @throws {TypeError} when it is not an instant.
   */
  readonly set: (instant: number | Date) => void
}

/**
 * Makes a clock for tests: pass its `now` to whatever has to believe it. Timers and `Date` are left alone.
 *
 * @param start - A `Date`, or milliseconds since the epoch. Default: the real time at this call.
 * @throws {TypeError} when `start` is not an instant.
 */
export function createTestClock(start: number | Date = Date.now()): TestClock {
  let time = instantOf('start', start)
  return {
    now: () => time,
    advance: (seconds) => {
      if (!Number.isFinite(seconds)) throw new TypeError('advance: give a finite number of seconds')
      time += seconds * 1000
    },
    set: (instant) => {
      time = instantOf('set', instant)
    },
  }
}

function instantOf(name: string, instant: number | Date): number {
  const time = Number(instant)
  if (!Number.isFinite(time))
    throw new TypeError(`${name}: give a valid Date, or milliseconds since the epoch`)
  return time
}
