import { MissingTokenError } from '../errors.ts'
import { decide } from '../guards/decide.ts'
import type { Limited } from '../lib/limited.ts'
import type { Auth, Guard, MaybePromise } from '../types.ts'
import type { Acceptor } from './accept.ts'
import type { Refused } from './refused.ts'

/** Asks a guard about a caller. */
export type Authorizer = <R>(guard: Guard<R>, auth: Auth | undefined, request: R) => MaybePromise<void>

/**
 * Makes the function that runs guards. They see every verified claim as the issuer signed it, whatever a schema made
 * of the claims. Every refusal is reported once.
 *
 * @param limit for guards that are asynchronous
 */
export function authorizer(acceptor: Acceptor<unknown>, limit: Limited, refused: Refused): Authorizer {
  return (guard, auth, request) => {
    if (auth === undefined) {
      const hint = 'the caller is anonymous, and a guard needs a caller'
      throw refused(new MissingTokenError({ detail: { hint } }), { request })
    }
    const judged = acceptor.judged(auth)
    if (judged === undefined) {
      throw new TypeError('authorize: the caller must be an Auth that this resource server returned')
    }
    const throwRefused = (error: unknown): never => {
      throw refused(error, { request, issuer: judged.issuer, auth: judged })
    }
    let refusal: MaybePromise<unknown>
    try {
      refusal = limit(decide(guard, judged, request))
    } catch (error) {
      return throwRefused(error)
    }
    if (refusal instanceof Promise) {
      return refusal.then((found) => {
        if (found !== undefined) throwRefused(found)
      }, throwRefused)
    }
    if (refusal !== undefined) throwRefused(refusal)
  }
}
