import type { MaybePromise } from '../types.ts'

/** Tells a promise from a value, also one of another realm, as test runners and workers have them. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return (
    value instanceof Promise ||
    (typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function')
  )
}

/** Objects that {@link unawaited} looks into, and members of each: some results refer to half of a library. */
const most = { objects: 20, members: 1000 }

/**
 * Takes a result that nobody uses: what a promise rejects with must not end the process. A forgotten `await` may stand
 * within the result too, as in a list of promises, so that objects near its surface are looked through.
 */
export function unawaited(result: unknown): void {
  const found = new Set<unknown>([result])
  let objects = 0
  for (const each of found) {
    try {
      if (isPromise(each)) Promise.resolve(each).catch(() => undefined)
      else if (objects++ < most.objects) for (const member of objectsIn(each)) found.add(member)
    } catch {
      // It cannot be read, so that nothing in it is known.
    }
  }
}

/** Objects that an object has as values, without calling a getter. */
function objectsIn(value: unknown): readonly unknown[] {
  // Of bytes each is a member.
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return []
  const names = Array.isArray(value) ? [...value.slice(0, most.members).keys()] : Object.keys(value)
  return names
    .slice(0, most.members)
    .map((name) => Object.getOwnPropertyDescriptor(value, name)?.value as unknown)
    .filter((member) => typeof member === 'object' && member !== null)
}

/** Goes on with a value: at once, or when its promise resolves. What waits is always a promise of this realm. */
export function andThen<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return isPromise(value) ? Promise.resolve(value).then(next) : next(value)
}
