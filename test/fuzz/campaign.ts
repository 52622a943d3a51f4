import type { FuzzCase } from './case.ts'
import { randomBytes } from './choices.ts'
import { caseFrom } from './mutate.ts'
import { judge, type Outcome } from './referee.ts'

/** A case that led to what no case may lead to. */
export interface Found {
  readonly what: string
  readonly from: FuzzCase
}

/** What a number of cases came to. */
export interface Campaign {
  readonly found: readonly Found[]
  /** How often each pair of verdicts was seen. */
  readonly verdicts: ReadonlyMap<string, number>
  /** How often each documented difference was met. */
  readonly differences: ReadonlyMap<string, number>
}

/** Bytes one case is decided by. */
export const caseLength = 96

/** Judges as many cases as asked for; the same seed makes the same cases. */
export async function campaign(seed: number, cases: number): Promise<Campaign> {
  const random = randomBytes(seed)
  const found: Found[] = []
  const verdicts = new Map<string, number>()
  const differences = new Map<string, number>()
  for (let count = 0; count < cases; count++) {
    const from = caseFrom(random(caseLength))
    const outcome = await judgeOrTell(from)
    if ('what' in outcome) {
      found.push(outcome)
      continue
    }
    const { ours, jose, difference } = outcome
    add(verdicts, `${ours}, jose: ${jose}`)
    if (difference !== undefined) add(differences, difference)
  }
  return { found, verdicts, differences }
}

/** The outcome of a case, or what is wrong with it: a finding, or any error that nobody foresaw. */
export async function judgeOrTell(from: FuzzCase): Promise<Outcome | Found> {
  try {
    return await judge(from)
  } catch (error) {
    return { what: error instanceof Error ? `${error.name}: ${error.message}` : String(error), from }
  }
}

function add(tally: Map<string, number>, name: string): void {
  tally.set(name, (tally.get(name) ?? 0) + 1)
}
