import type { ErrorFormat } from '../error-format.ts'

/** Checks the option `errorFormat`. @throws {TypeError} */
export function errorFormatOf(value: unknown): ErrorFormat {
  if (value === undefined) return 'oauth'
  if (value === 'oauth' || value === 'problem' || typeof value === 'function') return value as ErrorFormat
  throw new TypeError(
    "errorFormat: must be 'oauth', 'problem' or a function, for example (error, body) => ({ contentType: 'application/json', body })",
  )
}
