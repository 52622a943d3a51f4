import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FetchError } from '../../src/issuer/fetch-error.ts'
import { withSignal } from '../../src/issuer/with-signal.ts'
import { turns } from '../support/time.ts'

const never = (): Promise<never> => new Promise(() => undefined)
const late = { name: 'FetchError', message: 'no complete response in time' }

const unhandled: unknown[] = []
const note = (reason: unknown): void => void unhandled.push(reason)
beforeEach(() => {
  unhandled.length = 0
  process.on('unhandledRejection', note)
})
afterEach(async () => {
  await turns()
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
})

describe('work within a signal', () => {
  it('comes to its value', async () => {
    expect(await withSignal(Promise.resolve(7), new AbortController().signal)).toBe(7)
  })

  it('is waited for', async () => {
    const work = turns().then(() => 7)
    expect(await withSignal(work, new AbortController().signal)).toBe(7)
  })

  it('ends with the signal', async () => {
    const controller = new AbortController()
    const outcome = withSignal(never(), controller.signal)
    controller.abort()
    await expect(outcome).rejects.toMatchObject(late)
  })

  it('ends at once where the signal has ended before', async () => {
    await expect(withSignal(never(), AbortSignal.abort())).rejects.toMatchObject(late)
  })

  it('that fails by itself cannot reach the server', async () => {
    const cause = new TypeError('fetch failed')
    const outcome = withSignal(Promise.reject(cause), new AbortController().signal)
    await expect(outcome).rejects.toMatchObject({
      message: 'the server cannot be reached',
      thrown: 'TypeError',
    })
    await expect(outcome).rejects.toBeInstanceOf(FetchError)
  })

  it('that fails because of the signal is late', async () => {
    const controller = new AbortController()
    const work = new Promise<never>((_resolve, reject) => {
      controller.signal.addEventListener('abort', () => reject(new Error('aborted')))
    })
    const outcome = withSignal(work, controller.signal)
    controller.abort()
    await expect(outcome).rejects.toMatchObject(late)
  })

  it('keeps an error that says more', async () => {
    const error = new FetchError('the answer is too long', { status: 200 })
    await expect(withSignal(Promise.reject(error), new AbortController().signal)).rejects.toBe(error)
  })

  it.each([
    ['succeeds', () => Promise.resolve(7)],
    ['fails', () => Promise.reject(new Error('broken'))],
  ])('leaves no listener on the signal when it %s', async (_title, work) => {
    const { signal } = new AbortController()
    const [add, remove] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')]
    await withSignal<number>(work(), signal).catch(() => undefined)
    expect(add).toHaveBeenCalledOnce()
    expect(remove.mock.calls).toEqual([add.mock.calls[0]])
  })

  it('leaves no listener on a signal that has ended', async () => {
    const signal = AbortSignal.abort()
    const add = vi.spyOn(signal, 'addEventListener')
    await expect(withSignal(never(), signal)).rejects.toMatchObject(late)
    expect(add).not.toHaveBeenCalled()
  })

  it('leaves no rejection alone when it fails after the signal ended', async () => {
    const controller = new AbortController()
    let fail!: (error: Error) => void
    const work = new Promise<never>((_resolve, reject) => (fail = reject))
    const outcome = withSignal(work, controller.signal)
    controller.abort()
    await expect(outcome).rejects.toMatchObject(late)
    fail(new Error('aborted'))
  })
})
