import { type AuthError, ForbiddenError, helpsNewToken } from '../errors.ts'
import type { Auth, Guard, MaybePromise } from '../types.ts'
import { type Outcome, outcomeOf, requireGuards, requireOneGuard, Unknown } from './decide.ts'
import { scopesOf, withScopes } from './guard-scopes.ts'
import { loginForAll, missingScopes } from './merged.ts'

/**
 * Allows callers that pass all of these guards.
 *
 * Every guard runs, so that the refusal names every scope that the guards need, those that the caller has included: the
 * next token must have these too. A guard that could not find out decides at once, also when another one refuses: its
 * error is passed on as it is. When several guards refuse, a missing role or claim comes first, as no new token helps
 * then; after it come missing scopes, a 401, and authorization details.
 *
 * @throws {TypeError} when no guard is given
 */
export function allOf<R = unknown>(...guards: readonly Guard<R>[]): Guard<R> {
  requireGuards('allOf', guards)
  const all: Guard<R> = (auth, request) => combine(guards, auth, request, everyGuard)
  return withScopes(all, scopesOf(...guards))
}

/**
 * Allows callers that pass at least one of these guards.
 *
 * The first guard that allows decides, whatever the others do: those after it do not run, and nothing waits for those
 * before it. When no guard allows and one could not find out, its error is passed on as it is. When all guards refuse,
 * the refusal is one that a new token can cure, if there is one: the scopes of all guards together come first.
 *
 * @throws {TypeError} when no guard is given
 */
export function anyOf<R = unknown>(...guards: readonly Guard<R>[]): Guard<R> {
  requireGuards('anyOf', guards)
  const any: Guard<R> = (auth, request) => combine(guards, auth, request, someGuard)
  return withScopes(any, scopesOf(...guards))
}

/**
 * Allows callers that this guard refuses. When it could not find out, its error is passed on as it is.
 *
 * @throws {TypeError} when no guard is given, or more than one
 */
export function not<R = unknown>(guard: Guard<R>): Guard<R>
export function not<R>(guard: Guard<R>, ...others: readonly unknown[]): Guard<R> {
  requireGuards('not', [guard])
  requireOneGuard('not', others)
  return (auth, request) => {
    const outcome = outcomeOf(guard, auth, request)
    return outcome instanceof Promise ? outcome.then(inverted) : inverted(outcome)
  }
}

function inverted(outcome: Outcome): true {
  if (outcome === undefined) throw new ForbiddenError()
  if (outcome instanceof Unknown) throw outcome.error
  return true
}

/** How outcomes become one. */
interface Combination {
  /** Whether an outcome decides alone. */
  readonly decides: (outcome: Outcome) => boolean
  /** The refusals to report, most important first. */
  readonly order: readonly Kind[]
  /** Whether the caller has to satisfy all of the guards. */
  readonly needsEvery: boolean
}

/** What a refusal requires of the caller. */
type Kind = 'scope' | 'new_token' | 'authorization_details' | 'nothing'

const everyGuard: Combination = {
  decides: (outcome) => outcome instanceof Unknown,
  order: ['nothing', 'scope', 'new_token', 'authorization_details'],
  needsEvery: true,
}

const someGuard: Combination = {
  decides: (outcome) => outcome === undefined,
  order: ['scope', 'new_token', 'authorization_details', 'nothing'],
  needsEvery: false,
}

function combine<R>(
  guards: readonly Guard<R>[],
  auth: Auth,
  request: R,
  combination: Combination,
): MaybePromise<true> {
  // Made only when it is needed: guards that pass allocate nothing.
  let open: MaybePromise<Outcome>[] | undefined
  for (const guard of guards) {
    const outcome = outcomeOf(guard, auth, request)
    if (!(outcome instanceof Promise) && combination.decides(outcome)) return conclusion(outcome)
    if (outcome !== undefined) (open ??= []).push(outcome)
  }
  if (open === undefined) return true
  return open.some((outcome) => outcome instanceof Promise)
    ? firstDecision(open, guards, auth, combination).then(conclusion)
    : conclusion(together(open as Outcome[], guards, auth, combination))
}

/** Resolves with the first outcome that decides alone, else with all of them together. */
function firstDecision(
  open: readonly MaybePromise<Outcome>[],
  guards: readonly Guard<never>[],
  auth: Auth,
  combination: Combination,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    for (const outcome of open) {
      // Outcomes never reject. One that comes late is ignored.
      void Promise.resolve(outcome).then((it) => {
        if (combination.decides(it)) resolve(it)
      })
    }
    Promise.all(open)
      .then((outcomes) => together(outcomes, guards, auth, combination))
      .then(resolve, reject)
  })
}

/** Combines outcomes of which none decides alone. */
function together(
  outcomes: readonly Outcome[],
  guards: readonly Guard<never>[],
  auth: Auth,
  { order, needsEvery }: Combination,
): Outcome {
  const unknown = outcomes.find((outcome) => outcome instanceof Unknown)
  if (unknown !== undefined) return unknown
  const refusals = outcomes.filter((outcome) => outcome !== undefined) as readonly AuthError[]
  const kind = order.find((it) => refusals.some((refusal) => kindOf(refusal) === it))
  const alike = refusals.filter((refusal) => kindOf(refusal) === kind)
  if (kind === 'scope') return missingScopes(alike, auth, needsEvery ? scopesOf(...guards) : [])
  if (kind === 'new_token' && needsEvery) return loginForEvery(alike)
  return alike[0]
}

/** A token that is refused altogether comes first, as it needs more than a login. */
function loginForEvery(refusals: readonly AuthError[]): AuthError | undefined {
  const other = refusals.find(({ reason }) => reason !== 'step_up')
  return other ?? loginForAll(refusals)
}

function kindOf(refusal: AuthError): Kind {
  const { reason } = refusal
  if (reason === 'scope' || reason === 'authorization_details') return reason
  return helpsNewToken(refusal) ? 'new_token' : 'nothing'
}

function conclusion(outcome: Outcome): true {
  if (outcome === undefined) return true
  throw outcome instanceof Unknown ? outcome.error : outcome
}
