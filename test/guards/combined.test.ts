import {
  allOf,
  anyOf,
  type AuthError,
  claim,
  ForbiddenError,
  type Guard,
  InsufficientScopeError,
  InvalidTokenError,
  not,
  type Reason,
  role,
  scope,
} from 'oauth-resource-server'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ask, bug, caller, down, never, Refusal, rejecting, throwing } from './ask.ts'

describe('allOf(), anyOf() and not()', () => {
  it.each([
    ['allOf: all allow', allOf(scope('read'), role('clerk'))],
    ['allOf: all allow, one asynchronously', allOf(scope('read'), () => Promise.resolve(true))],
    ['anyOf: the first allows', anyOf(scope('read'), scope('x'))],
    ['anyOf: the last allows', anyOf(scope('x'), role('clerk'))],
    ['anyOf: the last allows, asynchronously', anyOf(scope('x'), () => Promise.resolve(true))],
    ['not: it forbids', not(scope('x'))],
    ['not: it forbids, asynchronously', not(() => Promise.resolve(false))],
  ] as [string, Guard][])('allows — %s', async (_title, guard) => {
    expect(await ask(guard)).toBe(true)
  })

  it.each([
    ['not: it allows', not(scope('read')), 'forbidden'],
    ['not: it allows, asynchronously', not(() => Promise.resolve(true)), 'forbidden'],
  ] as [string, Guard, string][])('forbids — %s', async (_title, guard, reason) => {
    const error = await ask(guard)
    expect(error).toBeInstanceOf(ForbiddenError)
    expect(error).toMatchObject({ status: 403, code: 'forbidden', reason })
  })

  it.each([
    [
      'allOf: every missing scope at once',
      allOf(scope('x', 'read'), scope('y'), scope('x')),
      ['x', 'read', 'y'],
    ],
    [
      'allOf: a scope that the caller has too',
      allOf(scope('write'), scope('x'), role('clerk')),
      ['write', 'x'],
    ],
    [
      'allOf: a scope that the caller has too, asynchronously',
      allOf(scope('read'), async (auth, request) => scope('x')(auth, request)),
      ['read', 'x'],
    ],
    [
      'allOf: no scope of an alternative that the caller need not have',
      allOf(scope('x'), anyOf(role('clerk'), scope('y'))),
      ['x'],
    ],
    ['allOf: no scope that must be missing', allOf(scope('x'), not(not(scope('read')))), ['x']],
    [
      'anyOf: no scope of an alternative that lacks a role',
      anyOf(allOf(scope('read'), role('admin')), scope('x')),
      ['x'],
    ],
    ['anyOf: whatever would help', anyOf(scope('x'), role('admin'), scope('y')), ['x', 'y']],
    ['nested', allOf(anyOf(scope('x'), scope('y')), scope('z')), ['x', 'y', 'z']],
  ] as [string, Guard, string[]][])('names the scopes it wants — %s', async (_title, guard, scopes) => {
    const error = await ask(guard)
    expect(error).toBeInstanceOf(InsufficientScopeError)
    expect(error).toMatchObject({ status: 403, code: 'insufficient_scope', scopes })
  })

  it.each([
    ['allOf: no guard', () => allOf(), /^allOf: pass guards/],
    ['anyOf: no guard', () => anyOf(), /^anyOf: pass guards/],
    ['allOf: a name', () => allOf('read' as never), /^allOf: pass guards/],
    ['allOf: a guard and a name', () => allOf(scope('read'), 'x' as never), /^allOf: pass guards/],
    ['not: no guard', () => not(undefined as never), /^not: pass guards/],
  ])('cannot be made — %s', (_title, make, message) => {
    expect(make).toThrow(TypeError)
    expect(make).toThrow(message)
  })

  it('reports a missing role before a missing scope, since no scope would help', async () => {
    expect(await ask(allOf(scope('x'), role('admin')))).toMatchObject({ reason: 'role' })
    expect(await ask(allOf(role('admin'), scope('x')))).toMatchObject({ reason: 'role' })
  })

  it('reports the first of several refusals that no scope would help', async () => {
    expect(await ask(allOf(role('admin'), claim('tenant', 'b')))).toMatchObject({ reason: 'role' })
    expect(await ask(anyOf(claim('tenant', 'b'), role('admin')))).toMatchObject({ reason: 'claim' })
  })

  it('show every guard the request', async () => {
    const seen: unknown[] = []
    const watching: Guard = (_auth, request) => seen.push(request) > 0
    const request = { url: '/' }
    await ask(allOf(watching, anyOf(watching), not(not(watching))), caller, request)
    expect(seen).toEqual([request, request, request])
  })

  it('respond without a promise where nothing has to be waited for', () => {
    expect(ask(allOf(scope('read'), anyOf(role('clerk'))))).toBe(true)
  })

  it.each([
    [
      'allOf',
      allOf(scope('x'), scope('y')),
      { claim: 'scope', expected: ['x', 'y'], actual: ['read', 'write'] },
    ],
    [
      'anyOf',
      anyOf(scope('x'), scope('y')),
      { claim: 'scope', expected: ['x', 'y'], actual: ['read', 'write'] },
    ],
  ] as [string, Guard, object][])(
    'has the facts in the detail of its refusal — %s',
    async (_title, guard, detail) => {
      expect((await (ask(guard) as AuthError)).detail).toMatchObject(detail)
    },
  )

  it('E15 cannot be changed through its refusal', async () => {
    for (const guard of [allOf(scope('x'), scope('y'))]) {
      const { detail } = (await ask(guard)) as { detail: { expected: unknown[] } }
      expect(() => detail.expected.pop()).toThrow(TypeError)
    }
  })

  it('name no scopes when the error of another release has none', async () => {
    const odd = throwing(new Refusal(403, 'scope'))
    expect(await ask(allOf(odd, scope('x')))).toMatchObject({ scopes: ['x'] })
  })
})

