import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import {
  allOf,
  anyOf,
  type Auth,
  AuthError,
  ForbiddenError,
  type Guard,
  InsufficientScopeError,
  not,
  type Reason,
  UpstreamError,
} from 'oauth-resource-server'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

vi.setConfig({ testTimeout: 60_000 })

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

/** What a refusal asks for, as the model knows it. */
type Kind = 'scope' | 'step_up' | 'authorization_details' | 'forbidden'
/** Result of a guard: the model of the three results, and of a promise that never settles. */
type Result =
  | { readonly is: 'allowed' }
  | { readonly is: 'hanging' }
  | { readonly is: 'refused'; readonly kind: Kind; readonly scopes: readonly string[] }
  | { readonly is: 'unknown'; readonly errors: readonly unknown[] }
/** How a leaf tells its result: at once, or as one of these, settled in any order. */
type Form = 'at once' | 'promise' | 'thenable' | 'other realm'
type Tree =
  | { readonly op: 'leaf'; readonly result: Result; readonly form: Form; readonly turn: number }
  | { readonly op: 'allOf'; readonly of: readonly Tree[] }
  | { readonly op: 'anyOf'; readonly of: readonly Tree[] }
  | { readonly op: 'not'; readonly of: Tree }

const auth = { scopes: new Set<string>(), roles: new Set<string>() } as unknown as Auth
const OtherPromise = runInNewContext('Promise') as PromiseConstructor

/** The contract: only `true` allows, unknown is passed on, and nothing waits for what cannot matter. */
function modelOf(tree: Tree): Result {
  if (tree.op === 'leaf') return tree.result
  if (tree.op === 'not') {
    const result = modelOf(tree.of)
    if (result.is === 'allowed') return { is: 'refused', kind: 'forbidden', scopes: [] }
    return result.is === 'refused' ? { is: 'allowed' } : result
  }
  const results = tree.of.map(modelOf)
  const has = (is: Result['is']): boolean => results.some((result) => result.is === is)
  const errors = results.flatMap((result) => (result.is === 'unknown' ? result.errors : []))
  const deciding = tree.op === 'allOf' ? 'unknown' : 'allowed'
  if (has(deciding)) return deciding === 'unknown' ? { is: 'unknown', errors } : { is: 'allowed' }
  if (has('hanging')) return { is: 'hanging' }
  if (errors.length > 0) return { is: 'unknown', errors }
  const refusals = results.filter((result) => result.is === 'refused')
  const order: Kind[] = ['scope', 'step_up', 'authorization_details']
  const kinds: Kind[] = tree.op === 'allOf' ? ['forbidden', ...order] : [...order, 'forbidden']
  const kind = kinds.find((one) => refusals.some((refusal) => refusal.kind === one))
  if (kind === undefined) return { is: 'allowed' }
  const scopes = refusals.flatMap((refusal) => (refusal.kind === kind ? refusal.scopes : []))
  return { is: 'refused', kind, scopes: [...new Set(scopes)] }
}

function errorOf(kind: Kind, scopes: readonly string[]): AuthError {
  if (kind === 'scope') return new InsufficientScopeError(scopes)
  if (kind === 'forbidden') return new ForbiddenError('role')
  return new Refusal(kind === 'step_up' ? 401 : 403, kind)
}

/** Promises to settle, by their turn. */
type Pending = Map<number, (() => void)[]>

function guardOf(tree: Tree, pending: Pending): Guard {
  if (tree.op === 'not') return not(guardOf(tree.of, pending))
  if (tree.op === 'allOf') return allOf(...tree.of.map((inner) => guardOf(inner, pending)))
  if (tree.op === 'anyOf') return anyOf(...tree.of.map((inner) => guardOf(inner, pending)))
  const { result, form, turn } = tree
  const tell = (): boolean => {
    if (result.is === 'allowed') return true
    if (result.is === 'hanging') return false
    if (result.is === 'unknown') throw result.errors[0]
    if (result.kind === 'forbidden' && turn % 2 === 0) return false
    throw errorOf(result.kind, result.scopes)
  }
  if (form === 'at once' && result.is !== 'hanging') return tell
  const start = (resolve: (value: boolean) => void, reject: (error: unknown) => void): void => {
    if (result.is === 'hanging') return
    const settle = (): void => {
      try {
        resolve(tell())
      } catch (error) {
        reject(error)
      }
    }
    pending.set(turn, [...(pending.get(turn) ?? []), settle])
  }
  if (form === 'thenable') return () => ({ then: start }) as unknown as Promise<boolean>
  return () => (form === 'other realm' ? new OtherPromise(start) : new Promise(start))
}

