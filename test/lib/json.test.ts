import { describe, expect, it } from 'vitest'
import { parseJsonObject } from '../../src/lib/json.ts'
import { invalidTexts, validTexts } from '../attacks/json-texts.ts'

const parse = (text: string): Record<string, unknown> => parseJsonObject(Buffer.from(text))
const refused = (text: string | Uint8Array): void => {
  expect(() => parseJsonObject(Buffer.from(text as string))).toThrow()
}

describe('parseJsonObject', () => {
  it.each(Object.values(validTexts).flat())('reads what JSON.parse reads: %j', (text) => {
    expect(parse(`{"x":${text}}`)).toEqual(JSON.parse(`{"x":${text}}`))
  })

  it.each(Object.values(invalidTexts).flat())('refuses what JSON.parse refuses: %j', (text) => {
    refused(text)
    refused(`{"x":${text}}`)
  })

  it.each(['[]', '"a"', '1', 'true', 'null', '[{}]'])('refuses %s, which is no object', refused)

  it.each([
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":1}',
    '{"a":{"b":1,"b":2}}',
    '{"a":[{"b":1},{"c":1,"c":2}]}',
    '{"":1,"":2}',
    '{"__proto__":1,"__proto__":2}',
    '{"a":":","a":":"}',
    '{"a\\"":1,"a\\"":2}',
    '{"\\\\":1,"\\\\":2}',
    '{"1":1,"1":2}',
  ])('refuses the repeated name in %s', (text) => {
    expect(() => parse(text)).toThrow('a member name is repeated')
  })

  it.each([
    '{"a":1,"b":{"a":1}}',
    '{"a":":::"}',
    '{":":1}',
    '{"a":"\\":\\"","b":"\\\\"}',
    '{"a":[],"b":[{}],"c":[[]]}',
    '{"a":"{\\"a\\":1}"}',
    '{"constructor":1,"toString":2,"prototype":3}',
  ])('takes %s, where no name is repeated', (text) => {
    expect(JSON.stringify(parse(text))).toBe(text)
  })

  it('counts 32 levels, and refuses the next one before it parses', () => {
    const lists = (depth: number): string => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`
    const objects = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
    expect(() => parse(lists(31))).not.toThrow()
    expect(() => parse(lists(32))).toThrow('nested too deeply')
    expect(() => parse(objects(32))).not.toThrow()
    expect(() => parse(objects(33))).toThrow('nested too deeply')
    // Closed brackets do not count.
    expect(() => parse(`{"a":[${'[],'.repeat(100)}{}]}`)).not.toThrow()
    expect(() => parse(`{"a":"${'['.repeat(100)}"}`)).not.toThrow()
    refused('['.repeat(1_000_000))
  })

  it.each(['\ufeff{}', '{}\ufeff', '{"a":\ufeff1}'])('refuses the byte order mark in %j', refused)

  it('takes U+FEFF within a string as the character it is', () => {
    expect(parse('{"a":"\ufeff"}')).toEqual({ a: '\ufeff' })
  })

  it.each(['ff', '80', 'c0af', 'e080af', 'eda080', 'f4908080', 'e282', 'fe'])(
    'refuses the bytes %s, which are no UTF-8',
    (hex) => {
      refused(Buffer.concat([Buffer.from('{"a":"'), Buffer.from(hex, 'hex'), Buffer.from('"}')]))
    },
  )

  it.each(['\\ud800', '\\udfff', '\\udc00\\ud800', '\\ud83dx', '\\ud83d\\ud83d\\ude00'])(
    'refuses %s, half of a pair, as value, as name and deep inside',
    (half) => {
      for (const text of [`{"a":"${half}"}`, `{"${half}":1}`, `{"a":[{"b":["${half}"]}]}`]) {
        expect(() => parse(text)).toThrow('half of a surrogate pair')
      }
    },
  )

  it('takes a whole pair, and an escaped backslash before a u', () => {
    expect(parse('{"a":"\\ud83d\\ude00","b":"\\\\ud800"}')).toEqual({ a: '😀', b: '\\ud800' })
  })

  it('freezes everything it returns', () => {
    const value = parse('{"a":{"b":[{"c":1}]},"d":[]}')
    const all = [
      value,
      value['a'],
      (value['a'] as { b: unknown[] }).b,
      (value['a'] as { b: unknown[] }).b[0],
      value['d'],
    ]
    expect(all.map((part) => Object.isFrozen(part))).toEqual([true, true, true, true, true])
  })

  it.each([
    '{"__proto__":{"admin":true}}',
    '{"__proto__":null}',
    '{"a":[{"b":{"__proto__":1}}]}',
    '{"\\u005f_proto__":{}}',
  ])('G4 refuses %s, where a copy would get another prototype', (text) => {
    expect(() => parse(text)).toThrow('a member is named __proto__')
  })

  it('G4 takes __proto__ as a value, and constructor and prototype as names', () => {
    // Assignment makes these own members of the copy: it gets no other prototype.
    const value = parse('{"a":["__proto__"],"constructor":{"prototype":{"admin":true}},"prototype":{}}')
    const copy = Object.assign({}, value)
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
    expect((copy as { admin?: unknown }).admin).toBeUndefined()
    expect(({} as { admin?: unknown }).admin).toBeUndefined()
  })
})

describe('JSON of a token', () => {
  it.each(['null', '[]', '[{}]', '1', '"{}"', 'true'])('is refused as no object: %s', (text) => {
    expect(() => parse(text)).toThrow(new SyntaxError('the JSON text is not an object'))
  })

  it.each(['{"a":1,"a":1}', '{"a":1,"\\u0061":2}', '{"x":{"a":1,"a":2}}', '{"x":[{"a":1,"a":2}]}'])(
    'is refused for a repeated member: %s',
    (text) => {
      expect(() => parse(text)).toThrow(new SyntaxError('a member name is repeated'))
    },
  )

  it('is refused for nesting before it is parsed', () => {
    expect(() => parse('{"a":'.repeat(33))).toThrow(new SyntaxError('the JSON text is nested too deeply'))
    expect(() => parse('['.repeat(100_000))).toThrow(new SyntaxError('the JSON text is nested too deeply'))
  })

  it.each(['{"a":"\\ud800"}', '{"a":"\\udc00x"}', '{"\\ud800":1}', '{"a":[{"b":"x\\udfff"}]}'])(
    'is refused for half a surrogate pair: %s',
    (text) => {
      expect(() => parse(text)).toThrow(new SyntaxError('a string holds half of a surrogate pair'))
    },
  )

  it('keeps a whole surrogate pair, escaped or not', () => {
    expect(parse('{"a":"\\ud83d\\ude00","b":"\u{1f600}","c":null}')).toEqual({
      a: '\u{1f600}',
      b: '\u{1f600}',
      c: null,
    })
  })
})
