/** What a JSON text holds, every member of an object by its name and never by a prototype. */
export type Json = null | boolean | number | string | readonly Json[] | ReadonlyMap<string, Json>

const maxDepth = 32

/**
 * JSON as RFC 8259 writes its grammar, one character after the other, and refused where a token may not have it:
 * invalid UTF-8, a byte order mark, repeated members, half a surrogate pair, a member `__proto__`, nesting beyond 32, no
 * object outside.
 * Slow, and without a line of ours.
 */
export function referenceJson(bytes: Uint8Array): ReadonlyMap<string, Json> | undefined {
  try {
    const reader = new Reader(referenceUtf8(bytes))
    reader.space()
    const value = reader.value(1)
    reader.space()
    reader.end()
    return value instanceof Map ? (value as ReadonlyMap<string, Json>) : undefined
  } catch (error) {
    if (error instanceof Refused) return undefined
    throw error
  }
}

class Refused extends Error {}

/** Plain objects as a {@link Json}, for comparison. */
export function asJson(value: unknown): Json {
  if (Array.isArray(value)) return value.map(asJson)
  if (typeof value !== 'object' || value === null) return value as Json
  const names = Object.getOwnPropertyNames(value)
  return new Map(names.map((name) => [name, asJson(Object.getOwnPropertyDescriptor(value, name)?.value)]))
}

/** Code points of UTF-8, by the table of RFC 3629 §4. */
function referenceUtf8(bytes: Uint8Array): number[] {
  const points: number[] = []
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at] as number
    const length =
      first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
    const tail = [...bytes.subarray(at + 1, at + length)]
    if (length === 0 || tail.length !== length - 1) throw new Refused('utf-8')
    if (tail.some((byte) => byte < 0x80 || byte > 0xbf)) throw new Refused('utf-8')
    const lead = length === 1 ? first : first & (0x7f >> length)
    const point = tail.reduce((sum, byte) => sum * 64 + (byte & 0x3f), lead)
    const shortest = [0, 0, 0x80, 0x800, 0x10000][length] as number
    if (point < shortest || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
      throw new Refused('utf-8')
    points.push(point)
    at += length
  }
  return points
}

class Reader {
  readonly #text: readonly string[]
  #at = 0

  constructor(points: readonly number[]) {
    this.#text = points.map((point) => String.fromCodePoint(point))
  }

  space(): void {
    while ([' ', '\t', '\n', '\r'].includes(this.#peek())) this.#at++
  }

  end(): void {
    if (this.#at !== this.#text.length) throw new Refused('trailing text')
  }

  value(depth: number): Json {
    const next = this.#peek()
    if (next === '{') return this.#object(depth)
    if (next === '[') return this.#array(depth)
    if (next === '"') return this.#string()
    for (const [word, value] of [
      ['true', true],
      ['false', false],
      ['null', null],
    ] as const) {
      if (this.#text.slice(this.#at, this.#at + word.length).join('') !== word) continue
      this.#at += word.length
      return value
    }
    return this.#number()
  }

  #peek(): string {
    return this.#text[this.#at] ?? ''
  }

  #take(...accepted: readonly string[]): string {
    const character = this.#peek()
    if (character === '' || !accepted.includes(character)) throw new Refused(`expected ${accepted.join(' ')}`)
    this.#at++
    return character
  }

  #object(depth: number): Json {
    if (depth > maxDepth) throw new Refused('depth')
    const members = new Map<string, Json>()
    this.#take('{')
    this.space()
    if (this.#peek() === '}') return this.#take('}') && members
    do {
      this.space()
      const name = this.#string()
      if (members.has(name)) throw new Refused('repeated member')
      if (name === '__proto__') throw new Refused('a member that could become a prototype')
      this.space()
      this.#take(':')
      this.space()
      members.set(name, this.value(depth + 1))
      this.space()
    } while (this.#take(',', '}') === ',')
    return members
  }

  #array(depth: number): Json {
    if (depth > maxDepth) throw new Refused('depth')
    const items: Json[] = []
    this.#take('[')
    this.space()
    if (this.#peek() === ']') return this.#take(']') && items
    do {
      this.space()
      items.push(this.value(depth + 1))
      this.space()
    } while (this.#take(',', ']') === ',')
    return items
  }

  #string(): string {
    let units = ''
    this.#take('"')
    for (;;) {
      const character = this.#peek()
      if (character === '' || character < ' ') throw new Refused('control character, or no end')
      this.#at++
      if (character === '"') break
      units += character === '\\' ? this.#escape() : character
    }
    for (const character of units) {
      const point = character.codePointAt(0) as number
      if (point >= 0xd800 && point <= 0xdfff) throw new Refused('half a surrogate pair')
    }
    return units
  }

  #escape(): string {
    const short: Readonly<Record<string, string>> = {
      '"': '"',
      '\\': '\\',
      '/': '/',
      b: '\b',
      f: '\f',
      n: '\n',
      r: '\r',
      t: '\t',
    }
    const letter = this.#take(...Object.keys(short), 'u')
    if (letter !== 'u') return short[letter] as string
    const hex = Array.from('0123456789abcdefABCDEF')
    const digits = Array.from({ length: 4 }, () => this.#take(...hex))
    return String.fromCharCode(parseInt(digits.join(''), 16))
  }

  #number(): number {
    let rest = this.#text.slice(this.#at).join('')
    const match = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/.exec(rest)
    if (match === null) throw new Refused('not a value')
    rest = match[0]
    this.#at += rest.length
    return Number(rest)
  }
}
