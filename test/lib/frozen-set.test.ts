import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { frozenSet } from '../../src/lib/frozen-set.ts'

describe('E15 a frozen set', () => {
  const set = frozenSet(['b', 'a', 'b'])
  const changeable = set as Set<string>

  it.each(['add', 'delete', 'clear'] as const)('cannot be changed with %s, called in any way', (method) => {
    expect(() => changeable[method]('b')).toThrow(
      'the scopes and roles of a verified token cannot be changed',
    )
    const ofSet = Reflect.get(Set.prototype, method) as (name: string) => unknown
    expect(() => ofSet.call(set, 'b')).toThrow(TypeError)
    expect([...set]).toEqual(['b', 'a'])
  })

  it('takes no members of its own, and no other methods', () => {
    const prototype = Object.getPrototypeOf(set) as object
    expect(Object.isFrozen(set) && Object.isFrozen(prototype)).toBe(true)
    expect(() => Object.assign(set, { has: () => true })).toThrow(TypeError)
    expect(() => Object.assign(prototype, { has: () => true })).toThrow(TypeError)
    expect(() => Object.setPrototypeOf(set, { has: () => true }) as unknown).toThrow(TypeError)
  })

  it('hands out nothing that changes it', () => {
    set.forEach((_value, _key, given) => {
      expect(given).toBe(set)
    })
    const copy = Reflect.get(set, Symbol.for('nodejs.util.inspect.custom')) as () => Set<string>
    copy.call(set).add('c')
    expect(set.has('c')).toBe(false)
  })

  it('reads as a set', () => {
    expect([set.size, set.has('a'), set.has('c')]).toEqual([2, true, false])
    expect([...set.keys()]).toEqual(['b', 'a'])
    expect([...set.values()]).toEqual(['b', 'a'])
    expect([...set.entries()]).toEqual([
      ['b', 'b'],
      ['a', 'a'],
    ])
    const seen: unknown[] = []
    set.forEach(function (this: unknown, value, key) {
      seen.push([this, value, key])
    }, 'self')
    expect(seen).toEqual([
      ['self', 'b', 'b'],
      ['self', 'a', 'a'],
    ])
    expect(new Set(set)).toEqual(new Set(['a', 'b']))
    expect(frozenSet(new Set(['a', 'b']))).toEqual(new Set(['a', 'b']))
  })

  it('looks like a set: to comparisons, to instanceof, to console.log', () => {
    expect(set).toEqual(new Set(['a', 'b']))
    expect(new Set(['a', 'b'])).toEqual(set)
    expect(set).not.toEqual(new Set(['a']))
    expect(set).not.toEqual(new Set(['a', 'c']))
    expect(set).toBeInstanceOf(Set)
    expect(Object.prototype.toString.call(set)).toBe('[object Set]')
    expect(inspect({ set })).toBe("{ set: Set(2) { 'b', 'a' } }")
  })

  it('has the newer methods of sets where the platform has them', () => {
    const newer = [
      'union',
      'intersection',
      'difference',
      'symmetricDifference',
      'isSubsetOf',
      'isSupersetOf',
      'isDisjointFrom',
    ]
    const other = new Set(['a', 'c'])
    for (const name of newer.filter((one) => one in Set.prototype)) {
      const call = (it: ReadonlySet<string>, given: unknown): unknown =>
        (it as unknown as Record<string, (given: unknown) => unknown>)[name]?.(given)
      expect(call(set, other)).toEqual(call(new Set(set), other))
      expect(call(other, set)).toEqual(call(other, new Set(set)))
    }
    expect([...set]).toEqual(['b', 'a'])
  })

  it('has methods that the platform will have one day, which work on a copy', async () => {
    const methods = Set.prototype as unknown as Record<string, unknown>
    Object.defineProperty(methods, 'withOne', {
      value(this: Set<string>, name: string) {
        return this.add(name)
      },
      configurable: true,
    })
    Object.defineProperty(methods, 'label', { value: 'a set', configurable: true })
    try {
      // Another instance of the module, which finds the method.
      const path = new URL('../../src/lib/frozen-set.ts?newer', import.meta.url).href
      const newer = (await import(/* @vite-ignore */ path)) as { frozenSet: typeof frozenSet }
      const names = newer.frozenSet(['a']) as ReadonlySet<string> & {
        withOne: (name: string) => unknown
        label: unknown
      }
      expect(names.withOne('b')).toEqual(new Set(['a', 'b']))
      expect([[...names], names.label]).toEqual([['a'], 'a set'])
      expect(Object.hasOwn(Object.getPrototypeOf(names) as object, 'label')).toBe(false)
    } finally {
      delete methods['withOne']
      delete methods['label']
    }
  })

  it('is shared when it is empty, and kept when it is one already', () => {
    expect(frozenSet([])).toBe(frozenSet(new Set()))
    expect(frozenSet([])).toEqual(new Set())
    expect(frozenSet(set)).toBe(set)
  })
})
