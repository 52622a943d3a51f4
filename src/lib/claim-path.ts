import { own } from './objects.ts'

/** Verified or still unverified claims, read by name. */
export type ClaimsObject = Readonly<Record<string, unknown>>

/** Name of a claim, or a JSON Pointer to a nested one when it begins with `/` (RFC 6901). */
export type ClaimPath = string

/** Reads one claim; `undefined` when it is absent. */
export type ClaimReader = (claims: ClaimsObject) => unknown

/**
 * Makes the reader of a claim. A path that begins with `/` is a JSON Pointer: it follows own members of objects, never
 * the entries of lists. Any other path is the name of one claim, whatever characters it has.
 *
 * @param option what the message begins with, for example `roles`
 * @throws {TypeError} when the path is no string, is empty, or has a bad escape
 */
export function claimReader(path: ClaimPath, option = 'claim path'): ClaimReader {
  checkPath(path, option)
  if (!path.startsWith('/')) return (claims) => own(claims, path)
  const names = path
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  return (claims) => {
    let value: unknown = claims
    for (const name of names) {
      // The entries of a list have no names.
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
      value = own(value, name)
    }
    return value
  }
}

/** Paths with dots that can only be meant as nested: Keycloak has objects under these names. */
const keycloakPath = /^(?:(realm_access)\.(.+)|(resource_access)\.(.+)\.([^.]+))$/

function checkPath(path: unknown, option: string): asserts path is ClaimPath {
  if (isStringList(path) && path.length > 0) {
    throw new TypeError(
      `${option}: a claim path is one string; write '${pointerTo(path)}' for a nested claim`,
    )
  }
  if (typeof path !== 'string' || path === '') {
    throw new TypeError(
      `${option}: name the claim, for example 'permissions', or write a JSON Pointer, for example '/realm_access/roles'`,
    )
  }
  const nested = keycloakPath
    .exec(path)
    ?.slice(1)
    .filter((name) => (name as string | undefined) !== undefined)
  if (nested !== undefined) {
    throw new TypeError(
      `${option}: '${path}' is not a claim; write '${pointerTo(nested)}' for a nested claim`,
    )
  }
  if (path.startsWith('/') && /~(?![01])/.test(path)) {
    throw new TypeError(
      `${option}: '${path}' is not a JSON Pointer: write ~0 for ~ and ~1 for / in a name (RFC 6901 §3)`,
    )
  }
}

function pointerTo(names: readonly string[]): ClaimPath {
  return names.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** Tells whether a value is a list of strings. */
export function isStringList(value: unknown): value is readonly string[] {
  if (!Array.isArray(value)) return false
  // By index: V8 calls `every` on a frozen list seven times as slowly, and the lists in claims are frozen.
  for (let at = 0; at < value.length; at++) if (typeof value[at] !== 'string') return false
  return true
}
