import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { parseJsonObject } from '../../src/lib/json.ts'
import { asJson, type Json, referenceJson } from './reference-json.ts'

vi.setConfig({ testTimeout: 60_000 })

/** Names and texts that are hard on a reader: escapes, quotes, brackets, prototypes. */
const word = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    '__proto__',
    'constructor',
    '',
    ':',
    '{',
    '}',
    '"',
    '\\',
    '\\"',
    ',',
    '[',
    '\u{1f600}',
  ),
  fc.string({ maxLength: 4, unit: 'grapheme' }),
)
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    word,
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    tie('list'),
    tie('object'),
  ),
  list: fc.array(tie('any'), { maxLength: 3 }),
  // Not an object but its members, so that a name may come twice.
  object: fc.array(fc.tuple(word, tie('any')), { maxLength: 4 }).map((members) => ({ members })),
})).object

const escaped = (text: string, how: boolean): string =>
  how
    ? `"${Array.from({ length: text.length }, (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')}"`
    : JSON.stringify(text)

function write(from: unknown, escape: () => boolean): string {
  if (typeof from === 'string') return escaped(from, escape())
  if (Array.isArray(from)) return `[${from.map((item) => write(item, escape)).join()}]`
  if (typeof from !== 'object' || from === null) return JSON.stringify(from)
  const { members } = from as { members: readonly (readonly [string, unknown])[] }
  return `{${members.map(([name, item]) => `${escaped(name, escape())}: ${write(item, escape)}`).join(' , ')}}`
}

const document = fc
  .tuple(value, fc.infiniteStream(fc.boolean()))
  .map(([from, stream]) => write(from, () => stream.next().value === true))

const pieces = [
  ...[
    '"',
    '\\',
    ':',
    ',',
    '{',
    '}',
    '[',
    ']',
    ' ',
    '\n',
    '\t',
    '\u00a0',
    '\ufeff',
    '\u0000',
    '\u001f',
    '\u007f',
  ],
  ...[
    '0',
    '01',
    '-',
    '-0',
    '1.',
    '.5',
    '1e400',
    '1E+2',
    'NaN',
    'true',
    'nul',
    '/**/',
    "'",
    '\\ud800',
    '\\udc00',
  ],
  ...['\\u0061', '\\x', '{}', '"a":1,', '"a":{"a":1},', '{"a":'.repeat(31), '['.repeat(33), '['.repeat(31)],
]
const spliced = fc
  .tuple(document, fc.array(fc.tuple(fc.nat(), fc.nat(2), fc.constantFrom(...pieces)), { maxLength: 3 }))
  .map(([text, changes]) =>
    changes.reduce((changed, [at, cut, piece]) => {
      const place = at % (changed.length + 1)
      return changed.slice(0, place) + piece + changed.slice(place + cut)
    }, text),
  )

const bytes = fc.oneof(
  document.map((text) => Buffer.from(text)),
  spliced.map((text) => Buffer.from(text)),
  fc.tuple(document, fc.nat(), fc.uint8Array({ maxLength: 3 })).map(([text, at, added]) => {
    const whole = Buffer.from(text)
    const place = at % (whole.length + 1)
    return Buffer.concat([whole.subarray(0, place), added, whole.subarray(place)])
  }),
)

function read(source: Uint8Array): Record<string, unknown> | undefined {
  try {
    return parseJsonObject(source)
  } catch (error) {
    if (
      error instanceof SyntaxError ||
      (error as { code?: string }).code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
    )
      return undefined
    throw error
  }
}

describe('JSON of a token', () => {
  it('is read as a slow reader after RFC 8259 reads it, or not at all', () => {
    let accepted = 0
    fc.assert(
      fc.property(bytes, (source) => {
        const ours = read(source)
        if (ours !== undefined) accepted++
        expect(ours && asJson(ours)).toEqual(referenceJson(source))
      }),
      { numRuns: 4000 },
    )
    expect(accepted).toBeGreaterThan(400)
  })

  it.each([31, 32, 33])('is nested 32 deep at most: %i levels', (levels) => {
    for (const [open, close] of [
      ['{"a":', '}'],
      ['[', ']'],
    ] as const) {
      const inner = levels - 1
      const source = Buffer.from(`{"a":${open.repeat(inner)}1${close.repeat(inner)},"b":[]}`)
      const expected = referenceJson(source)
      expect(expected === undefined).toBe(levels > 32)
      const ours = read(source)
      expect(ours && asJson(ours)).toEqual(expected)
    }
  })

  it('cannot be changed once it is read', () => {
    fc.assert(
      fc.property(document, (text) => {
        const ours = read(Buffer.from(text))
        if (ours !== undefined) expect(thawed(ours)).toEqual([])
      }),
    )
  })
})

function thawed(from: unknown): unknown[] {
  if (typeof from !== 'object' || from === null) return []
  return [...(Object.isFrozen(from) ? [] : [from]), ...Object.values(from).flatMap(thawed)]
}

/** The one difference between the two readers: JSON.parse makes it a member like any other. */
function hasPrototypeMember(from: unknown): boolean {
  if (typeof from !== 'object' || from === null) return false
  return Object.hasOwn(from, '__proto__') || Object.values(from).some(hasPrototypeMember)
}

describe('the slow reader', () => {
  it('agrees with JSON.parse on what JSON.stringify writes', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ stringUnit: 'grapheme', maxDepth: 5 })),
        (from) => {
          const text = JSON.stringify(from)
          const parsed: unknown = JSON.parse(text)
          const expected = hasPrototypeMember(parsed) ? undefined : asJson(parsed)
          expect(referenceJson(Buffer.from(text))).toEqual(expected satisfies Json | undefined)
        },
      ),
      { examples: [[{ a: JSON.parse('{"__proto__":null}') as { readonly __proto__: null } }]] },
    )
  })
})
