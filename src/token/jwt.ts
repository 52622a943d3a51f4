import { verifySignature } from '#platform'
import type { AlgorithmName } from '../algorithms.ts'
import { authOf, type Proof, proofOf } from '../caller/accept.ts'
import {
  checkAudience,
  checkBinding,
  checkShape,
  checkTimes,
  checkType,
  timesOf,
  type TokenTimes,
} from './claims.ts'
import type { Clock } from '../lib/clock.ts'
import { isObserved, report } from '../lib/diagnostics.ts'
import { InvalidTokenError, type TokenFailure } from '../errors.ts'
import type { Issuers } from '../issuer/issuers.ts'
import type { TrustedIssuer } from '../issuer/trusted-issuer.ts'
import { deepFreeze, own } from '../lib/objects.ts'
import { type ParsedToken, parseToken } from '../jose/jws.ts'
import type { VerificationKey } from '../jose/jwk.ts'
import { andThen } from '../lib/maybe-promise.ts'
import type { StandardSchema } from '../lib/standard-schema.ts'
import type { TokenCache, VerifiedToken } from './remembered.ts'
import type { Auth, MaybePromise } from '../types.ts'

/** Turns a token into the caller it proves. @throws {AuthError} */
export type Verifier<C> = (token: unknown) => MaybePromise<Auth<C>>

/** What a verifier works with. */
export interface VerifierOptions<C> {
  readonly issuers: Issuers
  /** What a foreign `iss` is called: the one issuer's name is wrong, or the name is none of many. */
  readonly foreignIssuer: Extract<TokenFailure, 'issuer' | 'unknown_issuer'>
  readonly clock: Clock
  readonly maxTokenLength: number
  readonly tokenCache: TokenCache | undefined
  readonly schema: StandardSchema<unknown, C> | undefined
}

/**
 * Makes a verifier. It answers without a promise wherever nothing has to be waited for.
 *
 * A token is judged in this order: what needs no network (length, form, algorithm, type, issuer, audience, time),
 * then the key, then the signature, then all claims on the verified bytes. What was verified before skips only the
 * signature, and only while its key is still the issuer's.
 */
export function verifier<C>(options: VerifierOptions<C>): Verifier<C> {
  const { clock, maxTokenLength, tokenCache } = options
  return (token) => {
    if (typeof token !== 'string' || token === '') throw new InvalidTokenError('malformed')
    if (token.length > maxTokenLength) throw new InvalidTokenError('too_large')
    if (tokenCache === undefined) return verifyAnew(token, undefined)
    const name = tokenCache.nameOf(token)
    return typeof name === 'string'
      ? recall(tokenCache, name, token)
      : name.then((it) => recall(tokenCache, it, token))
  }

  function recall(cache: TokenCache, name: string, token: string): MaybePromise<Auth<C>> {
    const now = clock.wall()
    const remembered = cache.get(name, now)
    return remembered === undefined ? verifyAnew(token, name) : verifyAgain(token, name, remembered, now)
  }

  function verifyAnew(token: string, name: string | undefined): MaybePromise<Auth<C>> {
    const parsed = parseToken(token)
    const iss = own(parsed.payload, 'iss')
    if (typeof iss !== 'string') throw new InvalidTokenError('issuer')
    return andThen(options.issuers.find(iss), (issuer) => {
      if (issuer === undefined) throw new InvalidTokenError(options.foreignIssuer)
      const times = checkBeforeKey(parsed, issuer)
      return andThen(issuer.keys.find(parsed.header), (first) =>
        andThen(signerOf(parsed, issuer, first), (key) => {
          options.issuers.prove(issuer)
          checkShape(parsed.payload, issuer.rules)
          checkBinding(parsed.payload)
          const proof = proofOf(parsed.header, parsed.payload, times, issuer)
          if (name !== undefined)
            tokenCache?.set(name, { proof, key, issuer, verifiedAt: clock.wall(), length: token.length })
          return finish(proof, issuer, token, false)
        }),
      )
    })
  }

  function verifyAgain(
    token: string,
    name: string,
    remembered: VerifiedToken,
    now: number,
  ): MaybePromise<Auth<C>> {
    const { proof, key, issuer } = remembered
    return andThen(options.issuers.find(issuer.name), (found) => {
      if (found === undefined) throw new InvalidTokenError(options.foreignIssuer)
      // Other rules: what was accepted under the old ones is verified anew.
      if (found?.generation !== issuer.generation) return verifyAnew(token, name)
      checkTimes(proof.times, issuer.rules, now)
      return andThen(issuer.keys.stillHas(proof.header, key), (holds) => {
        if (!holds) return verifyAnew(token, name)
        options.issuers.prove(issuer)
        return finish(proof, issuer, token, true)
      })
    })
  }

  /** The key that made the signature. @throws {InvalidTokenError} */
  function signerOf(
    parsed: ParsedToken,
    issuer: TrustedIssuer,
    key: VerificationKey,
  ): MaybePromise<VerificationKey> {
    return andThen(isSigned(parsed, key), (signed) =>
      signed
        ? key
        : andThen(issuer.keys.afterBadSignature(parsed.header, key), (another) => {
            if (another === undefined) throw new InvalidTokenError('signature')
            return signerOf(parsed, issuer, another)
          }),
    )
  }

  /** Refusals that cost little, on bytes nobody vouched for yet: they may only refuse. */
  function checkBeforeKey({ header, payload }: ParsedToken, issuer: TrustedIssuer): TokenTimes {
    if (!issuer.algorithms.includes(header.alg as AlgorithmName)) throw new InvalidTokenError('algorithm')
    checkType(header, payload, issuer.rules)
    checkAudience(payload, issuer.rules.audience)
    const times = timesOf(payload)
    checkTimes(times, issuer.rules, clock.wall())
    return times
  }

  function finish(
    proof: Proof,
    issuer: TrustedIssuer,
    token: string,
    remembered: boolean,
  ): MaybePromise<Auth<C>> {
    // Asked again: fetching keys may have taken seconds.
    checkTimes(proof.times, issuer.rules, clock.wall())
    return accept(proof, token, remembered)
  }

  /** The last steps, the same for every token on every request. */
  function accept(proof: Proof, token: string, remembered: boolean): MaybePromise<Auth<C>> {
    if (isObserved('verified')) report('verified', { issuer: proof.issuer, remembered })
    if (options.schema === undefined) return authOf(proof, proof.claims as C, token)
    return andThen(validated(options.schema, proof), (claims) => authOf(proof, claims, token))
  }
}

function isSigned(
  { header, signingInput, signature }: ParsedToken,
  key: VerificationKey,
): MaybePromise<boolean> {
  return verifySignature(header.alg as AlgorithmName, key.key, signingInput, signature)
}

function validated<C>(schema: StandardSchema<unknown, C>, { claims }: Proof): MaybePromise<C> {
  return andThen(schema['~standard'].validate(claims), (result) => {
    // Not as `cause`: issues quote the values they are about.
    if (result.issues !== undefined) throw new InvalidTokenError('schema')
    return deepFreeze(result.value)
  })
}
