import { describe, expect, it } from 'vitest'
import { copyOfJson, deepFreeze, own } from '../../src/lib/objects.ts'

describe('own', () => {
  it('reads what an object itself has, and nothing it inherits', () => {
    expect(own({ a: 1 }, 'a')).toBe(1)
    expect(own({}, 'toString')).toBeUndefined()
    expect(own(Object.create({ a: 1 }) as object, 'a')).toBeUndefined()
    expect(own(JSON.parse('{"__proto__":1}') as object, '__proto__')).toBe(1)
  })
})

describe('copyOfJson', () => {
  it('copies all the way down, and freezes nothing', () => {
    const value = deepFreeze({ list: [{ inner: { deep: null } }], text: 'x', number: 1, yes: true })
    const copy = copyOfJson(value) as typeof value
    expect(copy).toEqual(value)
    for (const part of [copy, copy.list, copy.list[0], copy.list[0]?.inner]) {
      expect(part).not.toSatisfy(Object.isFrozen)
    }
  })

  it('copies a member __proto__ as a member', () => {
    const copy = copyOfJson(JSON.parse('{"__proto__":{"admin":true}}')) as { admin?: unknown }
    expect(copy.admin).toBeUndefined()
    expect(Object.keys(copy)).toEqual(['__proto__'])
  })
})

describe('deepFreeze', () => {
  it('freezes plain data all the way down', () => {
    const value = { list: [{ inner: {} }], bare: Object.assign(Object.create(null) as object, { x: {} }) }
    expect(deepFreeze(value)).toBe(value)
    for (const part of [value, value.list, value.list[0], value.list[0]?.inner, value.bare]) {
      expect(part).toSatisfy(Object.isFrozen)
    }
    expect((value.bare as { x?: unknown }).x).toSatisfy(Object.isFrozen)
  })

  it('leaves a Map, a Date, a function and an instance of a class alone', () => {
    class Money {
      readonly amount = { cents: 1 }
    }
    const value = { map: new Map(), date: new Date(0), run: () => 1, money: new Money() }
    deepFreeze(value)
    for (const part of [value.map, value.date, value.run, value.money, value.money.amount]) {
      expect(part).not.toSatisfy(Object.isFrozen)
    }
  })

  it.each([undefined, null, 1, 'x', true])('returns %s as it is', (value) => {
    expect(deepFreeze(value)).toBe(value)
  })

  it('follows no circle twice', () => {
    const value: { self?: unknown } = {}
    value.self = value
    expect(deepFreeze(value)).toSatisfy(Object.isFrozen)
  })
})
