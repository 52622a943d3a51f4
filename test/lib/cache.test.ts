import { describe, expect, it } from 'vitest'
import { boundedCache } from '../../src/lib/cache.ts'

interface Entry {
  readonly n: number
}

describe('a bounded cache', () => {
  it('has what was put in, and forgets it on request', () => {
    const cache = boundedCache<Entry>({ max: 10 })
    const entry = { n: 1 }
    cache.set('a', entry)
    expect(cache.get('a')).toBe(entry)
    expect(cache.get('b')).toBeUndefined()
    cache.delete('a')
    expect(cache.get('a')).toBeUndefined()
    cache.set('b', entry)
    cache.clear()
    expect(cache.size).toBe(0)
  })

  it.each(['__proto__', 'constructor', 'toString', ''])('takes %j as a key like others', (key) => {
    const cache = boundedCache<Entry>({ max: 10 })
    expect(cache.get(key)).toBeUndefined()
    cache.set(key, { n: 1 })
    expect(cache.get(key)).toEqual({ n: 1 })
  })

  it('holds no more entries than it may, and drops the one used longest ago', () => {
    const cache = boundedCache<Entry>({ max: 2 })
    cache.set('a', { n: 1 })
    cache.set('b', { n: 2 })
    cache.get('a')
    cache.set('c', { n: 3 })
    expect(cache.get('b')).toBeUndefined()
    expect([cache.get('a'), cache.get('c'), cache.size]).toEqual([{ n: 1 }, { n: 3 }, 2])
  })

  it('forgets an entry after its time, whatever the clock began with', () => {
    for (const start of [0, 0.001, 1e9]) {
      let now = start
      const cache = boundedCache<Entry>({ max: 2, maxAge: 10, now: () => now })
      cache.set('a', { n: 1 })
      now += 10
      expect(cache.get('a'), 'at its time').toBeDefined()
      now += 0.002
      expect(cache.get('a'), 'after its time').toBeUndefined()
    }
  })

  it('does not extend the time of an entry that is read', () => {
    let now = 0
    const cache = boundedCache<Entry>({ max: 2, maxAge: 10, now: () => now })
    cache.set('a', { n: 1 })
    now = 9
    cache.get('a')
    now = 11
    expect(cache.get('a')).toBeUndefined()
  })

  it('G4 takes neither limits nor options from a polluted prototype', () => {
    const polluted = {
      ...{ maxAge: 1e9, maxSize: 1, sizeOf: () => 1 },
      ...{ ttl: 1e9, size: 1, sizeCalculation: () => 1, dispose: 1 },
      ...{ allowStale: true, updateAgeOnGet: true, updateAgeOnHas: true, noDeleteOnStaleGet: true },
    }
    for (const [name, value] of Object.entries(polluted)) {
      Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true })
    }
    try {
      let now = 0
      const cache = boundedCache<Entry>({ max: 2, maxAge: 10, now: () => now })
      cache.set('a', { n: 1 })
      cache.set('b', { n: 2 })
      now = 9
      expect([cache.get('a'), cache.size]).toEqual([{ n: 1 }, 2])
      now = 11
      expect(cache.get('a')).toBeUndefined()
    } finally {
      for (const name of Object.keys(polluted)) Reflect.deleteProperty(Object.prototype, name)
    }
  })

  it('reads the clock each time, so that an entry is not kept a moment longer', () => {
    let now = 1
    const cache = boundedCache<Entry>({ max: 2, maxAge: 1, now: () => now })
    cache.set('a', { n: 1 })
    expect(cache.get('a')).toBeDefined()
    now += 1.001
    expect(cache.get('a')).toBeUndefined()
  })

  it('holds no more than its size', () => {
    const cache = boundedCache<Entry>({ max: 100, maxSize: 10, sizeOf: ({ n }) => n })
    cache.set('a', { n: 6 })
    cache.set('b', { n: 4 })
    expect(cache.size).toBe(2)
    cache.set('c', { n: 1 })
    expect(cache.get('a')).toBeUndefined()
    expect(cache.size).toBe(2)
    cache.set('d', { n: 11 })
    expect(cache.get('d'), 'larger than the whole cache').toBeUndefined()
  })
})
