/** Prefixes of opaque tokens, by who makes them. */
const opaque: readonly (readonly [RegExp, string])[] = [
  [
    /^ya29\./,
    'access tokens of Google are opaque: take an ID token for this API, or tokens of another issuer',
  ],
  [/^(?:gh[opsu]_|github_pat_)/, 'a token for the API of GitHub, which nobody else can verify'],
  [/^ory_at_/, 'an opaque token of Ory Hydra: set strategies.access_token to jwt'],
  [/^oat_/, 'an opaque token of Clerk: switch on JWT access tokens for the OAuth application'],
  [/^authelia_at_/, 'an opaque token of Authelia: set access_token_signed_response_alg for the client'],
]

/** What programs send when a variable was empty. */
const nothing = /^(?:undefined|null|none|\[object Object\]|<.*>|\{\{.*\}\}|\$\{.*\})$/i

/** What to do about an encrypted token. */
export const encrypted =
  'the token is encrypted (JWE): set the option decryption, or ask the issuer for tokens that are only signed'

/** Tells what a text is that is no signed token. Nothing of the text is in the answer. */
export function formHint(token: string): string {
  if (token === '') return 'the token is empty'
  if (nothing.test(token)) return 'the client sent a placeholder instead of a token: its variable is empty'
  if (/^bearer\b/i.test(token))
    return 'the word Bearer stands before the token twice, or is part of what tokenFrom or verify() got'
  if (/^["'`]/.test(token)) return 'the token has quotes around it: send it without them'
  if (/\s/.test(token))
    return 'the token has white space in it: it was broken into lines, or something follows it'
  if (token.includes('%')) return 'the token is URL-encoded: send it as the issuer wrote it'
  for (const [prefix, hint] of opaque) if (prefix.test(token)) return hint
  const dots = dotsIn(token)
  if (dots === 4) return encrypted
  if (dots === 0) {
    return 'the token is opaque: only signed tokens of three parts (JWT) can be verified; ask the issuer for one (Auth0: parameter audience, Logto: parameter resource), or set introspection'
  }
  if (dots !== 2) return 'a signed token has three parts, separated by dots: it was cut or changed on its way'
  return token.endsWith('.')
    ? 'the signature is missing: the third part of the token is empty, and unsigned tokens (alg none) are never accepted'
    : 'one of the three parts of the token is not base64url: it was cut or changed on its way'
}

/** Counts no further than it has to: the text may be long. */
function dotsIn(token: string): number {
  let dots = 0
  for (let at = token.indexOf('.'); at !== -1 && dots < 5; at = token.indexOf('.', at + 1)) dots += 1
  return dots
}

/** Authentication schemes that are no access token. */
const schemes = [
  'Basic',
  'Digest',
  'Negotiate',
  'NTLM',
  'Token',
  'JWT',
  'ApiKey',
  'Api-Key',
  'Key',
  'DPoP',
  'OAuth',
  'AWS4-HMAC-SHA256',
]

/**
 * Tells what an Authorization header has instead of a token. Only well-known schemes are named: what stands in
 * front may be a token.
 */
export function schemeHint(value: string): string {
  const [first = '', second] = value.trim().split(/\s+/, 2)
  if (second === undefined) {
    return first === ''
      ? 'the Authorization header is empty'
      : 'the Authorization header has a value without a scheme: the word Bearer, or DPoP where dpop is set, and a space must come first'
  }
  const scheme = schemes.find((name) => name.toLowerCase() === first.toLowerCase())
  if (scheme === undefined) return 'the Authorization header has a scheme that is neither Bearer nor DPoP'
  // Where the option is set, a header with this scheme has a token.
  if (scheme === 'DPoP') {
    return 'the Authorization header has the scheme DPoP: set dpop to accept it, or let the client get Bearer tokens'
  }
  return `the Authorization header has the scheme ${scheme}: the word Bearer, or DPoP where dpop is set, must stand before an access token`
}
