import { parseArgs } from 'node:util'
import { buildBaseline } from '../baseline.ts'
import { httpPart } from '../http.ts'
import type { Effort } from '../measure.ts'
import { floodPart } from './flood.ts'
import { growthPart } from './growth.ts'
import { profilePart } from './http-profile.ts'
import { importPart, sizePart } from './imports.ts'
import * as report from './report.ts'
import { stepsStudy } from './steps.ts'

/** Studies answer one question each. They print what they find, and `growth` draws the charts of docs/evidence/. */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false } },
})
const { quick } = values
const effort: Effort = { rounds: quick ? 7 : 21, slice: quick ? 5 : 10, clock: 'wall' }

const studies: Readonly<Record<string, () => Promise<string> | string>> = {
  growth: async () => report.growth(await growthPart(effort), !quick),
  steps: async () => report.steps(await stepsStudy(effort)),
  flood: async () => report.flood(await floodPart(quick ? 400 : 3000)),
  floors,
  profile: async () =>
    report.profile(await profilePart({ warmUp: quick ? 800 : 4000, milliseconds: quick ? 1000 : 8000 })),
  imports: () => report.imports(importPart(quick ? 3 : 25), sizePart()),
}

/** How much of a framework's throughput hooks keep that do the least. */
async function floors(): Promise<string> {
  const baseline = buildBaseline()
  const servers = [new URL('./floor-servers.ts', import.meta.url)]
  try {
    const times = quick
      ? { launches: 1, rounds: 3, milliseconds: 120, warmUp: 700 }
      : { launches: 5, rounds: 3, milliseconds: 250, warmUp: 2000 }
    return report.floors(await httpPart({ ...times, inFlight: [64] }, baseline.folder, servers))
  } finally {
    baseline.remove()
  }
}

const unknown = positionals.find((name) => !Object.hasOwn(studies, name))
if (positionals.length === 0 || unknown !== undefined)
  throw new TypeError(`npm run bench:study -- NAME, one of ${Object.keys(studies).join(', ')}`)
for (const name of positionals) console.log(await studies[name]?.())
