/** Names given one by one, or as one list. */
export type NameArguments = readonly string[] | readonly [readonly string[]]

/** Copies the names a guard is made with. @throws {TypeError} when there is none, or one is no string */
export function namesOf(guard: string, names: NameArguments): readonly string[] {
  const [first] = names
  const list =
    Array.isArray(first) && names.length === 1 ? (first as readonly string[]) : (names as readonly string[])
  if (list.length === 0 || list.some((name) => typeof name !== 'string' || name === '')) {
    throw new TypeError(`${guard}: name at least one, as strings or as one list of strings`)
  }
  // Frozen, as the errors of every caller show this list.
  return Object.freeze([...list])
}
