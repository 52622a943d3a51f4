import { describe, expect, it } from 'vitest'
import { aheadHint, century, expiredHint, numericDateHint, seconds } from '../../src/hints/time.ts'

describe('the hint about time', () => {
  it('counts seconds, and hours and days beside them', () => {
    expect([59, 7199, 7200, 172_799, 172_800].map(seconds)).toEqual([
      '59 s',
      '7199 s',
      '7200 s (2 h)',
      '172799 s (48 h)',
      '172800 s (2 days)',
    ])
    expect(expiredHint(95.2, 30)).toMatch(/expired 96 s ago, 66 s beyond the tolerance of 30 s/)
    expect(expiredHint(400, 300)).toMatch(/100 s beyond the largest tolerance of 300 s/)
    expect(aheadHint('nbf', 120, 30)).toMatch(/nbf is 120 s ahead of this clock, 90 s beyond/)
    expect(aheadHint('nbf', 119.1, 30.5)).toMatch(/is 120 s ahead .* 89 s beyond the tolerance of 30.5 s/)
    expect(aheadHint('nbf', 400, 299)).toMatch(/, or raise clockTolerance \(at most 300\)$/)
    expect(aheadHint('nbf', 400, 300)).toMatch(/: set the clocks of the issuer and of this machine$/)
    expect(aheadHint('iat', 1.7e12, 30)).toBe('iat counts seconds; this value looks like milliseconds')
    expect(aheadHint('iat', century + 1, 30)).toMatch(/milliseconds/)
    expect(aheadHint('iat', century, 30)).toMatch(/3155760000 s \(36525 days\) ahead/)
  })

  it('tells numbers of another unit from text', () => {
    expect(numericDateHint('exp', undefined)).toMatch(/has no exp/)
    expect(numericDateHint('exp', 1e15)).toMatch(/another unit/)
    expect(numericDateHint('exp', '2026')).toMatch(/not text/)
  })
})
