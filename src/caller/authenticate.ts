import { missingToken } from '../http/bearer.ts'
import { asMalformed } from '../http/credentials.ts'
import type { Finder, Presented } from '../http/finder.ts'
import { withScheme } from '../http/used-scheme.ts'
import type { Clock } from '../lib/clock.ts'
import type { Trace } from '../token/check.ts'
import { ofIssuer } from '../token/of-issuer.ts'
import type { TokenSource, VerifiedToken } from '../token/verified-token.ts'
import type { HttpRequest, MaybePromise } from '../types.ts'
import type { Acceptor, VerifiedAuth } from './accept.ts'
import { rawOf, type Refused } from './refused.ts'

/** What {@link authenticator} works with. */
export interface AuthenticatorOptions<C> {
  readonly find: Finder
  /** Whether `find` reads the parsed body. */
  readonly readsBody: boolean
  /** Whether a request without credentials is let through. */
  readonly optional: boolean
  readonly source: TokenSource
  readonly acceptor: Acceptor<C>
  readonly clock: Clock
  readonly refused: Refused
}

/** From what was presented to a caller. */
export interface Authenticator<C> {
  /**
   * Finds the credentials of a request and verifies them.
   *
   * @returns `undefined` for a request without credentials, where that is allowed
   * @throws {AuthError}
   */
  readonly authenticate: (request: HttpRequest, trace?: Trace) => MaybePromise<VerifiedAuth<C> | undefined>
  /** Verifies a token that came without a request. @throws {AuthError} */
  readonly verify: (token: string) => MaybePromise<VerifiedAuth<C>>
}

/** Makes the way from a request, or a bare token, to a caller. Every refusal is reported once. */
export function authenticator<C>(options: AuthenticatorOptions<C>): Authenticator<C> {
  const { source, acceptor, clock, refused } = options

  function judge(
    presented: Presented | undefined,
    request: HttpRequest,
    trace: Trace | undefined,
  ): MaybePromise<VerifiedAuth<C> | undefined> {
    if (presented !== undefined) return judgePresented(presented, trace)
    if (options.optional) return undefined
    throw missingToken(request, options.readsBody)
  }

  function judgePresented(presented: Presented, trace: Trace | undefined): MaybePromise<VerifiedAuth<C>> {
    try {
      const auth = accepted(presented, trace)
      if (!(auth instanceof Promise)) return auth
      return auth.catch((error: unknown) => {
        throw withScheme(asMalformed(error, presented.token), presented.scheme)
      })
    } catch (error) {
      throw withScheme(asMalformed(error, presented.token), presented.scheme)
    }
  }

  function accepted(presented: Presented, trace?: Trace): MaybePromise<VerifiedAuth<C>> {
    const verified = source.verify(presented.token, clock.wall(), trace)
    return verified instanceof Promise
      ? verified.then((it) => acceptedOf(it, presented, trace))
      : acceptedOf(verified, presented, trace)
  }

  function acceptedOf(
    verified: VerifiedToken,
    presented: Presented,
    trace: Trace | undefined,
  ): MaybePromise<VerifiedAuth<C>> {
    try {
      const auth = acceptor.accept(verified, presented, trace)
      if (!(auth instanceof Promise)) return auth
      return auth.catch((error: unknown) => {
        throw ofIssuer(error, verified.issuer)
      })
    } catch (error) {
      throw ofIssuer(error, verified.issuer)
    }
  }

  function throwRefused(error: unknown): never {
    throw refused(error)
  }

  return {
    authenticate(request, trace) {
      try {
        const found = options.find(request)
        const auth =
          found instanceof Promise
            ? found.then((presented) => judge(presented, request, trace))
            : judge(found, request, trace)
        if (!(auth instanceof Promise)) return auth
        return auth.catch((error: unknown) => {
          throw refused(error, { request: rawOf(request) })
        })
      } catch (error) {
        throw refused(error, { request: rawOf(request) })
      }
    },
    verify(token) {
      try {
        const auth = accepted({ scheme: 'Bearer', token, place: 'custom', request: undefined })
        return auth instanceof Promise ? auth.catch(throwRefused) : auth
      } catch (error) {
        throw refused(error)
      }
    },
  }
}
