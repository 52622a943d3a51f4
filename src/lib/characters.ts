/** The characters of a scope (RFC 6749 §3.3), which are also those a challenge may carry (RFC 6750 §3). */
const scopeName = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** Tells whether a text is one scope. */
export function isScopeName(text: string): boolean {
  return scopeName.test(text)
}
