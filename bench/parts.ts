import { guardPart, type GuardResult } from './guards.ts'
import { floodPart, type FloodResult } from './flood.ts'
import { type GrowthChart, growthPart } from './growth.ts'
import { httpPart, type HttpResult } from './http.ts'
import { profilePart, type ProfileResult } from './http-profile.ts'
import { importPart, type ImportResult, sizePart, type SizeResult } from './imports.ts'
import type { Effort, Timings } from './measure.ts'
import { memoryPart, type MemoryResult } from './memory.ts'
import { seenPart } from './seen.ts'
import { verifyAlgorithms, verifyPart } from './verify.ts'

/** What every part found. A part that never ran on this Node is not there. */
export interface Results {
  readonly verify?: Readonly<Record<string, Timings>>
  readonly seen?: Timings
  readonly http?: readonly HttpResult[]
  readonly profile?: ProfileResult
  readonly memory?: readonly MemoryResult[]
  readonly import?: { readonly imports: readonly ImportResult[]; readonly sizes: readonly SizeResult[] }
  readonly guards?: readonly GuardResult[]
  readonly flood?: readonly FloodResult[]
  readonly growth?: readonly GrowthChart[]
}

export type PartName = keyof Results

/** How the benchmarks are run. */
export interface RunOptions {
  readonly quick: boolean
  readonly clock: Effort['clock']
}

/** A piece of work for a process of its own, so that one part's types and garbage do not slow another. */
export interface Task {
  readonly part: PartName
  readonly variant?: string
  readonly flags: readonly string[]
}

export const tasks: readonly Task[] = [
  ...verifyAlgorithms.map((variant) => ({ part: 'verify' as const, variant, flags: [] })),
  { part: 'seen', flags: [] },
  { part: 'http', flags: [] },
  { part: 'profile', flags: [] },
  { part: 'memory', flags: ['--expose-gc'] },
  { part: 'import', flags: [] },
  { part: 'guards', flags: ['--expose-gc', '--max-semi-space-size=512'] },
  { part: 'flood', flags: [] },
  { part: 'growth', flags: [] },
]

/** Does one task in this process. */
export async function runTask(
  { part, variant }: Pick<Task, 'part' | 'variant'>,
  options: RunOptions,
): Promise<unknown> {
  const { quick, clock } = options
  const effort: Effort = quick ? { rounds: 7, slice: 5, clock } : { rounds: 41, slice: 25, clock }
  switch (part) {
    case 'verify': {
      const algorithm = verifyAlgorithms.find((name) => name === variant)
      if (algorithm === undefined) throw new Error(`no such algorithm: ${variant ?? ''}`)
      return { [algorithm]: await verifyPart(algorithm, effort) }
    }
    case 'seen':
      return seenPart(effort)
    case 'http':
      return httpPart(
        quick
          ? { launches: 1, rounds: 3, milliseconds: 200, warmUp: 800 }
          : { launches: 5, rounds: 3, milliseconds: 250, warmUp: 2000 },
      )
    case 'profile':
      return profilePart({ warmUp: quick ? 800 : 4000, milliseconds: quick ? 1000 : 8000 })
    case 'memory':
      return memoryPart(quick ? 1000 : 10_000)
    case 'import':
      return { imports: importPart(quick ? 3 : 25), sizes: sizePart() }
    case 'guards':
      return guardPart(quick ? 100_000 : 1_000_000)
    case 'flood':
      return floodPart(quick ? 400 : 3000)
    case 'growth':
      return growthPart(quick ? effort : { ...effort, rounds: 21, slice: 10 })
  }
}
