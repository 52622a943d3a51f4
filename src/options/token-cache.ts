import { optionsReader } from './reader.ts'
import { wholeNumber } from './whole-number.ts'

/** Limits of the memory of verified signatures. */
export interface TokenCacheOptions {
  /** Tokens. 1 to 1000000. @default 10000 */
  readonly max?: number | undefined
  /** Seconds until a signature is checked anew. 1 to 86400. @default 3600 */
  readonly maxAge?: number | undefined
}

/** {@link TokenCacheOptions} with the defaults filled in. */
export interface TokenCacheSettings {
  /** Tokens. */
  readonly max: number
  /** Seconds. */
  readonly maxAge: number
}

/** Checks the option `tokenCache`; `undefined` where it is off. @throws {TypeError} */
export function tokenCacheSettings(value: unknown): TokenCacheSettings | undefined {
  if (value === false) return undefined
  const read = optionsReader(value === undefined ? {} : value, 'tokenCache', ['max', 'maxAge'])
  return {
    max: wholeNumber(read, 'max', 1_000_000, 10_000),
    maxAge: read.number('maxAge', 1, 86_400, 3600),
  }
}
