/** What a header parameter or a claim means, and which checks of the library read it. */
export interface Meaning {
  readonly meaning: string
  /** Names of checks, as `traceOf` of `oauth-resource-server/testing` has them. */
  readonly readBy: readonly string[]
}

type Table = Readonly<Record<string, readonly [meaning: string, ...readBy: string[]]>>

const neverUsed = 'This library never uses it: whoever forges a token would choose the key.'
const readOnlyByTheForm = 'A token with it is something else than a plain signed token, so it is refused.'

/** RFC 7515 §4.1 and RFC 7516 §4.1. */
const headerTable: Table = {
  alg: [
    'The algorithm of the signature. The API has a list of its own and never simply believes this.',
    'form',
    'known algorithm',
    'algorithm',
    'key',
    'signature',
  ],
  typ: ['The kind of token. at+jwt marks an access token (RFC 9068).', 'form', 'type', 'nonce'],
  kid: ['The name of the key that signed, among the keys that the issuer publishes.', 'form', 'key'],
  cty: ['The kind of content. JWT means that there is another token inside.', 'form'],
  crit: [`Extensions that a reader must understand. ${readOnlyByTheForm}`, 'form'],
  b64: [`Whether the payload is base64url. ${readOnlyByTheForm}`, 'form'],
  enc: ['The algorithm of the encryption. Only an encrypted token (JWE) has it.', 'form'],
  zip: ['The compression of an encrypted token.'],
  jwk: [`A public key within the token. ${neverUsed}`],
  jku: [`An address of keys. ${neverUsed}`],
  x5u: [`An address of a certificate. ${neverUsed}`],
  x5c: [`A certificate within the token. ${neverUsed}`],
  x5t: [`A SHA-1 fingerprint of a certificate. ${neverUsed}`],
  'x5t#S256': [`A SHA-256 fingerprint of a certificate. ${neverUsed}`],
}

/** RFC 7519 §4.1, RFC 9068 §2.2, RFC 7800, OpenID Connect Core §2, and what well-known issuers add. */
const claimTable: Table = {
  iss: ['The issuer: the authorization server that made the token.', 'issuer', 'revocation'],
  sub: [
    'The subject: the user, or the program that acts for itself.',
    'claim types',
    'required claims',
    'revocation',
  ],
  aud: ['The audience: the APIs that the token is meant for.', 'audience'],
  exp: [
    'The end of its life, in seconds since 1970.',
    'times',
    'expiry',
    'unit of exp',
    'order of times',
    'revocation',
  ],
  nbf: ['Not valid before this moment, in seconds since 1970.', 'times', 'not before', 'order of times'],
  iat: [
    'Issued at this moment, in seconds since 1970.',
    'times',
    'required claims',
    'issued at',
    'order of times',
    'age',
    'revocation',
  ],
  jti: [
    'The name of this one token, by which it can be revoked.',
    'claim types',
    'required claims',
    'revocation',
  ],
  client_id: [
    'The application that the token was issued to.',
    'claim types',
    'required claims',
    'client',
    'revocation',
  ],
  azp: [
    'The application that the token was issued to, as Keycloak and Google write it.',
    'claim types',
    'client',
  ],
  cid: ['The application that the token was issued to, as Okta writes it.', 'claim types', 'client'],
  appid: ['The application that the token was issued to, as Entra ID writes it.', 'claim types', 'client'],
  scope: [
    'What the user let the application do, separated by spaces.',
    'claim types',
    'nonce',
    'scopes and roles',
    'guard',
  ],
  scp: ['Scopes, as Entra ID and Okta write them.', 'claim types', 'nonce', 'scopes and roles', 'guard'],
  roles: [
    'What the user is within the organization. It does not depend on the application.',
    'scopes and roles',
    'guard',
  ],
  role: ['A role, as some issuers write it.', 'scopes and roles', 'guard'],
  sid: [
    'The session at the authorization server. A logout there revokes all its tokens.',
    'claim types',
    'revocation',
  ],
  cnf: [
    'The key or certificate that the sender must prove to have (DPoP, mutual TLS).',
    'claim types',
    'sender',
  ],
  act: ['Who acts in the name of the subject (RFC 8693).', 'claim types'],
  nonce: ['The number that a client chose for one sign-in. It marks an ID token.', 'nonce'],
  at_hash: ['A hash of the access token beside it. Only an ID token has it.', 'foreign claims'],
  c_hash: ['A hash of the code beside it. Only an ID token has it.', 'foreign claims'],
  s_hash: ['A hash of the state beside it. Only an ID token has it.', 'foreign claims'],
  events: [
    'The event that the token tells of. Only logout and security event tokens have it.',
    'foreign claims',
  ],
  vp: ['A verifiable presentation, which is no access token.', 'foreign claims'],
  token_introspection: ['An answer about a token, which is no access token.', 'foreign claims'],
  token_use: ['The kind of token, as Amazon Cognito writes it.', 'token use', 'nonce'],
  typ: ['The kind of token, as Keycloak writes it into the payload.', 'payload type', 'nonce'],
  auth_time: ['When the user last signed in, in seconds since 1970.', 'guard'],
  acr: ['How strongly the user was authenticated.', 'guard'],
  authorization_details: ['What is allowed, in more detail than a scope can tell (RFC 9396).', 'guard'],
  amr: ['How the user was authenticated, for example pwd or otp.'],
  may_act: ['Who may act in the name of the subject (RFC 8693).'],
  groups: ['The groups of the user. Set the option roles to read them as roles.'],
  permissions: ['Permissions, as Auth0 writes them. Set the option scopes to read them as scopes.'],
  realm_access: ['Roles, as Keycloak writes them. Set the option roles to read them.'],
  resource_access: ['Roles of one application, as Keycloak writes them. Set the option roles to read them.'],
  name: ['The name of the user, to be shown.'],
  preferred_username: [
    'The name by which the user signs in. It can change: never use it to tell users apart.',
  ],
  email: ['The address of the user. It can change hands: never use it to tell users apart.'],
  email_verified: ['Whether the issuer checked the address.'],
}

/** Header parameters by name. */
export const headerMeanings: ReadonlyMap<string, Meaning> = meaningsOf(headerTable)

/** Claims by name. */
export const claimMeanings: ReadonlyMap<string, Meaning> = meaningsOf(claimTable)

/** For every other name. */
export const unknownMeaning: Meaning = {
  meaning: 'This playground does not know the name. Only the issuer can tell what it means.',
  readBy: [],
}

function meaningsOf(table: Table): ReadonlyMap<string, Meaning> {
  return new Map(Object.entries(table).map(([name, [meaning, ...readBy]]) => [name, { meaning, readBy }]))
}
