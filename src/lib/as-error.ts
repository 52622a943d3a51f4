import { isAuthError } from '../errors.ts'

const message = 'a guard or hook threw a value that is not an error'

/**
 * Makes an error of any value that was thrown. Errors stay as they are, also those of another realm.
 *
 * Frameworks need this: many take `undefined`, `null`, `0`, `''`, `'route'` or `'router'` for success.
 */
export function asError(thrown: unknown): Error {
  try {
    if (isError(thrown)) return thrown
  } catch {
    // The value cannot be read, for example because it is a revoked proxy. So it is no cause either.
    return new Error(message)
  }
  return new Error(message, { cause: thrown })
}

function isError(value: unknown): value is Error {
  return (
    value instanceof Error || isAuthError(value) || Object.prototype.toString.call(value) === '[object Error]'
  )
}
