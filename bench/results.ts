import { baselineName } from './baseline.ts'
import { floorName } from './floor.ts'
import type { GuardResult } from './guards.ts'
import type { HttpResult } from './http.ts'
import { ownName } from './library.ts'
import type { Machine } from './machine.ts'
import { median, ratio, type Spread, type Timings } from './measure.ts'
import type { MemoryResult } from './memory.ts'
import type { SenderResult } from './sender.ts'

/** What one contender took. */
export interface Timed {
  readonly name: string
  readonly microseconds: number
  /** As a multiple of `crypto.verify`, where that was measured in the same rounds. */
  readonly floor?: number
  /** As a multiple of what the baseline took in the same round, for this library. */
  readonly baseline?: Spread
}

/** What every part found. */
export interface Results {
  readonly verify?: Readonly<Record<string, readonly Timed[]>> | undefined
  readonly seen?: readonly Timed[] | undefined
  readonly revocation?: readonly Timed[] | undefined
  readonly sender?: SenderResult | undefined
  readonly guards?: readonly GuardResult[] | undefined
  readonly memory?: readonly MemoryResult[] | undefined
  readonly http?: readonly HttpResult[] | undefined
}

/** What the latest run on one Node version found. */
export interface Run {
  readonly machine: Machine
  readonly results: Results
}

/** Medians of timings, and their ratios. */
export function timed(timings: Timings): readonly Timed[] {
  return Object.entries(timings).map(([name, values]) => {
    const counterpart = name.replace(ownName, baselineName)
    return {
      name,
      microseconds: median(values) / 1000,
      ...(floorName in timings && { floor: ratio(timings, name, floorName).median }),
      ...(counterpart !== name && { baseline: ratio(timings, name, counterpart) }),
    }
  })
}
