import { runInNewContext } from 'node:vm'
import { describe, expect, it, vi } from 'vitest'
import { andThen, isPromise, unawaited } from '../../src/lib/maybe-promise.ts'
import { rejection } from '../support/rejection.ts'

describe('isPromise', () => {
  it.each<[string, unknown]>([
    ['a promise', Promise.resolve(1)],
    ['a promise of another realm', runInNewContext('Promise.resolve(1)')],
    ['a thenable', { then: () => undefined }],
  ])('is true for %s', (_what, value) => {
    expect(isPromise(value)).toBe(true)
  })

  it.each([undefined, null, 0, '', 'then', true, {}, { then: 1 }, [], () => 1])(
    'is false for %o',
    (value) => {
      expect(isPromise(value)).toBe(false)
    },
  )
})

describe('unawaited', () => {
  it('handles what a promise rejects with, and ignores values', async () => {
    const handled: unknown[] = []
    const rejecting = {
      then: (_go: unknown, fail: (reason: unknown) => void) => {
        handled.push(fail)
        fail(new Error('late'))
      },
    }
    for (const result of [rejecting, Promise.reject(new Error('late')), 1, undefined, null]) unawaited(result)
    await new Promise(setImmediate)
    expect(handled).toHaveLength(1)
  })
})

describe('andThen', () => {
  it('goes on at once with a value', () => {
    expect(andThen(1, (value) => value + 1)).toBe(2)
  })

  it('throws at once what the next step throws', () => {
    expect(() =>
      andThen(1, () => {
        throw new Error('mine')
      }),
    ).toThrow('mine')
  })

  it.each<[string, () => Promise<number>]>([
    ['a promise', () => Promise.resolve(1)],
    ['a promise of another realm', () => runInNewContext('Promise.resolve(1)') as Promise<number>],
    ['a thenable', () => ({ then: (go: (n: number) => void) => go(1) }) as unknown as Promise<number>],
  ])('waits for %s with a promise of this realm', async (_what, make) => {
    const result = andThen(make(), (value) => value + 1)
    expect(result).toBeInstanceOf(Promise)
    expect(await result).toBe(2)
  })

  it('waits for the next step too', async () => {
    expect(await andThen(Promise.resolve(1), (value) => Promise.resolve(value + 1))).toBe(2)
  })

  it('does not go on after a rejection', async () => {
    const next = vi.fn()
    await expect(andThen(Promise.reject(new Error('mine')), next)).rejects.toThrow('mine')
    expect(next).not.toHaveBeenCalled()
  })
})

describe('a result that nobody uses', () => {
  const isHeld = (place: (promise: Promise<never>) => unknown): boolean => {
    const { make, isHandled } = rejection()
    const promise = make()
    unawaited(place(promise))
    const held = isHandled()
    promise.catch(() => undefined)
    return held
  }

  it.each<[string, (promise: Promise<never>) => unknown]>([
    ['itself', (promise) => promise],
    ['in a list', (promise) => [1, promise]],
    ['in an object', (promise) => ({ a: promise })],
    ['in a list in an object', (promise) => ({ a: [[promise]] })],
    ['as the last of a long list', (promise) => [...Array<number>(999).fill(1), promise]],
    ['beside bytes', (promise) => [new Uint8Array(10_000_000), promise]],
    [
      'beside an object that refers to itself',
      (promise) => Object.assign([promise] as unknown[], { 1: globalThis }),
    ],
    ['beside a revoked proxy', (promise) => [revoked(), promise]],
  ])('may have a promise %s, which is held', (_where, place) => {
    expect(isHeld(place)).toBe(true)
  })

  it('is looked through near its surface alone, and no getter is called', () => {
    const getter = vi.fn()
    const chain = (length: number, end: unknown): unknown => (length === 0 ? end : [chain(length - 1, end)])
    expect(isHeld((promise) => chain(20, promise))).toBe(true)
    expect(isHeld((promise) => chain(21, promise))).toBe(false)
    expect(isHeld((promise) => [...Array<number>(1000).fill(1), promise])).toBe(false)
    unawaited(Object.defineProperty({}, 'a', { get: getter, enumerable: true }))
    expect(getter).not.toHaveBeenCalled()
  })

  it.each([undefined, null, 1, 'text', () => undefined])('may be %s', (value) => {
    expect(() => unawaited(value)).not.toThrow()
  })
})

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
