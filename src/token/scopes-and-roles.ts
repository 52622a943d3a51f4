import { boundedCache } from '../lib/cache.ts'
import { type ClaimPath, claimReader, type ClaimsObject, isStringList } from '../lib/claim-path.ts'
import { InvalidTokenError } from '../errors.ts'
import { frozenSet } from '../lib/frozen-set.ts'
import { unawaited } from '../lib/maybe-promise.ts'
import { own } from '../lib/objects.ts'
import type { Names, NamesReader } from '../options/rules.ts'

/** Reads the names in one claim. @throws {InvalidTokenError} when the claim has the wrong type */
type ReadOne = (value: unknown, path: ClaimPath) => Iterable<string>

/** Reads scopes from the claims that the `scopes` option names. Default: `scope`, else `scp` (RFC 9068 §2.2.3). */
export function scopesReader(option: Names | undefined): NamesReader {
  return option === undefined ? firstOf('scope', 'scp', scopesIn) : readerOf('scopes', option, scopesIn)
}

/** Reads roles from the claims that the `roles` option names. Default: `roles`, else `role`. */
export function rolesReader(option: Names | undefined): NamesReader {
  return option === undefined ? firstOf('roles', 'role', rolesIn) : readerOf('roles', option, namedRolesIn)
}

function firstOf(name: string, otherwise: string, readOne: ReadOne): NamesReader {
  const read = (claims: ClaimsObject): ReadonlySet<string> => {
    const found = Object.hasOwn(claims, name) ? name : otherwise
    return frozenSet(readOne(own(claims, found), found))
  }
  return Object.assign(read, { claimNames: [name, otherwise] })
}

function readerOf(name: string, option: Names, readOne: ReadOne): NamesReader {
  if (typeof option === 'function') {
    const read = (claims: ClaimsObject): ReadonlySet<string> =>
      frozenSet(returnedNames(name, option(claims), readOne))
    return Object.assign(read, { claimNames: [] })
  }
  const claimNames = typeof option === 'string' ? [option] : [...option]
  const readers = claimNames.map((path) => {
    const claimOf = claimReader(path, name)
    return (claims: ClaimsObject) => readOne(claimOf(claims), path)
  })
  const [only, ...others] = readers
  const read = (claims: ClaimsObject): ReadonlySet<string> =>
    frozenSet(
      only !== undefined && others.length === 0
        ? only(claims)
        : readers.flatMap((reader) => [...reader(claims)]),
    )
  return Object.assign(read, { claimNames })
}

/** Checks what a user's function returned. @throws {TypeError} */
function returnedNames(option: string, returned: unknown, readOne: ReadOne): Iterable<string> {
  if (returned === undefined || returned === null) return []
  if (typeof returned === 'string') return readOne(returned, option)
  const names: unknown = isIterable(returned) ? [...returned] : returned
  if (isStringList(names)) return names
  unawaited(names)
  throw new TypeError(`${option}: the function must return a string, strings, or undefined for no names`)
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value
}

// Clients ask for the same scopes again and again; what is not common is not worth remembering.
const knownScopes = boundedCache<ReadonlySet<string>>({ max: 1000 })
const longestKnown = 512

/** Scopes of one claim. @throws {InvalidTokenError} when the claim is neither a string nor a list of strings. */
function scopesIn(value: unknown, path: ClaimPath): Iterable<string> {
  if (value === undefined) return []
  if (isStringList(value)) return value
  if (typeof value !== 'string') throw wrongType(path, 'a string or a list of strings', value)
  const known = knownScopes.get(value)
  if (known !== undefined) return known
  // Space alone separates (RFC 6749 §3.3); a tab or a no-break space is part of a name that no guard can require.
  const scopes = frozenSet(value.split(' ').filter((name) => name !== ''))
  if (value.length <= longestKnown) knownScopes.set(value, scopes)
  return scopes
}

/**
 * Roles of one claim: a string is one role, a list has strings or objects with `value` (RFC 9068 §2.2.3.1, RFC 7643
 * §4.1.2). Any other shape grants nothing, as roles have no registered type to insist on.
 */
function rolesIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (isStringList(value)) return value
  if (!Array.isArray(value)) return []
  return value.map(roleIn).filter((name) => name !== undefined)
}

/** Roles of a claim that the configuration names. @throws {InvalidTokenError} when the claim has another shape. */
function namedRolesIn(value: unknown, path: ClaimPath): readonly string[] {
  const names = rolesIn(value)
  const complete = typeof value === 'string' || (Array.isArray(value) && names.length === value.length)
  if (value === undefined || complete) return names
  throw wrongType(path, 'a string, or a list of strings or of objects with value', value)
}

function roleIn(entry: unknown): string | undefined {
  const name = typeof entry === 'object' && entry !== null ? own(entry, 'value') : entry
  return typeof name === 'string' ? name : undefined
}

function wrongType(claim: ClaimPath, expected: string, actual: unknown): InvalidTokenError {
  const hint = 'the options scopes and roles name this claim: name the one that has the names in it'
  return new InvalidTokenError('claim', { detail: { claim, expected, actual, hint } })
}
