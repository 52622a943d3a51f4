/** Reads a member an object itself has: what a polluted prototype offers does not count. */
export function own(object: object, name: string | symbol): unknown {
  return Object.hasOwn(object, name) ? (object as Record<string | symbol, unknown>)[name] : undefined
}

/** Copies a list. A position where it has nothing of its own is `undefined`, whatever a polluted prototype has there. */
export function entriesOf(list: readonly unknown[]): readonly unknown[] {
  return Array.from({ length: list.length }, (_, index) =>
    Object.hasOwn(list, index) ? list[index] : undefined,
  )
}

/** Copies what came from JSON, all the way down. The copy is not frozen. */
export function copyOfJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((inner) => copyOfJson(inner))
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, copyOfJson(inner)]))
}

/** Freezes a value with everything in it, as far as it is plain data. */
export function deepFreeze<T>(value: T): T {
  if (isPlain(value) && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) deepFreeze(inner)
  }
  return value
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || Array.isArray(value)
}
