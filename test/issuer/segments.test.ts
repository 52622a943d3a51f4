import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { segments, type Segments } from '../../src/issuer/segments.ts'

/** Two places in each part; the names in `busy` are in use. */
function world(busy: readonly string[] = []): {
  readonly map: Segments<string>
  readonly forgotten: string[]
} {
  const forgotten: string[] = []
  const map = segments<string>({
    maxProven: 2,
    maxUnproven: 2,
    isBusy: (value) => busy.includes(value),
    forgotten: (name) => void forgotten.push(name),
  })
  return { map, forgotten }
}

describe('unproven entries', () => {
  it('are forgotten oldest first, and that is told', () => {
    const { map, forgotten } = world()
    for (const name of ['a', 'b', 'c']) map.set(name, name)
    expect(map.values()).toEqual(['b', 'c'])
    expect(map.get('a')).toBeUndefined()
    expect(forgotten).toEqual(['a'])
  })

  it('that are in use are forgotten after the others', () => {
    const { map, forgotten } = world(['a'])
    for (const name of ['a', 'b', 'c']) map.set(name, name)
    expect(forgotten).toEqual(['b'])
  })

  it('are forgotten oldest first where all are in use', () => {
    const { map, forgotten } = world(['a', 'b'])
    for (const name of ['a', 'b', 'c']) map.set(name, name)
    expect(forgotten).toEqual(['a'])
  })

  it('can be replaced without another being forgotten', () => {
    const { map, forgotten } = world()
    map.set('a', '1')
    map.set('b', '2')
    map.set('a', '3')
    expect(map.get('a')).toBe('3')
    expect(forgotten).toEqual([])
  })
})

describe('proven entries', () => {
  it('are forgotten in the order in which they were proven last', () => {
    const { map, forgotten } = world()
    for (const name of ['a', 'b', 'a', 'c']) map.prove(name, name)
    expect(map.provenValues()).toEqual(['a', 'c'])
    expect(map.isProven('b')).toBe(false)
    expect(forgotten).toEqual([])
  })

  it('leave the unproven part', () => {
    const { map } = world()
    map.set('a', 'a')
    expect(map.isProven('a')).toBe(false)
    map.prove('a', 'a')
    expect(map.isProven('a')).toBe(true)
    expect(map.values()).toEqual(['a'])
  })

  it('stay proven when they are replaced', () => {
    const { map } = world()
    map.prove('a', '1')
    map.set('a', '2')
    expect(map.isProven('a')).toBe(true)
    expect(map.values()).toEqual(['2'])
  })

  it('can be proven again after they were deleted', () => {
    const { map } = world()
    map.prove('a', '1')
    map.delete('a')
    expect(map.values()).toEqual([])
    map.set('b', '1')
    map.delete('b')
    expect(map.values()).toEqual([])
    map.prove('a', '2')
    expect(map.provenValues()).toEqual(['2'])
  })

  it('have room until there are as many as may be', () => {
    const { map } = world()
    map.prove('a', 'a')
    expect(map.hasRoom()).toBe(true)
    map.prove('b', 'b')
    expect(map.hasRoom()).toBe(false)
  })
})

describe('the two segments', () => {
  it('keep proven entries whatever happens to unproven ones, as a model says', () => {
    const name = fc.nat({ max: 9 }).map(String)
    const step = fc.tuple(fc.constantFrom('set', 'prove', 'get', 'delete'), name)
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const real = segments<string>({
          maxProven: 3,
          maxUnproven: 2,
          isBusy: () => false,
          forgotten: () => undefined,
        })
        let proven: string[] = []
        for (const [kind, each] of steps) {
          if (kind === 'set') real.set(each, each)
          else if (kind === 'get') real.get(each)
          else if (kind === 'delete') {
            real.delete(each)
            proven = proven.filter((one) => one !== each)
          } else {
            real.prove(each, each)
            proven = [...proven.filter((one) => one !== each), each].slice(-3)
          }
          expect(real.values().slice(0, proven.length)).toEqual(proven)
          expect(real.values().length - proven.length).toBeLessThanOrEqual(2)
        }
      }),
    )
  })
})
