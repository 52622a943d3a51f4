/**
 * Tells whether two values are the same setting: plain objects and lists by what is in them, bytes by their values,
 * everything else, functions too, by identity.
 */
export function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false
  if (!Array.isArray(one) && !(one instanceof Uint8Array) && !isPlain(one)) return false
  const names = Object.keys(one)
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isSame(memberOf(one, name), memberOf(other, name)))
  )
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

function memberOf(value: object, name: string): unknown {
  return (value as Record<string, unknown>)[name]
}
