import {
  allOf,
  anyOf,
  type AuthError,
  createResourceServer,
  explain,
  fromHeader,
  type Guard,
  InsufficientUserAuthenticationError,
  not,
  recentLogin,
  scope,
  UpstreamError,
} from 'oauth-resource-server'
import { createTestClock, createTestIssuer, fakeAuth } from 'oauth-resource-server/testing'
import { describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'

const now = 1_800_000_000
const at = { now: () => now * 1000 }
const issuer = await createTestIssuer({ algorithms: ['EdDSA'], ...at })
const api = createResourceServer(issuer.options)

/** What a guard decides about a token with these claims: `true`, or its error. */
async function decision(guard: Guard, claims: object, options: object = {}): Promise<unknown> {
  const by = createResourceServer({ ...issuer.options, ...options })
  const auth = await by.verify(await issuer.sign({ ...claims }))
  return by.authorize(auth, guard).then(
    () => true,
    (error: unknown) => error,
  )
}

const mfa = recentLogin({ acrValues: ['mfa', 'urn:example:hardware'] })
const recent = recentLogin({ maxAge: 300 })

describe('recentLogin()', () => {
  it.each([
    ['the first value', mfa, { acr: 'mfa' }],
    ['another value', mfa, { acr: 'urn:example:hardware' }],
    ['a login now', recent, { auth_time: now }],
    ['a login as old as allowed', recent, { auth_time: now - 300 }],
    ['a login older by the tolerance', recent, { auth_time: now - 330 }],
    ['a login in the future, within the tolerance', recent, { auth_time: now + 30 }],
    ['a login with a fraction of a second', recent, { auth_time: now - 1.5 }],
    ['a login at the epoch', recentLogin({ maxAge: Number.MAX_SAFE_INTEGER }), { auth_time: 0 }],
    ['a login this moment', recentLogin({ maxAge: 0 }), { auth_time: now }],
    ['both', recentLogin({ acrValues: ['mfa'], maxAge: 300 }), { acr: 'mfa', auth_time: now - 10 }],
    ['an acr that nobody asks for', recent, { acr: 7, auth_time: now }],
    ['an auth_time that nobody asks for', mfa, { acr: 'mfa', auth_time: 'today' }],
  ] as [string, Guard, object][])('allows %s', async (_title, guard, claims) => {
    expect(await decision(guard, claims)).toBe(true)
  })

  it.each([
    ['no acr', mfa, {}, 'acr', 'absent', /how the user logged in/],
    ['another acr', mfa, { acr: 'pwd' }, 'acr', 'string', /one of these values/],
    ['an acr in another case', mfa, { acr: 'MFA' }, 'acr', 'string', /./],
    ['a list of acr', mfa, { acr: ['mfa'] }, 'acr', 'list', /./],
    ['both values in one', mfa, { acr: 'mfa urn:example:hardware' }, 'acr', 'string', /./],
    ['no auth_time', recent, {}, 'auth_time', 'absent', /when the user logged in/],
    ['a login too old by a second', recent, { auth_time: now - 331 }, 'auth_time', 'number', /log in again/],
    ['a login beyond the tolerance ahead', recent, { auth_time: now + 31 }, 'auth_time', 'number', /future/],
    [
      'auth_time in milliseconds',
      recent,
      { auth_time: now * 1000 },
      'auth_time',
      'number',
      /is in milliseconds/,
    ],
    ['a text as auth_time', recent, { auth_time: String(now) }, 'auth_time', 'string', /seconds/],
    ['a negative auth_time', recent, { auth_time: -1 }, 'auth_time', 'number', /seconds/],
    ['a null auth_time', recent, { auth_time: null }, 'auth_time', 'null', /seconds/],
    [
      'a weak login although it is recent',
      recentLogin({ acrValues: ['mfa'], maxAge: 300 }),
      { acr: 'pwd', auth_time: now },
      'acr',
      'string',
      /./,
    ],
    [
      'an old login although it is strong',
      recentLogin({ acrValues: ['mfa'], maxAge: 300 }),
      { acr: 'mfa', auth_time: now - 999 },
      'auth_time',
      'number',
      /./,
    ],
  ] as [string, Guard, object, string, string, RegExp][])(
    'refuses %s',
    async (_title, guard, claims, claim, actual, hint) => {
      const error = await decision(guard, claims)
      expect(error).toBeInstanceOf(InsufficientUserAuthenticationError)
      expect(error).toMatchObject({
        status: 401,
        code: 'insufficient_user_authentication',
        reason: 'step_up',
        detail: { claim, actual, hint: expect.stringMatching(hint) as unknown },
      })
    },
  )

  it('refuses an inherited claim', () => {
    const auth = { scopes: new Set(), claims: Object.create({ acr: 'mfa' }) as object }
    expect(() => mfa(auth as never, undefined)).toThrow(InsufficientUserAuthenticationError)
  })

  it('names everything that is required in the challenge, in the order of preference', async () => {
    const both = recentLogin({ acrValues: ['b', 'a'], maxAge: 0 })
    const refusal = api.refuse(await decision(both, { acr: 'a' }))
    expect(refusal.status).toBe(401)
    expect(refusal.headers).toMatchObject({
      'WWW-Authenticate':
        'Bearer realm="https://api.test", error="insufficient_user_authentication", error_description="A stronger or more recent login of the user is required", acr_values="b a", max_age="0"',
      'Cache-Control': 'no-store',
    })
    expect(JSON.parse(refusal.body)).toEqual({
      error: 'insufficient_user_authentication',
      error_description: 'A stronger or more recent login of the user is required',
    })
  })

  it('names nothing in the challenge that is not required', async () => {
    const challengeOf = async (guard: Guard): Promise<string | undefined> =>
      api.refuse(await decision(guard, {})).headers['WWW-Authenticate']
    expect(await challengeOf(recent)).toMatch(/required", max_age="300"$/)
    expect(await challengeOf(mfa)).toMatch(/required", acr_values="mfa urn:example:hardware"$/)
  })

  it('is explained with what the route needs', async () => {
    expect(explain(await decision(mfa, { acr: 'pwd' }))).toMatch(
      /^step_up: token has acr of type string, the route needs "mfa", "urn:example:hardware" \(the user must/,
    )
    expect(explain(await decision(recent, { auth_time: 1 }))).toMatch(
      /^step_up: token has auth_time of type number, expected at most 300 s ago \(the user must log in again\)$/,
    )
  })

  it('uses the tolerance of the issuer', async () => {
    const old = { auth_time: now - 301 }
    expect(await decision(recent, old, { clockTolerance: 1 })).toBe(true)
    expect(await decision(recent, old, { clockTolerance: 0 })).toMatchObject({ reason: 'step_up' })
  })

  it('uses the clock of the resource server when the guard runs', async () => {
    const later = createTestClock()
    const its = await createTestIssuer({ algorithms: ['EdDSA'], clock: later })
    const by = createResourceServer(its.options)
    const auth = await by.verify(await its.sign({ auth_time: Math.floor(later.now() / 1000) }))
    await by.authorize(auth, recent)
    later.advance(331)
    await expect(by.authorize(auth, recent)).rejects.toMatchObject({ reason: 'step_up' })
  })

  it('judges the claims as they were signed, whatever a schema makes of them', async () => {
    const schema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: () => ({ value: { acr: 'mfa', auth_time: now } }),
      },
    }
    expect(await decision(mfa, { acr: 'pwd' }, { schema })).toMatchObject({ reason: 'step_up' })
    expect(await decision(recent, { auth_time: 1 }, { schema })).toMatchObject({ reason: 'step_up' })
    expect(await decision(recent, { auth_time: now }, { schema })).toBe(true)
  })

  it("uses the system's clock and 30 s for an object that no resource server made", () => {
    const seconds = Math.floor(Date.now() / 1000)
    const at = (auth_time: number): unknown => recent(fakeAuth({ claims: { auth_time } }), undefined)
    expect(at(seconds - 325)).toBe(true)
    expect(() => at(seconds - 335)).toThrow(InsufficientUserAuthenticationError)
    expect(at(seconds + 25)).toBe(true)
    expect(() => at(seconds + 40)).toThrow(InsufficientUserAuthenticationError)
  })

  it('cannot find out while the clock of the machine is wrong', async () => {
    const own = createResourceServer({ ...issuer.options, now: undefined, tokenFrom: fromHeader() })
    const auth = await own.verify(
      await issuer.sign({ auth_time: now, iat: undefined, exp: Math.floor(Date.now() / 1000) + 60 }),
    )
    const wrong = vi.spyOn(Date, 'now').mockReturnValue(0)
    try {
      expect(() => systemClock().wall()).toThrow(UpstreamError)
      await expect(own.authorize(auth, not(recent))).rejects.toBeInstanceOf(UpstreamError)
    } finally {
      wrong.mockRestore()
    }
  })

  it.each([
    ['nothing', undefined, /^recentLogin: pass what is required/],
    ['null', null, /^recentLogin: pass what is required/],
    ['an empty object', {}, /^recentLogin: pass what is required/],
    ['a list', [['mfa']], /^recentLogin: pass what is required/],
    ['nothing but undefined', { acrValues: undefined, maxAge: undefined }, /^recentLogin: pass what/],
    [
      'another name',
      { acr_values: ['mfa'] },
      /^recentLogin: acr_values is no option; .* acrValues and maxAge/,
    ],
    ['no values', { acrValues: [] }, /^recentLogin: acrValues must be a list/],
    ['a text', { acrValues: 'mfa' }, /^recentLogin: acrValues must be a list/],
    ['null as values', { acrValues: null }, /^recentLogin: acrValues must be a list/],
    ['a number', { acrValues: [1] }, /^recentLogin: acrValues must be a list/],
    ['an empty value', { acrValues: ['mfa', ''] }, /^recentLogin: acrValues must be a list/],
    ['a space', { acrValues: ['a b'] }, /^recentLogin: acrValues must be a list/],
    ['a quote', { acrValues: ['a"'] }, /^recentLogin: acrValues must be a list/],
    ['a value twice', { acrValues: ['a', 'b', 'a'] }, /^recentLogin: acrValues has a value twice/],
    ['a negative age', { maxAge: -1 }, /^recentLogin: maxAge must be whole seconds/],
    ['a fraction', { maxAge: 0.5 }, /^recentLogin: maxAge must be whole seconds/],
    ['a text as age', { maxAge: '300' }, /^recentLogin: maxAge must be whole seconds/],
    ['null as age', { maxAge: null }, /^recentLogin: maxAge must be whole seconds/],
    ['no number', { acrValues: ['a'], maxAge: NaN }, /^recentLogin: maxAge must be whole seconds/],
  ])('cannot be made of %s', (_title, options, message) => {
    expect(() => recentLogin(options as never)).toThrow(TypeError)
    expect(() => recentLogin(options as never)).toThrow(message)
  })

  it('keeps to the values it was made with, also when its refusal is changed', async () => {
    const acrValues = ['mfa']
    const guard = recentLogin({ acrValues })
    acrValues[0] = 'pwd'
    const error = (await decision(guard, { acr: 'pwd' })) as InsufficientUserAuthenticationError
    expect(error.acrValues).toEqual(['mfa'])
    expect(() => (error.acrValues as string[]).push('pwd')).toThrow(TypeError)
  })

  it('is no middleware', () => {
    expect(() => mfa({} as never, undefined)).toThrow(
      /^recentLogin: is no middleware.*requireRecentLogin\(\)/,
    )
  })
})

describe('several logins that are too weak', () => {
  const login = async (guard: Guard): Promise<unknown> => {
    const { reason, acrValues, maxAge } = (await decision(guard, {})) as InsufficientUserAuthenticationError
    return [reason, acrValues, maxAge]
  }
  const acr = (...acrValues: string[]): Guard => recentLogin({ acrValues })
  const age = (maxAge: number): Guard => recentLogin({ maxAge })

  it('allOf asks for one login that satisfies all guards', async () => {
    expect(await login(allOf(acr('mfa'), age(300)))).toEqual(['step_up', ['mfa'], 300])
    expect(await login(allOf(age(300), acr('mfa'), age(60), age(90)))).toEqual(['step_up', ['mfa'], 60])
    expect(await login(allOf(acr('a', 'b', 'c'), acr('c', 'b')))).toEqual(['step_up', ['b', 'c'], undefined])
    expect(await login(allOf(allOf(acr('a', 'b')), allOf(acr('b'), age(1))))).toEqual(['step_up', ['b'], 1])
  })

  it('allOf reports the first where one login cannot satisfy all', async () => {
    expect(await login(allOf(acr('a'), acr('b'), age(1)))).toEqual(['step_up', ['a'], undefined])
  })

  it('allOf reports the first as it is where the others ask for nothing more', async () => {
    const first = new InsufficientUserAuthenticationError({ acrValues: ['a'], maxAge: 5 })
    const throws: Guard = () => {
      throw first
    }
    expect(await decision(allOf(throws, age(5), acr('b', 'a')), {})).toBe(first)
  })

  it('anyOf asks for the login of the first guard', async () => {
    expect(await login(anyOf(acr('mfa'), age(300)))).toEqual(['step_up', ['mfa'], undefined])
  })

  it('a missing scope comes first, and the detail is that of the first guard', async () => {
    expect(await decision(allOf(age(1), scope('x')), {})).toMatchObject({ reason: 'scope' })
    const error = (await decision(allOf(age(1), acr('mfa')), {})) as AuthError
    expect(error.detail).toMatchObject({ claim: 'auth_time' })
  })

  it('not allows a login that is too weak, and refuses a strong one', async () => {
    expect(await decision(not(mfa), {})).toBe(true)
    expect(await decision(not(mfa), { acr: 'mfa' })).toMatchObject({ status: 403, reason: 'forbidden' })
  })
})
