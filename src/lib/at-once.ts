type AnyFunction = (...args: never[]) => unknown

/** Functions that return the result of an asynchronous one at once. */
const synchronous = new WeakMap<object, AnyFunction>()

/**
 * Marks an asynchronous function of this library that need not be: waiting for a promise costs a timer for its limit.
 * The function itself is marked, so that one of the application's in its place is called as it is.
 *
 * @param now does the same, and returns the result or throws the error at once
 */
export function withResultAtOnce<A extends readonly unknown[], T>(
  later: (...args: A) => Promise<T>,
  now: (...args: A) => T,
): (...args: A) => Promise<T> {
  synchronous.set(later, now)
  return later
}

/** What {@link withResultAtOnce} was given for a function; `undefined` for any other. */
export function resultAtOnce<A extends readonly unknown[]>(
  later: (...args: A) => unknown,
): ((...args: A) => unknown) | undefined {
  return synchronous.get(later) as ((...args: A) => unknown) | undefined
}
