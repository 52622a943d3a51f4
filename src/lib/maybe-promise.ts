import type { MaybePromise } from '../types.ts'

/** Tells a promise from a value, also one of another realm, as test runners and workers have them. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return (
    value instanceof Promise ||
    (typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function')
  )
}

/** Objects in a result that {@link unawaited} looks at. */
const mostObjects = 1000

/**
 * Takes a result that nobody uses: what a promise rejects with must not end the process. A forgotten `await` may stand
 * within the result too, as in a list of promises, so that the objects in it are looked through.
 */
export function unawaited(result: unknown): void {
  const objects = new Set<unknown>([result])
  for (const each of objects) {
    if (objects.size > mostObjects) return
    try {
      if (isPromise(each)) Promise.resolve(each).catch(() => undefined)
      else for (const member of membersOf(each)) objects.add(member)
    } catch {
      // It cannot be read, so that nothing in it is known.
    }
  }
}

/** Objects that an object has as values; what a getter returns is not among them. */
function membersOf(value: unknown): readonly object[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.values(Object.getOwnPropertyDescriptors(value))
    .map((descriptor): unknown => descriptor.value)
    .filter((member) => typeof member === 'object' && member !== null)
}

/** Goes on with a value: at once, or when its promise resolves. What waits is always a promise of this realm. */
export function andThen<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return isPromise(value) ? Promise.resolve(value).then(next) : next(value)
}
