import { isAuthError, InvalidTokenError, isRefusal, UpstreamError } from '../errors.ts'
import type { Presented } from '../http/finder.ts'
import { isPlain, plain } from '../hints/plain.ts'
import type { Limited } from '../lib/limited.ts'
import { isPromise, unawaited } from '../lib/maybe-promise.ts'
import { own } from '../lib/objects.ts'
import { factsOf, safeCause } from '../lib/safe-cause.ts'
import type { OnUnavailable, RevocationSettings } from '../options/revocation.ts'
import type { RevocableToken, RevocationListInterface } from '../stores.ts'
import { hashOf, signedHashOf } from '../token/signed-hash.ts'
import type { VerifiedToken } from '../token/verified-token.ts'
import type { MaybePromise } from '../types.ts'
import { unacceptedAuth } from './accept.ts'
import type { RequestChecks } from './request-checks.ts'
import { jtiOf } from './token-identity.ts'

type Check = RequestChecks<unknown>['revocation']

/** The check of revocation where none is set up: a token is valid until it expires. */
export const notRevocable: Check = () => undefined

/**
 * Makes the check of revocation. It runs on every request, on the verified claims, for remembered tokens too.
 *
 * @param limit for a function of the application's
 */
export function revocationCheck(
  settings: RevocationSettings | undefined,
  limit: (timeoutMs: number) => Limited,
): Check {
  if (settings === undefined) return notRevocable
  if (settings.from === 'list') return listCheck(settings.list)
  const { isRevoked, timeoutMs, onUnavailable } = settings
  const limited = limit(timeoutMs)
  return (token, presented) =>
    conclude(() => limited(isRevoked(unacceptedAuth(token, presented))), onUnavailable)
}

function listCheck(list: RevocationListInterface): Check {
  const { onUnavailable } = list
  return (token, presented) => {
    const revocable = revocableToken(token, presented, list)
    return conclude(() => list.has(revocable), onUnavailable)
  }
}

/** Refuses a revoked token, and every token when it could not be found out. */
function conclude(ask: () => MaybePromise<unknown>, onUnavailable: OnUnavailable): MaybePromise<void> {
  const fail = (error: unknown): void => {
    if (isRefusal(error)) throw error
    if (onUnavailable === 'refuse') throw unavailable(error)
  }
  let answer: unknown
  try {
    answer = ask()
    if (!isPromise(answer)) judge(answer)
  } catch (error) {
    fail(error)
  }
  return isPromise(answer) ? Promise.resolve(answer).then(judge).catch(fail) : undefined
}

const revoked = 'the list of revoked tokens, or isRevoked, has it: the client must get a new token'

function judge(answer: unknown): void {
  if (answer === true) throw new InvalidTokenError('revoked', { detail: { hint: revoked } })
  if (answer === false) return
  unawaited(answer)
  throw plain(new TypeError('revocation: isRevoked must return true or false'))
}

/** Seconds after which a client may try again. */
const retryAfter = 1

function unavailable(error: unknown): Error {
  if (isAuthError(error) && error.reason === 'unavailable') return error
  const shown = isObject(error) && isPlain(error)
  const facts = shown ? (error as Error).message : `isRevoked failed, ${factsOf(error)}`
  const hint = `nobody can tell whether the token was revoked: ${facts}`
  return new UpstreamError(retryAfter, { cause: shown ? error : safeCause(error), detail: { hint } })
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/**
 * What a list looks at in a token. The entry of a token without `iat`, or with a longer life than the list assumes,
 * could expire before the token: such a token is refused.
 *
 * @throws {InvalidTokenError} `claim`
 */
function revocableToken(
  verified: VerifiedToken,
  { token }: Presented,
  { tokenLifetime, requireJti }: RevocationListInterface,
): RevocableToken {
  const { issuer, claims, times, subject, clientId } = verified
  const { iat, exp } = times
  if (iat === undefined) throw notAcceptable('iat', 'present, since tokens can be revoked', undefined)
  if (exp - iat > tokenLifetime) {
    throw notAcceptable('exp', `at most ${tokenLifetime} s after iat: tokenLifetime of the list`, exp)
  }
  const jti = jtiOf(claims)
  if (jti === undefined && requireJti) throw notAcceptable('jti', 'present: requireJti is set', undefined)
  return {
    issuer,
    issuedAt: Math.floor(iat),
    jti,
    subject,
    session: own(claims, 'sid') as string | undefined,
    client: clientId,
    hash: () => signedHashOf(verified) ?? hashOf(token),
  }
}

function notAcceptable(claim: string, expected: string, actual: unknown): InvalidTokenError {
  return new InvalidTokenError('claim', { detail: { claim, expected, actual } })
}
