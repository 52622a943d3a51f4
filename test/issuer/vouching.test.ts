import { beforeEach, describe, expect, it, vi } from 'vitest'
import { questions } from '../../src/issuer/vouching.ts'
import type { MaybePromise } from '../../src/types.ts'

/** Seconds of a steady clock. Timers fire only while `timersFire`, as the runtime has it. */
let now = 0
let timersFire = false
/** Milliseconds of the longest timer that fires. */
let firesUpTo = Infinity
/** Thrown once, by the next wait. */
let runtimeError: Error | undefined
const clock = {
  wall: () => now,
  steady: () => now,
  schedule: (ms: number, run: () => void) => {
    const error = runtimeError
    runtimeError = undefined
    if (error !== undefined) throw error
    if (timersFire && ms <= firesUpTo) queueMicrotask(run)
    return () => undefined
  },
  pause: () => Promise.resolve(),
  deadline: () => new AbortController().signal,
}
const timeoutMs = 5000
const late = { status: 503, detail: { hint: 'issuers: no result within 5000 ms' } }
const resolve = vi.fn<(name: string) => MaybePromise<string>>()
const never = (): Promise<never> => new Promise(() => undefined)
const proven = new Set<string>()

let ask: (name: string) => MaybePromise<string>

beforeEach(() => {
  now = 0
  timersFire = false
  firesUpTo = Infinity
  runtimeError = undefined
  proven.clear()
  resolve.mockReset()
  ask = questions({
    resolve,
    remember: (_name, answer) => answer,
    isProven: (name) => proven.has(name),
    clock,
    hookTimeoutMs: timeoutMs,
  })
})

/** A call whose request the runtime ends: nothing of it ever settles. */
function dropped(name: string): void {
  resolve.mockImplementationOnce(never)
  void (ask(name) as Promise<string>).catch(() => undefined)
}

describe.each([
  ['an unproven issuer', false],
  ['a proven issuer', true],
])('A3 the question about %s', (_title, isProven) => {
  beforeEach(() => {
    if (isProven) proven.add('a')
  })

  it('is asked again when its request ended and its time is over', async () => {
    dropped('a')
    resolve.mockResolvedValue('again')
    now = 5.2
    await expect(ask('a')).resolves.toBe('again')
    expect(resolve).toHaveBeenCalledTimes(2)
  })

  it('is not asked again while it has time', () => {
    dropped('a')
    now = 5
    void (ask('a') as Promise<string>).catch(() => undefined)
    expect(resolve).toHaveBeenCalledTimes(1)
  })

  it('ends for each request that waits, when its time is over', async () => {
    dropped('a')
    timersFire = true
    await expect(ask('a')).rejects.toMatchObject({ status: 503 })
  })

  it('does not keep an old answer that comes after a newer one', async () => {
    let late: (value: string) => void = () => undefined
    resolve.mockReturnValueOnce(new Promise((yes) => (late = yes)))
    const first = ask('a') as Promise<string>
    now = 6
    resolve.mockResolvedValueOnce('new')
    await expect(ask('a')).resolves.toBe('new')
    late('old')
    await expect(first).rejects.toMatchObject({ status: 503 })
  })
})

it('A3 1,000 questions whose requests ended do not block the others for ever', async () => {
  for (let index = 0; index < 1000; index++) dropped(`dropped-${index}`)
  resolve.mockResolvedValue('there')
  expect(() => ask('a')).toThrow(expect.objectContaining({ status: 503 }) as Error)
  now = 5.2
  await expect(ask('a')).resolves.toBe('there')
})

it('A5 asks about 1,000 unproven issuers at a time, and about any number of proven ones', async () => {
  for (let index = 0; index < 1000; index++) dropped(`dropped-${index}`)
  resolve.mockResolvedValue('there')
  const detail = { hint: 'issuers: 1000 calls are pending' }
  expect(() => ask('unproven')).toThrow(expect.objectContaining({ status: 503, detail }) as Error)
  expect(resolve).toHaveBeenCalledTimes(1000)
  proven.add('proven')
  await expect(ask('proven')).resolves.toBe('there')
})

