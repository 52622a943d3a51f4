import { type MockInstance, vi } from 'vitest'

/** Promises that reject, and whether anybody is there to notice. */
export interface Rejection {
  /** Makes one, at the moment it is used: one that nobody handles ends a process, and fails the run of the tests. */
  readonly make: () => Promise<never>
  /** Whether one was made, and every one is handled. */
  readonly isHandled: () => boolean
}

/** Makes a {@link Rejection}. */
export function rejection(): Rejection {
  const calls: MockInstance<Promise<never>['then']>[] = []
  return {
    make() {
      const promise: Promise<never> = Promise.reject(new Error('nobody waits for this'))
      calls.push(vi.spyOn(promise, 'then'))
      return promise
    },
    isHandled: () =>
      calls.length > 0 &&
      calls.every(({ mock }) => mock.calls.some(([, onRejected]) => typeof onRejected === 'function')),
  }
}
