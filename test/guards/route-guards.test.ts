import { allOf, type Auth, type AuthError, type Guard, scope } from 'oauth-resource-server'
import { fakeAuth } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { outcomeOf, plainGuard } from '../../src/guards/decide.ts'
import { type RouteGuards, routeGuards } from '../../src/guards/route-guards.ts'

const auth: Auth = fakeAuth({
  scopes: ['read'],
  roles: ['clerk'],
  claims: { tenant: 'a', acr: 'mfa', authorization_details: [{ type: 'payment', amount: 5 }] },
})
/** The routes of a framework whose guards are objects. */
const routes = (): RouteGuards<{ readonly guard: Guard }, unknown> =>
  routeGuards((guard) => Object.freeze({ guard }))

describe('the guards of an adapter', () => {
  it.each<[string, (make: ReturnType<typeof routes>) => { readonly guard: Guard }, string | undefined]>([
    ['every scope', ({ requireScope }) => requireScope('read'), undefined],
    ['a missing scope', ({ requireScope }) => requireScope('read', 'x'), 'scope'],
    ['one of the scopes', ({ requireAnyScope }) => requireAnyScope('x', 'read'), undefined],
    ['none of the scopes', ({ requireAnyScope }) => requireAnyScope('x', 'y'), 'scope'],
    ['every role', ({ requireRole }) => requireRole('clerk'), undefined],
    ['a missing role', ({ requireRole }) => requireRole('clerk', 'x'), 'role'],
    ['one of the roles', ({ requireAnyRole }) => requireAnyRole('x', 'clerk'), undefined],
    ['none of the roles', ({ requireAnyRole }) => requireAnyRole('x', 'y'), 'role'],
    ['the value of a claim', ({ requireClaim }) => requireClaim('tenant', 'a'), undefined],
    ['another value', ({ requireClaim }) => requireClaim('tenant', 'b'), 'claim'],
    ['a strong login', ({ requireRecentLogin }) => requireRecentLogin({ acrValues: ['mfa'] }), undefined],
    ['a weak login', ({ requireRecentLogin }) => requireRecentLogin({ acrValues: ['x'] }), 'step_up'],
    [
      'an entry that passes',
      (make) => make.requireAuthorizationDetails('payment', ({ amount }) => amount === 5),
      undefined,
    ],
    [
      'an entry that does not',
      (make) => make.requireAuthorizationDetails('payment', () => false),
      'authorization_details',
    ],
    ['a predicate that allows', ({ authorize }) => authorize(() => true), undefined],
    ['a predicate that refuses', ({ authorize }) => authorize(() => false), 'forbidden'],
  ])('judge %s', (_what, make, reason) => {
    const outcome = outcomeOf(make(routes()).guard, auth, undefined)
    expect((outcome as AuthError | undefined)?.reason).toBe(reason)
  })

  it.each([[undefined], ['read'], [{}]])('are not made of %j', (guard) => {
    expect(() => routes().authorize(guard as never)).toThrow(
      new TypeError('authorize: pass a guard or a predicate'),
    )
  })

  it('are made of one guard: a second would never run', () => {
    const { authorize } = routes()
    const call = authorize as (...given: readonly unknown[]) => unknown
    const guard = scope('read')
    const one = 'authorize: takes one guard; combine several: authorize(allOf('
    expect(() => call(guard, guard)).toThrow(one)
    expect(() => call(guard, undefined, guard)).toThrow(one)
    expect(() => call(guard, [guard])).toThrow(one)
    expect([guard, guard].map(authorize)).toHaveLength(2)
  })

  it('ignore nothing that they are given', () => {
    const { requireClaim, requireRecentLogin, requireAuthorizationDetails } = routes()
    const no = (): boolean => false
    const call =
      (make: unknown, ...given: readonly unknown[]): (() => unknown) =>
      () =>
        (make as (...args: readonly unknown[]) => unknown)(...given)
    expect(call(requireClaim, 'tenant', no)).not.toThrow()
    expect(call(requireClaim, 'tenant', no, no)).toThrow('claim: takes a path and one value, list of values')
    expect(call(requireRecentLogin, { maxAge: 60 })).not.toThrow()
    expect(call(requireRecentLogin, { maxAge: 60 }, { acrValues: ['gold'] })).toThrow(
      'recentLogin: takes one object of options; combine several guards with allOf() or anyOf()',
    )
    expect(call(requireAuthorizationDetails, 'payment', undefined)).not.toThrow()
    expect(call(requireAuthorizationDetails, 'payment', undefined, no)).toThrow(
      'authorizationDetails: takes a type and one predicate',
    )
  })

  it('are no guards of the core where the framework makes its own functions of them', () => {
    const { requireScope, authorize } = routeGuards((guard: Guard) => (): unknown => guard)
    const route = requireScope('read') as never
    const instead =
      'a guard for the routes of a framework cannot be used here; use scope(), role() or claim() of the core, or the guards of the adapter in use'
    expect(() => allOf(scope('read'), route)).toThrow(new TypeError(`allOf: ${instead}`))
    expect(() => authorize(route)).toThrow(new TypeError(`authorize: ${instead}`))
  })

  it('are guards of the core where they say which', () => {
    const { requireScope } = routeGuards((guard: Guard) =>
      Object.assign(() => 'a response', { [plainGuard]: guard }),
    )
    const both = allOf(scope('read'), requireScope('x') as never)
    expect(outcomeOf(both, auth, undefined)).toMatchObject({ reason: 'scope', scopes: ['read', 'x'] })
  })
})
