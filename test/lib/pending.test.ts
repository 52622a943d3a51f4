import { describe, expect, it, vi } from 'vitest'
import { type PendingWork, pendingWork } from '../../src/lib/pending.ts'

/** Counts work at a time in the hands of the test. */
function counted(max: number): { readonly time: { now: number }; readonly begin: PendingWork } {
  const time = { now: 100 }
  return { time, begin: pendingWork(() => time.now, max) }
}

describe('pending work', () => {
  it('is refused beyond the maximum, and let in again when some of it ends', () => {
    const { begin } = counted(2)
    const end = begin(1000)
    begin(1000)
    expect(begin(1000)).toBeUndefined()
    end?.()
    expect(begin(1000)).toBeTypeOf('function')
    expect(begin(1000)).toBeUndefined()
  })

  it('makes room once, however often its end is reported', () => {
    const { begin } = counted(2)
    const end = begin(1000)
    begin(1000)
    end?.()
    end?.()
    expect(begin(1000)).toBeTypeOf('function')
    expect(begin(1000)).toBeUndefined()
  })

  it('A3 makes room when it takes longer than it may, and not a moment before', () => {
    const { begin, time } = counted(1)
    begin(2000)
    time.now += 1.999
    expect(begin(2000)).toBeUndefined()
    time.now += 0.001
    expect(begin(2000)).toBeTypeOf('function')
  })

  it('A3 is counted by its own time, in any order', () => {
    const { begin, time } = counted(2)
    begin(9000)
    begin(1000)
    time.now += 1
    // Takes the place of the short work; the long one is left.
    expect(begin(3000)).toBeTypeOf('function')
    expect(begin(3000)).toBeUndefined()
    time.now += 3
    expect(begin(9000)).toBeTypeOf('function')
    expect(begin(9000)).toBeUndefined()
    time.now += 5
    expect(begin(9000)).toBeTypeOf('function')
  })

  it('that ends late takes no place from work that began after it', () => {
    const { begin, time } = counted(1)
    const end = begin(1000)
    time.now += 1
    begin(1000)
    end?.()
    expect(begin(1000)).toBeUndefined()
  })

  it('is not counted where there is no maximum', () => {
    const now = vi.fn(() => 100)
    const begin = pendingWork(now, Infinity)
    for (let count = 0; count < 100; count++) expect(begin(1000)).toBeTypeOf('function')
    expect(now).not.toHaveBeenCalled()
  })

  it('is looked through only where there is no room and some of it can be overdue', () => {
    const { begin, time } = counted(2)
    const walk = vi.spyOn(Set.prototype, Symbol.iterator)
    const walks = (): number => {
      void begin(1000)
      return walk.mock.calls.length
    }
    const counts = [walks(), walks(), walks()]
    time.now += 1
    counts.push(walks(), walks(), walks())
    walk.mockRestore()
    expect(counts).toEqual([0, 0, 0, 1, 1, 1])
  })
})
