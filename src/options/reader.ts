import { isFetchable } from '../lib/url.ts'

/** Options by name, own members only: what a polluted prototype offers is not an option. */
export type OptionsObject = Readonly<Record<string, unknown>>

/**
 * Copies options, so that what happens to the object later changes nothing, and refuses names that do not exist.
 *
 * @throws {TypeError}
 */
export function copyOptions(value: unknown, where: string, names: readonly string[]): OptionsObject {
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`${where}: must be an object of options`)
  const copy = Object.assign(Object.create(null) as Record<string, unknown>, value)
  const unknown = Object.keys(copy).filter((name) => !names.includes(name))
  if (unknown.length > 0) {
    throw new TypeError(`${where}: unknown option ${unknown.join(', ')}; the options are ${names.join(', ')}`)
  }
  return copy
}

/** Text with at least one character. @throws {TypeError} */
export function checkText(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '')
    throw new TypeError(`${name}: must be a string that is not empty`)
  return value
}

/** A list of at least one text; one text alone is a list of one where the option allows it. @throws {TypeError} */
export function checkTexts(value: unknown, name: string): readonly string[] {
  if (
    !Array.isArray(value) ||
    value.length === 0 ||
    value.some((text) => typeof text !== 'string' || text === '')
  ) {
    throw new TypeError(`${name}: must be a list of at least one string, none of them empty`)
  }
  return [...(value as string[])]
}

/** A number within bounds. @throws {TypeError} */
export function checkNumber(value: unknown, name: string, min: number, max: number): number {
  if (typeof value !== 'number' || !(value >= min && value <= max)) {
    throw new TypeError(`${name}: must be a number from ${min} to ${max}`)
  }
  return value
}

/** One of a few words. @throws {TypeError} */
export function checkWord<W extends string>(value: unknown, name: string, words: readonly W[]): W {
  if (!words.includes(value as W))
    throw new TypeError(`${name}: must be ${words.map((word) => `'${word}'`).join(' or ')}`)
  return value as W
}

/** A function. @throws {TypeError} */
export function checkFunction<F>(value: unknown, name: string, example: string): F {
  if (typeof value !== 'function') throw new TypeError(`${name}: must be a function, for example ${example}`)
  return value as F
}

/** A URL from which keys may be fetched. @throws {TypeError} */
export function checkFetchable(value: string, name: string, instead: string): URL {
  if (!URL.canParse(value)) throw new TypeError(`${name}: must be an https URL${instead}`)
  const url = new URL(value)
  if (!isFetchable(url))
    throw new TypeError(`${name}: must be https; plain http is for this machine alone${instead}`)
  if (url.username !== '' || url.password !== '')
    throw new TypeError(`${name}: must not hold a user name or password`)
  return url
}
