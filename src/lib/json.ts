/** Deepest nesting of objects and lists that a token or a key set may have. */
const maxDepth = 32

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Parses UTF-8 JSON whose outermost value is an object, and freezes it all the way down.
 *
 * Stricter than `JSON.parse`, which takes the last of two members with one name, so that two readers of one
 * token could see two different claims (RFC 7519 §4 lets us refuse it; RFC 8259 §4 calls it unpredictable).
 *
 * @throws {SyntaxError} for invalid UTF-8, a byte order mark, anything but one object, a repeated member name,
 * a lone surrogate, a member `__proto__`, or nesting beyond 32.
 */
export function parseJsonObject(bytes: Uint8Array): Record<string, unknown> {
  const text = utf8.decode(bytes)
  // Counted before parsing, so that neither the parser nor the walk below meets a deep document.
  const members = countMembers(text)
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SyntaxError('the JSON text is not an object')
  }
  // A repeated name leaves one member where the text wrote two, however its letters were escaped.
  if (freeze(value) !== members) throw new SyntaxError('a member name is repeated')
  // Either can also be written with escapes.
  if (text.includes('\\u') || text.includes(prototype)) refuseTraps(value)
  return value as Record<string, unknown>
}

/** Counts the colons outside strings: one for each member, provided that the text is JSON at all. */
function countMembers(text: string): number {
  let members = 0
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = endOfString(text, at + 1)
        break
      case 0x3a: // :
        members++
        break
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > maxDepth) throw new SyntaxError('the JSON text is nested too deeply')
        break
      case 0x5d: // ]
      case 0x7d: // }
        depth--
        break
    }
  }
  return members
}

/** Index of the quote that closes a string, or the end of the text where none does. */
function endOfString(text: string, from: number): number {
  for (let at = from; ;) {
    const quote = text.indexOf('"', at)
    if (quote === -1) return text.length
    let escapes = 0
    while (text.charCodeAt(quote - 1 - escapes) === 0x5c) escapes++
    if (escapes % 2 === 0) return quote
    at = quote + 1
  }
}

/** Freezes a value with everything in it, and counts the members of all its objects. */
function freeze(value: object): number {
  const inner: readonly unknown[] = Array.isArray(value) ? value : Object.values(value)
  let members = Array.isArray(value) ? 0 : inner.length
  for (const item of inner) if (typeof item === 'object' && item !== null) members += freeze(item)
  Object.freeze(value)
  return members
}

const prototype = '__proto__'

/**
 * Half of a surrogate pair becomes U+FFFD wherever the string is next written as UTF-8, and two different
 * subjects would become one. A member `__proto__` becomes the prototype of whatever object it is copied to by
 * assignment, and its members would be found there like members of the token.
 */
function refuseTraps(value: unknown): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new SyntaxError('a string holds half of a surrogate pair')
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) {
      if (name === prototype) throw new SyntaxError('a member is named __proto__')
      refuseTraps(name)
      refuseTraps(inner)
    }
  }
}
