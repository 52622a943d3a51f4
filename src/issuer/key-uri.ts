import { isAddress, isFetchable, isListed, isLoopback } from '../lib/url.ts'
import { FetchError } from './fetch-error.ts'

/** Where metadata speaks from, and what the configuration allows it. */
export interface MetadataOrigin {
  /** The issuer's name and the place where the metadata was found. */
  readonly urls: readonly string[]
  readonly allowInsecureHosts: readonly string[]
}

/**
 * Checks the `jwks_uri` of metadata. It must be https. Plain http, IP addresses and names of this machine are accepted
 * only on the issuer's own host, so that a forged document cannot turn our requests against machines that only we can
 * reach.
 *
 * @throws {FetchError}
 */
export function checkedKeyUri(value: unknown, { urls, allowInsecureHosts }: MetadataOrigin): string {
  if (typeof value !== 'string' || !URL.canParse(value)) {
    throw new FetchError('the metadata has no jwks_uri', { status: 200 })
  }
  const url = new URL(value)
  const own = urls.flatMap((text) => (URL.canParse(text) ? [new URL(text)] : []))
  const trusted =
    own.some((home) => home.hostname === url.hostname || isLoopback(home)) ||
    isListed(url, allowInsecureHosts)
  if (
    !isFetchable(url, allowInsecureHosts) ||
    url.hostname.endsWith('.') ||
    (isAddress(url) && !trusted) ||
    url.username !== '' ||
    url.password !== ''
  ) {
    throw new FetchError('the jwks_uri of the metadata is not one that may be fetched', { status: 200 })
  }
  return url.href
}