it('A3 a request that waits for the call of an ended request asks by itself', async () => {
  dropped('a')
  resolve.mockResolvedValue('again')
  // What workerd makes of a promise of another request: it rejects where it is awaited.
  runtimeError = new Error('This promise was created by a request that has since ended')
  await expect(ask('a')).resolves.toBe('again')
  expect(resolve).toHaveBeenCalledTimes(2)
})

it('A3 such a request does not ask when its own time is over', async () => {
  dropped('a')
  runtimeError = new Error('This promise was created by a request that has since ended')
  const outcome = ask('a')
  now = 6
  await expect(outcome).rejects.toMatchObject(late)
  expect(resolve).toHaveBeenCalledOnce()
})

it('A3 a call that is over its time says so, and makes room for one other call alone', async () => {
  let answer: (value: string) => void = () => undefined
  resolve.mockReturnValueOnce(new Promise((yes) => (answer = yes)))
  const first = ask('a')
  now = 6
  dropped('a')
  answer('old')
  await expect(first).rejects.toMatchObject(late)
  // The second call goes on, and is still the one that others wait for.
  dropped('a')
  expect(resolve).toHaveBeenCalledTimes(2)
  for (let index = 1; index < 1000; index++) dropped(`dropped-${index}`)
  expect(() => ask('b')).toThrow(expect.objectContaining({ status: 503 }) as Error)
})

it('shares a call that has time left, whatever else is asked', () => {
  for (const name of ['a', 'b', 'a', 'b']) dropped(name)
  expect(resolve.mock.calls).toEqual([['a'], ['b']])
})

it('A5 lets 5,000 requests wait for unproven issuers, and others for proven ones', async () => {
  for (let request = 0; request < 5000; request++) dropped('a')
  const full = { status: 503, detail: { hint: 'issuers: 5000 calls are pending' } }
  expect(() => ask('a')).toThrow(expect.objectContaining(full) as Error)
  proven.add('b')
  resolve.mockReset().mockResolvedValue('there')
  await expect(ask('b')).resolves.toBe('there')
})

it('passes the errors of the function on, and asks again', async () => {
  resolve.mockRejectedValueOnce(new Error('the database is down'))
  await expect(ask('a')).rejects.toThrow('the database is down')
  resolve.mockResolvedValueOnce('there')
  await expect(ask('a')).resolves.toBe('there')
})

it('gives what the function returns at once, at once', () => {
  resolve.mockReturnValue('there')
  expect([ask('a'), ask('a')]).toEqual(['there', 'there'])
  expect(resolve).toHaveBeenCalledTimes(2)
})

it('A5 ends a call when the time of the function is over, though requests wait a little longer', async () => {
  timersFire = true
  firesUpTo = timeoutMs
  resolve.mockImplementation(never)
  await expect(ask('a')).rejects.toMatchObject(late)
})

it('A3 asks again as soon as a call is over its time, to the millisecond', () => {
  dropped('a')
  now = 5.099
  dropped('a')
  expect(resolve).toHaveBeenCalledTimes(1)
  resolve.mockReset()
  now = 5.1
  dropped('a')
  expect(resolve).toHaveBeenCalledTimes(1)
})

it('A5 counts no call for a proven issuer among those for unproven ones', async () => {
  for (let index = 0; index < 1000; index++) {
    proven.add(`proven-${index}`)
    dropped(`proven-${index}`)
  }
  resolve.mockReset().mockResolvedValue('there')
  await expect(ask('unproven')).resolves.toBe('there')
  proven.add('another')
  await expect(ask('another')).resolves.toBe('there')
  for (let index = 0; index < 1000; index++) dropped(`dropped-${index}`)
  expect(() => ask('b')).toThrow(expect.objectContaining({ status: 503 }) as Error)
})
