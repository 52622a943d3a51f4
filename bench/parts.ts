import { baselineName } from './baseline.ts'
import { verifyAlgorithms } from './floor.ts'
import { guardPart, type GuardResult } from './guards.ts'
import { httpPart } from './http.ts'
import { ownName } from './library.ts'
import type { Effort, Timings } from './measure.ts'
import { memoryPart } from './memory.ts'
import { type Results, timed } from './results.ts'
import { revocationPart } from './revocation.ts'
import { seenPart } from './seen.ts'
import { senderPart, senderResult } from './sender.ts'
import { verifyPart } from './verify.ts'

/** How the benchmarks are run. */
export interface RunOptions {
  readonly quick: boolean
  readonly clock: Effort['clock']
  /** Folder of the baseline's build. */
  readonly baseline: string
}

/** A piece of work for a process of its own, so that one part's types and garbage do not slow another. */
export interface Task {
  readonly part: keyof Results
  readonly variant?: string
}

/** Does a task in a process that was started with the flags. */
export type InProcess = (task: Task, ...flags: string[]) => Promise<unknown>

/** What to do for each part. */
export const parts: {
  readonly [Part in keyof Results]-?: (inProcess: InProcess, options: RunOptions) => Promise<Results[Part]>
} = {
  async verify(inProcess, options) {
    const found: [string, ReturnType<typeof timed>][] = []
    for (const variant of verifyAlgorithms)
      found.push([variant, timed(await pooled(inProcess, { part: 'verify', variant }, options))])
    return Object.fromEntries(found)
  },
  seen: async (inProcess, options) => timed(await pooled(inProcess, { part: 'seen' }, options)),
  revocation: async (inProcess, options) => timed(await pooled(inProcess, { part: 'revocation' }, options)),
  sender: async (inProcess, options) => senderResult(await pooled(inProcess, { part: 'sender' }, options)),
  async guards(inProcess) {
    const found: GuardResult[] = []
    // Each in a process of its own: the second one in a process is called from code that fits the first.
    for (const variant of [ownName, baselineName]) {
      const flags = ['--expose-gc', '--max-semi-space-size=512']
      found.push(...((await inProcess({ part: 'guards', variant }, ...flags)) as GuardResult[]))
    }
    return found
  },
  memory: async (inProcess) => (await inProcess({ part: 'memory' }, '--expose-gc')) as Results['memory'],
  http: async (inProcess) => (await inProcess({ part: 'http' })) as Results['http'],
}

/** The rounds of several processes: what V8 makes of the same program differs from one to the next. */
async function pooled(inProcess: InProcess, task: Task, { quick }: RunOptions): Promise<Timings> {
  const pool: Record<string, number[]> = {}
  for (let time = 0; time < (quick ? 1 : 3); time++) {
    const timings = (await inProcess(task)) as Timings
    for (const [name, values] of Object.entries(timings)) (pool[name] ??= []).push(...values)
  }
  return pool
}

/** Does one task in this process. */
export async function runTask(
  { part, variant }: Task,
  { quick, clock, baseline }: RunOptions,
): Promise<unknown> {
  const effort: Effort = quick ? { rounds: 15, slice: 6, clock } : { rounds: 31, slice: 25, clock }
  switch (part) {
    case 'verify': {
      const algorithm = verifyAlgorithms.find((name) => name === variant)
      if (algorithm === undefined) throw new Error(`no such algorithm: ${variant ?? ''}`)
      return verifyPart(algorithm, baseline, effort)
    }
    case 'seen':
      return seenPart(baseline, effort)
    case 'revocation':
      return revocationPart(effort)
    case 'sender':
      return senderPart(baseline, effort)
    case 'guards':
      return guardPart(baseline, variant, quick ? 100_000 : 1_000_000)
    case 'memory':
      return memoryPart(baseline, quick ? 1000 : 10_000)
    case 'http':
      return quick
        ? httpPart({ launches: 1, rounds: 5, milliseconds: 120, warmUp: 700, inFlight: [64] }, baseline, [])
        : httpPart({ launches: 5, rounds: 5, milliseconds: 250, warmUp: 2000, inFlight: [1, 64] }, baseline, [
            new URL('./http-peers.ts', import.meta.url),
          ])
  }
}
