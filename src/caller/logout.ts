import {
  type AuthError,
  InvalidRequestError,
  InvalidTokenError,
  isAuthError,
  UpstreamError,
} from '../errors.ts'
import { logoutAnswer } from '../http/logout-answer.ts'
import { formMember } from '../http/form.ts'
import type { Issuers } from '../issuer/issuers.ts'
import type { Clock } from '../lib/clock.ts'
import type { Limited } from '../lib/limited.ts'
import { factsOf, safeCause } from '../lib/safe-cause.ts'
import type { LogoutSettings } from '../options/logout.ts'
import type { ReplayStore, RevocationEntry } from '../stores.ts'
import { type LogoutToken, logoutVerifier } from '../token/logout-token.ts'
import type { HttpRequest, HttpResponse } from '../types.ts'
import { type Refused, rawOf } from './refused.ts'
import { replayStore } from './replay.ts'

/** What {@link logoutHandler} works with. */
export interface LogoutParts {
  readonly issuers: Issuers
  readonly clock: Clock
  /** The injected clock, if there is one. */
  readonly now: (() => number) | undefined
  readonly refused: Refused
  /** Limits of stores. */
  readonly limitStores: Limited
  readonly warn: (message: string, code: string) => void
  /** Whether the resource server checks for revoked tokens. */
  readonly revokes: boolean
}

/**
 * Responds to a back-channel logout request: 200, 400 or 503.
 *
 * @param raw request of Node, or web `Request`, whose body is read
 * @throws {Error} for faults of the application's
 */
export type LogoutHandler = (request: HttpRequest, raw: object) => Promise<HttpResponse>

/** Seconds after which an issuer may try again. */
const retryAfter = 1

/**
 * Makes the handler of an endpoint for OpenID Connect Back-Channel Logout 1.0: it validates the logout token, revokes
 * tokens, and then records the `jti`. A request that fails in between can be sent again.
 */
export function logoutHandler(settings: LogoutSettings, parts: LogoutParts): LogoutHandler {
  const { issuers, clock, now, refused, limitStores } = parts
  const { list, clientId, by, replay = replayStore({ now }) } = settings
  const verify = logoutVerifier({ issuers, clock, clientId })
  warnOfSessions(settings, parts)
  if (!parts.revokes) {
    parts.warn(noRevocation, 'OAUTH_LOGOUT_UNCHECKED')
  }

  async function logout(request: HttpRequest, raw: object): Promise<void> {
    const token = await verify(await formMember(request, raw, 'logout_token', clock))
    const entry = entryOf(token, by)
    await limitStores(list.add(entry))
    if (!(await isFirstUse(replay, token, limitStores))) {
      throw new InvalidTokenError('claim', {
        detail: { claim: 'jti', expected: 'used once', actual: token.jti },
      })
    }
  }

  return async (request, raw) => {
    try {
      await logout(request, raw)
      return logoutAnswer()
    } catch (error) {
      if (!isAuthError(error)) throw error
      const refusal = asRequestError(error)
      // First: a hook may change the error.
      const answer = logoutAnswer(refusal)
      refused(refusal, { request: rawOf(request) })
      return answer
    }
  }
}

/** @throws {InvalidTokenError} for a token without `sub` where that is asked for */
function entryOf(
  { issuer, session, subject, issuedAt }: LogoutToken,
  by: LogoutSettings['by'],
): Omit<RevocationEntry, 'lifetime' | 'expiresIn'> {
  const issuedBefore = Math.floor(issuedAt)
  if (by === 'session' && session !== undefined) {
    return { kind: 'session', issuer, value: session, issuedBefore }
  }
  if (subject === undefined) {
    throw new InvalidTokenError('claim', {
      detail: { claim: 'sub', expected: "present, since by is 'subject'" },
    })
  }
  return { kind: 'subject', issuer, value: subject, issuedBefore }
}

/** @throws {UpstreamError} when the store cannot tell */
async function isFirstUse(
  replay: ReplayStore,
  { issuer, jti, usableUntil }: LogoutToken,
  limitStores: Limited,
): Promise<boolean> {
  let answer: unknown
  try {
    answer = await limitStores(replay.reserve(JSON.stringify(['logout', issuer, jti]), usableUntil + 1))
  } catch (error) {
    throw isAuthError(error) ? error : unknownUse(error)
  }
  if (typeof answer !== 'boolean') throw unknownUse(new TypeError('reserve: must return a boolean'))
  return answer
}

function unknownUse(cause: unknown): UpstreamError {
  const hint = `it could not be found out whether the logout token was used before: ${factsOf(cause)}`
  return new UpstreamError(retryAfter, { cause: safeCause(cause), detail: { hint } })
}

/** A logout token is part of the request: what is wrong with it is wrong with the request (§2.8). */
function asRequestError(error: AuthError): AuthError {
  if (!(error instanceof InvalidTokenError)) return error
  const { detail } = error
  return new InvalidRequestError('The logout token is not acceptable', { cause: error, detail })
}

const noRevocation =
  'oauth-resource-server: backChannelLogout: this resource server has no option revocation, so that the list refuses none of its tokens; set revocation to the same list, unless other resource servers check the tokens'

function warnOfSessions({ by, decided }: LogoutSettings, { issuers, warn }: LogoutParts): void {
  if (decided || by !== 'session') return
  const unsure = issuers.configured().filter(({ rules }) => !rules.requiredClaims.includes('sid'))
  if (unsure.length === 0) return
  warn(
    `oauth-resource-server: backChannelLogout: a logout token with sid revokes access tokens with the same sid, and many issuers put none into access tokens. Pass by: 'subject', or by: 'session' where the access tokens of ${unsure.map(({ name }) => name).join(', ')} have it`,
    'OAUTH_LOGOUT_SESSIONS',
  )
}
