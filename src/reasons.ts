/** Why a token is refused. For logs and tests; the client sees `code` and a fixed description instead. */
export type TokenFailure =
  | 'malformed'
  | 'too_large'
  | 'type'
  | 'algorithm'
  | 'signature'
  | 'unknown_key'
  | 'unknown_issuer'
  | 'issuer'
  | 'audience'
  | 'expired'
  | 'not_yet_valid'
  | 'too_old'
  | 'claim'
  | 'schema'
  | 'revoked'
  | 'inactive'
  | 'binding'

/** Why a DPoP proof is refused. */
export type ProofFailure = 'proof' | 'replayed' | 'nonce'

/** Every reason an {@link AuthError} can carry. */
export type Reason =
  | TokenFailure
  | ProofFailure
  | 'missing'
  | 'scope'
  | 'role'
  | 'step_up'
  | 'authorization_details'
  | 'csrf'
  | 'forbidden'
  | 'unavailable'

/** What the client sees for each reason: a fixed sentence. */
export const descriptions: Readonly<Record<TokenFailure, string>> = {
  malformed: 'The access token cannot be read as a signed JWT',
  too_large: 'The access token is too long',
  type: 'The type of the token is not accepted',
  algorithm: 'The signature algorithm is not accepted',
  signature: 'The signature of the access token could not be verified',
  unknown_key: 'The signing key of the access token is not known',
  unknown_issuer: 'The issuer of the access token is not trusted',
  issuer: 'The access token does not name an issuer that this API trusts',
  audience: 'The access token does not name this API as its audience',
  expired: 'The access token expired',
  not_yet_valid: 'The access token is not valid yet',
  too_old: 'The access token is too old',
  claim: 'A claim of the access token is missing or not acceptable',
  schema: 'The claims of the access token are not acceptable',
  revoked: 'The access token was revoked',
  inactive: 'The access token is not active',
  binding: 'The binding of the access token to its sender could not be confirmed',
}

/** What the client sees for each reason of a proof. */
export const proofDescriptions: Readonly<Record<ProofFailure, string>> = {
  proof: 'The DPoP proof is missing or not valid',
  replayed: 'The DPoP proof was used before',
  nonce: 'The DPoP proof must have the nonce of this response',
}
