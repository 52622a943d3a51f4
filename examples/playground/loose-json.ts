/** One member of an object, with its value as parsed. */
export interface LooseMember {
  readonly name: string
  readonly value: unknown
}

/** An object as far as it could be read. */
export interface LooseObject {
  readonly members: readonly LooseMember[]
  /** The text up to the closing brace, or all of it where there is none. */
  readonly text: string
  /** What is wrong, in a few words; `undefined` for a sound object. */
  readonly problem?: string
}

/**
 * Reads the members of a JSON object one after the other, until one cannot be read. Unlike `JSON.parse` it returns
 * what stands before a fault, keeps a name that is there twice, and ends at the closing brace.
 */
export function readLoosely(text: string): LooseObject {
  const members: LooseMember[] = []
  // Whatever the first brace became, the first name begins with a quote.
  let at = /^\s*\{/.test(text) ? text.indexOf('{') + 1 : text.indexOf('"')
  if (at === -1) return { members, text, problem: 'not a JSON object' }
  for (;;) {
    const start = skipSpace(text, at)
    const colon = endOfValue(text, start, ':')
    const end = endOfValue(text, colon + 1, ',')
    const name = parsed(text.slice(start, colon))
    const value = parsed(text.slice(colon + 1, end))
    if (typeof name !== 'string' || value === undefined) break
    members.push({ name, value })
    at = end + 1
    if (text[end] !== ',') break
  }
  const closed = text[skipSpace(text, at - 1)] === '}' || /^\s*\{\s*\}/.test(text)
  const shown = closed ? text.slice(0, text.indexOf('}', at - 1) + 1) : text
  const problem = problemOf(text, shown, members)
  return { members, text: shown, ...(problem !== undefined && { problem }) }
}

function problemOf(text: string, shown: string, members: readonly LooseMember[]): string | undefined {
  if (!isObject(parsed(shown))) return members.length === 0 ? 'not a JSON object' : 'broken JSON'
  const twice = members.find(({ name }, index) => members.slice(0, index).some((one) => one.name === name))
  if (twice !== undefined) return `the name ${JSON.stringify(twice.name)} is there twice`
  return shown.length < text.trimEnd().length ? 'something follows the closing brace' : undefined
}

/** Index of the character that ends a name or value: `until`, or a closing brace outside of it, or the end. */
function endOfValue(text: string, from: number, until: string): number {
  let depth = 0
  let at = from
  for (; at < text.length; at += 1) {
    const character = text[at] ?? ''
    if (character === '"') at = endOfString(text, at)
    else if (depth === 0 && (character === until || character === '}')) break
    else if ('{['.includes(character)) depth += 1
    else if ('}]'.includes(character)) depth -= 1
  }
  return Math.min(at, text.length)
}

/** Index of the closing quote. */
function endOfString(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '"') return at
  }
  return text.length
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (/[\t\n\r ]/.test(text[at] ?? '')) at += 1
  return at
}

/** `undefined` for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
