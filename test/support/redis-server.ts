import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GlideClient } from '@valkey/valkey-glide'
import { Redis as IoRedis } from 'ioredis'
import { Redis as IoRedis5 } from 'ioredis5'
import { Redis as IoValkey } from 'iovalkey'
import type { RedisClient } from 'oauth-resource-server/redis'
import { createClient } from 'redis'
import { createClient as createClient5 } from 'redis5'
import { freePort } from './free-port.ts'

/** Why the tests with a real server do not run; `undefined` where there is a redis-server. */
export const missingRedis: string | undefined = (() => {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'skipped: no redis-server on this machine'
  }
})()

/** A real redis-server on a port of its own. */
export interface RedisServer {
  readonly port: number
  /** Starts it, on the same port and data each time. Resolves once it responds. */
  readonly start: (...options: string[]) => Promise<void>
  /** Ends it at once, as a crash does. */
  readonly kill: () => Promise<void>
  /** Stops it: connections stay open, and nothing is answered. */
  readonly hang: () => void
  readonly goOn: () => void
  /** Runs a command. */
  readonly command: (...parts: string[]) => string
  readonly remove: () => Promise<void>
}

/** A server that is not started yet, whose data survive a restart. */
export async function redisServer(): Promise<RedisServer> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'redis-'))
  let running: ChildProcess | undefined

  const server: RedisServer = {
    port,
    async start(...options) {
      const usual = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '']
      const aof = ['--appendonly', 'yes', '--appendfsync', 'always']
      running = spawn('redis-server', [...usual, ...aof, ...options], { stdio: 'ignore' })
      await untilAnswers(port)
    },
    async kill() {
      const child = running
      running = undefined
      if (child === undefined || child.exitCode !== null) return
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await gone
    },
    hang: () => void running?.kill('SIGSTOP'),
    goOn: () => void running?.kill('SIGCONT'),
    command: (...parts) =>
      execFileSync('redis-cli', ['-p', String(port), ...parts], { encoding: 'utf8' }).trim(),
    async remove() {
      await server.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return server
}

/** Resolves once the server answers a PING. */
async function untilAnswers(port: number): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline;) {
    if (await answers(port)) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`redis-server on port ${port} does not answer`)
}

async function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    const end = (result: boolean) => (): void => {
      socket.destroy()
      resolve(result)
    }
    socket.once('error', end(false))
    socket.once('data', (data) => end(data.toString().startsWith('+PONG'))())
  })
}

/** A connected client, and how to end it. */
export interface Connected {
  readonly client: RedisClient
  readonly close: () => unknown
}

const quiet = (): void => undefined

/** Every client library, with its own defaults. */
export const clients: Readonly<Record<string, (port: number) => Promise<Connected>>> = {
  async 'redis 6'(port) {
    const client = createClient({ url: `redis://127.0.0.1:${port}` }).on('error', quiet)
    client.connect().catch(quiet)
    return Promise.resolve({ client, close: () => client.destroy() })
  },
  async 'redis 5'(port) {
    const client = createClient5({ url: `redis://127.0.0.1:${port}` }).on('error', quiet)
    client.connect().catch(quiet)
    return Promise.resolve({ client, close: () => client.destroy() })
  },
  async 'ioredis 6'(port) {
    const client = new IoRedis(port, '127.0.0.1')
    return Promise.resolve({ client, close: () => client.disconnect() })
  },
  async 'ioredis 5'(port) {
    const client = new IoRedis5(port, '127.0.0.1')
    return Promise.resolve({ client, close: () => client.disconnect() })
  },
  async iovalkey(port) {
    const client = new IoValkey(port, '127.0.0.1')
    return Promise.resolve({ client, close: () => client.disconnect() })
  },
  async 'valkey-glide'(port) {
    const client = await GlideClient.createClient({
      addresses: [{ host: '127.0.0.1', port }],
      // Its own limit of 250 ms is near what tests delay commands by.
      requestTimeout: 5000,
    })
    return { client, close: () => client.close() }
  },
}
