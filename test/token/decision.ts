import { InvalidTokenError } from '../../src/errors.ts'
import type { Trace, TraceStep } from '../../src/token/check.ts'

/** What a check comes to: undefined, or the reason of the refusal. */
export function outcome(check: () => void): string | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    if (!(error instanceof InvalidTokenError)) throw error
    return error.reason
  }
}

/** The steps that a check adds to a trace, up to a refusal. */
export function stepsOf(check: (trace: Trace) => unknown): TraceStep[] {
  const steps: TraceStep[] = []
  outcome(() => {
    check((step) => void steps.push(step))
  })
  return steps
}
