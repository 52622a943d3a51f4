import { own } from '../lib/objects.ts'
import type { BearerMethod, Extractor } from '../types.ts'

// Registered globally, so that extractors of either build are known to the other.
const methods = Symbol.for('oauth-resource-server.bearer-methods')

/** Notes in which of the standard places an extractor of this library looks. */
export function withBearerMethods<E extends object>(
  extract: E,
  found: readonly BearerMethod[] | undefined,
): E {
  return Object.defineProperty(extract, methods, { value: found })
}

/** The standard places an extractor looks in; `undefined` where a function of the application's decides. */
export function bearerMethodsOf(extract: Extractor<never>): readonly BearerMethod[] | undefined {
  return own(extract, methods) as readonly BearerMethod[] | undefined
}

/** The standard places several extractors look in; `undefined` when one of them is a function of the application's. */
export function bearerMethodsOfAll(
  extractors: readonly Extractor<never>[],
): readonly BearerMethod[] | undefined {
  const found = extractors.map(bearerMethodsOf)
  return found.includes(undefined) ? undefined : [...new Set((found as BearerMethod[][]).flat())]
}
