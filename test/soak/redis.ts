import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { format, resolveConfig } from 'prettier'
import { createClient } from 'redis'
import { revocationList } from 'oauth-resource-server/redis'
import { clients, missingRedis, redisServer, type RedisServer } from '../support/redis-server.ts'
import { tcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import type { Figures, Order, Reserved } from './redis-worker.ts'
import { machine, pause } from './tools.ts'

/**
 * Breaks a real Redis under load with each client library, and writes a section of docs/evidence/reliability.md:
 * `npm run redis`, `npm run redis -- --quick` to try it without writing anything, or a part alone: `--fault killed
 * --client 'redis 6'`, `--stores`, `--reserve`, `--follow`.
 */

const {
  quick,
  client: only,
  fault: faultOnly,
  follow: followOnly,
  reserve: reserveOnly,
  stores: storesOnly,
} = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    client: { type: 'string', multiple: true },
    fault: { type: 'string' },
    follow: { type: 'boolean', default: false },
    reserve: { type: 'boolean', default: false },
    stores: { type: 'boolean', default: false },
  },
}).values
if (missingRedis !== undefined) throw new Error(missingRedis)

const names = Object.keys(clients).filter((name) => only === undefined || only.includes(name))

interface World {
  readonly server: RedisServer
  readonly proxy: TcpProxy
}

interface Fault {
  /** Seconds that it lasts. */
  readonly seconds: number
  readonly perSecond: number
  readonly begin: (world: World) => unknown
  readonly end: (world: World) => unknown
  readonly isAbsentFirst?: boolean
}

const usual = { seconds: 2, perSecond: 2000 }
const faults: Readonly<Record<string, Fault>> = {
  'hung (SIGSTOP), then continued': {
    seconds: quick ? 3 : 10,
    perSecond: 5000,
    begin: ({ server }) => server.hang(),
    end: ({ server }) => server.goOn(),
  },
  'killed, then restarted with AOF': {
    ...usual,
    begin: ({ server }) => server.kill(),
    end: ({ server }) => server.start(),
  },
  'absent at start': {
    ...usual,
    isAbsentFirst: true,
    begin: () => undefined,
    end: ({ server }) => server.start(),
  },
  'read-only': {
    ...usual,
    begin: ({ server }) => server.command('replicaof', '127.0.0.1', '1'),
    end: ({ server }) => server.command('replicaof', 'no', 'one'),
  },
  'maxmemory reached, noeviction': {
    ...usual,
    begin: ({ server }) => server.command('config', 'set', 'maxmemory', '1'),
    end: ({ server }) => server.command('config', 'set', 'maxmemory', '0'),
  },
  'cut in mid-command, again and again': {
    ...usual,
    begin: ({ proxy }) => (proxy.cutAfter = 5000),
    end: ({ proxy }) => (proxy.cutAfter = undefined),
  },
  'slower by 200 ms': {
    ...usual,
    begin: ({ proxy }) => (proxy.delay = 200),
    end: ({ proxy }) => (proxy.delay = 0),
  },
}

/** What a process does: it asks Redis about each token, follows, reserves keys, or uses the client alone. */
type Mode = 'ours' | 'follow' | 'replay' | 'alone'

/** A process with one client. */
class Worker {
  private readonly child: ChildProcess
  readonly ready: Promise<boolean>

