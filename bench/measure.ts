/** Something that is measured together with others. */
export interface Contender {
  readonly name: string
  /** Makes the inputs of one slice; not timed. */
  readonly inputs: (count: number) => readonly unknown[]
  /** The call that is timed. Its promise is awaited where it returns one. */
  readonly call: (input: never) => unknown
}

/** How long to measure. */
export interface Effort {
  readonly rounds: number
  /** Milliseconds one contender runs in one round. */
  readonly slice: number
  /** Time that passed, or time this process had a processor: the latter where others keep the machine busy. */
  readonly clock: 'wall' | 'processor'
}

/** Nanoseconds per call of every contender, one number for each round. */
export type Timings = Readonly<Record<string, readonly number[]>>

/**
 * Measures contenders side by side: in every round each has one slice, in an order of its own, so that whatever
 * disturbs the machine disturbs all of them alike.
 */
export async function interleaved(contenders: readonly Contender[], effort: Effort): Promise<Timings> {
  const counts = new Map<Contender, number>()
  for (const contender of contenders) counts.set(contender, await calibrated(contender, effort))
  const timings = new Map(contenders.map(({ name }) => [name, [] as number[]]))
  for (let round = -2; round < effort.rounds; round++) {
    for (const contender of shuffled(contenders)) {
      const nanoseconds = await slice(contender, counts.get(contender) as number, effort.clock)
      if (round >= 0) timings.get(contender.name)?.push(nanoseconds)
    }
  }
  return Object.fromEntries(timings)
}

/** Warms a contender up, and finds how many calls fill a slice. */
async function calibrated(contender: Contender, effort: Effort): Promise<number> {
  let count = batch
  for (let warm = 0; warm < 4;) {
    const perCall = await slice(contender, count, effort.clock)
    const fitting = Math.ceil((effort.slice * 1e6) / perCall)
    if (fitting < count * 2) warm++
    count = Math.max(batch, Math.min(fitting, count * 2, 200_000))
    if (count === 200_000) warm++
  }
  return count
}

/** Inputs made at a time: few, so that they are as warm as what an HTTP parser has just delivered. */
const batch = 64

async function slice({ inputs, call }: Contender, count: number, clock: Effort['clock']): Promise<number> {
  const now = clock === 'wall' ? wallTime : processorTime
  let elapsed = 0
  let done = 0
  while (done < count) {
    const given = inputs(batch)
    const start = now()
    for (const input of given) {
      const result = call(input as never)
      // A promise is waited for; a value is not, because that would cost a turn of its own.
      if (result instanceof Promise) await result
    }
    elapsed += now() - start
    done += given.length
  }
  return elapsed / done
}

function wallTime(): number {
  return performance.now() * 1e6
}

function processorTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) * 1000
}

export function shuffled<T>(items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item)
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2
}

/** The median of a sample, and the bounds that contain the true median 19 times of 20. */
export interface Spread {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** Takes the bounds from the ranks on both sides of the median, whatever the distribution is. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const last = sorted.length - 1
  const distance = Math.ceil(0.98 * Math.sqrt(sorted.length))
  const at = (rank: number): number => sorted[Math.min(last, Math.max(0, rank))] ?? Number.NaN
  const low = at(Math.floor(last / 2) - distance)
  const high = at(Math.ceil(last / 2) + distance)
  return { median: median(values), low, high }
}

/** What the contender took in a round, divided by what the other took in the same round. */
export function ratio(timings: Timings, name: string, other: string): Spread {
  const below = timings[other] ?? []
  return spread((timings[name] ?? []).map((value, round) => value / (below[round] as number)))
}
