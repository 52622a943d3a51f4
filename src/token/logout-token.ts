import type { AlgorithmName } from '../algorithms.ts'
import type { RefusalDetail } from '../detail.ts'
import { InvalidTokenError, type TokenFailure } from '../errors.ts'
import type { Issuers } from '../issuer/issuers.ts'
import type { TrustedIssuer } from '../issuer/trusted-issuer.ts'
import { mediaType, type ParsedToken, parseToken } from '../jose/jws.ts'
import { isStringList } from '../lib/claim-path.ts'
import type { Clock } from '../lib/clock.ts'
import { own } from '../lib/objects.ts'
import { ofIssuer } from './of-issuer.ts'
import { type Unsigned, withSignature } from './signed-token.ts'
import { checkTimes, momentsOf, timesOf, type TokenTimes } from './times.ts'

/** A logout token that passed every check. It is of a type of its own: it never becomes an access token. */
class LogoutToken {
  declare private readonly nominal: never
  /** Name of the issuer. */
  readonly issuer: string
  /** One of these two is there at least. */
  readonly session: string | undefined
  readonly subject: string | undefined
  readonly jti: string
  /** Seconds since the epoch. */
  readonly issuedAt: number
  /** Seconds since the epoch: after this the token is refused for its age. */
  readonly usableUntil: number

  constructor({ parsed: { payload }, issuer, times }: UnsignedLogoutToken) {
    this.issuer = issuer.name
    this.session = own(payload, 'sid') as string | undefined
    this.subject = own(payload, 'sub') as string | undefined
    this.jti = own(payload, 'jti') as string
    this.issuedAt = times.iat as number
    this.usableUntil = Math.min(times.exp, this.issuedAt + maxAge) + times.tolerance
  }
}
export type { LogoutToken }

interface UnsignedLogoutToken extends Unsigned {
  readonly times: TokenTimes
}

/** What {@link logoutVerifier} works with. */
export interface LogoutVerifierOptions {
  readonly issuers: Issuers
  readonly clock: Pick<Clock, 'wall'>
  /** `aud` of the tokens. */
  readonly clientId: string
}

/** Seconds that a logout token may be old; the specification advises issuers to let it expire after 120 (§4). */
const maxAge = 300

/** The member of `events` that makes a token a logout token. */
const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'

/** Types of logout tokens: that of the specification, and what issuers before it write (§2.4). */
const logoutTypes: readonly (string | undefined)[] = ['logout+jwt', 'jwt', undefined]

/**
 * Makes the function that validates logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.6): type, `events`, no
 * `nonce`, `sid` or `sub`, `jti`, `iss`, `alg`, `aud`, `iat` and `exp`, then the signature. It does not look whether
 * `jti` was used before.
 *
 * The function throws {InvalidTokenError}, and {UpstreamError} when the keys are not available.
 */
export function logoutVerifier(options: LogoutVerifierOptions): (token: string) => Promise<LogoutToken> {
  const { issuers, clock, clientId } = options

  async function verified(parsed: ParsedToken, issuer: TrustedIssuer): Promise<LogoutToken> {
    const { header, payload } = parsed
    if (!issuer.algorithms.includes(header.alg as AlgorithmName)) {
      throw refused('algorithm', { claim: 'alg', expected: issuer.algorithms, actual: header.alg })
    }
    const times = timesOf(momentsOf(payload), {
      clockTolerance: issuer.rules.clockTolerance,
      maxTokenAge: maxAge,
    })
    checkTimes(times, clock.wall())
    const token = await withSignature(
      { parsed, issuer, times },
      (it: UnsignedLogoutToken) => new LogoutToken(it),
    )
    issuers.prove(issuer)
    // Again: fetching keys may have taken seconds.
    checkTimes(times, clock.wall())
    return token
  }

  return async (text) => {
    const parsed = parseToken(text)
    checkClaims(parsed, clientId)
    const iss = own(parsed.payload, 'iss')
    const issuer = typeof iss === 'string' ? await issuers.find(iss) : undefined
    if (issuer === undefined) {
      const expected = issuers.configured().map(({ name }) => name)
      throw refused('issuer', { claim: 'iss', expected, actual: iss })
    }
    try {
      return await verified(parsed, issuer)
    } catch (error) {
      throw ofIssuer(error, issuer.name)
    }
  }
}

/** Checks what needs no issuer. @throws {InvalidTokenError} */
function checkClaims({ header, payload }: ParsedToken, clientId: string): void {
  const type = header.typ === undefined ? undefined : mediaType(header.typ)
  if (!logoutTypes.includes(type)) {
    throw refused('type', { claim: 'typ', expected: 'logout+jwt', actual: header.typ })
  }
  // Keycloak marks the kind of a token in its claims.
  const mark = own(payload, 'typ')
  if (mark !== undefined && mark !== 'Logout') {
    throw refused('type', { claim: 'typ', expected: 'Logout, or absent', actual: mark })
  }
  const events = own(payload, 'events')
  if (!isObject(events) || !isObject(own(events, logoutEvent))) {
    throw refused('type', {
      claim: 'events',
      expected: `an object with the object ${logoutEvent}`,
      actual: events,
    })
  }
  if (Object.hasOwn(payload, 'nonce')) {
    throw refused('type', { claim: 'nonce', expected: 'absent', actual: own(payload, 'nonce') })
  }
  for (const claim of ['sid', 'sub', 'jti']) {
    const value = own(payload, claim)
    if (value !== undefined && (typeof value !== 'string' || value === '')) {
      throw refused('claim', { claim, expected: 'a string that is not empty', actual: value })
    }
  }
  if (own(payload, 'jti') === undefined) throw refused('claim', { claim: 'jti', expected: 'present' })
  if (own(payload, 'sid') === undefined && own(payload, 'sub') === undefined) {
    throw refused('claim', { claim: 'sub', expected: 'present, or sid' })
  }
  const aud = own(payload, 'aud')
  if (aud !== clientId && !(isStringList(aud) && aud.includes(clientId))) {
    throw refused('audience', { claim: 'aud', expected: clientId, actual: aud })
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refused(reason: TokenFailure, detail: RefusalDetail): InvalidTokenError {
  return new InvalidTokenError(reason, { detail })
}