  constructor(name: string, port: number, mode: Mode) {
    const script = fileURLToPath(new URL('redis-worker.ts', import.meta.url))
    this.child = fork(script, [name, String(port), mode], {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    this.ready = new Promise((resolve) => {
      this.child.once('message', () => resolve(true))
      this.child.once('exit', () => resolve(false))
    })
  }

  /** @returns the reply, or `undefined` where the process has ended */
  async order<T>(order: Order): Promise<T | undefined> {
    if (!this.child.connected) return undefined
    return new Promise((resolve) => {
      const onExit = (): void => resolve(undefined)
      const onMessage = (message: { reply?: T }): void => {
        if (!('reply' in message)) return
        this.child.off('message', onMessage)
        this.child.off('exit', onExit)
        resolve(message.reply)
      }
      this.child.on('message', onMessage)
      this.child.once('exit', onExit)
      this.child.send(order)
    })
  }

  end(): void {
    this.child.kill('SIGKILL')
  }
}

interface Measured {
  readonly during: Figures
  readonly after: Figures
}

async function measure(name: string, mode: Mode, fault: Fault): Promise<Measured | string> {
  const server = await redisServer()
  await server.start()
  await seed(server)
  if (fault.isAbsentFirst === true) await server.kill()
  const proxy = await tcpProxy(server.port)
  const world = { server, proxy }
  const worker = new Worker(name, proxy.port, mode)
  try {
    if (!(await worker.ready)) return 'the client cannot be made'
    await worker.order({ do: 'load', perSecond: fault.perSecond })
    await pause(1000)
    await fault.begin(world)
    await worker.order({ do: 'mark' })
    await pause(fault.seconds * 1000)
    const ending = fault.end(world)
    const during = await worker.order<Figures>({ do: 'mark' })
    await ending
    await pause(2500)
    const after = await worker.order<Figures>({ do: 'stop' })
    return during === undefined || after === undefined ? 'the process ended' : { during, after }
  } finally {
    worker.end()
    server.goOn()
    proxy.close()
    await server.remove()
  }
}

/** What the workers find in Redis: one revoked token. */
async function seed(server: RedisServer): Promise<void> {
  const client = createClient({ url: `redis://127.0.0.1:${server.port}` }).on('error', () => undefined)
  await client.connect()
  await revocationList(client, { timeoutMs: 5000 }).revoke({ jti: 'revoked' })
  await client.set('revoked', '1')
  client.destroy()
}

const whole = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: 0 })
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`

function outcomesOf({ outcomes }: Figures): string {
  const list = Object.entries(outcomes).sort(([, a], [, b]) => b - a)
  return list.length === 0 ? 'none' : list.map(([name, count]) => `${whole(count)} × ${name}`).join(', ')
}

function recovery({ reconnected, served }: Figures): string {
  if (served === undefined) return 'not within 2.5 s'
  if (reconnected === undefined) return `served after ${whole(served)} ms`
  return `${whole(Math.max(0, served - reconnected))} ms`
}

const totals = { requests: 0, wrong: 0 }

function ownCells(found: Measured | string): readonly string[] {
  if (typeof found === 'string') return [found, '–', '–', '–', '–']
  const { during, after } = found
  for (const figures of [during, after]) {
    totals.requests += Object.values(figures.outcomes).reduce((sum, count) => sum + count, 0)
    totals.wrong += figures.wrong
  }
  return [
    outcomesOf(during),
    `${during.slowest} ms (${during.loop} ms)`,
    megabytes(during.grown),
    recovery(after),
    String(during.wrong + after.wrong),
  ]
}

function aloneCell(found: Measured | string): string {
  if (typeof found === 'string') return found
  const { during } = found
  const waiting = during.pending > 0 ? `, ${whole(during.pending)} without a response` : ''
  return `${outcomesOf(during)}${waiting}; ${megabytes(during.grown)}`
}

async function faultTable(): Promise<string> {
  const rows: string[][] = []
  for (const [title, fault] of Object.entries(faults)) {
    if (!title.startsWith(faultOnly ?? '')) continue
    for (const name of names) {
      // Each with a server of its own.
      const [own, alone] = await Promise.all([measure(name, 'ours', fault), measure(name, 'alone', fault)])
      rows.push([title, name, ...ownCells(own), aloneCell(alone)])
      console.error(rows.at(-1)?.join(' | '))
    }
  }
  const head = ['Redis is', 'client', 'responses', 'slowest (event loop)', 'memory', 'serving again', 'wrong']
  return table([...head, 'the client alone'], rows)
}

/** The stores beside the exact list, with one client: what it does with calls is the same. */
async function storeTable(): Promise<string> {
  const rows: string[][] = []
  for (const [title, fault] of Object.entries(faults)) {
    const [follow, replay] = await Promise.all([
      measure('ioredis 6', 'follow', fault),
      measure('ioredis 6', 'replay', fault),
    ])
    rows.push(
      [title, '`follow: { within: 2 }`', ...ownCells(follow)],
      [title, '`replayStore`', ...ownCells(replay)],
    )
    for (const row of rows.slice(-2)) console.error(row.join(' | '))
  }
  const head = ['Redis is', 'store', 'responses', 'slowest (event loop)', 'memory', 'serving again', 'wrong']
  return table(head, rows)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Uses of one key, and of fresh keys, while connections are cut and the server restarts. */
async function reserved(): Promise<string> {
  const server = await redisServer()
  await server.start()
  const proxy = await tcpProxy(server.port)
  const some = ['redis 6', 'ioredis 6', 'iovalkey', 'valkey-glide']
  const workers = some.flatMap((name) => [1, 2].map(() => new Worker(name, proxy.port, 'ours')))
  await Promise.all(workers.map((worker) => worker.ready))
  const reserve = async (keysOf: (worker: number) => string[]): Promise<Reserved[]> => {
    const orders = workers.map((worker, index) =>
      worker.order<Reserved[]>({ do: 'reserve', keys: keysOf(index) }),
    )
    return (await Promise.all(orders)).flatMap((outcomes) => outcomes ?? [])
  }
  const uses = reserve(() => Array.from({ length: 125 }, () => 'one'))
  proxy.cutAfter = 2000
  await pause(30)
  proxy.cutAfter = undefined
  const ofOne = await uses
  const fresh: Reserved[] = []
  const size = (quick ? 1000 : 10_000) / workers.length / 5
  for (let round = 0; round < 5; round += 1) {
    const running = reserve((index) =>
      Array.from({ length: size }, (_, key) => `fresh-${round}-${index}-${key}`),
    )
    if (round > 0 && round < 4) {
      await pause(20)
      await server.kill()
      await server.start()
    }
    fresh.push(...(await running))
  }
  for (const worker of workers) worker.end()
  proxy.close()
  await server.remove()
  return `1,000 uses of one key over ${workers.length} processes with ${some.join(', ')} while connections were cut: ${shares(ofOne)}. ${whole(fresh.length)} fresh keys through 3 restarts: ${shares(fresh)}. A call that failed is a 503: nobody was told that the key was used.`
}

/** How many keys were reserved, called used, and neither. */
function shares(outcomes: readonly Reserved[]): string {
  const count = (wanted: Reserved): string => whole(outcomes.filter((outcome) => outcome === wanted).length)
  return `${count('reserved')} × \`true\`, ${count('used')} × \`false\`, ${count('failed')} failed`
}

