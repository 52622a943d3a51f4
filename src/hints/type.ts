import type { ClaimsObject } from '../lib/claim-path.ts'
import { own } from '../lib/objects.ts'

const idToken = 'an ID token, which is for the client alone: send the access token'
const refreshToken = 'a refresh token, which is for the issuer alone: send the access token'
const logoutToken = 'a logout token: no API accepts it as an access token'

/** What a claim that no access token has says about a token. */
const foreign: Readonly<Record<string, string>> = {
  at_hash: idToken,
  c_hash: idToken,
  s_hash: idToken,
  events: logoutToken,
  vp: 'a presentation of credentials, which is no access token',
  token_introspection: 'an answer about a token, and not the token itself',
}

/** Values of `token_use` and payload `typ` of other kinds of token. */
const kinds: Readonly<Record<string, string>> = {
  id: idToken,
  refresh: refreshToken,
  offline: refreshToken,
  logout: logoutToken,
}

/** Media types of other kinds of token. */
const mediaTypes: Readonly<Record<string, string>> = {
  'dpop+jwt': 'a DPoP proof: it belongs into the header DPoP, and the access token into Authorization',
  'logout+jwt': logoutToken,
  'secevent+jwt': 'a security event: no API accepts it as an access token',
  'token-introspection+jwt': 'an answer about a token, and not the token itself',
  'oauth-authz-req+jwt': 'a request of a client to the issuer, and no access token',
  'client-authentication+jwt': 'the proof of a client for the issuer, and no access token',
}

/** Tells what a token is that has a claim of another kind of token, or a mark of one. */
export function kindHint(claims: ClaimsObject, claim: string): string {
  const known = foreign[claim]
  if (known !== undefined) return known
  const value = own(claims, claim)
  const kind = typeof value === 'string' ? own(kinds, value.toLowerCase()) : undefined
  return (kind as string | undefined) ?? `${claim} marks another kind of token than an access token`
}

/** Tells what to do about a `nonce`. @param marked whether something else marks the token as an access token */
export function nonceHint(marked: boolean): string {
  return marked
    ? 'ID tokens have a nonce; access tokens of Keycloak up to 24, Azure AD B2C and authentik have one too: for these set acceptNonce: true'
    : `nonce marks ${idToken}`
}

/** Tells what to do about the header parameter `typ`. @param type as a media type, in lower case; `undefined`: absent */
export function typeHint(type: string | undefined, accepted: readonly (string | undefined)[]): string {
  const known = type === undefined ? undefined : (own(mediaTypes, type) as string | undefined)
  if (known !== undefined) return known
  if ((type === undefined || type === 'jwt') && accepted.length === 1 && accepted[0] === 'at+jwt') {
    return "only at+jwt is accepted (RFC 9068 §2.1): switch it on at the issuer, or use the profile 'compatible'"
  }
  return 'where this is the typ of access tokens of the issuer, add it to tokenTypes'
}
