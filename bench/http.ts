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
}

interface Sample {
  readonly perSecond: number
  readonly processor: number
}

/** What one launch of the servers needs, and where it leaves what it found. */
interface Launch {
  readonly place: IssuerPlace
  readonly tokens: readonly string[]
  readonly generator: ChildProcess
  readonly samples: Map<string, Sample[]>
}

const inFlight = [1, 64] as const

/** Loads every server in turn, round by round; each is a process of its own, and so is the load generator. */
export async function httpPart(effort: HttpEffort): Promise<readonly HttpResult[]> {
  const issuer = await createTestIssuer({ audience, algorithms: ['RS256'] })
  const issuerServer = await issuer.listen()
  const place = { issuer: issuer.issuer, audience, jwksUri: issuerServer.jwksUri }
  const tokens = await Promise.all(
    Array.from({ length: 200 }, (_, index) => issuer.sign(commonClaims(index))),
  )
  const generator = child('./http-load.ts')
  const samples = new Map<string, Sample[]>()
  try {
    for (let launch = 0; launch < effort.launches; launch++) {
      await launched(effort, { place, tokens, generator, samples })
    }
  } finally {
    generator.kill()
    await issuerServer.close()
  }
  return inFlight.flatMap((connections) => serverNames.map((name) => summary(samples, name, connections)))
}

/** One launch of every server: two processes that run the same program differ by some per cent. */
async function launched(
  { rounds, milliseconds }: HttpEffort,
  { place, tokens, generator, samples }: Launch,
): Promise<void> {
  const running = await Promise.all(
    serverNames.map(async (name) => {
      const server = child('./http-server.ts')
      const { port } = await ask<{ port: number }>(server, { name, issuer: place })
      return { name, server, port }
    }),
  )
  try {
    for (let round = -1; round < rounds; round++) {
      for (const connections of inFlight) {
        for (const { name, server, port } of shuffled(running)) {
          const before = await ask<{ seconds: number }>(server, 'usage')
          const order = { port, connections, tokens, milliseconds: milliseconds * (round < 0 ? 4 : 1) }
          const { requests, seconds } = await ask<LoadReport>(generator, order)
          const after = await ask<{ seconds: number }>(server, 'usage')
          if (round < 0) continue
          const key = `${name}|${connections}`
          const sample = {
            perSecond: requests / seconds,
            processor: ((after.seconds - before.seconds) * 1e6) / requests,
          }
          samples.set(key, [...(samples.get(key) ?? []), sample])
        }
      }
    }
  } finally {
    for (const { server } of running) server.kill()
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

function child(file: string): ChildProcess {
  return fork(new URL(file, import.meta.url), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
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
