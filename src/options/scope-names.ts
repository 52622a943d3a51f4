import { isScopeName } from '../lib/characters.ts'
import type { Warning } from './insecure-hosts.ts'

/**
 * Checks a list of scopes.
 *
 * @param name of the option, for messages
 * @throws {TypeError} for a name that no scope can have, and for one that is there twice
 */
export function scopeNames(list: readonly string[] | undefined, name: string): readonly string[] | undefined {
  if (list === undefined) return undefined
  if (!list.every(isScopeName)) {
    throw new TypeError(
      `${name}: a scope has no spaces, quotes, backslashes or characters beyond ASCII (RFC 6749 §3.3); name several scopes one by one`,
    )
  }
  if (new Set(list).size < list.length) throw new TypeError(`${name}: names a scope twice`)
  return list
}

/** The warning about a scope that is the client's business: a refresh token is nothing to this API. */
export function offlineWarnings(list: readonly string[] | undefined, name: string): readonly Warning[] {
  if (list?.includes('offline_access') !== true) return []
  const message = `oauth-resource-server: ${name} has offline_access, which clients request for themselves; leave it out`
  return [{ code: 'OAUTH_OFFLINE_ACCESS', message }]
}
