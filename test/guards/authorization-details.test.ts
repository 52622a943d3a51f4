import {
  allOf,
  anyOf,
  authorizationDetails,
  createResourceServer,
  type DetailPredicate,
  explain,
  ForbiddenError,
  type Guard,
  not,
  recentLogin,
  scope,
  UpstreamError,
} from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it, vi } from 'vitest'

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
const api = createResourceServer(issuer.options)

/** What a guard decides about a token with this claim: `true`, or its error. */
async function decision(guard: Guard, authorization_details: unknown, more: object = {}): Promise<unknown> {
  const auth = await api.verify(await issuer.sign({ authorization_details, ...more }))
  return api.authorize(auth, guard).then(
    () => true,
    (error: unknown) => error,
  )
}

const small = { type: 'payment', amount: 5 }
const large = { type: 'payment', amount: 500 }
const account = { type: 'account', actions: ['read'] }
const isSmall: DetailPredicate = (detail) => Number(detail['amount']) < 10
const down = new UpstreamError(1)
const bug = new Error('bug')

describe('authorizationDetails()', () => {
  it.each([
    ['an entry of the type', authorizationDetails('account'), [account]],
    ['an entry of the type among others', authorizationDetails('account'), [small, account]],
    ['an entry that passes', authorizationDetails('payment', isSmall), [small]],
    ['the one of several that passes', authorizationDetails('payment', isSmall), [account, large, small]],
    [
      'an entry that passes later',
      authorizationDetails('payment', (detail) => Promise.resolve(isSmall(detail, 0))),
      [large, small],
    ],
    [
      'an entry that passes, although the predicate throws for another',
      authorizationDetails('payment', ({ amount }) => {
        if (amount === 5) return true
        throw bug
      }),
      [large, small],
    ],
    ['a type with quotes', authorizationDetails('a "b"'), [{ type: 'a "b"' }]],
  ] as [string, Guard, unknown][])('allows %s', async (_title, guard, claim) => {
    expect(await decision(guard, claim)).toBe(true)
  })

  it.each([
    ['no claim', authorizationDetails('payment'), undefined, 'absent', /must request/],
    ['null', authorizationDetails('payment'), null, 'null', /must be a list/],
    ['an empty list', authorizationDetails('payment'), [], 'list', /no entry of the type "payment"/],
    ['another type', authorizationDetails('payment'), [account], 'list', /no entry of the type "payment"/],
    ['the type in another case', authorizationDetails('payment'), [{ type: 'Payment' }], 'list', /no entry/],
    ['a longer type', authorizationDetails('payment'), [{ type: 'payments' }], 'list', /no entry/],
    ['one object in place of a list', authorizationDetails('payment'), small, 'object', /must be a list/],
    ['JSON text', authorizationDetails('payment'), JSON.stringify([small]), 'string', /must be a list/],
    ['a text beside a good entry', authorizationDetails('payment'), [small, 'x'], 'list', /must be a list/],
    ['null beside a good entry', authorizationDetails('payment'), [small, null], 'list', /must be a list/],
    ['a list beside a good entry', authorizationDetails('payment'), [small, []], 'list', /must be a list/],
    ['no type beside a good entry', authorizationDetails('payment'), [small, {}], 'list', /must be a list/],
    ['a list of types', authorizationDetails('payment'), [{ type: ['payment'] }], 'list', /must be a list/],
    ['no entry that passes', authorizationDetails('payment', isSmall), [large], 'list', /returned false/],
    [
      'no entry that passes later',
      authorizationDetails('payment', () => Promise.resolve(false)),
      [small, large],
      'list',
      /returned false/,
    ],
    [
      'an entry of another type that would pass',
      authorizationDetails('payment', () => true),
      [account],
      'list',
      /no/,
    ],
  ] as [string, Guard, unknown, string, RegExp][])(
    'refuses %s',
    async (_title, guard, claim, actual, hint) => {
      const error = await decision(guard, claim)
      expect(error).toBeInstanceOf(ForbiddenError)
      expect(error).toMatchObject({
        status: 403,
        reason: 'authorization_details',
        detail: {
          claim: 'authorization_details',
          expected: ['payment'],
          actual,
          hint: expect.stringMatching(hint) as unknown,
        },
      })
    },
  )

  it('refuses without a challenge and without an error code of its own', async () => {
    const { status, headers, body } = api.refuse(await decision(authorizationDetails('payment'), []))
    expect([status, headers]).toEqual([
      403,
      { 'Cache-Control': 'no-store', 'Content-Type': 'application/json' },
    ])
    expect(JSON.parse(body)).toEqual({
      error: 'forbidden',
      error_description: 'The caller is not allowed to do this',
    })
  })

  it('is explained with what the route needs', async () => {
    expect(explain(await decision(authorizationDetails('payment'), [account]))).toBe(
      'authorization_details: token has authorization_details of type list, the route needs "payment" (the token has no entry of the type "payment")',
    )
  })

  it.each([
    [
      'throws an outage',
      () => {
        throw down
      },
      down,
    ],
    ['rejects with an outage', () => Promise.reject(down), down],
    [
      'throws an error',
      () => {
        throw bug
      },
      bug,
    ],
  ] as [string, DetailPredicate, unknown][])(
    'passes on what the predicate %s',
    async (_title, match, error) => {
      expect(await decision(authorizationDetails('payment', match), [small])).toBe(error)
      expect(await decision(not(authorizationDetails('payment', match)), [small])).toBe(error)
    },
  )

  it.each([1, undefined, null, 'true', {}])('takes %j as a result for a mistake', async (result) => {
    for (const match of [() => result, () => Promise.resolve(result)]) {
      const error = await decision(authorizationDetails('payment', match as never), [small])
      expect(error).toBeInstanceOf(TypeError)
      expect((error as Error).message).toMatch(
        /^authorizationDetails: the predicate: must return true or false/,
      )
    }
  })

  it('shows the predicate entries of the type alone, with the request, and stops at the first that allows', async () => {
    const match = vi.fn<DetailPredicate>(() => true)
    const auth = await api.verify(await issuer.sign({ authorization_details: [account, large, small] }))
    const request = { url: '/pay' }
    expect(authorizationDetails('payment', match)(auth, request)).toBe(true)
    expect(match.mock.calls).toEqual([[large, request]])
    expect(Object.isFrozen(match.mock.calls[0]?.[0])).toBe(true)
  })

  it.each([
    ['no type', () => authorizationDetails(undefined as never), /^authorizationDetails: name the type/],
    ['an empty type', () => authorizationDetails(''), /^authorizationDetails: name the type/],
    ['a list of types', () => authorizationDetails(['a'] as never), /^authorizationDetails: name the type/],
    [
      'null as predicate',
      () => authorizationDetails('a', null as never),
      /second argument must be a function/,
    ],
    [
      'a value as predicate',
      () => authorizationDetails('a', {} as never),
      /second argument must be a function/,
    ],
  ])('cannot be made of %s', (_title, make, message) => {
    expect(make).toThrow(TypeError)
    expect(make).toThrow(message)
  })

  it('is no middleware', () => {
    expect(() => authorizationDetails('a')({} as never, undefined)).toThrow(
      /^authorizationDetails: is no middleware.*requireAuthorizationDetails\(\)/,
    )
  })

  it('comes after scopes and logins, which a client is told how to get', async () => {
    const payment = authorizationDetails('payment')
    const of = async (guard: Guard): Promise<unknown> =>
      ((await decision(guard, [])) as ForbiddenError).reason
    expect(await of(allOf(payment, scope('pay')))).toBe('scope')
    expect(await of(allOf(payment, recentLogin({ maxAge: 1 })))).toBe('step_up')
    expect(await of(anyOf(payment, () => false))).toBe('authorization_details')
    expect(await of(not(not(payment)))).toBe('forbidden')
    expect(await decision(allOf(payment, scope('pay')), [small], { scope: 'pay' })).toBe(true)
  })
})
