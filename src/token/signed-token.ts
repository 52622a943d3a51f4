import { verifySignature } from '#platform'
import type { AlgorithmName } from '../algorithms.ts'
import { InvalidTokenError } from '../errors.ts'
import { signatureHint } from '../hints/key.ts'
import type { TrustedIssuer } from '../issuer/trusted-issuer.ts'
import type { VerificationKey } from '../jose/jwk.ts'
import type { ParsedToken } from '../jose/jws.ts'
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

/** Whose signature is verified: a token taken apart, and the issuer that it names. */
export interface Unsigned {
  readonly parsed: ParsedToken
  readonly issuer: TrustedIssuer
}

/** Makes what a verified signature proves. A function of the module, so that nothing is allocated for it. */
type Prove<U extends Unsigned, S> = (token: U, key: VerificationKey) => S

/**
 * Finds the key and verifies the signature (RFC 7515 §5.2).
 *
 * @throws {InvalidTokenError} when there is no such key, or the signature is wrong
 * @throws {UpstreamError} when the keys are not available
 */
export function signedToken(token: PlausibleToken, trace?: Trace): MaybePromise<SignedToken> {
  return withSignature(token, proven, trace)
}

const proven: Prove<PlausibleToken, SignedToken> = (token, key) => new SignedToken(token, key)

/**
 * Does the same for any kind of token.
 *
 * @param prove called once the signature is verified
 * @throws as {@link signedToken}
 */
export function withSignature<U extends Unsigned, S>(
  token: U,
  prove: Prove<U, S>,
  trace?: Trace,
): MaybePromise<S> {
  const key =
    trace === undefined
      ? token.issuer.keys.find(token.parsed.header)
      : traced('key', trace, () => token.issuer.keys.find(token.parsed.header))
  return key instanceof Promise
    ? key.then((found) => tracedSignature(token, found, prove, trace))
    : tracedSignature(token, key, prove, trace)
}

function tracedSignature<U extends Unsigned, S>(
  token: U,
  key: VerificationKey,
  prove: Prove<U, S>,
  trace: Trace | undefined,
): MaybePromise<S> {
  return trace === undefined
    ? signedWith(token, key, prove)
    : traced('signature', trace, () => signedWith(token, key, prove))
}

function signedWith<U extends Unsigned, S>(
  token: U,
  key: VerificationKey,
  prove: Prove<U, S>,
): MaybePromise<S> {
  const { header, signingInput, signature } = token.parsed
  const valid = verifySignature(header.alg as AlgorithmName, key.key, signingInput, signature)
  if (valid === true) return prove(token, key)
  return andThen(valid, (signed) => (signed ? prove(token, key) : signedWithAnother(token, key, prove)))
}

/** A wrong signature is final, unless the source of keys knows another key that may have made it. */
function signedWithAnother<U extends Unsigned, S>(
  token: U,
  tried: VerificationKey,
  prove: Prove<U, S>,
): MaybePromise<S> {
  const { parsed, issuer } = token
  return andThen(issuer.keys.afterBadSignature(parsed.header, tried), (key) => {
    if (key !== undefined) return signedWith(token, key, prove)
    const hint = signatureHint(parsed.header, issuer.name)
    const detail = { claim: 'kid', actual: own(parsed.header, 'kid'), hint }
    throw new InvalidTokenError('signature', { detail })
  })
}
