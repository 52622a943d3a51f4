import type { Credentials } from '../types.ts'

type Scheme = Credentials['scheme']

/** A frozen error may be shared by requests: the last one counts. */
const schemes = new WeakMap<object, Scheme>()

/** Records the scheme under which the refused token came, for the challenge. @returns the same error */
export function withScheme<E>(error: E, scheme: Scheme): E {
  if (typeof error === 'object' && error !== null) schemes.set(error, scheme)
  return error
}

/** The scheme under which the refused token came; `undefined` where it is not known. */
export function schemeOf(error: object): Scheme | undefined {
  return schemes.get(error)
}

/** Records for a copy of an error what is recorded for the error. @returns the copy */
export function likeScheme<E extends object>(copy: E, error: object): E {
  const scheme = schemes.get(error)
  return scheme === undefined ? copy : withScheme(copy, scheme)
}
