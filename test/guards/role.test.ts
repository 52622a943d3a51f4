import { anyRole, type AuthError, ForbiddenError, type Guard, role } from 'oauth-resource-server'
import { fakeAuth } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { outcomeOf } from '../../src/guards/decide.ts'
import { ask } from './ask.ts'

describe('role() and anyRole()', () => {
  it.each([
    ['role: all held', role('clerk', 'auditor')],
    ['role: all held, as a list', role(['clerk', 'auditor'])],
    ['anyRole: one held', anyRole('x', 'auditor')],
    ['anyRole: one held, as a list', anyRole(['x', 'auditor'])],
  ] as [string, Guard][])('allows — %s', async (_title, guard) => {
    expect(await ask(guard)).toBe(true)
  })

  it.each([
    ['role: one missing', role('clerk', 'admin'), 'role'],
    ['role: in another case', role('Clerk'), 'role'],
    ['anyRole: none held', anyRole('x', 'y'), 'role'],
  ] as [string, Guard, string][])('forbids — %s', async (_title, guard, reason) => {
    const error = await ask(guard)
    expect(error).toBeInstanceOf(ForbiddenError)
    expect(error).toMatchObject({ status: 403, code: 'forbidden', reason })
  })

  it.each([
    ['role: no name', () => role(), /^role: name at least one/],
    ['role: an empty list', () => role([]), /^role: name at least one/],
    ['role: undefined', () => role(undefined as never), /^role/],
    ['role: an empty name', () => role('clerk', ''), /^role: name at least one/],
    ['role: an empty list and a name', () => role([] as never, 'clerk'), /^role: name at least one/],
    ['anyRole: no name', () => anyRole(), /^anyRole: name at least one/],
  ])('cannot be made — %s', (_title, make, message) => {
    expect(make).toThrow(TypeError)
    expect(make).toThrow(message)
  })

  it('may name roles with spaces and letters beyond ASCII', () => {
    expect(() => role('Büro leitung')).not.toThrow()
  })

  it.each([
    [
      'role',
      role('admin', 'clerk'),
      { claim: 'roles', expected: ['admin', 'clerk'], actual: ['clerk', 'auditor'] },
    ],
    ['anyRole', anyRole('admin'), { claim: 'roles', expected: ['admin'], actual: ['clerk', 'auditor'] }],
  ] as [string, Guard, object][])(
    'has the facts in the detail of its refusal — %s',
    async (_title, guard, detail) => {
      expect((await (ask(guard) as AuthError)).detail).toMatchObject(detail)
    },
  )

  it('tells where the role that is missing may be, and no other', () => {
    const hintOf = (guard: Guard, claims: Record<string, unknown>): unknown =>
      (outcomeOf(guard, fakeAuth({ roles: ['clerk'], claims }), undefined) as AuthError).detail.hint
    expect(hintOf(role('clerk', 'admin'), { groups: ['clerk'] })).toBe(
      'grant the role at the issuer, and get a new token',
    )
    for (const guard of [role('clerk', 'admin'), anyRole('admin')]) {
      expect(hintOf(guard, { groups: ['admin'] })).toBe(
        "the token has it in 'groups': set roles: ['roles', 'groups']",
      )
    }
  })

  it.each([
    ['role', role('clerk'), 'requireRole'],
    ['anyRole', anyRole('clerk'), 'requireAnyRole'],
  ])('is no middleware: %s', (name, guard, instead) => {
    const message = `${name}: is no middleware; on a route use ${instead}() of the adapter, or authorize(${name}(...))`
    for (const request of [{ url: '/' }, undefined]) {
      expect(() => guard(request as never, undefined)).toThrow(new TypeError(message))
    }
  })

  it('keeps to the names it was made with', async () => {
    const names = ['x']
    const guards = [role(names), anyRole(names)]
    names[0] = 'clerk'
    for (const guard of guards) expect(await ask(guard)).not.toBe(true)
  })

  it('E15 cannot be changed through its refusal', async () => {
    for (const guard of [role('x'), anyRole('x')]) {
      const { detail } = (await ask(guard)) as { detail: { expected: unknown[] } }
      expect(() => detail.expected.pop()).toThrow(TypeError)
    }
  })
})
