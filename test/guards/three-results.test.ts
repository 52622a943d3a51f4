import { runInNewContext } from 'node:vm'
import {
  allOf,
  anyOf,
  anyRole,
  anyScope,
  AuthError,
  claim,
  createResourceServer,
  ForbiddenError,
  type Guard,
  InsufficientScopeError,
  InvalidRequestError,
  InvalidTokenError,
  isAuthError,
  not,
  type Reason,
  role,
  scope,
  UpstreamError,
} from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ask as askWith } from './ask.ts'

const issuer = await createTestIssuer()
const api = createResourceServer(issuer.options)
const caller = await api.verify(await issuer.sign({ scope: 'read', roles: ['clerk'], level: 3, sub: 'u' }))
const ask = (guard: unknown): unknown => askWith(api, guard as Guard, caller)

const down = new UpstreamError(1)
const bug = new Error('bug')
const never = (): Promise<boolean> => new Promise(() => undefined)
const throwing = (error: unknown) => (): never => {
  throw error
}
const rejecting = (error: unknown) => (): Promise<never> =>
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a user's guard may reject with anything
  Promise.reject(error)

/** A refusal with a status and a reason of the next releases. */
class Refusal extends AuthError {
  readonly status: number
  readonly code = undefined
  readonly reason: Reason
  constructor(status: number, reason: Reason) {
    super('refused')
    this.status = status
    this.reason = reason
  }
}

const notBoolean: readonly (readonly [title: string, guard: unknown])[] = [
  ['undefined, as without return', () => undefined],
  ['null', () => null],
  ['a text', () => 'yes'],
  ['an empty text', () => ''],
  ['1', () => 1],
  ['0', () => 0],
  ['an object', () => ({})],
  ['a claim that may be absent', () => caller.claims['suspended_at']],
  ['an error that is not thrown', () => new ForbiddenError()],
  ['a promise of a text', async () => Promise.resolve('x')],
  ['a promise of nothing', async () => Promise.resolve()],
  ['a thenable of 1', () => ({ then: (resolve: (value: unknown) => void) => resolve(1) })],
]
const wrappers: readonly (readonly [title: string, wrap: (guard: Guard) => Guard])[] = [
  ['alone', (guard) => guard],
  ['in not()', not],
  ['in not(not())', (guard) => not(not(guard))],
  ['in allOf()', (guard) => allOf(guard)],
  ['in allOf() after a guard that refuses', (guard) => allOf(scope('x'), guard)],
  ['in allOf() before a guard that refuses', (guard) => allOf(guard, role('x'))],
  ['in anyOf()', (guard) => anyOf(guard)],
  ['in anyOf() after a guard that refuses', (guard) => anyOf(scope('x'), guard)],
  ['in anyOf() before a guard that refuses', (guard) => anyOf(guard, role('x'))],
  ['in not(anyOf())', (guard) => not(anyOf(scope('x'), guard))],
  ['in not(allOf())', (guard) => not(allOf(scope('read'), guard))],
]

describe.each(wrappers)('a guard %s', (_title, wrap) => {
  it.each(notBoolean)('B1 returns %s: a TypeError, neither allowed nor refused', async (_what, guard) => {
    const result = await ask(wrap(guard as Guard))
    expect(result).toBeInstanceOf(TypeError)
    expect((result as Error).message).toMatch(/^guard: must return true or false/)
  })

  it.each([
    ['an UpstreamError', down],
    ['an error of the application', bug],
    ['credentials that cannot be read (400)', new InvalidRequestError()],
    ['undefined', undefined],
    ['a text', 'text'],
    ['null', null],
    ['an object that looks like a refusal', { status: 403, reason: 'forbidden' }],
  ])('B2 throws or rejects with %s, which is passed on as it is', async (_what, error) => {
    // What is no error becomes the cause of one, since frameworks take many such values for success.
    const passedOn: unknown = error instanceof Error ? error : expect.objectContaining({ cause: error })
    expect(await ask(wrap(throwing(error)))).toEqual(passedOn)
    expect(await ask(wrap(rejecting(error)))).toEqual(passedOn)
    expect(await ask(wrap(claim('level', throwing(error))))).toEqual(passedOn)
    expect(await ask(wrap(claim('level', rejecting(error))))).toEqual(passedOn)
  })

  it.each(notBoolean)('B1 has a claim predicate that returns %s: a TypeError', async (_what, predicate) => {
    const result = await ask(wrap(claim('level', predicate as () => boolean)))
    expect(result).toBeInstanceOf(TypeError)
    expect((result as Error).message).toMatch(/^claim: the predicate: must return true or false/)
  })

  it('B2 returns an object whose `then` throws: that error', async () => {
    const trap = {
      get then(): never {
        throw bug
      },
    }
    expect(await ask(wrap((() => trap) as never))).toBe(bug)
  })

  it('B2 throws a revoked proxy: an error all the same', async () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(await ask(wrap(throwing(proxy)))).toBeInstanceOf(TypeError)
    expect(await ask(anyOf(wrap(throwing(proxy)), scope('read')))).toBe(true)
  })
})

