import { isFetchable } from '../lib/url.ts'

/**
 * A URL from which keys may be fetched.
 *
 * @param instead what else can be done, for the end of the message
 * @throws {TypeError}
 */
export function checkFetchable(
  value: string,
  name: string,
  instead: string,
  allowInsecureHosts: readonly string[],
): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new TypeError(`${name}: must be an https URL${instead}`)
  }
  if (url.username !== '' || url.password !== '')
    throw new TypeError(`${name}: must not have a user name or password`)
  if (!isFetchable(url, allowInsecureHosts)) {
    throw new TypeError(
      `${name}: must be https; to use http for this host on a network you trust, set allowInsecureHosts: ['${url.host}']${instead}`,
    )
  }
  return url
}
