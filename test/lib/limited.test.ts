import { UpstreamError } from 'oauth-resource-server'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { limited, type Limited } from '../../src/lib/limited.ts'

const unhandled: unknown[] = []
const record = (reason: unknown): void => void unhandled.push(reason)

let limit: Limited

beforeEach(() => {
  vi.useFakeTimers()
  unhandled.length = 0
  process.on('unhandledRejection', record)
  limit = limited(systemClock(), { name: 'schema', timeoutMs: 100, maxPending: 2 })
})
afterEach(async () => {
  vi.useRealTimers()
  // Node reports unhandled rejections once all microtasks have run.
  await new Promise(setImmediate)
  process.off('unhandledRejection', record)
  expect(unhandled).toEqual([])
})

/** A promise that a test settles when it likes. */
function deferred<T>(): {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (reason: unknown) => void
} {
  let resolve: (value: T) => void = () => undefined
  let reject: (reason: unknown) => void = () => undefined
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

const never = (): Promise<never> => new Promise(() => undefined)

/** What becomes of a result: its value, or the error it ends with. */
async function outcomeOf(result: unknown): Promise<unknown> {
  return await Promise.resolve(result).catch((error: unknown) => error)
}

/** The hint of an `UpstreamError`, which is all that tells one limit from the other. */
async function hintOf(result: unknown): Promise<unknown> {
  const error = await outcomeOf(result)
  expect(error).toBeInstanceOf(UpstreamError)
  return (error as UpstreamError).detail.hint
}

describe('a result that is there', () => {
  it.each([undefined, null, 0, '', false, 'text', { then: 'no function' }, () => 1])(
    'passes through at once, without a timer: %o',
    (value) => {
      expect(limit(value)).toBe(value)
      expect(vi.getTimerCount()).toBe(0)
    },
  )

  it('passes through however many calls are pending', () => {
    void outcomeOf(limit(never()))
    void outcomeOf(limit(never()))
    expect(limit('value')).toBe('value')
    vi.runAllTimers()
  })
})

describe('a promise that settles in time', () => {
  it('keeps its value, and its timer is cancelled', async () => {
    const work = deferred<string>()
    const result = limit(work.promise)
    expect(vi.getTimerCount()).toBe(1)
    vi.advanceTimersByTime(99)
    work.resolve('value')
    await expect(result).resolves.toBe('value')
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each([new Error('mine'), new UpstreamError(7), 'text', undefined])(
    'keeps its error as it is: %o',
    async (error) => {
      const work = deferred<string>()
      const result = outcomeOf(limit(work.promise))
      work.reject(error)
      expect(await result).toBe(error)
      expect(vi.getTimerCount()).toBe(0)
    },
  )
})

describe('A5 a promise that is late', () => {
  it('is an UpstreamError at the limit, not before', async () => {
    const settled = vi.fn()
    const result = outcomeOf(limit(never())).finally(settled)
    await vi.advanceTimersByTimeAsync(99)
    expect(settled).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(settled).toHaveBeenCalledOnce()
    expect(await result).toMatchObject({ status: 503, retryAfter: 1, reason: 'unavailable' })
    expect(await hintOf(result)).toBe('schema: no result within 100 ms')
  })

  it.each(['resolve', 'reject'] as const)('may %s later without any effect', async (end) => {
    const work = deferred<unknown>()
    const result = outcomeOf(limit(work.promise))
    await vi.advanceTimersByTimeAsync(100)
    work[end](new Error('too late'))
    expect(await result).toBeInstanceOf(UpstreamError)
    // The place was given back once, not twice: two more calls fit, a third does not.
    const waiting = [outcomeOf(limit(never())), outcomeOf(limit(never()))]
    expect(() => limit(never())).toThrow(UpstreamError)
    await vi.advanceTimersByTimeAsync(100)
    expect((await Promise.all(waiting)).every((error) => error instanceof UpstreamError)).toBe(true)
  })

  it('has a limit of its own for each waiter', async () => {
    const work = never()
    const first = hintOf(limit(work))
    await vi.advanceTimersByTimeAsync(60)
    const settled = vi.fn()
    const second = hintOf(limit(work)).finally(settled)
    await vi.advanceTimersByTimeAsync(40)
    await first
    expect(settled).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(60)
    expect(await second).toBe('schema: no result within 100 ms')
  })
})

describe('A5 one promise too many', () => {
  it('is an UpstreamError at once', async () => {
    const waiting = [outcomeOf(limit(never())), outcomeOf(limit(never()))]
    expect(() => limit(never())).toThrow(expect.objectContaining({ status: 503 }) as Error)
    expect(await hintOf(Promise.resolve().then(() => limit(never())))).toBe('schema: 2 calls are pending')
    await vi.advanceTimersByTimeAsync(100)
    await Promise.all(waiting)
  })

  it('leaves no unhandled rejection when it rejects later', async () => {
    const waiting = [outcomeOf(limit(never())), outcomeOf(limit(never()))]
    const work = deferred<never>()
    expect(() => limit(work.promise)).toThrow(UpstreamError)
    work.reject(new Error('nobody waits for this'))
    await vi.advanceTimersByTimeAsync(100)
    await Promise.all(waiting)
  })

  it.each<[string, (work: ReturnType<typeof deferred<string>>) => unknown]>([
    ['resolved', ({ resolve }) => resolve('value')],
    ['rejected', ({ reject }) => reject(new Error('mine'))],
    ['was late', () => vi.advanceTimersByTime(100)],
  ])('fits again once another one %s', async (_how, end) => {
    const work = deferred<string>()
    const first = outcomeOf(limit(work.promise))
    end(work)
    await first
    const second = outcomeOf(limit(never()))
    const third = outcomeOf(limit(never()))
    expect(() => limit(never())).toThrow(UpstreamError)
    await vi.advanceTimersByTimeAsync(100)
    await Promise.all([second, third])
  })

  it('does not count for work of another kind', async () => {
    const other = limited(systemClock(), { name: 'guard', timeoutMs: 100, maxPending: 1 })
    const waiting = [outcomeOf(limit(never())), outcomeOf(limit(never())), hintOf(other(never()))]
    expect(() => other(never())).toThrow(UpstreamError)
    await vi.advanceTimersByTimeAsync(100)
    expect((await Promise.all(waiting))[2]).toBe('guard: no result within 100 ms')
  })
})

describe('a thenable', () => {
  it('is waited for like a promise', async () => {
    const thenable = { then: (resolve: (value: string) => void) => resolve('value') }
    const result = limit(thenable as unknown as Promise<string>)
    expect(result).toBeInstanceOf(Promise)
    await expect(result).resolves.toBe('value')
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each<[string, object]>([
    [
      'that throws',
      {
        then: () => {
          throw new Error('mine')
        },
      },
    ],
    ['that rejects', { then: (_resolve: unknown, reject: (e: Error) => void) => reject(new Error('mine')) }],
    [
      'that settles twice',
      {
        then: (resolve: (value: unknown) => void, reject: (error: Error) => void) => {
          reject(new Error('mine'))
          resolve('value')
        },
      },
    ],
    [
      'of its own that throws, on a promise',
      Object.assign(Promise.resolve(), {
        then: () => {
          throw new Error('mine')
        },
      }),
    ],
  ])('%s ends with its error and gives its place back', async (_what, thenable) => {
    for (let round = 0; round < 4; round++) {
      expect(await outcomeOf(limit(thenable))).toEqual(new Error('mine'))
      expect(vi.getTimerCount()).toBe(0)
    }
  })

  it('that is never called back is late like any other', async () => {
    const result = hintOf(limit({ then: () => undefined }))
    await vi.advanceTimersByTimeAsync(100)
    expect(await result).toBe('schema: no result within 100 ms')
  })
})

describe('A3 where neither promises nor timers of an ended request ever settle', () => {
  let now: number
  let dead: Limited

  beforeEach(() => {
    now = 0
    const clock = { steady: () => now, schedule: () => () => undefined }
    dead = limited(clock, { name: 'schema', timeoutMs: 100, maxPending: 3 })
  })
  const drop = (withinMs?: number): unknown => dead(never(), withinMs)

  it('calls that are overdue make room for others', async () => {
    drop()
    now = 0.05
    drop()
    drop()
    expect(() => dead(Promise.resolve(1))).toThrow(UpstreamError)
    now = 0.11
    await expect(dead(Promise.resolve(1))).resolves.toBe(1)
    drop()
    expect(() => dead(Promise.resolve(1))).toThrow(UpstreamError)
    now = 0.16
    for (let call = 0; call < 10; call++) await expect(dead(Promise.resolve(call))).resolves.toBe(call)
  })

  it('a call with a shorter limit makes room earlier', async () => {
    drop()
    drop(10)
    drop()
    now = 0.02
    await expect(dead(Promise.resolve(1))).resolves.toBe(1)
    drop()
    expect(() => dead(Promise.resolve(1))).toThrow(UpstreamError)
  })

  it('a call that settles after it made room is counted once', async () => {
    const work = deferred<number>()
    const slow = dead(work.promise)
    drop()
    drop()
    now = 0.11
    drop()
    drop()
    drop()
    work.resolve(1)
    await expect(slow).resolves.toBe(1)
    expect(() => dead(Promise.resolve(1))).toThrow(UpstreamError)
  })
})
