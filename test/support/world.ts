import { createHash } from 'node:crypto'
import { isAuthError } from 'oauth-resource-server'
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

/** One call as the network saw it. */
export interface Call {
  readonly url: string
  readonly headers: Headers
  readonly redirect: string | undefined
  readonly signal: AbortSignal
}

/** How the network answers a call. */
export type Answer = (call: Call) => Response | Promise<Response>

/** A network with one answer to everything, which a test may change at any time. */
export interface Network {
  readonly fetch: typeof globalThis.fetch
  /** Oldest first; a test may empty it. */
  readonly calls: Call[]
  /** Calls that were not answered yet, and the most there ever were at a time. */
  readonly open: { now: number; most: number }
  answer: Answer
}

/** Makes a {@link Network}. */
export function network(answer: Answer): Network {
  const calls: Call[] = []
  const self: Network = {
    calls,
    open: { now: 0, most: 0 },
    answer,
    fetch: async (url, init) => {
      const call = {
        url: url as string,
        headers: new Headers(init?.headers),
        redirect: init?.redirect,
        signal: init?.signal as AbortSignal,
      }
      calls.push(call)
      self.open.now += 1
      self.open.most = Math.max(self.open.most, self.open.now)
      try {
        return await self.answer(call)
      } finally {
        self.open.now -= 1
      }
    },
  }
  return self
}

/** Never answers, but lets go when told to. */
export const hang: Answer = ({ signal }) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error))
  })

/** Is not there. */
export const refuse: Answer = () => Promise.reject(new TypeError('fetch failed'))

/** Answers with this status. */
export function status(code: number, headers: Record<string, string> = {}): Answer {
  return () => new Response('out of order', { status: code, headers })
}

/** Answers with this text, or JSON. */
export function says(body: unknown, headers: Record<string, string> = {}): Answer {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return () => new Response(text, { headers: { 'content-type': 'application/json', ...headers } })
}

/** Answers with the keys as they are at the time, and with 304 to whoever has them. */
export function publishes(issuer: { readonly jwks: object }, headers: Record<string, string> = {}): Answer {
  return ({ headers: asked }) => {
    const text = JSON.stringify(issuer.jwks)
    const etag = `"${createHash('sha256').update(text).digest('base64url')}"`
    if (asked.get('if-none-match') === etag)
      return new Response(null, { status: 304, headers: { etag, ...headers } })
    return new Response(text, { headers: { 'content-type': 'application/jwk-set+json', etag, ...headers } })
  }
}

/** `200` for what is accepted, else the status and reason of the refusal. */
export async function verdict(outcome: Promise<unknown>): Promise<string> {
  try {
    await outcome
    return '200'
  } catch (error) {
    if (!isAuthError(error)) throw error
    return `${error.status} ${error.reason}`
  }
}
