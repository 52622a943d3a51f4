import { hasPlainPath, isFetchable } from '../lib/url.ts'
import type { Warning } from './insecure-hosts.ts'

/**
 * Checks the `resource` option (RFC 8707 §2, RFC 9728 §1.2). It is compared and published as it is written.
 *
 * @param allowInsecureHosts hosts for which plain http is accepted
 * @throws {TypeError}
 */
export function checkResource(value: unknown, allowInsecureHosts: readonly string[]): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || !URL.canParse(value)) {
    throw new TypeError('resource: must be the public URL of this API, for example https://api.example.com')
  }
  const url = new URL(value)
  if (value.includes('#'))
    throw new TypeError('resource: must have no fragment (RFC 8707 §2); remove # and what follows')
  if (url.username !== '' || url.password !== '') {
    throw new TypeError('resource: must have no user name and password; it is published')
  }
  if (!isFetchable(url, allowInsecureHosts)) {
    throw new TypeError(
      `resource: must be an https URL; for plain http list its host: allowInsecureHosts: ['${url.host}']`,
    )
  }
  if (!hasPlainPath(value)) {
    throw new TypeError(
      `resource: must be a plain URL, without spaces, '..', backslashes and encoded dots or slashes; write ${JSON.stringify(url.href)}`,
    )
  }
  return value
}

/** The warning about a query, which clients may leave out when they compare identifiers. */
export function resourceWarnings(resource: string | undefined): readonly Warning[] {
  if (resource?.includes('?') !== true) return []
  const message =
    'oauth-resource-server: the option resource has a query, which identifiers should not have (RFC 8707 §2, RFC 9728 §1.2)'
  return [{ code: 'OAUTH_RESOURCE_QUERY', message }]
}
