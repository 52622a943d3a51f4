import { describe, expect, it } from 'vitest'
import { checkMoment } from '../../src/caller/moment.ts'

const noMoment = 'x: must be a Date or seconds since the epoch'
const tooLarge = 'x: counts seconds, and this value looks like milliseconds; pass a Date'

describe('a moment', () => {
  it.each<[unknown, number]>([
    [0, 0],
    [1.5, 1.5],
    [1e11, 1e11],
    [new Date(1500), 1.5],
    [new Date(0), 0],
    [new Date(8.64e15), 8.64e12],
  ])('may be %o', (value, seconds) => {
    expect(checkMoment(value, 'x')).toBe(seconds)
  })

  it.each<[unknown, string]>([
    [undefined, noMoment],
    [null, noMoment],
    ['1', noMoment],
    [NaN, noMoment],
    [-1, noMoment],
    [8.64e12 + 1, noMoment],
    [new Date(NaN), noMoment],
    [new Date(-1), noMoment],
    [{ getTime: () => 1 }, noMoment],
    [1e11 + 1, tooLarge],
    [8.64e12, tooLarge],
  ])('is not %o', (value, message) => {
    expect(() => checkMoment(value, 'x')).toThrow(new TypeError(message))
  })
})
