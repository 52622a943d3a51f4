/** What could be decoded. */
export interface Decoded {
  /** Text, with one `�` for each stretch that cannot be read. */
  readonly text: string
  /** Where the first fault is, counted in characters from 1; `undefined` for a part without a fault. */
  readonly fault?: number
}

/** What stands in place of anything that cannot be read. */
export const unreadable = '\u{FFFD}'

/** Shorter text, after a fault, may be chance; random bytes hardly ever look like text for so long. Characters. */
const shortestRun = 12

/**
 * Decodes base64url to text, past any fault: a changed character costs at most three bytes, and after a missing or
 * additional one the text is found again. Bytes that are no text (a signature, for example) are never returned.
 */
export function decodeLeniently(part: string): Decoded {
  let { text, end } = readFrom(part, 0)
  if (end === part.length) return { text }
  const fault = end + 1
  while (end < part.length) {
    const next = nextRun(part, end + 1)
    if (!text.endsWith(unreadable)) text += unreadable
    if (next === undefined) break
    text += next.text
    end = next.end
  }
  return { text, fault }
}

/** A stretch of text, and the index of the character at which it ends. */
interface Run {
  readonly text: string
  readonly end: number
}

function nextRun(part: string, from: number): Run | undefined {
  for (let start = from; start < part.length; start += 1) {
    // A look at the beginning is enough to tell; few places need more.
    if (readFrom(part.slice(start, start + 16), 0).text.length < shortestRun) continue
    return readFrom(part, start)
  }
  return undefined
}

function readFrom(part: string, start: number): Run {
  const [legal = ''] = /^[\w-]*/.exec(part.slice(start)) ?? []
  const bytes = Buffer.from(legal, 'base64url')
  // A single character has 6 bits, which is no byte.
  const whole = legal.length % 4 === 1 ? legal.length - 1 : legal.length
  const decoded = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  // What is no UTF-8, and control characters, of which JSON may have three.
  const bad = decoded.search(/(?![\t\n\r])[\p{Cc}\u{FFFD}]/u)
  if (bad === -1) return { text: decoded, end: start + whole }
  const text = decoded.slice(0, bad)
  return { text, end: start + Math.floor((Buffer.byteLength(text) * 4) / 3) }
}
