import { runInNewContext } from 'node:vm'
import {
  allOf,
  anyOf,
  claim,
  ForbiddenError,
  type Guard,
  InvalidRequestError,
  InvalidTokenError,
  isAuthError,
  not,
  role,
  scope,
} from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { requireGuards, requireNoMore, requireOneGuard, routeGuard } from '../../src/guards/decide.ts'
import { isPlain } from '../../src/hints/plain.ts'
import { ask, askAnonymously, bug, caller, down, rejecting, throwing } from './ask.ts'

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
})

describe('a predicate', () => {
  it('allows with true, and refuses with false', async () => {
    expect(ask(({ subject }: { subject?: string }) => subject === 'user-1')).toBe(true)
    for (const guard of [() => false, () => Promise.resolve(false)]) {
      const error = await ask(guard)
      expect(error).toBeInstanceOf(ForbiddenError)
      expect(error).toMatchObject({ status: 403, code: 'forbidden', reason: 'forbidden' })
    }
  })

  it('may refuse with an error of ours, which is passed on as it is', async () => {
    const refused = new ForbiddenError('role')
    expect(ask(throwing(refused))).toBe(refused)
    expect(await ask(rejecting(refused))).toBe(refused)
  })

  it('is not asked about an anonymous caller', () => {
    let asked = 0
    expect(askAnonymously(() => ++asked > 0)).toMatchObject({ reason: 'missing' })
    expect(asked).toBe(0)
  })

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['string', 'yes'],
    ['object', {}],
    ['number', 1],
  ])('is told that it returned %s', async (type, result) => {
    const message = `guard: must return true or false, or a promise of one, not ${type}`
    expect(await ask(() => result)).toEqual(new TypeError(message))
    expect(await ask(() => Promise.resolve(result))).toEqual(new TypeError(message))
  })
})

describe('what a function for guards is given', () => {
  const guard: Guard = () => true
  const route = Object.assign(() => true, { [routeGuard]: undefined })
  const thrown = (step: () => void): unknown => {
    try {
      step()
      return undefined
    } catch (error) {
      return isPlain(error as Error) && error instanceof TypeError ? error.message : error
    }
  }

  it.each<[string, readonly unknown[], string | undefined]>([
    ['one guard', [guard], undefined],
    ['two guards', [guard, guard], undefined],
    ['nothing', [], "allOf: pass guards, for example allOf(scope('reports:read'))"],
    ['something else', [guard, 'read'], "allOf: pass guards, for example allOf(scope('reports:read'))"],
    [
      'a guard for routes',
      [guard, route],
      'allOf: a guard for the routes of a framework cannot be used here; use scope(), role() or claim() of the core, or the guards of the adapter in use',
    ],
  ])('may be guards: %s', (_what, given, message) => {
    expect(thrown(() => requireGuards('allOf', given))).toBe(message)
  })

  const one = "not: takes one guard; combine several: not(allOf(scope('reports:read'), role('admin')))"
  it.each<[string, readonly unknown[], string | undefined]>([
    ['nothing', [], undefined],
    ['what map() passes', [0, [guard]], undefined],
    ['undefined', [undefined], undefined],
    ['a guard', [guard], one],
    ['a guard behind undefined', [undefined, guard], one],
    ['a list', [[guard]], one],
    ['an object', [{}, 1], one],
  ])('may be followed by %s where one guard is taken', (_what, others, message) => {
    expect(thrown(() => requireOneGuard('not', others))).toBe(message)
  })

  it('may be followed by nothing where a guard takes so many arguments', () => {
    expect(thrown(() => requireNoMore('claim', [], 'takes two'))).toBeUndefined()
    expect(thrown(() => requireNoMore('claim', [undefined], 'takes two'))).toBe(
      'claim: takes two; combine several guards with allOf() or anyOf()',
    )
  })
})
