import type { MaybePromise } from '../types.ts'

/** Tells a promise from a value, also one of another realm, as test runners and workers have them. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return (
    value instanceof Promise ||
    (typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function')
  )
}

/** Takes a result that nobody waits for: what a promise rejects with must not end the process. */
export function unawaited(result: unknown): void {
  if (isPromise(result)) Promise.resolve(result).catch(() => undefined)
}

/** Goes on with a value: at once, or when its promise resolves. What waits is always a promise of this realm. */
export function andThen<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return isPromise(value) ? Promise.resolve(value).then(next) : next(value)
}
