import { once } from 'node:events'
import { libraries, outcomeOf, type Trust, type Verify } from './libraries.ts'

/** What became of requests sent at the same time. */
export interface Crowd {
  /** `200`, or what the library threw, and how often. */
  readonly outcomes: Readonly<Record<string, number>>
  /** Milliseconds until the slowest had its answer. */
  readonly slowest: number
}

/** Longest a request is waited for. */
export const patience = 10_000

/** An order of the parent: move the clock, make a new verifier, or verify tokens at the same time. */
export type Order =
  | { readonly do: 'advance'; readonly seconds: number }
  | { readonly do: 'renew' }
  | { readonly do: 'verify'; readonly tokens: readonly string[] }

let ahead = 0
const [realDate, realPerformance] = [Date.now.bind(Date), performance.now.bind(performance)]
// Some libraries measure age by the one, some by the other.
Date.now = () => realDate() + ahead
performance.now = () => realPerformance() + ahead

async function verifyAll(verify: Verify, tokens: readonly string[]): Promise<Crowd> {
  const outcomes: Record<string, number> = {}
  const begun = realDate()
  await Promise.all(
    tokens.map(async (token) => {
      const late = new Promise<string>((resolve) => void setTimeout(resolve, patience, 'no answer').unref())
      const answer = verify(token).then(() => '200', outcomeOf)
      const outcome = await Promise.race([answer, late])
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    }),
  )
  return { outcomes, slowest: realDate() - begun }
}

const [library = '', trust = '{}'] = process.argv.slice(2)
const make = libraries[library] as (trust: Trust) => Verify
const fresh = (): Verify => make(JSON.parse(trust) as Trust)
let verify = fresh()

// Some libraries leave promises behind that nobody handles; that is noted, not the end.
process.on('unhandledRejection', () => process.send?.({ unhandled: true }))
process.on('disconnect', () => process.exit(0))
process.send?.({ ready: true })
for (;;) {
  const [order] = (await once(process, 'message')) as [Order]
  if (order.do === 'advance') ahead += order.seconds * 1000
  if (order.do === 'renew') verify = fresh()
  process.send?.({ answer: order.do === 'verify' ? await verifyAll(verify, order.tokens) : null })
}
