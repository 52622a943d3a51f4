import { isAuthError } from '../errors.ts'

// Beside the errors, as they may be frozen, and as no serialiser looks here.
const issuers = new WeakMap<object, string>()

/** Notes the trusted issuer whose token is refused. @returns the same error */
export function ofIssuer(error: unknown, issuer: string): unknown {
  if (isAuthError(error)) issuers.set(error, issuer)
  return error
}

/** The trusted issuer whose token was refused, where it is known. */
export function issuerOf(error: object): string | undefined {
  return issuers.get(error)
}
