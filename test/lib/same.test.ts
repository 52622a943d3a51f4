import { describe, expect, it } from 'vitest'
import { isSame } from '../../src/lib/same.ts'

const one = (): number => 1
class Options {
  readonly a = 1
}

describe('isSame', () => {
  it.each([
    [{ a: [1, { b: 'x' }] }, { a: [1, { b: 'x' }] }, true],
    [{ a: [1, { b: 'x' }] }, { a: [1, { b: 'y' }] }, false],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: undefined }, {}, false],
    [{ a: undefined }, { b: undefined }, false],
    [{}, { a: undefined }, false],
    [[1, 2], [2, 1], false],
    [[1], { 0: 1 }, false],
    [new Uint8Array([1, 2]), new Uint8Array([1, 2]), true],
    [new Uint8Array([1, 2]), new Uint8Array([1, 3]), false],
    [new Uint8Array([1]), [1], false],
    [new Map(), new Map(), false],
    [new Options(), new Options(), false],
    [new Options(), { a: 1 }, false],
    [one, one, true],
    [() => 1, () => 1, false],
    [NaN, NaN, true],
    ['1', 1, false],
    [null, {}, false],
    [{}, null, false],
    [{}, 1, false],
    [null, null, true],
  ])('compares %j and %j by what is in them: %s', (first, second, same) => {
    expect(isSame(first, second)).toBe(same)
  })

  it('compares objects without a prototype like others of their kind', () => {
    const bare = (a: number): object => Object.assign(Object.create(null) as object, { a })
    expect(isSame(bare(1), bare(1))).toBe(true)
    expect(isSame(bare(1), bare(2))).toBe(false)
    expect(isSame(bare(1), { a: 1 })).toBe(false)
  })
})
