import { type ChildProcess, fork } from 'node:child_process'
import { createTestIssuer } from 'oauth-resource-server/testing'
import type { LoadReport } from './http-load.ts'
import { type IssuerPlace, serverNames } from './http-servers.ts'
import { median, shuffled } from './measure.ts'
import { audience, commonClaims } from './tokens.ts'

/** How one server did, for one number of requests in flight. */
export interface HttpResult {
  readonly server: string
  readonly inFlight: number
  /** Median over the rounds. */
  readonly requestsPerSecond: number
  /** Microseconds of processor time the server had for one request; median over the rounds. */
  readonly processorMicroseconds: number
  /** Throughput as a part of the bare framework's in the same round; median over the rounds. */
  readonly kept: number
  /** The bare framework's processor time for one request as a part of this server's, likewise. */
  readonly keptByProcessor: number
}

/** How long to measure HTTP servers. */
export interface HttpEffort {
  /** How many times each is started anew. */
  readonly launches: number
  /** Of each launch. */
  readonly rounds: number
  readonly milliseconds: number
  /** Milliseconds each is loaded first, since V8 goes on optimising for more than a second. */
  readonly warmUp: number
}

/** What one slice of load took. */
export interface Sample {
  /** Requests. */
  readonly perSecond: number
  /** Microseconds of processor time for one request. */
  readonly processor: number
}

/** What servers are told, and what loads them. */
export interface Setting {
  readonly place: IssuerPlace
  readonly tokens: readonly string[]
  readonly generator: ChildProcess
}

const inFlight = [1, 64] as const

/** Loads every server in turn, round by round; each is a process of its own, and so is the load generator. */
export async function httpPart(effort: HttpEffort): Promise<readonly HttpResult[]> {
  const samples = new Map<string, Sample[]>()
  await withIssuer(async (setting) => {
    for (let launch = 0; launch < effort.launches; launch++) await launched(effort, setting, samples)
  })
  return inFlight.flatMap((connections) => serverNames.map((name) => summary(samples, name, connections)))
}

/** Lends an issuer with tokens, and a load generator. */
export async function withIssuer(use: (setting: Setting) => Promise<void>): Promise<void> {
  const issuer = await createTestIssuer({ audience, algorithms: ['RS256'] })
  const issuerServer = await issuer.listen()
  const place = { issuer: issuer.issuer, audience, jwksUri: issuerServer.jwksUri }
  const tokens = await Promise.all(
    Array.from({ length: 200 }, (_, index) => issuer.sign(commonClaims(index))),
  )
  const generator = child('./http-load.ts')
  try {
    await use({ place, tokens, generator })
  } finally {
    generator.kill()
    await issuerServer.close()
  }
}

/**
 * V8 collects garbage to reduce memory once a process has had little to do for some seconds. Here every server waits
 * while the others have their turn, so such collections, and the work they leave behind, would fall into the slices
 * of some servers and not of others, which made them a quarter slower. Under lasting load there are none.
 */
const serverFlags = ['--no-memory-reducer']

/** A server that runs. */
export interface RunningServer {
  readonly name: string
  /** Loads it, and tells what it took. */
  readonly load: (connections: number, milliseconds: number) => Promise<Sample>
  readonly ask: <T>(question: string) => Promise<T>
  readonly end: () => void
}

/** Starts one of the servers in a process of its own. */
export async function launch(name: string, { place, tokens, generator }: Setting): Promise<RunningServer> {
  const server = child('./http-server.ts', serverFlags)
  const { port } = await ask<{ port: number }>(server, { name, issuer: place })
  return {
    name,
    async load(connections, milliseconds) {
      const before = await ask<{ seconds: number }>(server, 'usage')
      const order = { port, connections, tokens, milliseconds }
      const { requests, seconds } = await ask<LoadReport>(generator, order)
      const after = await ask<{ seconds: number }>(server, 'usage')
      return {
        perSecond: requests / seconds,
        processor: ((after.seconds - before.seconds) * 1e6) / requests,
      }
    },
    ask: (question) => ask(server, question),
    end: () => server.kill(),
  }
}

/** One launch of every server: two processes that run the same program differ by some per cent. */
async function launched(
  { rounds, milliseconds, warmUp }: HttpEffort,
  setting: Setting,
  samples: Map<string, Sample[]>,
): Promise<void> {
  const running = await Promise.all(serverNames.map((name) => launch(name, setting)))
  try {
    for (const server of running) await server.load(64, warmUp)
    for (let round = 0; round < rounds; round++) {
      for (const connections of inFlight) {
        for (const server of shuffled(running)) {
          const key = `${server.name}|${connections}`
          const sample = await server.load(connections, milliseconds)
          samples.set(key, [...(samples.get(key) ?? []), sample])
        }
      }
    }
  } finally {
    for (const server of running) server.end()
  }
}

function summary(
  samples: ReadonlyMap<string, readonly Sample[]>,
  server: string,
  connections: number,
): HttpResult {
  const mine = samples.get(`${server}|${connections}`) as readonly Sample[]
  const bare = samples.get(`${server.split(':', 1)[0]}: bare|${connections}`) as readonly Sample[]
  const against = (part: (mine: Sample, bare: Sample) => number): number =>
    median(mine.map((sample, round) => part(sample, bare[round] as Sample)))
  return {
    server,
    inFlight: connections,
    requestsPerSecond: against((sample) => sample.perSecond),
    processorMicroseconds: against((sample) => sample.processor),
    kept: against((sample, floor) => sample.perSecond / floor.perSecond),
    keptByProcessor: against((sample, floor) => floor.processor / sample.processor),
  }
}

function child(file: string, flags: readonly string[] = []): ChildProcess {
  return fork(new URL(file, import.meta.url), {
    execArgv: [...process.execArgv, ...flags],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
}

function ask<T>(process: ChildProcess, question: object | string): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error('a process of the benchmark ended early; the reason is above'))
    process.once('exit', ended)
    process.once('message', (answer) => {
      process.off('exit', ended)
      resolve(answer as T)
    })
    process.send(question)
  })
}
