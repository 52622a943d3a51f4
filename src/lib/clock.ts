import { UpstreamError } from '../errors.ts'

/** Time as the core sees it; injected, so that tests need not sleep. */
export interface Clock {
  /**
   * Seconds since the epoch, for `exp` and the like.
   *
   * @throws {UpstreamError} when the system's clock is so wrong that no token can be checked
   * @throws {TypeError} when an injected `now` returns no instant
   */
  readonly wall: () => number
  /** Seconds that never run backwards, for ages; see {@link steadyClock}. */
  readonly steady: () => number
  /** Resolves after so many milliseconds, within an exchange: keeps the process alive, as its connection does. */
  readonly pause: (ms: number) => Promise<void>
  /** Runs something once, after so many milliseconds; keeps no process alive. @returns cancels it */
  readonly schedule: (ms: number, run: () => void) => () => void
  /** Aborts after so many milliseconds; keeps no process alive. */
  readonly deadline: (ms: number) => AbortSignal
}

/** A `now` below this is in seconds: read as milliseconds it would be a day in early 1970. */
const milliseconds = 1e11

/** Latest instant of a `Date`. Milliseconds. */
const lastInstant = 8.64e15

/** No clock of a running system shows a time before RFC 7519, or one after the year 2200. Seconds. */
const possible = { from: Date.UTC(2015, 4) / 1000, to: Date.UTC(2201, 0) / 1000 }

/** Seconds after which a client may try again while the system's clock is wrong. */
const retryAfter = 10

/**
 * Makes the clock of a resource server. With a `now` of the user's own everything follows that clock, ages too.
 *
 * @param now milliseconds since the epoch, as `Date.now`; a value in seconds is understood too, since reading it
 * as milliseconds would keep every expired token alive.
 */
export function systemClock(now?: () => number): Clock {
  const timers = {
    schedule,
    pause: (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, timerDelay(ms))),
    deadline: (ms: number): AbortSignal => AbortSignal.timeout(timerDelay(ms)),
  }
  if (now !== undefined) {
    const wall = (): number => secondsOf(now())
    const grown = growing(wall())
    return { wall, steady: () => grown(wall()), ...timers }
  }
  const wall = (): number => Date.now() / 1000
  const monotonic = (): number => performance.now() / 1000
  return { wall: () => possibleTime(wall()), steady: steadyClock(wall, monotonic), ...timers }
}

/** Longest delay of a timer; a longer one fires at once. */
const longestDelay = 2 ** 31 - 1

/** A delay that every timer accepts: `AbortSignal.timeout` throws for fractions and negative numbers. */
function timerDelay(ms: number): number {
  return Math.min(Math.max(0, Math.ceil(ms)), longestDelay)
}

function schedule(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, timerDelay(ms))
  // A number in browsers, an object on servers.
  if (typeof timer === 'object' && 'unref' in timer) timer.unref()
  return () => {
    clearTimeout(timer)
  }
}

function secondsOf(now: number): number {
  if (!Number.isFinite(now) || now < 0 || now > lastInstant)
    throw new TypeError('now: must return milliseconds since the epoch, as Date.now does')
  return now < milliseconds ? now : now / 1000
}

/** A machine that starts in 1970 would accept tokens that expired long ago, and refuse the good ones. */
function possibleTime(seconds: number): number {
  if (seconds >= possible.from && seconds < possible.to) return seconds
  throw new UpstreamError(retryAfter, { detail: { hint: 'the clock of this machine is wrong: set it' } })
}

/** Seconds that pass, whatever the system's clock is set to. */
export function unhurriedClock(): () => number {
  return () => performance.now() / 1000
}

/**
 * Makes a clock for what must be kept for as long as a token or proof may be accepted. It never runs ahead of the time
 * that passed: a system's clock that is set forward makes nothing older. One that is set back makes tokens valid again,
 * so this clock is set back with it. With a `now` of the user's own it is that clock.
 *
 * @param now as in {@link systemClock}
 * @returns seconds
 */
export function keepingClock(now?: () => number): () => number {
  if (now !== undefined) {
    // Refused at once, not with the first entry.
    secondsOf(now())
    return () => secondsOf(now())
  }
  const passed = unhurriedClock()
  const ahead = (reading: number): number => Date.now() / 1000 - reading
  let offset = ahead(passed())
  let setBack = 0
  return () => {
    const reading = passed()
    const difference = ahead(reading)
    if (Math.abs(difference - offset) >= shortestStep) {
      setBack += Math.max(0, offset - difference)
      offset = difference
    }
    return reading - setBack
  }
}

/** Adds up how far a clock moves forward, reading by reading; what it moves backwards does not count. */
function growing(first: number): (reading: number) => number {
  let start = finite(first)
  let base = 0
  let latest = 0
  return (reading) => {
    if (!Number.isFinite(reading)) return latest
    start ??= reading
    // Counted from one reading, so that rounding does not add up.
    if (reading - start < latest - base) {
      base = latest
      start = reading
    } else {
      latest = base + (reading - start)
    }
    return latest
  }
}

/** Shortest sleep, or change of a clock, that counts; less is the difference between two clocks. Seconds. */
const shortestStep = 1

/** Longest sleep that counts: nothing is kept for as long as this. Seconds. */
const longestSleep = 31_536_000

/** The wall clock is not read again before this. Seconds of the monotonic clock. */
const wallEvery = 0.001

/**
 * Seconds that never run backwards and never more slowly than the monotonic clock, whatever the wall clock does.
 *
 * A monotonic clock may stand still while a machine sleeps or a function is frozen. So where the wall clock moved
 * ahead by a second or more, that counts too. The wall clock may have been set instead: then what is kept seems
 * older than it is, and is fetched again early. A wall clock that is set back, stands still or shows nonsense changes
 * nothing.
 *
 * @param wall seconds
 * @param monotonic seconds
 */
export function steadyClock(wall: () => number, monotonic: () => number): () => number {
  /**
   * The result when both clocks were read last, and how much was added to it since. Members of an object, since V8
   * allocates a number for every change of a variable that a closure shares.
   */
  const last = { readAt: monotonic(), result: 0, added: 0 }
  const running = growing(last.readAt)
  /** Wall clock less running time, when they agreed last. */
  let offset = finite(wall())
  let slept = 0

  function readBoth(reading: number): number {
    const ran = running(reading)
    const difference = finite(wall() - ran)
    offset ??= difference
    const ahead = (difference ?? 0) - (offset ?? 0)
    if (difference !== undefined && Math.abs(ahead) >= shortestStep) {
      offset = difference
      slept += Math.min(Math.max(0, ahead), longestSleep)
    }
    last.result = Math.max(last.result + last.added, ran + slept)
    last.added = 0
    last.readAt = reading
    return last.result
  }

  return () => {
    const reading = monotonic()
    const since = reading - last.readAt
    // A monotonic clock that does not move is no reason to trust it.
    if (since > last.added && since < wallEvery) {
      last.added = since
      return last.result + since
    }
    return readBoth(reading)
  }
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined
}
