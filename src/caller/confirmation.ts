import { InvalidTokenError } from '../errors.ts'
import type { Presented } from '../http/finder.ts'
import { own } from '../lib/objects.ts'
import type { VerifiedToken } from '../token/verified-token.ts'
import type { MaybePromise } from '../types.ts'
import type { RequestChecks, ResponseHeaders } from './request-checks.ts'

/** Confirms one member of `cnf` for the request a token came with. */
export interface ConfirmationMethod {
  /** Member of `cnf`, for example `jkt`. */
  readonly member: string
  /** @returns headers for a successful response @throws {AuthError} */
  readonly confirm: (
    value: unknown,
    token: VerifiedToken,
    presented: Presented,
  ) => MaybePromise<ResponseHeaders | undefined>
}

/** Members of `cnf` that bind a token to its sender: each that is present must be confirmed. */
const bindingMembers = ['jkt', 'x5t#S256'] as const

/**
 * Makes the check of the sender (RFC 7800 §3.1, RFC 8705 §3, RFC 9449 §7.2). Every known member of `cnf` must be
 * confirmed by its method, and at least one member must be; unknown members together with a confirmed one are ignored.
 * Without any method, every bound token is refused, since whoever has it may have stolen it.
 */
export function confirmation(methods: readonly ConfirmationMethod[]): RequestChecks<unknown>['sender'] {
  return (token, presented) => {
    if (!Object.hasOwn(token.claims, 'cnf')) {
      // A DPoP request with an unbound token (RFC 9449 §7.1).
      if (presented.scheme !== 'Bearer') throw notConfirmed(undefined)
      return undefined
    }
    const cnf = own(token.claims, 'cnf') as object
    const present = bindingMembers.filter((member) => Object.hasOwn(cnf, member))
    if (present.length === 0) throw notConfirmed(undefined)
    const steps = present.map((member) => {
      const method = methods.find((it) => it.member === member)
      if (method === undefined) throw notConfirmed(member)
      return () => method.confirm(own(cnf, member), token, presented)
    })
    let headers: MaybePromise<ResponseHeaders | undefined>
    for (const step of steps) headers = both(headers, step)
    return headers
  }
}

function both(
  first: MaybePromise<ResponseHeaders | undefined>,
  second: () => MaybePromise<ResponseHeaders | undefined>,
): MaybePromise<ResponseHeaders | undefined> {
  const merged = (before: ResponseHeaders | undefined): MaybePromise<ResponseHeaders | undefined> => {
    const after = second()
    const merge = (it: ResponseHeaders | undefined): ResponseHeaders | undefined =>
      before === undefined ? it : { ...before, ...it }
    return after instanceof Promise ? after.then(merge) : merge(after)
  }
  return first instanceof Promise ? first.then(merged) : merged(first)
}

function notConfirmed(member: string | undefined): InvalidTokenError {
  const hint = 'the token is bound to a key, and this resource server is not set up to check the proof'
  return new InvalidTokenError('binding', {
    detail: { claim: 'cnf', ...(member === undefined ? {} : { expected: member }), hint },
  })
}
