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