describe('a refusal', () => {
  it.each([
    ['false', () => false],
    ['a promise of false', () => Promise.resolve(false)],
    ['a promise of another realm', () => runInNewContext('Promise.resolve(false)') as Promise<boolean>],
    ['a thenable', (() => ({ then: (resolve: (value: boolean) => void) => resolve(false) })) as never],
    ['a 403 that is thrown', throwing(new ForbiddenError('role'))],
    ['a 401 that rejects', rejecting(new InvalidTokenError('revoked'))],
    ['a missing scope', scope('x')],
  ] as [string, Guard][])('is %s, and not() allows then', async (_title, guard) => {
    const refused = await ask(guard)
    expect(isAuthError(refused) && [401, 403].includes(refused.status)).toBe(true)
    expect(await ask(not(guard))).toBe(true)
    expect(await ask(not(not(guard)))).toMatchObject({ status: 403, reason: 'forbidden' })
    expect(await ask(anyOf(guard, () => true))).toBe(true)
  })

  it.each([
    ['a promise', () => Promise.resolve(true)],
    ['a promise of another realm', () => runInNewContext('Promise.resolve(true)') as Promise<boolean>],
    ['a thenable', (() => ({ then: (resolve: (value: boolean) => void) => resolve(true) })) as never],
  ] as [string, Guard][])('is not %s of true', async (_title, guard) => {
    for (const wrap of [allOf, anyOf]) expect(await ask(wrap(guard))).toBe(true)
    expect(await ask(not(guard))).toMatchObject({ reason: 'forbidden' })
    expect(await ask(claim('level', guard as () => Promise<boolean>))).toBe(true)
  })

  it("is an error of the package's other build, too", async () => {
    vi.resetModules()
    const other = await import('oauth-resource-server')
    const missing = throwing(new other.InsufficientScopeError(['y']))
    expect(other.InsufficientScopeError).not.toBe(InsufficientScopeError)
    expect(await ask(not(missing))).toBe(true)
    expect(await ask(allOf(scope('x'), missing))).toMatchObject({ scopes: ['x', 'y'] })
    expect(await ask(anyOf(role('x'), missing))).toMatchObject({ scopes: ['y'] })
    const otherDown = new other.UpstreamError(1)
    expect(await ask(not(throwing(otherDown)))).toBe(otherDown)
  })

  it('names no scopes when the error of another release has none', async () => {
    const odd = throwing(new Refusal(403, 'scope'))
    expect(await ask(allOf(odd, scope('x')))).toMatchObject({ scopes: ['x'] })
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

describe('A4 errors beside errors', () => {
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

describe('the detail of a refusal', () => {
  const detailOf = async (guard: Guard): Promise<unknown> => (await (ask(guard) as AuthError)).detail

  it.each([
    ['scope', scope('read', 'x'), { claim: 'scope', expected: ['read', 'x'], actual: ['read'] }],
    ['anyScope', anyScope('y', 'x'), { claim: 'scope', expected: ['y', 'x'], actual: ['read'] }],
    ['role', role('admin', 'clerk'), { claim: 'roles', expected: ['admin', 'clerk'], actual: ['clerk'] }],
    ['anyRole', anyRole('admin'), { claim: 'roles', expected: ['admin'], actual: ['clerk'] }],
    ['claim', claim('level', 4), { claim: 'level', expected: [4], actual: 'number' }],
    ['claim, absent', claim('/a/b', ['x', null]), { claim: '/a/b', expected: ['x', null], actual: 'absent' }],
    ['claim, with a predicate', claim('level', () => false), { claim: 'level', actual: 'number' }],
    [
      'claim, with an asynchronous predicate',
      claim('sub', () => Promise.resolve(false)),
      { claim: 'sub', actual: 'string' },
    ],
    ['allOf', allOf(scope('x'), scope('y')), { claim: 'scope', expected: ['x', 'y'], actual: ['read'] }],
    ['anyOf', anyOf(scope('x'), scope('y')), { claim: 'scope', expected: ['x', 'y'], actual: ['read'] }],
  ] as [string, Guard, object][])('has the facts of %s', async (_title, guard, detail) => {
    expect(await detailOf(guard)).toMatchObject(detail)
  })

  it('E15 cannot be used to change what a guard asks for', async () => {
    for (const guard of [
      scope('x'),
      anyScope('x'),
      role('x'),
      anyRole('x'),
      claim('level', 4),
      allOf(scope('x'), scope('y')),
    ]) {
      const { expected } = (await detailOf(guard)) as { expected: unknown[] }
      expect(() => expected.pop()).toThrow(TypeError)
    }
    const { scopes } = (await ask(scope('x'))) as InsufficientScopeError
    expect(() => (scopes as string[]).pop()).toThrow(TypeError)
  })
})
