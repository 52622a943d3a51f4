import { vi } from 'vitest'

/** Time and chance in a test's hands: nothing really waits, and timers fire when the clock is moved. */
export interface VirtualTime {
  /** Milliseconds since the epoch, for the `now` option. */
  readonly now: () => number
  /** Moves the clock by so many seconds, past every timer on the way. */
  readonly advance: (seconds: number) => Promise<void>
  /** Moves the clock no further than needed for a promise to settle. @returns the seconds that took */
  readonly until: (promise: Promise<unknown>) => Promise<number>
  /** What `Math.random` returns from now on: 0 up to 1. */
  chance: number
}

/** Lets everything happen that waits for nothing but its turn. */
export async function turns(): Promise<void> {
  // Reading a body takes a few rounds of microtasks, and each immediate comes after all of them.
  await new Promise(setImmediate)
}

/** Takes over timers and `Math.random` until the mocks are restored. Make resource servers afterwards. */
export function virtualTime(start = Date.UTC(2030, 0, 1)): VirtualTime {
  let now = start
  let timers: { readonly at: number; readonly run: () => void }[] = []
  const time: VirtualTime = {
    chance: 0,
    now: () => now,
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
    const next = timers.reduce((a, b) => (b.at < a.at ? b : a), { at: Infinity, run: () => undefined })
    if (next.at > end || next.at === Infinity) return false
    timers = timers.filter((timer) => timer !== next)
    now = Math.max(now, next.at)
    next.run()
    await turns()
    return true
  }

  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, ms = 0) => {
    timers.push({ at: now + ms, run })
    return { unref: () => undefined }
  }) as unknown as typeof setTimeout)
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    const controller = new AbortController()
    timers.push({ at: now + ms, run: () => controller.abort(new DOMException('late', 'TimeoutError')) })
    return controller.signal
  })
  vi.spyOn(Math, 'random').mockImplementation(() => time.chance)
  return time
}
