import { shownText } from '../detail.ts'
import type { ClaimsObject } from '../lib/claim-path.ts'
import { own } from '../lib/objects.ts'

/** The claims that scopes and roles of one caller were read from; empty for a function of the application's. */
export interface NamesFrom {
  readonly scopes: readonly string[]
  readonly roles: readonly string[]
}

/** Member of a caller's prototype: where its scopes and roles were read. No serialiser finds it there. */
export const namesFrom: unique symbol = Symbol('names from')

/** The claims that are read when no option says otherwise. */
const defaults: NamesFrom = { scopes: ['scope', 'scp'], roles: ['roles', 'role'] }

/** Claims that hold scopes or roles at some issuer. */
const usual = [
  'scope',
  'scp',
  'roles',
  'role',
  'permissions',
  'groups',
  'realm_access',
  'resource_access',
  'cognito:groups',
  'entitlements',
  'wids',
]

/**
 * Tells why a caller does not have a scope or role: it may stand in a claim that is not read. Names of claims alone are
 * in the answer.
 *
 * @param wanted what the route needs
 */
export function namesHint(
  option: 'scopes' | 'roles',
  wanted: readonly string[],
  caller: { readonly claims: unknown; readonly [namesFrom]?: NamesFrom },
): string {
  const claims = Object(caller.claims) as ClaimsObject
  const read = caller[namesFrom]?.[option] ?? defaults[option]
  const places = placesOf(wanted, claims).filter((place) => !read.includes(place))
  const present = read.filter((path) => at(claims, path) !== undefined)
  const missing = read.length > 0 && present.length === 0
  const lookedFor = missing ? `looked for in ${listed(read)}, which the token does not have; ` : ''
  const [place] = places
  if (place !== undefined) {
    // The claims that are read today stay, so that other routes go on.
    const paths = [...present, place].map(quoted).join(', ')
    return `${lookedFor}the token has it in ${quoted(place)}: set ${option}: ${present.length === 0 ? paths : `[${paths}]`}`
  }
  const others = usual.filter((name) => Object.hasOwn(claims, name) && !read.includes(name))
  if (missing && others.length > 0) {
    return `${lookedFor}claims of the token that may have ${option}: ${listed(others)}; name the right one in the option ${option}`
  }
  return option === 'scopes'
    ? `${lookedFor}the client must request the scope, and the issuer grant it`
    : `${lookedFor}grant the role at the issuer, and get a new token`
}

const maxPlaces = 200
const maxDepth = 3

/** Paths of the claims that have one of these names. It looks at a bounded number of members. */
function placesOf(wanted: readonly string[], claims: ClaimsObject): readonly string[] {
  const found: string[] = []
  let left = maxPlaces
  const search = (value: object, path: string, depth: number): void => {
    for (const name of Object.keys(value)) {
      if (left-- <= 0) return
      const member = own(value, name)
      // The name of a top-level claim needs no pointer, unless it looks like one.
      const here = path === '' && !name.startsWith('/') ? name : `${path === '' ? '' : path}/${escaped(name)}`
      if (hasName(member, wanted)) found.push(here)
      else if (typeof member === 'object' && member !== null && !Array.isArray(member) && depth < maxDepth) {
        search(member, `${path}/${escaped(name)}`, depth + 1)
      }
    }
  }
  search(claims, '', 1)
  return found
}

function hasName(value: unknown, wanted: readonly string[]): boolean {
  if (typeof value === 'string') return value.split(' ', maxPlaces).some((name) => wanted.includes(name))
  return Array.isArray(value) && value.slice(0, maxPlaces).some((name) => wanted.includes(name as string))
}

/** The claim at a path as the options have it. */
function at(claims: ClaimsObject, path: string): unknown {
  if (!path.startsWith('/')) return own(claims, path)
  let value: unknown = claims
  for (const name of path.slice(1).split('/')) {
    if (typeof value !== 'object' || value === null) return undefined
    value = own(value, name.replaceAll('~1', '/').replaceAll('~0', '~'))
  }
  return value
}

function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

function quoted(path: string): string {
  return `'${shownText(path)}'`
}

function listed(paths: readonly string[]): string {
  return paths.slice(0, 5).map(quoted).join(', ')
}
