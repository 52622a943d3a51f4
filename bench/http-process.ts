import { type ChildProcess, fork } from 'node:child_process'
import { createTestIssuer } from 'oauth-resource-server/testing'
import type { ServerPlace } from './http-apps.ts'
import type { LoadReport } from './http-load.ts'
import type { ServerOrder } from './http-server.ts'
import { audience, commonClaims } from './tokens.ts'

/** What one slice of load took. */
export interface Sample {
  /** Requests. */
  readonly perSecond: number
  /** Microseconds of processor time for one request. */
  readonly processor: number
}

/** What servers are told, and what loads them. */
export interface Setting {
  readonly place: Omit<ServerPlace, 'library'>
  readonly tokens: readonly string[]
  readonly generator: ChildProcess
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

/** A server that runs in a process of its own. */
export interface RunningServer {
  /** Loads it, and tells what it took. */
  readonly load: (connections: number, milliseconds: number) => Promise<Sample>
  readonly ask: <T>(question: string) => Promise<T>
  readonly end: () => void
}

/** Starts an application of a module, with a build of this library. */
export async function launch(
  { module, app, library }: Pick<ServerOrder, 'module' | 'app'> & Pick<ServerPlace, 'library'>,
  { place, tokens, generator }: Setting,
): Promise<RunningServer> {
  const server = child('./http-server.ts', serverFlags)
  const order: ServerOrder = { module, app, place: { ...place, library } }
  const { port } = await ask<{ port: number }>(server, order)
  return {
    async load(connections, milliseconds) {
      const before = await ask<{ seconds: number }>(server, 'usage')
      const { requests, seconds } = await ask<LoadReport>(generator, {
        port,
        connections,
        tokens,
        milliseconds,
      })
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
