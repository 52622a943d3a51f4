import { own } from './objects.ts'

/** Verified or still unverified claims, read by name. */
export type ClaimsObject = Readonly<Record<string, unknown>>

/** Name of a top-level claim, or the names that lead to a nested one. A name is never split. */
export type ClaimPath = string | readonly string[]

/** Reads a claim; `undefined` unless every step of the path is a member of its own. */
export function claimAt(claims: ClaimsObject, path: ClaimPath): unknown {
  if (typeof path === 'string') return own(claims, path)
  let value: unknown = claims
  for (const name of path) {
    // The entries of a list have no names.
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    value = own(value, name)
  }
  return value
}

/** Tells whether a value is a list of strings. */
export function isStringList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string')
}
