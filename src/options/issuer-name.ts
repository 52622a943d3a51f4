import { secretAlgorithms } from '../algorithms.ts'
import { hasPlainPath } from '../lib/url.ts'
import { checkFetchable } from './fetchable.ts'
import type { OptionsObject } from './reader.ts'

/** Where the metadata of an issuer is: at its end (OpenID Connect Discovery §4), or after the host (RFC 8414 §3.1). */
const wellKnown = /\/\.well-known\/(?:openid-configuration|oauth-authorization-server)/

/**
 * Refuses what nobody's `iss` is: a name with white space around it, and the URL of metadata.
 *
 * @throws {TypeError} with the name to write
 */
export function checkIssuerName(issuer: string, at: string): void {
  if (issuer !== issuer.trim()) {
    throw new TypeError(
      `${at}: has white space around it, which no token has; write ${JSON.stringify(issuer.trim())}`,
    )
  }
  if (wellKnown.test(issuer)) {
    const name = issuer.replace(wellKnown, '')
    throw new TypeError(
      `${at}: is the URL of the issuer's metadata; write ${JSON.stringify(name)} (with a slash at its end if the tokens have one), and set metadataUrl if the metadata is not found there`,
    )
  }
}

/** Options by which keys are found without the name of the issuer. */
const otherPlaces = ['jwksUri', 'metadataUrl', 'jwks', 'publicKey'] as const

/** How {@link checkDiscoverable} names the option, and where it accepts plain http. */
interface DiscoverableOptions {
  readonly at: string
  readonly allowInsecureHosts: readonly string[]
}

/**
 * Refuses an issuer whose keys are found by its name, where that is no URL of metadata, or where the metadata would be
 * looked for in another place than the name suggests, as a URL parser changes `..`, `\` and `%2e`.
 *
 * @throws {TypeError}
 */
export function checkDiscoverable(
  issuer: string,
  options: OptionsObject,
  { at, allowInsecureHosts }: DiscoverableOptions,
): void {
  if (otherPlaces.some((name) => options[name] !== undefined) || hasSecretAlone(options)) return
  const instead = 'set metadataUrl, jwksUri, jwks, publicKey or secret'
  if (URL.canParse(issuer) && /[?#]/.test(issuer)) {
    throw new TypeError(`${at}: a URL with a query or fragment has no metadata; ${instead} instead`)
  }
  checkFetchable(issuer, at, `, or ${instead}`, allowInsecureHosts)
  if (hasPlainPath(issuer)) return
  throw new TypeError(
    `${at}: metadata can only be found by a plain URL, without '..', backslashes and encoded dots or slashes; set jwksUri or jwks instead`,
  )
}

/** A secret together with algorithms of public keys: those keys are found through the name of the issuer. */
function hasSecretAlone({ secret, algorithms }: OptionsObject): boolean {
  if (secret === undefined || !Array.isArray(algorithms)) return secret !== undefined
  return algorithms.every((name) => (secretAlgorithms as readonly unknown[]).includes(name))
}

/**
 * Tells whether a name that a token brought can be the name of an issuer. One that cannot is not trusted, whatever
 * the function of the `issuers` option returned; it is no mistake in the configuration.
 *
 * @param options what the function returned, with the common options behind
 */
export function isIssuerName(
  issuer: string,
  options: OptionsObject,
  allowInsecureHosts: readonly string[],
): boolean {
  try {
    checkIssuerName(issuer, '')
    checkDiscoverable(issuer, options, { at: '', allowInsecureHosts })
    return true
  } catch {
    return false
  }
}
