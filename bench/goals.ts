import { baselineName } from './baseline.ts'
import { againName, type HttpResult } from './http.ts'
import { ownName } from './library.ts'
import type { Spread } from './measure.ts'
import type { Run, Timed } from './results.ts'
import type { SenderResult } from './sender.ts'

/** One goal, and how far a run is from it. */
export interface Goal {
  readonly name: string
  readonly ratio: Spread
  readonly limit: string
  /** Unclear: the bounds of the median do not say on which side of the limit it is. */
  readonly verdict: 'met' | 'missed' | 'unclear'
}

const neverSeen = { RS256: 'RS256', ES256: 'ES256', EdDSA: 'Ed25519' }
const limits = { neverSeen: 1.05, seen: 1.1, bearer: 1.02, proof: 1.3 }

/** Parts of the throughput. Less always counts as noise; with more, no goal counts as met. */
const noiseBounds = { least: 0.02, most: 0.1 }

/** Compares what a run found with the goals. A part that was not run has none. */
export function goals({ machine, results }: Run): readonly Goal[] {
  const { verify, seen, sender, http = [] } = results
  return [
    ...Object.entries(neverSeen).flatMap(([algorithm, name]) =>
      atMost(limits.neverSeen, `${name}, never seen`, verify?.[algorithm]),
    ),
    ...atMost(limits.seen, 'seen before', seen),
    ...(sender === undefined ? [] : ofSender(sender)),
    ...throughput(http, machine.clock === 'processor' ? 'baselineByProcessor' : 'baseline'),
  ]
}

/** Time of the ways that adapters take. */
function atMost(limit: number, name: string, found: readonly Timed[] = []): Goal[] {
  const start = `${ownName}, in an adapter`
  return found.flatMap((timed) => {
    if (timed.baseline === undefined || !timed.name.startsWith(start)) return []
    const ratio = timed.baseline
    const way = timed.name.slice(start.length)
    return {
      name: name + way,
      ratio,
      limit: `at most ${limit.toFixed(2)}`,
      verdict: verdictOf(ratio.low > limit, ratio.high <= limit),
    }
  })
}

/** What a proof costs beyond a Bearer request, in checks of a signature; and what the option costs such a request. */
function ofSender({ beyondBearer, bearerOn }: SenderResult): Goal[] {
  const goal = (name: string, ratio: Spread, limit: number): Goal => ({
    name,
    ratio,
    limit: `at most ${limit.toFixed(2)}`,
    verdict: verdictOf(ratio.low > limit, ratio.high <= limit),
  })
  return [
    goal('a proof of DPoP, in checks of a signature', beyondBearer, limits.proof),
    goal('Bearer, dpop on / off', bearerOn, limits.bearer),
  ]
}

/** Throughput of each framework: no further below the baseline's than a second copy of the baseline may be. */
function throughput(http: readonly HttpResult[], ratioName: 'baseline' | 'baselineByProcessor'): Goal[] {
  const full = http.filter(({ inFlight }) => inFlight === 64)
  const differences = full.flatMap(({ server, [ratioName]: ratio }) =>
    server === againName && ratio !== undefined ? Math.abs(1 - ratio.median) : [],
  )
  const noise = Math.max(noiseBounds.least, ...differences)
  const least = 1 - Math.min(noise, noiseBounds.most)
  return full.flatMap(({ framework, server, [ratioName]: ratio }) => {
    if (server !== ownName || ratio === undefined) return []
    const met = ratio.low >= least && noise <= noiseBounds.most
    const name = `HTTP throughput, ${framework}`
    return { name, ratio, limit: `at least ${least.toFixed(2)}`, verdict: verdictOf(ratio.high < least, met) }
  })
}

function verdictOf(missed: boolean, met: boolean): Goal['verdict'] {
  if (missed) return 'missed'
  return met ? 'met' : 'unclear'
}

/** The goals as lines of text, for the end of a run. */
export function goalLines(goals: readonly Goal[]): string {
  const lines = goals.map(({ name, ratio, limit, verdict }) =>
    [verdict.padEnd(7), ratioText(ratio).padEnd(20), limit.padEnd(14), name].join(' '),
  )
  return [`This library / ${baselineName}: median and its bounds, goal`, ...lines].join('\n')
}

export function ratioText({ median, low, high }: Spread): string {
  return `${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`
}
