import { baselineName, root } from './baseline.ts'
import type { Apps } from './http-apps.ts'
import { launch, type Sample, type Setting, withIssuer } from './http-process.ts'
import { ownName } from './library.ts'
import { median, shuffled, spread, type Spread } from './measure.ts'

/** How one server did, for one number of requests in flight. */
export interface HttpResult {
  readonly framework: string
  readonly server: string
  readonly inFlight: number
  /** Median over the rounds, like all that follow. */
  readonly requestsPerSecond: number
  /** Microseconds of processor time the server had for one request. */
  readonly processorMicroseconds: number
  /** Throughput as a part of the bare framework's in the same round. */
  readonly kept: number
  /** Throughput as a part of the baseline's in the same round. */
  readonly baseline?: Spread
  /** The baseline's processor time for one request as a part of this server's. */
  readonly baselineByProcessor?: Spread
}

/** How long to measure HTTP servers. */
export interface HttpEffort {
  /** How many times each is started anew: two processes that run the same program differ by some per cent. */
  readonly launches: number
  /** Of each launch. */
  readonly rounds: number
  readonly milliseconds: number
  /** Milliseconds each is loaded first, since V8 goes on optimising for more than a second. */
  readonly warmUp: number
  readonly inFlight: readonly number[]
}

/** The baseline once more: what it differs by from itself is noise. */
export const againName = `${baselineName} again`

const frameworks = ['express', 'koa', 'fastify', 'hono'] as const
const bareName = 'bare'

interface Server {
  readonly framework: string
  readonly name: string
  readonly module: string
  readonly app: string
  readonly library: string
}

type Samples = Map<string, Sample[]>

/**
 * Loads the servers of one framework in turn, round by round; each is a process of its own, and so is the load
 * generator.
 *
 * @param others modules with more applications to compare
 */
export async function httpPart(
  effort: HttpEffort,
  baseline: string,
  others: readonly URL[],
): Promise<readonly HttpResult[]> {
  const groups = await Promise.all(frameworks.map((framework) => serversOf(framework, baseline, others)))
  const samples: Samples = new Map()
  await withIssuer(async (setting) => {
    for (let time = 0; time < effort.launches; time++) {
      for (const group of shuffled(groups)) await launched(group, effort, setting, samples)
    }
  })
  return effort.inFlight.flatMap((connections) =>
    groups.flat().map((server) => summary(samples, server, connections)),
  )
}

async function serversOf(framework: string, baseline: string, others: readonly URL[]): Promise<Server[]> {
  const module = new URL('./http-servers.ts', import.meta.url).href
  const servers: Server[] = [
    { framework, name: bareName, module, app: `${framework}: ${bareName}`, library: root },
    { framework, name: ownName, module, app: framework, library: root },
    { framework, name: baselineName, module, app: framework, library: baseline },
    { framework, name: againName, module, app: framework, library: baseline },
  ]
  for (const { href } of others) {
    const { apps } = (await import(href)) as { apps: Apps }
    for (const app of Object.keys(apps)) {
      const [owner, name = ''] = app.split(': ')
      if (owner === framework) servers.push({ framework, name, module: href, app, library: root })
    }
  }
  return servers
}

async function launched(
  servers: readonly Server[],
  { rounds, milliseconds, warmUp, inFlight }: HttpEffort,
  setting: Setting,
  samples: Samples,
): Promise<void> {
  const running = await Promise.all(
    servers.map(async (server) => ({ server, ...(await launch(server, setting)) })),
  )
  try {
    for (const { load } of running) await load(64, warmUp)
    for (let round = 0; round < rounds; round++) {
      for (const connections of inFlight) {
        for (const { server, load } of shuffled(running)) {
          const key = keyOf(server, connections)
          samples.set(key, [...(samples.get(key) ?? []), await load(connections, milliseconds)])
        }
      }
    }
  } finally {
    for (const { end } of running) end()
  }
}

function summary(samples: Samples, server: Server, inFlight: number): HttpResult {
  const { framework, name } = server
  const of = (name: string): readonly Sample[] => samples.get(keyOf({ framework, name }, inFlight)) ?? []
  const mine = of(name)
  /** One ratio for each round. */
  const against = (other: string, part: (mine: Sample, other: Sample) => number): readonly number[] =>
    mine.map((sample, round) => part(sample, of(other)[round] as Sample))
  const throughput = (mine: Sample, other: Sample): number => mine.perSecond / other.perSecond
  const processor = (mine: Sample, other: Sample): number => other.processor / mine.processor
  return {
    framework,
    server: name,
    inFlight,
    requestsPerSecond: median(mine.map((sample) => sample.perSecond)),
    processorMicroseconds: median(mine.map((sample) => sample.processor)),
    kept: median(against(bareName, throughput)),
    ...((name === ownName || name === againName) && {
      baseline: spread(against(baselineName, throughput)),
      baselineByProcessor: spread(against(baselineName, processor)),
    }),
  }
}

function keyOf({ framework, name }: Pick<Server, 'framework' | 'name'>, inFlight: number): string {
  return `${framework}|${name}|${inFlight}`
}
