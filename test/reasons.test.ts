import { expect, it } from 'vitest'
import { InvalidProofError, InvalidTokenError } from '../src/errors.ts'
import { descriptions, proofDescriptions, type ProofFailure, type TokenFailure } from '../src/reasons.ts'

// Clients see these sentences: to change one is a change of the API.
it('describes every reason to refuse a token', () => {
  const messages = (Object.keys(descriptions) as TokenFailure[]).map((reason) => [
    reason,
    new InvalidTokenError(reason).message,
  ])
  expect(Object.fromEntries(messages)).toEqual({
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
  })
})

it('describes every reason to refuse a proof', () => {
  const messages = (Object.keys(proofDescriptions) as ProofFailure[]).map((reason) => [
    reason,
    new InvalidProofError(reason).message,
  ])
  expect(Object.fromEntries(messages)).toEqual({
    proof: 'The DPoP proof is missing or not valid',
    replayed: 'The DPoP proof was used before',
    nonce: 'The DPoP proof must have the nonce of this response',
  })
})
