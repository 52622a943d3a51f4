import { misuse } from '../hints/plain.ts'
import { entriesOf } from '../lib/objects.ts'
import type { Auth } from '../types.ts'

/** Names given one by one, or as one list. */
export type NameArguments = readonly string[] | readonly [readonly string[]]

/**
 * The caller a guard was called with.
 *
 * @throws {TypeError} for anything else, such as the request that a framework passes to its middleware
 */
export function callerOf(auth: Auth, guard: string): Auth {
  if ((auth as Partial<Auth> | undefined)?.scopes !== undefined) return auth
  throw misuse(
    `${guard}: is no middleware; on a route use require${capital(guard)}() of the adapter, or authorize(${guard}(...))`,
  )
}

/** Copies the names a guard is made with. @throws {TypeError} when there is none, or one is no string */
export function namesOf(guard: string, names: NameArguments): readonly string[] {
  const [first] = names
  // Frozen, as the errors of every caller show this list.
  const list = Object.freeze(
    entriesOf(Array.isArray(first) && names.length === 1 ? (first as readonly unknown[]) : names),
  ) as readonly string[]
  if (list.length === 0 || list.some((name) => typeof name !== 'string' || name === '')) {
    throw misuse(
      `${guard}: name at least one, as strings that are not empty, or as one list of them${uncalledGuard(first, guard)}`,
    )
  }
  return list
}

/** What to add where the first name is the request of a framework, which called `requireScope` itself. */
function uncalledGuard(first: unknown, guard: string): string {
  if (typeof first !== 'object' || first === null || Array.isArray(first)) return ''
  return `; on a route call it, for example require${capital(guard)}('reports:read')`
}

function capital(name: string): string {
  return name.replace(/./, (first) => first.toUpperCase())
}