/** Two processes, one of which revokes. */
async function followed(): Promise<string> {
  const server = await redisServer()
  await server.start()
  const count = quick ? 1000 : 10_000
  const [writer, reader] = ['redis 6', 'ioredis 6'].map((name) => new Worker(name, server.port, 'follow'))
  await Promise.all([writer?.ready, reader?.ready])
  const watching = reader?.order<Record<string, number>>({ do: 'watch', count })
  await pause(4000)
  const revoked = (await writer?.order<Record<string, number>>({ do: 'revoke', count, perSecond: 500 })) ?? {}
  const accepted = (await watching) ?? {}
  const delays = Object.entries(revoked)
    .map(([jti, time]) => Math.max(0, (accepted[jti] ?? -Infinity) - time))
    .sort((a, b) => a - b)
  writer?.end()
  reader?.end()
  await server.remove()
  const at = (part: number): string =>
    whole(Math.max(0, delays[Math.floor((delays.length - 1) * part)] ?? NaN))
  return `${whole(delays.length)} revocations at 500 per second: another process accepted a token for ${at(0.5)} ms after \`revoke()\` resolved (median; ${at(0.99)} ms for 99 %, ${at(1)} ms at most).`
}

if (followOnly || reserveOnly || storesOnly || faultOnly !== undefined) {
  if (faultOnly !== undefined) console.log(await faultTable())
  if (storesOnly) console.log(await storeTable())
  if (reserveOnly) console.log(await reserved())
  if (followOnly) console.log(await followed())
  process.exit(0)
}
const faultsText = await faultTable()
const storesText = await storeTable()
const reservedText = await reserved()
console.error(reservedText)
const followedText = await followed()
console.error(followedText)
const root = fileURLToPath(new URL('../..', import.meta.url))
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim()
const version = /v=(\S+)/.exec(execFileSync('redis-server', ['--version'], { encoding: 'utf8' }))?.[1]
const section = `## Redis and Valkey

Made by \`npm run redis\` on ${new Date().toISOString().slice(0, 10)}, at ${commit}, on ${machine()}, with redis-server ${version ?? ''}.

A process verifies tokens with \`revocationList(client)\`, half of them revoked, while Redis fails for ${usual.seconds} seconds (hung:
${faults['hung (SIGSTOP), then continued']?.seconds ?? 0} seconds), at ${whole(usual.perSecond)} requests per second (hung: 5,000). \`timeoutMs\` is 250. "Slowest" is the slowest response, and in
brackets the longest delay of the event loop, which adds to it. "Memory" is what the process held at the end of the fault, less what it held before. "Serving
again" counts from the moment at which the client itself has a connection again. "Wrong" is a revoked token that was accepted, or
a valid one that was called revoked. The last column is the client without this library, with its defaults and one \`GET\` per request.

${faultsText}

In all of this: ${whole(totals.requests)} requests, ${totals.wrong} wrong.

### Other stores

The same faults with ioredis 6, which behaves as above without this library. Used keys are fresh ones; "wrong" is one that was called
used.

${storesText}

### Used once

${reservedText}

### Follow mode

${followedText}
`
if (!quick) {
  const file = `${root}docs/evidence/reliability.md`
  const old = readFileSync(file, 'utf8').split('\n## Redis and Valkey\n', 1)[0] ?? ''
  const text = `${old.trimEnd()}\n\n${section}`
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), parser: 'markdown' }))
  console.error(`wrote ${file}`)
} else console.log(section)
process.exit(0)
