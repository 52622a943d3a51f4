import { LRUCache } from 'lru-cache'
import { isAuthError } from 'oauth-resource-server'
import type { RequestTrace } from 'oauth-resource-server/testing'
import type { Step } from './protocol.ts'

/** A trace as text, which can be sent to another process. */
export interface Trace {
  readonly steps: readonly Step[]
  /** The status that the trace leads to; 200 stands for every successful one. */
  readonly status: number
  /** `reason` of the error. */
  readonly reason?: string
}

/** The traces of calls whose responses are still on their way. */
export interface Traces {
  put(id: string, trace: Trace): void
  /** Waits for a trace that is late. @returns `undefined` when none came within a second */
  take(id: string): Promise<Trace | undefined>
}

/** Milliseconds. A trace of another process comes by another way than the response. */
const latest = 1000

/** Traces that nobody has taken. Newer ones replace the oldest. */
const most = 100

/** Keeps traces until they are taken. */
export function makeTraces(): Traces {
  const there = new LRUCache<string, Trace>({ max: most })
  const awaited = new Map<string, (trace: Trace | undefined) => void>()
  return {
    put(id, trace) {
      const deliver = awaited.get(id)
      if (deliver !== undefined) {
        deliver(trace)
        return
      }
      there.set(id, trace)
    },
    async take(id) {
      const trace = there.get(id)
      if (there.delete(id)) return trace
      return new Promise((resolve) => {
        const timer = setTimeout(deliver, latest)
        function deliver(late?: Trace): void {
          clearTimeout(timer)
          awaited.delete(id)
          resolve(late)
        }
        awaited.set(id, deliver)
      })
    },
  }
}

/** Writes a trace of the core as text. */
export function asText({ steps, error }: RequestTrace): Trace {
  return {
    steps: steps.map(({ name, ok, claim, expected, actual, hint }) => ({
      name,
      ok,
      ...(claim !== undefined && { claim }),
      ...(expected !== undefined && { expected: textOf(expected) }),
      ...(actual !== undefined && { actual: textOf(actual) }),
      ...(hint !== undefined && { hint }),
    })),
    status: error === undefined ? 200 : isAuthError(error) ? error.status : 500,
    ...(isAuthError(error) && { reason: error.reason }),
  }
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
