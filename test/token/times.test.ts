import fc from 'fast-check'
import { createResourceServer } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { checkTimes, momentsOf, timesOf } from '../../src/token/times.ts'
import { tries } from '../support/tries.ts'
import { type Changes, issuer, now, verdict } from './verdict.ts'

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
          const times = timesOf(momentsOf(claims), { clockTolerance, maxTokenAge })
          const steps: boolean[] = []
          const full = outcome(() => checkTimes(times, at, ({ ok }) => void steps.push(ok)))
          expect(outcome(() => checkTimes(times, at))).toBe(full)
          expect(steps.every((ok) => ok)).toBe(full === undefined)
        },
      ),
      { numRuns: tries(20_000) },
    )
  })

  it('passes a token in the middle of its life, and refuses it at both ends', () => {
    const times = timesOf(momentsOf({ exp: now + 60, nbf: now - 60, iat: now - 60 }), {
      clockTolerance: 0,
      maxTokenAge: undefined,
    })
    expect(outcome(() => checkTimes(times, now))).toBeUndefined()
    expect(outcome(() => checkTimes(times, now + 60))).toBe('expired')
    expect(outcome(() => checkTimes(times, now - 61))).toBe('not_yet_valid')
  })
})

describe('time, with a tolerance of 30 seconds', () => {
  it.each([
    [{ exp: now - 29 }, true],
    [{ exp: now - 29.5 }, true],
    [{ exp: now - 30 }, 'expired'],
    [{ exp: now - 30.5 }, 'expired'],
    [{ iat: undefined, exp: 0 }, 'expired'],
    [{ nbf: now + 30 }, true],
    [{ nbf: now + 30.5 }, 'not_yet_valid'],
    [{ iat: now + 30 }, true],
    [{ iat: now + 30.5 }, 'not_yet_valid'],
    [{ iat: undefined }, true],
    [{ iat: now, exp: now - 1 }, 'claim'],
    [{ nbf: now + 2, exp: now + 1 }, 'claim'],
    [{ exp: undefined }, 'claim'],
    ...[null, '1900000000', true, [now + 60], {}, -1, 1e300, 2 ** 53].map((exp): [Changes, string] => [
      { exp },
      'claim',
    ]),
    ...[null, '0', -1].flatMap((value): [Changes, string][] => [
      [{ nbf: value }, 'claim'],
      [{ iat: value }, 'claim'],
    ]),
  ])('judges %o as %s', async (claims, expected) => {
    const timed = 'exp' in claims && !('iat' in claims) ? { iat: undefined, ...claims } : claims
    expect(await verdict(timed)).toBe(expected)
  })

  it('refuses an end beyond every number, which JSON.parse makes Infinity', async () => {
    const api = createResourceServer(issuer.options)
    const payload = `{"iss":"https://issuer.test/","aud":"https://api.test","exp":1e400}`
    await expect(
      api.verify(await issuer.signRaw(JSON.stringify({ alg: 'ES256', typ: 'JWT' }), payload)),
    ).rejects.toMatchObject({ reason: 'claim' })
  })

  it('takes the tolerance it is told', async () => {
    const claims = { iat: now - 400, exp: now - 60 }
    expect(await verdict(claims, { clockTolerance: 61 })).toBe(true)
    expect(await verdict(claims, { clockTolerance: 60 })).toBe('expired')
    expect(await verdict({ iat: now - 9, exp: now }, { clockTolerance: 0 })).toBe('expired')
  })

  it('limits the age where maxTokenAge is said', async () => {
    expect(await verdict({ iat: now - 90 }, { maxTokenAge: 60 })).toBe(true)
    expect(await verdict({ iat: now - 91 }, { maxTokenAge: 60 })).toBe('too_old')
    expect(await verdict({ iat: undefined }, { maxTokenAge: 60 })).toBe('claim')
  })
})

describe('G6 an exp in milliseconds', () => {
  const century = 3_155_760_000
  it.each([
    [{ exp: now * 1000 }, 'claim'],
    [{ exp: (now + 300) * 1000 }, 'claim'],
    [{ exp: now + century + 1 }, 'claim'],
    [{ exp: now + century }, true],
  ])('never counts as a far end: %o is judged %s', async (claims, expected) => {
    expect(await verdict(claims)).toBe(expected)
  })

  it('is explained to the operator', async () => {
    const api = createResourceServer(issuer.options)
    const token = await issuer.sign({ exp: (now + 300) * 1000 })
    await expect(api.verify(token)).rejects.toMatchObject({
      detail: { claim: 'exp', hint: expect.stringContaining('milliseconds') as string },
    })
  })
})

describe('times at the edge of what is allowed', () => {
  it.each([
    ['nbf equal to exp, within the tolerance', { exp: now + 2, nbf: now + 2 }],
    ['iat equal to exp, within the tolerance', { exp: now + 2, iat: now + 2 }],
    ['a century as lifetime', { exp: now + 3_155_760_000 }],
    ['the first second of 1970 as nbf', { nbf: 0 }],
  ])('accept %s', async (_what, claims) => {
    expect(await verdict(claims)).toBe(true)
  })

  it.each([
    ['nbf a second after exp', { exp: now + 2, nbf: now + 3 }],
    ['iat a second after exp', { exp: now + 2, iat: now + 3 }],
    ['a date beyond the latest', { exp: 8.64e12 + 1 }],
    ['a date before 1970', { nbf: -1 }],
  ])('refuse %s', async (_what, claims) => {
    expect(await verdict(claims)).toBe('claim')
  })
})
