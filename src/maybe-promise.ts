import type { MaybePromise } from './types.ts'

/** Tells a promise from a value, also one of another realm, as test runners and workers have them. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return (
    value instanceof Promise ||
    (typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function')
  )
}

/** Goes on with a value: at once, or when its promise resolves. */
export function after<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return isPromise(value) ? value.then(next) : next(value)
}

/**
 * Runs work and goes on with its outcome, in the same tick where nothing has to be waited for. An error of
 * `onValue` is not the work's, and never reaches `onError`.
 */
export function settle<T, R>(
  work: () => MaybePromise<T>,
  onValue: (value: T) => MaybePromise<R>,
  onError: (error: unknown) => MaybePromise<R>,
): MaybePromise<R> {
  let value: MaybePromise<T>
  try {
    value = work()
  } catch (error) {
    return onError(error)
  }
  return isPromise(value) ? value.then(onValue, onError) : onValue(value)
}
