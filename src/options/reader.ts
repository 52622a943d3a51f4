import { foreignFix } from './foreign-names.ts'
import { nearest } from './nearest.ts'
import { objectHint } from './object-hint.ts'

/** Options by name, own members only: what a polluted prototype offers is not an option. */
export type OptionsObject = Readonly<Record<string, unknown>>

/** Reads options by name. `undefined` always means "not given"; every method throws a TypeError with the name. */
export interface OptionsReader<N extends string> {
  /** The options that were given, those of the reader behind this one included. */
  readonly values: OptionsObject
  /** The name of an option for messages, for example `issuers[1].clients`. */
  readonly at: (name: N) => string
  /** Text with at least one character. */
  readonly text: (name: N) => string | undefined
  /** A list of at least one text. */
  readonly list: (name: N) => readonly string[] | undefined
  /** A list of texts that may be empty. */
  readonly names: (name: N) => readonly string[]
  /** A number within bounds. */
  readonly number: <S extends number | undefined>(
    name: N,
    min: number,
    max: number,
    standard: S,
  ) => number | S
  /** One of a few words, the first of which is the default. */
  readonly word: <W extends string>(name: N, words: readonly [W, ...W[]]) => W
  /** `true` or `false`, which is the default. */
  readonly flag: (name: N) => boolean
  /** A function. */
  readonly function: <F>(name: N, example: string) => F | undefined
}

/** Where a reader finds options that its own object does not have. */
export interface OptionsBehind {
  readonly values: OptionsObject
  readonly at: (name: never) => string
}

/**
 * Copies options, so that what happens to the object later changes nothing, and refuses names that do not exist.
 *
 * @param path what messages begin with, for example `issuers[1]`; empty for the options themselves
 * @throws {TypeError}
 */
export function optionsReader<N extends string>(
  value: unknown,
  path: string,
  names: readonly N[],
  behind?: OptionsBehind,
): OptionsReader<N> {
  const given = copyOptions(value, path === '' ? 'options' : path, names)
  const values = Object.assign(Object.create(null) as Record<string, unknown>, behind?.values, given)
  const isGiven = (name: N): boolean => values[name] !== undefined
  const at = (name: N): string => {
    if (behind !== undefined && !(name in given) && isGiven(name)) return behind.at(name as never)
    return path === '' ? name : `${path}.${name}`
  }
  return {
    values,
    at,
    text: (name) => (isGiven(name) ? checkText(values[name], at(name)) : undefined),
    list: (name) => (isGiven(name) ? checkTexts(values[name], at(name)) : undefined),
    names: (name) => (isGiven(name) ? checkTexts(values[name], at(name), 0) : []),
    number: (name, min, max, standard) =>
      isGiven(name) ? checkNumber(values[name], at(name), min, max) : standard,
    word: (name, words) => (isGiven(name) ? checkWord(values[name], at(name), words) : words[0]),
    flag(name) {
      const value = values[name]
      if (value !== undefined && typeof value !== 'boolean') {
        throw new TypeError(`${at(name)}: must be true or false`)
      }
      return value ?? false
    },
    function: (name, example) => (isGiven(name) ? checkFunction(values[name], at(name), example) : undefined),
  }
}

/** Copies the options that are given: own members, each read once, without those that are `undefined`. */
function copyOptions(value: unknown, where: string, names: readonly string[]): OptionsObject {
  if (!isPlainObject(value)) {
    throw new TypeError(`${where}: must be a plain object of options${objectHint(value, where)}`)
  }
  const hidden = names.find((name) => Object.hasOwn(value, name) && !isEnumerable(value, name))
  if (hidden !== undefined) throw new TypeError(`${where}: ${hidden} must be enumerable`)
  const unknown = Object.keys(value).filter((name) => !names.includes(name))
  if (unknown.length > 0) {
    const told = unknown.map((name) => name + meant(name, names)).join(', ')
    // The list is long, and a hint says more.
    const list = unknown.every((name) => meant(name, names) !== '')
      ? ''
      : `; the options are ${names.join(', ')}`
    throw new TypeError(`${where}: unknown option ${told}${list}`)
  }
  const copy = Object.create(null) as Record<string, unknown>
  for (const [name, option] of Object.entries(value)) if (option !== undefined) copy[name] = option
  return copy
}

/**
 * Options that an object inherits, as from a class or a promise, would be ignored without a word: so only objects that
 * inherit nothing but `Object.prototype` are options, also those of another realm.
 */
function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function isEnumerable(value: object, name: string): boolean {
  return Object.prototype.propertyIsEnumerable.call(value, name)
}

function meant(name: string, names: readonly string[]): string {
  // The options of an issuer or of the resource server, not those of a cache.
  const fix = names.includes('audience') ? foreignFix(name) : undefined
  if (fix !== undefined) return ` (${fix})`
  const known = nearest(name, names)
  return known === undefined ? '' : ` (did you mean ${known}?)`
}

/** Text with at least one character. @throws {TypeError} */
export function checkText(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '') return value
  // Not `href`: it adds a slash to a host alone, and an issuer is compared exactly.
  const hint = value instanceof URL ? '; pass the text itself, not a URL object' : ''
  throw new TypeError(`${name}: must be a string that is not empty${hint}`)
}

/** The entries of a list: its own, so that a polluted prototype fills no hole. @throws {TypeError} */
export function checkEntries(value: unknown, name: string, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError(`${name}: must be a list of ${what}`)
  const entries: unknown[] = []
  for (let index = 0; index < value.length; index += 1) {
    if (!Object.hasOwn(value, index)) throw new TypeError(`${name}: has no entry at position ${index}`)
    entries.push(value[index])
  }
  return entries
}

/** A list of texts. @param least number of entries. @throws {TypeError} */
export function checkTexts(value: unknown, name: string, least: 0 | 1 = 1): readonly string[] {
  const what = least === 0 ? 'strings, none of them empty' : 'at least one string, none of them empty'
  const entries = checkEntries(value, name, what)
  if (entries.length < least || entries.some((text) => typeof text !== 'string' || text === '')) {
    throw new TypeError(`${name}: must be a list of ${what}`)
  }
  return entries as readonly string[]
}

/** A number within bounds. @throws {TypeError} */
export function checkNumber(value: unknown, name: string, min: number, max: number): number {
  if (typeof value !== 'number' || !(value >= min && value <= max)) {
    throw new TypeError(`${name}: must be a number from ${min} to ${max}${unitOf(name)}`)
  }
  return value
}

const inSeconds =
  /(?:^|\.)(?:clockTolerance|max(?:Token)?Age|leeway|lifetime|tokenLifetime|cache(?:Inactive)?For|\w*[fF]reshFor|staleFor)$/

function unitOf(name: string): string {
  if (name.endsWith('Ms')) return ', in milliseconds'
  return inSeconds.test(name) ? ', in seconds' : ''
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
