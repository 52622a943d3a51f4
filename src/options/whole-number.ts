import type { OptionsReader } from './reader.ts'

/** Reads a number of things, which has no fraction. Within 1 and `max`. @throws {TypeError} */
export function wholeNumber<N extends string>(
  read: OptionsReader<N>,
  name: N,
  max: number,
  standard: number,
): number {
  const value = read.number(name, 1, max, standard)
  if (!Number.isInteger(value)) throw new TypeError(`${read.at(name)}: must be a whole number`)
  return value
}
