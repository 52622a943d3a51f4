import { describe, expect, it } from 'vitest'
import { deepFreeze } from '../../src/lib/objects.ts'
import { parseJsonObject } from '../../src/lib/json.ts'

const parse = (text: string): unknown => parseJsonObject(Buffer.from(text))

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

describe('plain data', () => {
  it('is frozen all the way down', () => {
    const value = { list: [{ inner: {} }], bare: Object.assign(Object.create(null) as object, { x: {} }) }
    expect(deepFreeze(value)).toBe(value)
    for (const part of [value, value.list, value.list[0], value.list[0]?.inner, value.bare]) {
      expect(part).toSatisfy(Object.isFrozen)
    }
    expect((value.bare as { x?: unknown }).x).toSatisfy(Object.isFrozen)
  })

  it('stops at what is not plain: a Map, a Date, an instance of a class', () => {
    class Money {
      readonly amount = { cents: 1 }
    }
    const value = { map: new Map(), date: new Date(0), money: new Money() }
    deepFreeze(value)
    expect(
      [value.map, value.date, value.money, value.money.amount].map((part) => Object.isFrozen(part)),
    ).toEqual([false, false, false, false])
  })

  it.each([undefined, null, 1, 'x', true])('may be %s', (value) => {
    expect(deepFreeze(value)).toBe(value)
  })

  it('may lead back to itself', () => {
    const value: { self?: unknown } = {}
    value.self = value
    expect(deepFreeze(value)).toSatisfy(Object.isFrozen)
  })
})