/** Runs a guard, settles its promises turn by turn, and tells what came out. */
async function outcomeOf(tree: Tree): Promise<unknown> {
  const pending: Pending = new Map()
  let outcome: unknown = 'hanging'
  // `allOf` around it makes an outcome of a single guard, too.
  const run = async (): Promise<unknown> => allOf(guardOf(tree, pending))(auth, undefined)
  run().then(
    (value) => (outcome = value),
    (error: unknown) => (outcome = { error }),
  )
  for (let turn = 0; turn < turns; turn++) {
    await new Promise(setImmediate)
    for (const settle of pending.get(turn) ?? []) settle()
  }
  await new Promise(setImmediate)
  return outcome
}

const turns = 4
const unknownErrors = [new UpstreamError(1), new Error('bug'), undefined, 'text'] as const
const result: fc.Arbitrary<Result> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Result>({ is: 'allowed' }) },
  {
    weight: 4,
    arbitrary: fc.record({
      is: fc.constant('refused' as const),
      kind: fc.constantFrom<Kind>('scope', 'step_up', 'authorization_details', 'forbidden'),
      scopes: fc.subarray(['a', 'b', 'c'], { minLength: 1 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...unknownErrors).map((error): Result => ({ is: 'unknown', errors: [error] })),
  },
  { weight: 1, arbitrary: fc.constant<Result>({ is: 'hanging' }) },
)
const branches = (tree: fc.Arbitrary<Tree>): fc.Arbitrary<Tree[]> =>
  fc.array(tree, { minLength: 1, maxLength: 3 })
const { tree } = fc.letrec<{ tree: Tree; leaf: Tree }>((tie) => ({
  leaf: fc.record({
    op: fc.constant('leaf' as const),
    result,
    form: fc.constantFrom<Form>('at once', 'at once', 'promise', 'thenable', 'other realm'),
    turn: fc.nat({ max: turns - 1 }),
  }),
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    tie('leaf'),
    fc.record({ op: fc.constant('allOf' as const), of: branches(tie('tree')) }),
    fc.record({ op: fc.constant('anyOf' as const), of: branches(tie('tree')) }),
    fc.record({ op: fc.constant('not' as const), of: tie('tree') }),
  ),
}))

describe('guards in any nesting, settled in any order', () => {
  const unhandled: unknown[] = []
  const note = (error: unknown): number => unhandled.push(error)
  beforeAll(() => process.on('unhandledRejection', note))
  afterAll(() => process.off('unhandledRejection', note))

  it('B1 B2 B3 A4 have the results of the model, and leave no rejection unhandled', async () => {
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(tree, async (guard) => {
        const expected = modelOf(guard)
        const outcome = await outcomeOf(guard)
        seen.add(expected.is)
        if (expected.is === 'allowed') expect(outcome).toBe(true)
        else if (expected.is === 'hanging') expect(outcome).toBe('hanging')
        else {
          const { error } = outcome as { error: unknown }
          if (expected.is === 'unknown') expect(expected.errors).toContain(error)
          else expect(shown(error)).toEqual(shown(errorOf(expected.kind, expected.scopes)))
        }
      }),
      { numRuns: 3000 },
    )
    expect([...seen].sort()).toEqual(['allowed', 'hanging', 'refused', 'unknown'])
    await new Promise(setImmediate)
    expect(unhandled).toEqual([])
  })
})

/** A refusal by its kind: a `false` and a missing role are both forbidden. */
function shown(error: unknown): unknown {
  const { status, reason, scopes } = error as Refusal & { scopes?: readonly string[] }
  return [status, reason === 'role' ? 'forbidden' : reason, scopes]
}
