/**
 * Claims that only other kinds of token have: ID tokens, logout tokens, presentations and introspection responses
 * (OpenID Connect Core §3.1.3.6, Back-Channel Logout §2.4, RFC 9701 §5). No access token is accepted with one of them.
 */
export const foreignClaims: readonly string[] = [
  'at_hash',
  'c_hash',
  's_hash',
  'events',
  'vp',
  'token_introspection',
]

/** Values of `typ` that other kinds of token are required to have, as media types without `application/`. */
export const foreignTypes: readonly string[] = [
  // RFC 9449 §4.2
  'dpop+jwt',
  // OpenID Connect Back-Channel Logout §2.4
  'logout+jwt',
  // RFC 8417 §2.3
  'secevent+jwt',
  // RFC 9701 §5
  'token-introspection+jwt',
  // RFC 9101 §4
  'oauth-authz-req+jwt',
]
