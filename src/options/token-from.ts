import type { Extractor } from '../types.ts'
import { checkFunction } from './reader.ts'

/** Checks the option `tokenFrom`. @throws {TypeError} */
export function tokenFromOf(value: unknown): Extractor | undefined {
  if (value === undefined) return undefined
  const find = checkFunction<Extractor>(value, 'tokenFrom', 'fromHeader()')
  if (Object.hasOwn(find, 'readsUrl')) {
    throw new TypeError(
      "tokenFrom: readsUrl has no effect any more; return { token, place: 'query' } for a token from the URL",
    )
  }
  return find
}
