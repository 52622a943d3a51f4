import { describe, expect, it, vi } from 'vitest'
import { type Expiring, expiringEntries } from '../../src/lib/expiring.ts'

function world() {
  const time = { now: 1000 }
  const forgotten: Expiring[] = []
  const entries = expiringEntries<Expiring>(
    () => time.now,
    (entry) => forgotten.push(entry),
    16,
  )
  const at = (now: number): number => {
    time.now = now
    entries.sweep()
    return entries.size()
  }
  return { entries, forgotten, at }
}

describe('expiringEntries', () => {
  it('forgets an entry at most the width after it expired, and never before', () => {
    const { entries, forgotten, at } = world()
    const entry = { expiresAt: 1100 }
    entries.add(entry)
    expect(at(1103.9)).toBe(1)
    expect(at(1104)).toBe(0)
    expect(forgotten).toEqual([entry])
  })

  it('forgets each entry once, and only those that expired', () => {
    const { entries, forgotten, at } = world()
    for (const expiresAt of [1010, 1500, 2000]) entries.add({ expiresAt })
    expect(at(1600)).toBe(1)
    expect(at(1700)).toBe(1)
    expect(forgotten.map(({ expiresAt }) => expiresAt)).toEqual([1010, 1500])
    expect(at(3000)).toBe(0)
  })

  it('prolongs an entry and never shortens it', () => {
    const { entries, at } = world()
    const entry = { expiresAt: 1100 }
    entries.add(entry)
    entries.prolong(entry, 1500)
    entries.prolong(entry, 1050)
    expect(entry.expiresAt).toBe(1500)
    expect(at(1499)).toBe(1)
    expect(at(1520)).toBe(0)
  })

  it('looks at no entry before one of them can have expired', () => {
    const { entries, forgotten, at } = world()
    for (const expiresAt of [1500, 1100, 1101]) entries.add({ expiresAt })
    expect(at(1104)).toBe(1)
    entries.add({ expiresAt: 1200 })
    expect([at(1199), at(1200), at(1504)]).toEqual([2, 1, 0])
    expect(forgotten.map(({ expiresAt }) => expiresAt)).toEqual([1100, 1101, 1200, 1500])
  })

  it('looks through its groups only when one of them can have expired', () => {
    const { entries, at } = world()
    const walk = vi.spyOn(Map.prototype, Symbol.iterator)
    for (const expiresAt of [1500, 1100]) entries.add({ expiresAt })
    const counts = [1103.9, 1104, 1503.9, 1504].map((now) => [at(now), walk.mock.calls.length])
    walk.mockRestore()
    expect(counts).toEqual([
      [2, 0],
      [1, 1],
      [1, 1],
      [0, 2],
    ])
  })

  it('takes entries after everything was forgotten', () => {
    const { entries, at } = world()
    entries.add({ expiresAt: 1010 })
    expect(at(1100)).toBe(0)
    entries.add({ expiresAt: 1200 })
    expect(at(1199)).toBe(1)
    expect(at(1220)).toBe(0)
  })
})
