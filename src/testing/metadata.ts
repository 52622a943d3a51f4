/** Authorization server metadata (RFC 8414), with the members that OpenID Connect Discovery requires as well. */
export type TestMetadata = {
  issuer: string
  jwks_uri: string
  authorization_endpoint: string
  token_endpoint: string
  response_types_supported: string[]
  subject_types_supported: string[]
  id_token_signing_alg_values_supported: string[]
}

export function metadataOf(issuer: string, base: string, algorithms: readonly string[]): TestMetadata {
  const root = withoutSlash(base)
  return {
    issuer,
    jwks_uri: `${root}/jwks`,
    authorization_endpoint: `${root}/authorize`,
    token_endpoint: `${root}/token`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...algorithms],
  }
}

export function withoutSlash(url: string): string {
  return url.replace(/\/$/, '')
}
