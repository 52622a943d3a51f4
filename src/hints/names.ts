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
 * Tells why a caller does not have a scope or role: it may stand in a claim that is not read. Only names that
 * issuers use for claims are in the answer: others may be data, as the keys of a record by user are.
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
  const places = placesOf(wanted, claims).filter(({ path }) => !read.includes(path))
  const present = read.filter((path) => at(claims, path) !== undefined)
  const missing = read.length > 0 && present.length === 0
  const lookedFor = missing ? `looked for in ${listed(read)}, which the token does not have; ` : ''
  const place = places.find(({ shown, path }) => shown === path) ?? places[0]
  if (place !== undefined) {
    const { path, shown } = place
    const found = `${lookedFor}the token has it in ${quoted(shown)}`
    if (shown !== path)
      return `${found}, where * stands for a name that is not shown: set ${option} to the whole path`
    // The claims that are read today stay, so that other routes go on.
    const paths = [...present, path].map(quoted).join(', ')
    return `${found}: set ${option}: ${present.length === 0 ? paths : `[${paths}]`}`
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

/** Where a name was found. */
interface Place {
  readonly path: string
  /** The path with `*` for every name that may be data. */
  readonly shown: string
}

/** Paths of the claims that have one of these names. It looks at a bounded number of members. */
function placesOf(wanted: readonly string[], claims: ClaimsObject): readonly Place[] {
  const parties = partiesOf(claims)
  const found: Place[] = []
  let left = maxPlaces
  const search = (value: object, way: Place, depth: number): void => {
    for (const name of Object.keys(value)) {
      if (left-- <= 0) return
      const member = own(value, name)
      const shown = isUsual(name) || (depth > 1 && parties.includes(name)) ? name : '*'
      // The name of a top-level claim needs no pointer, unless it looks like one.
      if (hasName(member, wanted)) {
        const isPlain = depth === 1 && !name.startsWith('/')
        found.push(isPlain ? { path: name, shown } : step(way, name, shown))
      } else if (
        typeof member === 'object' &&
        member !== null &&
        !Array.isArray(member) &&
        depth < maxDepth
      ) {
        search(member, step(way, name, shown), depth + 1)
      }
    }
  }
  search(claims, { path: '', shown: '' }, 1)
  return found
}

function step({ path, shown }: Place, name: string, shownName: string): Place {
  return { path: `${path}/${escaped(name)}`, shown: `${shown}/${escaped(shownName)}` }
}

/** Names of claims and members that hold scopes and roles, also within a namespace: `https://example.com/roles`. */
const usualName =
  /^(?:[a-z][\w.:/-]{0,99}[/:._-])?(?:roles?|groups?|permissions?|scopes?|scp|wids|entitlements|authorities|privileges)$/i

/** Members that hold others. */
const containers: readonly string[] = [
  ...[
    'realm_access',
    'resource_access',
    'authorization',
    'app_metadata',
    'user_metadata',
    'access',
    'claims',
  ],
]

function isUsual(name: string): boolean {
  return containers.includes(name) || usualName.test(name)
}

/** APIs and clients that the token names in claims whose values may be shown: Keycloak has members with these names. */
function partiesOf(claims: ClaimsObject): readonly unknown[] {
  return ['aud', 'azp', 'client_id'].flatMap((name) => own(claims, name))
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
