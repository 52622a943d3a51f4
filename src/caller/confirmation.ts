import { InvalidTokenError } from '../errors.ts'
import type { Presented } from '../http/finder.ts'
import { own } from '../lib/objects.ts'
import type { VerifiedToken } from '../token/verified-token.ts'
import type { MaybePromise } from '../types.ts'
import type { Confirmed, RequestChecks } from './request-checks.ts'

/** Confirms one member of `cnf` for the request a token came with. */
export interface ConfirmationMethod {
  /** Member of `cnf`, for example `jkt`. */
  readonly member: string
  /** Whether tokens without this member are refused. @default false */
  readonly required?: boolean
  /** @throws {AuthError} */
  readonly confirm: (
    value: unknown,
    token: VerifiedToken,
    presented: Presented,
  ) => MaybePromise<Confirmed | undefined>
}

/** What {@link confirmation} asks for, beside the methods. */
export interface ConfirmationOptions {
  /** Refuses tokens that are bound to nothing. @default false */
  readonly boundOnly?: boolean
}

/** Members of `cnf` that bind a token to its sender, and the option by which each is checked. */
const bindingMembers = { jkt: 'dpop', 'x5t#S256': 'mtls' } as const
type BindingMember = keyof typeof bindingMembers
const members = Object.keys(bindingMembers) as BindingMember[]

/**
 * Makes the check of the sender (RFC 7800 §3.1, RFC 8705 §3, RFC 9449 §7.2). Every known member of `cnf` must be
 * confirmed by its method, and at least one member must be; unknown members together with a confirmed one are ignored.
 * Without any method, every bound token is refused, since whoever has it may have stolen it.
 */
export function confirmation(
  methods: readonly ConfirmationMethod[],
  { boundOnly = false }: ConfirmationOptions = {},
): RequestChecks<unknown>['sender'] {
  const required = methods.filter((method) => method.required === true).map(({ member }) => member)
  const acceptsUnbound = required.length === 0 && !boundOnly
  return (token, presented) => {
    const cnf = token.confirmation
    // The only way past the methods.
    if (cnf === undefined && presented.scheme === 'Bearer' && acceptsUnbound) return undefined
    const present = cnf === undefined ? [] : members.filter((member) => Object.hasOwn(cnf, member))
    // A DPoP request with a token that is not bound to a key (RFC 9449 §7.1).
    if (presented.scheme === 'DPoP' && !present.includes('jkt')) throw notConfirmed('jkt', unbound)
    const missing = required.find((member) => !present.some((other) => other === member))
    if (missing !== undefined) throw notConfirmed(missing, bindingRequired)
    if (present.length === 0) {
      throw notConfirmed(undefined, cnf === undefined ? bindingRequired : unknownMembers)
    }
    const steps = present.map((member) => {
      const method = methods.find((it) => it.member === member)
      if (method === undefined) throw notConfirmed(member, notSetUp(member))
      return () => method.confirm(own(cnf as object, member), token, presented)
    })
    let confirmed: MaybePromise<Confirmed | undefined>
    for (const step of steps) confirmed = both(confirmed, step)
    return confirmed
  }
}

function both(
  first: MaybePromise<Confirmed | undefined>,
  second: () => MaybePromise<Confirmed | undefined>,
): MaybePromise<Confirmed | undefined> {
  const merged = (before: Confirmed | undefined): MaybePromise<Confirmed | undefined> => {
    const after = second()
    return after instanceof Promise ? after.then((it) => merge(before, it)) : merge(before, after)
  }
  return first instanceof Promise ? first.then(merged) : merged(first)
}

function merge(before: Confirmed | undefined, after: Confirmed | undefined): Confirmed | undefined {
  if (before === undefined || after === undefined) return before ?? after
  const steps = [before.lastly, after.lastly].filter((step) => step !== undefined)
  return {
    headers: { ...before.headers, ...after.headers },
    lastly: async () => {
      for (const step of steps) await step()
    },
  }
}

const unbound =
  'the token came under the scheme DPoP and is not bound to a key: the client must send it as a Bearer token, or get a bound one'
const bindingRequired =
  'only tokens that are bound to the key of the client are accepted: the client must get one with a DPoP proof, or a certificate'
const unknownMembers = 'the token is bound in a way that is not known here'

function notSetUp(member: BindingMember): string {
  const to = member === 'jkt' ? 'key' : 'certificate'
  return `the token is bound to a ${to}, and this resource server is not set up to check that: set ${bindingMembers[member]}`
}

function notConfirmed(member: string | undefined, hint: string): InvalidTokenError {
  return new InvalidTokenError('binding', {
    detail: { claim: 'cnf', ...(member === undefined ? {} : { expected: member }), hint },
  })
}
