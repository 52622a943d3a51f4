import fc from 'fast-check'
import { createResourceServer } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { checkTimes, momentsOf, timesOf } from '../../src/token/times.ts'
import { tries } from '../support/tries.ts'
import type { ClaimRules } from '../../src/options/rules.ts'
import type { ClaimsObject } from '../../src/lib/claim-path.ts'
import { outcome, stepsOf } from './decision.ts'
import { type Changes, issuer, now, verdict } from './verdict.ts'

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

describe('each check of time', () => {
  type TimeRules = Pick<ClaimRules, 'clockTolerance' | 'maxTokenAge'>
  const check = (claims: ClaimsObject, rules: Partial<TimeRules>) => {
    const times = timesOf(momentsOf({ exp: now + 60, ...claims }), {
      clockTolerance: 5,
      maxTokenAge: undefined,
      ...rules,
    })
    return {
      reason: outcome(() => {
        checkTimes(times, now)
      }),
      steps: stepsOf((trace) => {
        checkTimes(times, now + 0.5, trace)
      }),
    }
  }
  const tolerance = 'with a tolerance of 5 s'

  it('tells what is asked for and what is there', () => {
    const [exp, nbf, iat] = [now + 60, now - 1, now - 2]
    expect(check({ nbf, iat }, { maxTokenAge: 9 })).toEqual({
      reason: undefined,
      steps: [
        { name: 'expiry', ok: true, claim: 'exp', expected: `after ${now}, ${tolerance}`, actual: exp },
        { name: 'unit of exp', ok: true, claim: 'exp', expected: 'at most a century ahead', actual: exp },
        { name: 'not before', ok: true, claim: 'nbf', expected: `at most ${now}, ${tolerance}`, actual: nbf },
        { name: 'issued at', ok: true, claim: 'iat', expected: `at most ${now}, ${tolerance}`, actual: iat },
        {
          name: 'order of times',
          ok: true,
          claim: 'nbf',
          expected: `at most exp, which is ${exp}`,
          actual: nbf,
        },
        { name: 'age', ok: true, claim: 'iat', expected: 'at most 9 s ago', actual: iat },
      ],
    })
    const { reason, steps } = check({}, { clockTolerance: 300 })
    expect(reason).toBeUndefined()
    expect(steps.map(({ expected }) => expected)).toEqual([
      `after ${now}, with any tolerance`,
      'at most a century ahead',
      `at most ${now}, with any tolerance`,
      `at most ${now}, with any tolerance`,
      `at most exp, which is ${exp}`,
      'any age',
    ])
  })

  const never = 'the token is valid at no time: the issuer made a mistake'
  it.each<[string, ClaimsObject, Partial<TimeRules>, object]>([
    [
      'expired',
      { exp: now - 7 },
      {},
      {
        name: 'expiry',
        claim: 'exp',
        expected: `after ${now}, ${tolerance}`,
        actual: now - 7,
        hint: expect.stringMatching(/^expired 8 s ago, 3 s beyond/) as string,
      },
    ],
    [
      'claim',
      { exp: now * 1000 },
      {},
      {
        name: 'unit of exp',
        claim: 'exp',
        expected: 'at most a century ahead',
        actual: now * 1000,
        hint: 'exp counts seconds; this value looks like milliseconds',
      },
    ],
    ...(['nbf', 'iat'] as const).map((claim): [string, ClaimsObject, object, object] => [
      'not_yet_valid',
      { [claim]: now + 9 },
      {},
      {
        name: claim === 'nbf' ? 'not before' : 'issued at',
        claim,
        expected: `at most ${now}, ${tolerance}`,
        actual: now + 9,
        hint: expect.stringMatching(/^... is 9 s ahead of this clock, 4 s beyond/) as string,
      },
    ]),
    ...(['nbf', 'iat'] as const).map((claim): [string, ClaimsObject, object, object] => [
      'claim',
      { exp: now, nbf: now, iat: now, [claim]: now + 1 },
      {},
      {
        name: 'order of times',
        claim,
        expected: `at most exp, which is ${now}`,
        actual: now + 1,
        hint: never,
      },
    ]),
    [
      'too_old',
      { iat: now - 66 },
      { maxTokenAge: 60 },
      {
        name: 'age',
        claim: 'iat',
        expected: 'at most 60 s ago',
        actual: now - 66,
        hint: 'issued 67 s ago: get a new token',
      },
    ],
  ])('refuses as %s: %j with %j', (reason, claims, rules, step) => {
    const refused = check(claims, rules)
    expect(refused.reason).toBe(reason)
    expect(refused.steps.at(-1)).toEqual({ ok: false, ...step })
  })

  it.each<[ClaimsObject, Partial<TimeRules>, string]>([
    [{ exp: now - 5.0005 }, {}, 'expired'],
    [{ exp: now - 5 + 0.0005 }, {}, 'passes'],
    [{ nbf: now + 5.0005 }, {}, 'not_yet_valid'],
    [{ iat: now + 5.0005 }, {}, 'not_yet_valid'],
    [{ iat: now - 65.0005 }, { maxTokenAge: 60 }, 'too_old'],
    [{ iat: now - 65 }, { maxTokenAge: 60 }, 'passes'],
    [{ exp: now + 3_155_760_000.0005 }, {}, 'claim'],
    [{ exp: now + 1, iat: now + 2, nbf: now }, {}, 'claim'],
    [{ nbf: 8.64e12 }, {}, 'not_yet_valid'],
    [{ nbf: 0, iat: 0 }, {}, 'passes'],
  ])('is exact to less than a millisecond: %j with %j: %s', (claims, rules, expected) => {
    expect(check(claims, rules).reason ?? 'passes').toBe(expected)
  })

  it.each([
    [{ exp: undefined }, {}, 'exp', 'a number', undefined],
    [{ iat: undefined }, { maxTokenAge: 60 }, 'iat', 'present, since maxTokenAge is set', undefined],
    [{ iat: true }, {}, 'iat', 'seconds since the epoch', true],
    [{ nbf: 8.64e12 + 1 }, {}, 'nbf', 'seconds since the epoch', 8.64e12 + 1],
  ])('needs moments: %j with %j', (claims, rules, claim, expected, actual) => {
    expect(() => check(claims, rules)).toThrow(
      expect.objectContaining({
        reason: 'claim',
        detail: { claim, expected, actual, hint: expect.any(String) as string },
      }),
    )
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
