import { describe, expect, it, vi } from 'vitest'
import { privateRecord } from '../../src/lib/private-record.ts'

describe('a private record', () => {
  const record = privateRecord<string>()

  it.each([
    ['a plain object', () => ({})],
    ['an object without a prototype', () => Object.create(null) as object],
    ['a frozen object', () => Object.freeze({})],
    ['a function', () => () => undefined],
    ['a web Request', () => new Request('https://api.test/')],
    ['a proxy that refuses everything', () => new Proxy({}, refusing)],
  ])('keeps a value for %s until it is deleted', (_title, make) => {
    const object = make()
    expect(record.get(object)).toBeUndefined()
    record.set(object, 'a')
    expect(record.get(object)).toBe('a')
    record.set(object, 'b')
    expect(record.get(object)).toBe('b')
    expect(record.delete(object)).toBe(true)
    expect(record.get(object)).toBeUndefined()
    expect(record.delete(object)).toBe(false)
    record.set(object, 'c')
    expect(record.get(object)).toBe('c')
  })

  it('shows nothing of it on the object', () => {
    const object = {}
    record.set(object, 'a')
    expect(Reflect.ownKeys(object)).toEqual([])
  })

  it('keeps it for this very object: not for a copy, an heir or a proxy of it', () => {
    const object = {}
    record.set(object, 'a')
    for (const other of [{ ...object }, Object.create(object) as object, new Proxy(object, {})]) {
      expect(record.get(other)).toBeUndefined()
    }
  })

  it('is on the object itself, which costs the garbage collector less than a map', () => {
    const set = vi.spyOn(WeakMap.prototype, 'set')
    const own = privateRecord<string>()
    const object = {}
    own.set(object, 'a').set(object, 'b')
    const kept = set.mock.calls.map(([key]) => key as unknown)
    set.mockRestore()
    expect(own.get(object)).toBe('b')
    expect(kept).not.toContain(object)
  })

  it('refuses what is no object', () => {
    expect(() => record.set('text' as never, 'a')).toThrow(TypeError)
  })

  it('shares nothing with another record', () => {
    const object = {}
    const other = privateRecord<string>()
    record.set(object, 'a')
    expect(other.get(object)).toBeUndefined()
    other.set(object, 'b')
    expect(record.get(object)).toBe('a')
  })
})

const refuse = (): never => {
  throw new Error('a trap ran')
}
const refusing: ProxyHandler<object> = {
  get: refuse,
  set: refuse,
  has: refuse,
  defineProperty: refuse,
  getOwnPropertyDescriptor: refuse,
}
