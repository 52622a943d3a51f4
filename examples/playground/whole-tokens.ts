/** Three parts of base64url, as every signed token has; the third may be empty. */
const threeParts = /(?<![\w-])([\w-]{8,})\.[\w-]+\.[\w-]*/g

/**
 * Whether a text has a signed token in it: three parts, of which the first decodes to an object with `alg`. What
 * stands in front of the token makes no difference.
 */
export function hasToken(text: string): boolean {
  return shortenTokens(text) !== text
}

/** The same text with `eyJ…` in place of every signed token in it. */
export function shortenTokens(text: string): string {
  return text.replaceAll(threeParts, (found, first: string) => (hasHeader(first) ? 'eyJ…' : found))
}

/** Letters in front of a token would otherwise hide it. */
function hasHeader(part: string): boolean {
  if (isHeader(part)) return true
  // A brace, then a quote or white space.
  return [...part.matchAll(/e[wy]/g)].slice(0, 100).some(({ index }) => isHeader(part.slice(index)))
}

function isHeader(part: string): boolean {
  try {
    const header: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof header === 'object' && header !== null && 'alg' in header
  } catch {
    return false
  }
}
