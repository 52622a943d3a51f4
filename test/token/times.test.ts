import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkTimes, timesOf } from '../../src/token/times.ts'

const now = 1_800_000_000

/** What a check of time comes to: undefined, or the reason of the refusal. */
function outcome(check: () => void): unknown {
  try {
    check()
    return undefined
  } catch (error) {
    return (error as { reason: unknown }).reason
  }
}

/** Moments around now and around every bound, whole and not. */
const moments = fc.oneof(
  fc.integer({ min: -400, max: 400 }).map((seconds) => now + seconds),
  fc.double({ min: -61, max: 61, noNaN: true }).map((seconds) => now + seconds),
  fc.constantFrom(now, now - 30, now + 30, now + 3_155_760_000, now + 3_155_760_001, 0, 1, 8.64e12),
)

describe('checkTimes()', () => {
  it('decides without its checks as it does with them', () => {
    fc.assert(
      fc.property(
        fc.record({ exp: moments, nbf: moments, iat: moments }, { requiredKeys: ['exp'] }),
        fc.constantFrom(0, 5, 30, 300),
        fc.option(fc.constantFrom(1, 60, 3600), { nil: undefined }),
        fc.oneof(moments, fc.double({ min: 0, max: 9e12, noNaN: true })),
        (claims, clockTolerance, maxTokenAge, at) => {
          fc.pre(maxTokenAge === undefined || claims.iat !== undefined)
          const times = timesOf(claims, { clockTolerance, maxTokenAge })
          const steps: boolean[] = []
          const full = outcome(() => checkTimes(times, at, ({ ok }) => void steps.push(ok)))
          expect(outcome(() => checkTimes(times, at))).toBe(full)
          expect(steps.every((ok) => ok)).toBe(full === undefined)
        },
      ),
      { numRuns: 20_000 },
    )
  })

  it('passes a token in the middle of its life, and refuses it at both ends', () => {
    const times = timesOf(
      { exp: now + 60, nbf: now - 60, iat: now - 60 },
      { clockTolerance: 0, maxTokenAge: undefined },
    )
    expect(outcome(() => checkTimes(times, now))).toBeUndefined()
    expect(outcome(() => checkTimes(times, now + 60))).toBe('expired')
    expect(outcome(() => checkTimes(times, now - 61))).toBe('not_yet_valid')
  })
})
