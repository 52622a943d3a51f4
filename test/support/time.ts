import { vi } from 'vitest'

/** Time and chance in a test's hands: nothing really waits, and timers fire when the clock is moved. */
export interface VirtualTime {
  /** Milliseconds since the epoch, for the `now` option. */
  readonly now: () => number
  /** Moves the clock by so many seconds, past every timer on the way. */
  readonly advance: (seconds: number) => Promise<void>
  /** Moves the clock no further than needed for a promise to settle. @returns the seconds that took */
  readonly until: (promise: Promise<unknown>) => Promise<number>
  /** Drops every pending timer, as a runtime may do with those of a request that is over. */
  readonly forget: () => void
  /** What `Math.random` returns from now on: 0 up to 1. */
  chance: number
}

/** Lets everything happen that waits for nothing but its turn. */
export async function turns(): Promise<void> {
  // Reading a body takes a few rounds of microtasks, and each immediate comes after all of them.
  await new Promise(setImmediate)
}

interface Timer {
  readonly at: number
  readonly run: () => void
}

/** Takes over timers and `Math.random` until the mocks are restored. Make resource servers afterwards. */
export function virtualTime(start = Date.UTC(2030, 0, 1)): VirtualTime {
  let now = start
  const timers = new Set<Timer>()
  const time: VirtualTime = {
    chance: 0,
    now: () => now,
    forget: () => {
      timers.clear()
    },
    async advance(seconds) {
      const end = now + seconds * 1000
      for (let fired = true; fired;) fired = await fireNext(end)
      now = end
      await turns()
    },
    async until(promise) {
      const begun = now
      let settled = false
      const settle = (): void => void (settled = true)
      const isSettled = (): boolean => settled
      promise.then(settle, settle)
      await turns()
      while (!isSettled()) {
        if (!(await fireNext(Infinity))) throw new Error('nothing left that could settle it')
      }
      return (now - begun) / 1000
    },
  }

  async function fireNext(end: number): Promise<boolean> {
    await turns()
    let next: Timer | undefined
    for (const timer of timers) if (next === undefined || timer.at < next.at) next = timer
    if (next === undefined || next.at > end) return false
    timers.delete(next)
    now = Math.max(now, next.at)
    next.run()
    await turns()
    return true
  }

  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, ms = 0) => {
    const timer = { at: now + ms, run, unref: () => undefined }
    timers.add(timer)
    return timer
  }) as unknown as typeof setTimeout)
  vi.spyOn(globalThis, 'clearTimeout').mockImplementation(((timer: Timer) => {
    timers.delete(timer)
  }) as unknown as typeof clearTimeout)
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    const controller = new AbortController()
    timers.add({ at: now + ms, run: () => controller.abort(new DOMException('late', 'TimeoutError')) })
    return controller.signal
  })
  vi.spyOn(Math, 'random').mockImplementation(() => time.chance)
  return time
}
