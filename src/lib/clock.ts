/** Time as the core sees it; injected, so that tests need not sleep. */
export interface Clock {
  /** Seconds since the epoch, for `exp` and the like. */
  readonly wall: () => number
  /** Seconds that only ever grow, for ages. */
  readonly steady: () => number
  /** Resolves after so many milliseconds; keeps no process alive. */
  readonly wait: (ms: number) => Promise<void>
  /** As `wait`, within an exchange: keeps the process alive, as the connection before and after it does. */
  readonly pause: (ms: number) => Promise<void>
  /** Runs something once, after so many milliseconds; keeps no process alive. @returns cancels it */
  readonly schedule: (ms: number, run: () => void) => () => void
  /** Aborts after so many milliseconds; keeps no process alive. */
  readonly deadline: (ms: number) => AbortSignal
}

/** A `now` below this is in seconds: read as milliseconds it would be a day in early 1970. */
const milliseconds = 1e11

/**
 * Makes the clock of a resource server.
 *
 * @param now milliseconds since the epoch, as `Date.now`; a value in seconds is understood too, since reading it
 * as milliseconds would keep every expired token alive.
 */
export function systemClock(now?: () => number): Clock {
  const wall = now === undefined ? (): number => Date.now() / 1000 : (): number => secondsOf(now())
  const monotonic = now === undefined ? (): number => performance.now() / 1000 : wall
  return {
    wall,
    steady: steadyClock(wall, monotonic),
    schedule,
    wait: (ms) => new Promise((resolve) => void schedule(ms, resolve)),
    pause: (ms) => new Promise((resolve) => void setTimeout(resolve, ms)),
    deadline: (ms) => AbortSignal.timeout(ms),
  }
}

function schedule(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms)
  // A number in browsers, an object on servers.
  if (typeof timer === 'object' && 'unref' in timer) timer.unref()
  return () => {
    clearTimeout(timer)
  }
}

function secondsOf(now: number): number {
  if (!Number.isFinite(now))
    throw new TypeError('now: must return milliseconds since the epoch, as Date.now does')
  return now < milliseconds ? now : now / 1000
}

/**
 * Seconds that never run backwards: as many as passed on the monotonic clock, or on the wall clock where that saw
 * more, because a monotonic clock may stand still while a machine sleeps or a function is frozen.
 */
export function steadyClock(wall: () => number, monotonic: () => number): () => number {
  let lastWall = wall()
  let wallStart = lastWall
  let monotonicStart = monotonic()
  let base = 0
  let latest = 0
  return () => {
    const wallNow = wall()
    // Within one millisecond nothing grows old, and a busy server asks many times in each.
    if (wallNow === lastWall) return latest
    const monotonicNow = monotonic()
    if (wallNow < lastWall) {
      // The wall clock was set back: go on from here.
      base = latest
      wallStart = wallNow
      monotonicStart = monotonicNow
    }
    lastWall = wallNow
    latest = Math.max(latest, base + Math.max(wallNow - wallStart, monotonicNow - monotonicStart))
    return latest
  }
}
