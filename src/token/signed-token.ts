import { verifySignature } from '#platform'
import type { AlgorithmName } from '../algorithms.ts'
import { InvalidTokenError } from '../errors.ts'
import { signatureHint } from '../hints/key.ts'
import type { TrustedIssuer } from '../issuer/trusted-issuer.ts'
import type { VerificationKey } from '../jose/jwk.ts'
import type { ClaimsObject } from '../lib/claim-path.ts'
import { andThen } from '../lib/maybe-promise.ts'
import { own } from '../lib/objects.ts'
import type { JwtHeader, MaybePromise } from '../types.ts'
import { type Trace, traced } from './check.ts'
import type { PlausibleToken } from './plausible-token.ts'
import type { TokenTimes } from './times.ts'

/** A token that passed every check, and whose signature is verified with a key of its issuer. */
class SignedToken {
  declare private readonly nominal: never
  readonly header: JwtHeader
  readonly claims: ClaimsObject
  readonly issuer: TrustedIssuer
  readonly key: VerificationKey
  readonly times: TokenTimes

  constructor({ parsed, issuer, times }: PlausibleToken, key: VerificationKey) {
    this.header = parsed.header
    this.claims = parsed.payload
    this.issuer = issuer
    this.key = key
    this.times = times
  }
}
export type { SignedToken }

/**
 * Finds the key and verifies the signature (RFC 7515 §5.2).
 *
 * @throws {InvalidTokenError} when there is no such key, or the signature is wrong
 * @throws {UpstreamError} when the keys are not available
 */
export function signedToken(token: PlausibleToken, trace?: Trace): MaybePromise<SignedToken> {
  const key =
    trace === undefined
      ? token.issuer.keys.find(token.parsed.header)
      : traced('key', trace, () => token.issuer.keys.find(token.parsed.header))
  return key instanceof Promise
    ? key.then((found) => tracedSignature(token, found, trace))
    : tracedSignature(token, key, trace)
}

function tracedSignature(
  token: PlausibleToken,
  key: VerificationKey,
  trace: Trace | undefined,
): MaybePromise<SignedToken> {
  return trace === undefined
    ? signedWith(token, key)
    : traced('signature', trace, () => signedWith(token, key))
}

function signedWith(token: PlausibleToken, key: VerificationKey): MaybePromise<SignedToken> {
  const { header, signingInput, signature } = token.parsed
  const valid = verifySignature(header.alg as AlgorithmName, key.key, signingInput, signature)
  if (valid === true) return new SignedToken(token, key)
  return andThen(valid, (signed) => (signed ? new SignedToken(token, key) : signedWithAnother(token, key)))
}

/** A wrong signature is final, unless the source of keys knows another key that may have made it. */
function signedWithAnother(token: PlausibleToken, tried: VerificationKey): MaybePromise<SignedToken> {
  const { parsed, issuer } = token
  return andThen(issuer.keys.afterBadSignature(parsed.header, tried), (key) => {
    if (key !== undefined) return signedWith(token, key)
    const hint = signatureHint(parsed.header, issuer.name)
    const detail = { claim: 'kid', actual: own(parsed.header, 'kid'), hint }
    throw new InvalidTokenError('signature', { detail })
  })
}
