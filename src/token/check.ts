import { type RefusalDetail, shownDetail } from '../detail.ts'
import { InvalidTokenError, isAuthError, type TokenFailure } from '../errors.ts'
import type { MaybePromise } from '../types.ts'

/** One decision about a token: it passes, or it is refused for one reason. */
export interface Check<S> {
  /** What is checked, for the trace. */
  readonly name: string
  readonly reason: TokenFailure
  readonly passes: (subject: S) => boolean
  /** What the configuration asks for and what the token has, whether it passes or not; the hint is for a refusal. */
  readonly facts: (subject: S) => RefusalDetail
}

/** One step of the verification of one token, as it was decided. */
export interface TraceStep extends RefusalDetail {
  readonly name: string
  readonly ok: boolean
}

/** Receives every step in order, as it is decided. */
export type Trace = (step: TraceStep) => void

/** Runs checks in order. @throws {InvalidTokenError} of the first that does not pass */
export function runChecks<S>(checks: readonly Check<S>[], subject: S, trace?: Trace): void {
  for (const check of checks) {
    const ok = check.passes(subject)
    if (trace !== undefined) trace({ ...shownFacts(check, subject, ok), name: check.name, ok })
    if (!ok) throw new InvalidTokenError(check.reason, { detail: () => check.facts(subject) })
  }
}

/** A check that passes needs no hint. */
function shownFacts<S>(check: Check<S>, subject: S, ok: boolean): RefusalDetail {
  const facts = check.facts(subject)
  if (!ok) return shownDetail(facts)
  const { hint: _hint, ...others } = facts
  return shownDetail(others)
}

/** Runs a step that refuses by throwing, and adds it to the trace when there is one. */
export function traced<T>(
  name: string,
  trace: Trace | undefined,
  step: () => MaybePromise<T>,
): MaybePromise<T> {
  if (trace === undefined) return step()
  const result = failing(name, trace, step)
  if (!(result instanceof Promise)) return passed(name, trace, result)
  return result.then(
    (value) => passed(name, trace, value),
    (error: unknown) => failed(name, trace, error),
  )
}

/** As {@link traced}, for a step that never waits. */
export function tracedNow<T>(name: string, trace: Trace | undefined, step: () => T): T {
  return trace === undefined ? step() : passed(name, trace, failing(name, trace, step))
}

function failing<T>(name: string, trace: Trace, step: () => T): T {
  try {
    return step()
  } catch (error) {
    return failed(name, trace, error)
  }
}

function passed<T>(name: string, trace: Trace, value: T): T {
  trace({ name, ok: true })
  return value
}

function failed(name: string, trace: Trace, error: unknown): never {
  trace({ ...(isAuthError(error) ? error.detail : {}), name, ok: false })
  throw error
}