describe('not', () => {
  it('takes one guard: a second would never run', () => {
    const call = not as (...given: readonly unknown[]) => unknown
    expect(() => call(scope('a'), scope('b'))).toThrow(/^not: takes one guard; combine several: not\(allOf\(/)
    expect([scope('a'), scope('b')].map((guard, index) => call(guard, index))).toHaveLength(2)
  })
})

describe('anyOf', () => {
  it('B3 passes on what a guard could not find out when no other allows', async () => {
    for (const guards of [
      [scope('a'), throwing(down)],
      [rejecting(down), scope('a')],
      [throwing(down), () => Promise.resolve(false)],
    ] as Guard[][]) {
      expect(await ask(anyOf(...guards))).toBe(down)
    }
  })

  it.each([
    ['throws before it', [throwing(down), scope('read')]],
    ['throws after it', [scope('read'), throwing(down)]],
    ['rejects', [rejecting(bug), scope('read')]],
    ['throws, and the one that allows is asynchronous', [throwing(bug), () => Promise.resolve(true)]],
    [
      'rejects, and the one that allows is slower',
      [rejecting(bug), () => new Promise((go) => setImmediate(go, true))],
    ],
    ['hangs', [never, scope('read')]],
    ['hangs, and the one that allows is asynchronous', [never, () => Promise.resolve(true)]],
    ['hangs and another refuses', [never, scope('x'), () => Promise.resolve(true)]],
  ] as [string, Guard[]][])('B3 allows when one guard allows although another %s', async (_title, guards) => {
    expect(await ask(anyOf(...guards))).toBe(true)
  })

  it('returns at once when a guard allows at once, and does not run those after it', () => {
    const after = vi.fn(() => true)
    expect(ask(anyOf(never, scope('x'), scope('read'), after))).toBe(true)
    expect(after).not.toHaveBeenCalled()
  })

  it('passes on the first error in the order of the guards', async () => {
    const later: Guard = async () => {
      await new Promise(setImmediate)
      throw bug
    }
    expect(await ask(anyOf(later, rejecting(down), scope('x')))).toBe(bug)
  })
})

describe('allOf', () => {
  it('B3 passes on what a guard could not find out, although another refuses', async () => {
    for (const guards of [
      [role('x'), throwing(down)],
      [rejecting(down), role('x')],
      [scope('x'), () => Promise.resolve(false), rejecting(down)],
    ] as Guard[][]) {
      expect(await ask(allOf(...guards))).toBe(down)
    }
  })

  it('does not wait for others once a guard could not find out', async () => {
    expect(ask(allOf(never, throwing(bug)))).toBe(bug)
    expect(await ask(allOf(never, rejecting(bug)))).toBe(bug)
  })

  it('waits for all guards before it allows', async () => {
    const slow: Guard = () => new Promise((go) => setImmediate(go, false))
    expect(await ask(allOf(slow, () => Promise.resolve(true)))).toMatchObject({ reason: 'forbidden' })
  })
})

describe('A4 errors together with errors', () => {
  const unhandled: unknown[] = []
  const note = (error: unknown): number => unhandled.push(error)
  beforeEach(() => process.on('unhandledRejection', note))
  afterEach(() => process.off('unhandledRejection', note))
  const later = (error: unknown) => async (): Promise<never> => {
    await new Promise(setImmediate)
    throw error
  }

  it.each([
    ['allOf: one rejects, one throws', allOf(rejecting(down), throwing(bug)), bug],
    ['allOf: one rejects later, one throws', allOf(later(down), throwing(bug)), bug],
    ['allOf: two reject', allOf(rejecting(bug), later(down)), bug],
    [
      'allOf: one rejects with a refusal, one throws',
      allOf(rejecting(new ForbiddenError()), throwing(bug)),
      bug,
    ],
    ['anyOf: one allows, one rejects', anyOf(later(down), scope('read')), true],
    ['anyOf: one throws, one rejects', anyOf(throwing(bug), later(down)), bug],
    ['not: it rejects', not(later(bug)), bug],
    ['nested', allOf(anyOf(later(down), scope('x')), not(later(down)), throwing(bug)), bug],
    ['a claim predicate rejects, one throws', allOf(claim('level', later(down)), throwing(bug)), bug],
    [
      'a thenable that rejects twice, one throws',
      allOf(
        (() => ({
          then: (_resolve: unknown, reject: (error: unknown) => void) => {
            reject(down)
            throw down
          },
        })) as never,
        throwing(bug),
      ),
      bug,
    ],
  ] as [string, Guard, unknown][])('leave no promise unhandled: %s', async (_title, guard, expected) => {
    expect(await ask(guard)).toBe(expected)
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
    expect(unhandled).toEqual([])
  })
})

describe('when several guards refuse', () => {
  const stepUp = throwing(new Refusal(401, 'step_up'))
  const details = throwing(new Refusal(403, 'authorization_details'))
  const revoked = throwing(new InvalidTokenError('revoked'))
  const says = async (guard: Guard): Promise<unknown> => (await (ask(guard) as AuthError)).reason

  it('allOf reports a missing role or claim, then scopes, then step-up, then authorization details', async () => {
    const ordered: [Guard, Reason][] = [
      [role('x'), 'role'],
      [scope('x'), 'scope'],
      [stepUp, 'step_up'],
      [details, 'authorization_details'],
    ]
    for (const [index, [guard, reason]] of ordered.entries()) {
      for (const [after] of ordered.slice(index)) {
        expect(await says(allOf(guard, after))).toBe(reason)
        expect(await says(allOf(after, guard))).toBe(reason)
        expect(await says(allOf(async () => Promise.resolve(after(caller, 0)), guard))).toBe(reason)
      }
    }
    expect(await says(allOf(details, stepUp, scope('x'), claim('level', 4)))).toBe('claim')
    expect(await says(allOf(scope('x'), () => false))).toBe('forbidden')
    expect(await says(allOf(details, revoked))).toBe('revoked')
  })

  it('anyOf reports what a new token can cure: scopes, then a 401, then authorization details', async () => {
    const ordered: [Guard, Reason][] = [
      [scope('x'), 'scope'],
      [stepUp, 'step_up'],
      [details, 'authorization_details'],
      [role('x'), 'role'],
    ]
    for (const [index, [guard, reason]] of ordered.entries()) {
      for (const [after] of ordered.slice(index)) {
        expect(await says(anyOf(guard, after))).toBe(reason)
        expect(await says(anyOf(after, guard))).toBe(reason)
      }
    }
    expect(await says(anyOf(role('x'), () => Promise.resolve(false), revoked))).toBe('revoked')
  })

  it('the first of a kind is reported as it is', async () => {
    const first = new ForbiddenError('role')
    const missing = new InsufficientScopeError(['a'])
    expect(await ask(allOf(throwing(first), role('x')))).toBe(first)
    expect(await ask(anyOf(throwing(first), role('x')))).toBe(first)
    expect(await ask(allOf(throwing(missing), stepUp))).toBe(missing)
  })
})
