import { boundedCache } from '../lib/cache.ts'
import { type ClaimPath, claimAt, isStringList } from '../lib/claim-path.ts'
import { InvalidTokenError } from '../errors.ts'
import { frozenSet } from '../lib/frozen-set.ts'
import { own } from '../lib/objects.ts'
import type { Names, NamesReader } from '../options/rules.ts'

/** Names in one claim. */
type ClaimReader = (value: unknown) => Iterable<string>

/** Makes the reader of scopes an option asks for; without it `scope`, else `scp` (RFC 9068 §2.2.3). */
export function scopesReader(option: Names | undefined): NamesReader {
  if (option !== undefined) return reader(option, scopesIn)
  return (claims) => scopesIn(own(claims, Object.hasOwn(claims, 'scope') ? 'scope' : 'scp'))
}

/** Makes the reader of roles an option asks for; without it `roles`, else `role`. */
export function rolesReader(option: Names | undefined): NamesReader {
  if (option !== undefined) return reader(option, rolesIn)
  return (claims) => frozenSet(rolesIn(own(claims, Object.hasOwn(claims, 'roles') ? 'roles' : 'role')))
}

function reader(option: Names, readOne: ClaimReader): NamesReader {
  if (typeof option === 'function') {
    return (claims) => {
      const names = option(claims as never)
      return frozenSet(typeof names === 'string' ? readOne(names) : names)
    }
  }
  const paths = pathsOf(option)
  return (claims) => frozenSet(paths.flatMap((path) => [...readOne(claimAt(claims, path))]))
}

/** A list of strings is the way to one nested claim; a list with lists in it is several paths. */
function pathsOf(option: ClaimPath | readonly ClaimPath[]): readonly ClaimPath[] {
  if (typeof option === 'string') return [option]
  return option.every((step) => typeof step === 'string') ? [option as readonly string[]] : option
}

// Clients ask for the same scopes again and again; what is not common is not worth remembering.
const knownScopes = boundedCache<ReadonlySet<string>>({ max: 1000 })
const longestKnown = 512

/** Scopes of one claim. @throws {InvalidTokenError} when the claim is neither a string nor a list of strings. */
function scopesIn(value: unknown): ReadonlySet<string> {
  if (isStringList(value)) return frozenSet(value)
  if (value === undefined) return frozenSet([])
  if (typeof value !== 'string') throw new InvalidTokenError('claim')
  const known = knownScopes.get(value)
  if (known !== undefined) return known
  // Space alone separates (RFC 6749 §3.3); a tab or a no-break space is part of a name that no guard can ask for.
  const scopes = frozenSet(value.split(' ').filter((name) => name !== ''))
  if (value.length <= longestKnown) knownScopes.set(value, scopes)
  return scopes
}

/**
 * Roles of one claim: a string is one role, a list holds strings or objects with `value` (RFC 9068 §2.2.3.1, RFC
 * 7643 §4.1.2). Any other shape grants nothing, as roles have no registered type to insist on.
 */
function rolesIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (!Array.isArray(value)) return []
  const names: string[] = []
  for (const entry of value as readonly unknown[]) {
    const name = typeof entry === 'object' && entry !== null ? own(entry, 'value') : entry
    if (typeof name === 'string') names.push(name)
  }
  return names
}
