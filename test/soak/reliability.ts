import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { flood, moods } from './flood.ts'
import { libraries } from './libraries.ts'
import type { Crowd, Order } from './reliability-worker.ts'
import { type RemoteIssuer, remoteIssuer } from './remote-issuer.ts'
import { rotationUnderLoad } from './rotation.ts'
import { soak } from './soak.ts'
import { forger, machine, numberArgument } from './tools.ts'

/** Measures every library under every fault, and writes docs/evidence/reliability.md. */

/** Bytes of memory at which a library is stopped, so that the machine survives it. */
const tooMuchMemory = 1.5e9
const crowdSize = 10
/** Seconds after which every library but one that never forgets asks for the keys again. */
const past = 700

type Break = (issuer: RemoteIssuer) => Promise<unknown>

const faults: Readonly<Record<string, Break>> = {
  'connection refused': (it) => it.goAway(),
  'connection reset': (it) => it.fail('reset'),
  'reset in mid-body': (it) => it.fail('reset-body'),
  'never answers': (it) => it.fail('hang'),
  'one byte per second': (it) => it.fail('slow'),
  'body never ends': (it) => it.fail('endless'),
  '1 GB of JSON': (it) => it.fail('huge'),
  'decompression bomb': (it) => it.fail('bomb'),
  'redirect elsewhere': (it) => it.fail('redirect'),
  '304, unasked': (it) => it.fail('not-modified'),
  '429, Retry-After: 30': (it) => it.fail('429', { retryAfter: 30 }),
  '503, Retry-After: 30': (it) => it.fail('503', { retryAfter: 30 }),
  'status 503': (it) => it.fail('503'),
  'status 404': (it) => it.fail('404'),
  'HTML, status 200': (it) => it.fail('html'),
  'empty set': (it) => it.fail('empty'),
  'poisoned set': (it) => it.fail('poisoned'),
  'one bad entry': (it) => it.fail('partial'),
}

/** A library at work in its own process. */
class Worker {
  private readonly child: ChildProcess
  private readonly watch: NodeJS.Timeout
  private ended: string | undefined

  constructor(library: string, trust: object) {
    const script = fileURLToPath(new URL('reliability-worker.ts', import.meta.url))
    this.child = fork(script, [library, JSON.stringify(trust)], {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    this.child.once('exit', () => (this.ended ??= 'crashed'))
    this.watch = setInterval(() => {
      if (this.memory() < tooMuchMemory) return
      this.ended = 'over 1.5 GB'
      this.child.kill('SIGKILL')
    }, 50)
  }

  private memory(): number {
    try {
      const pages = readFileSync(`/proc/${this.child.pid}/statm`, 'utf8').split(' ')[1]
      return Number(pages) * 4096
    } catch {
      return 0
    }
  }

  /** @returns the answer, or why there is none */
  async order(order: Order): Promise<Crowd | string | null> {
    if (this.ended !== undefined) return this.ended
    return await new Promise((resolve) => {
      const onExit = (): void => resolve(this.ended ?? 'crashed')
      const onMessage = (message: { answer?: Crowd | null }): void => {
        if (message.answer === undefined) return
        this.child.off('message', onMessage)
        this.child.off('exit', onExit)
        resolve(message.answer)
      }
      this.child.on('message', onMessage)
      this.child.once('exit', onExit)
      this.child.send(order)
    })
  }

  async start(): Promise<void> {
    await new Promise((resolve) => this.child.once('message', resolve))
  }

  async verify(...tokens: string[]): Promise<Crowd | string> {
    return (await this.order({ do: 'verify', tokens })) ?? 'crashed'
  }

  close(): void {
    clearInterval(this.watch)
    this.child.kill('SIGKILL')
  }
}

const issuer = await remoteIssuer()
const about = await issuer.about()
const trust = { issuer: about.issuer, audience: String(about.audience), jwksUri: about.jwksUri }

/** Runs a measurement with a library in a process of its own. */
async function withWorker<T>(library: string, measure: (worker: Worker) => Promise<T>): Promise<T> {
  const worker = new Worker(library, trust)
  await worker.start()
  try {
    return await measure(worker)
  } finally {
    worker.close()
  }
}

/** What a crowd got, how many calls that cost, and how long the slowest waited. */
async function cell(worker: Worker, tokens: string[]): Promise<string> {
  const before = await issuer.requests()
  const crowd = await worker.verify(...tokens)
  if (typeof crowd === 'string') return `**${crowd}**`
  const calls = (await issuer.requests()) - before
  const outcomes = Object.entries(crowd.outcomes).map(([name, count]) =>
    count === tokens.length ? name : `${count} × ${name}`,
  )
  const time = crowd.slowest < 1000 ? `${crowd.slowest} ms` : `${(crowd.slowest / 1000).toFixed(1)} s`
  return `${outcomes.join(', ')}; ${calls} ${calls === 1 ? 'call' : 'calls'}; ${time}`
}

const names = Object.keys(libraries)
const crowd = (token: string): string[] => Array.from({ length: crowdSize }, () => token)

/** One row per fault: requests with keys at hand, or on a cold start. */
async function faultTable(isWarm: boolean): Promise<string[][]> {
  const rows: string[][] = []
  for (const [title, cause] of Object.entries(faults)) {
    const row = [title]
    for (const name of names) {
      const token = await issuer.sign()
      row.push(
        await withWorker(name, async (worker) => {
          if (isWarm) await worker.verify(token)
          await cause(issuer)
          if (isWarm) await worker.order({ do: 'advance', seconds: past })
          return await cell(worker, crowd(token))
        }),
      )
      if (title === 'connection refused') await issuer.comeBack()
      await issuer.heal()
      console.error(`${isWarm ? 'warm' : 'cold'}: ${title}: ${name}: ${row.at(-1) ?? ''}`)
    }
    rows.push(row)
  }
  return rows
}

/** What happens where the issuer is well, and others are not. */
const events: Readonly<Record<string, (worker: Worker) => Promise<string>>> = {
  '50 requests at once on a cold start': async (worker) => {
    const token = await issuer.sign()
    return await cell(
      worker,
      Array.from({ length: 50 }, () => token),
    )
  },
  '50 forged key ids at once': async (worker) => {
    const forge = forger(trust.issuer, trust.audience)
    await worker.verify(await issuer.sign())
    return await cell(
      worker,
      Array.from({ length: 50 }, (_, index) => forge(`forged-${index}`)),
    )
  },
  '50 forged key ids one after the other': async (worker) => {
    const forge = forger(trust.issuer, trust.audience)
    await worker.verify(await issuer.sign())
    const before = await issuer.requests()
    for (let index = 0; index < 50; index++) await worker.verify(forge(`forged-${index}`))
    return `${(await issuer.requests()) - before} calls`
  },
  'a new key used at once, just after a forged key id': async (worker) => {
    await worker.verify(await issuer.sign())
    await worker.order({ do: 'advance', seconds: 60 })
    await worker.verify(forger(trust.issuer, trust.audience)('forged'))
    await issuer.rotate(true)
    return await cell(worker, crowd(await issuer.sign()))
  },
  'a key withdrawn 700 s ago': async (worker) => {
    const token = await issuer.sign()
    await worker.verify(token)
    await issuer.rotate(false)
    await worker.order({ do: 'advance', seconds: past })
    await worker.verify(token)
    return await cell(worker, [token])
  },
  'a key withdrawn a day ago, asked after every 10 minutes': async (worker) => {
    const token = await issuer.sign()
    await worker.verify(token)
    await issuer.rotate(false)
    for (let round = 0; round < 144; round++) {
      await worker.order({ do: 'advance', seconds: 600 })
      await worker.verify(token)
    }
    return await cell(worker, [token])
  },
}

async function eventTable(): Promise<string[][]> {
  const rows: string[][] = []
  for (const [title, happen] of Object.entries(events)) {
    const row = [title]
    for (const name of names) row.push(await withWorker(name, happen))
    console.error(row.join(' | '))
    rows.push(row)
  }
  return rows
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

async function ownFigures(): Promise<string> {
  const seconds = numberArgument('seconds', 60)
  const floods: string[][] = []
  for (const mood of moods) {
    const { forged, fetches, budget, good, goodRefused, forgedAccepted, grownBytes, peakBytes, eventLoop } =
      await flood(issuer, mood, seconds)
    console.error(`flood, issuer ${mood}: done`)
    floods.push(
      [
        mood,
        forged,
        `${fetches} of ${budget}`,
        `${goodRefused} of ${good}`,
        forgedAccepted,
        megabytes(peakBytes),
        megabytes(grownBytes),
        `${eventLoop.p99} ms`,
      ].map(String),
    )
  }
  await issuer.heal()
  const rotation = await rotationUnderLoad(issuer, 20)
  const minutes = numberArgument('minutes', 10)
  const soaked = await soak(issuer, minutes, 2000, numberArgument('seed', 1))
  return `## Flood

Forged key ids, each one new, at 10,000 per second offered for ${seconds} seconds, among good tokens. "Peak" is all of the
heap at its highest, garbage included; "kept" is what was still held after the flood, less what was held before.

${table(['issuer', 'forged', 'fetches', 'good refused', 'forged accepted', 'peak', 'kept', 'event loop p99'], floods)}

## Rotation under load

${rotation.offered.toLocaleString('en')} requests offered in ${rotation.seconds + 1} seconds; a new key published and used at once by every second
request, the old one withdrawn later: ${rotation.goodRefused} good tokens refused, ${rotation.fetches} fetch, the first token under the new key accepted
after ${rotation.firstAcceptedMs} ms, the withdrawn key refused after the next refresh: ${rotation.withdrawnRefused ? 'yes' : '**no**'}.

## Soak

${minutes} minutes of mixed traffic, with the resource server's clock running 60 times as fast: ${soaked.requests.toLocaleString('en')} requests,
${soaked.rotations} rotations, ${soaked.fetches} fetches of which ${soaked.failedFetches} failed. Wrong verdicts: ${soaked.wrong.length}. Unhandled rejections: ${soaked.unhandledRejections}.
Memory held: ${soaked.heldMegabytes} MB, growing by ${(soaked.memorySlope / 1000).toFixed(0)} kB per minute over the second half. Event loop delayed by ${soaked.eventLoop.median} ms (median),
${soaked.eventLoop.p99} ms (p99), ${soaked.eventLoop.max} ms (longest).
`
}

const load = createRequire(import.meta.url)
const root = fileURLToPath(new URL('../..', import.meta.url))
const versionOf = (name: string): string => {
  const path =
    name === 'oauth-resource-server' ? `${root}package.json` : `${root}node_modules/${name}/package.json`
  return (load(path) as { version: string }).version
}

const warm = await faultTable(true)
const cold = await faultTable(false)
const happenings = await eventTable()
const own = await ownFigures()
const head = ['', ...names]
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim()
const text = `# Reliability

What happens to requests when the issuer fails. Made by \`npm run reliability\` on ${new Date().toISOString().slice(0, 10)}, at ${commit}, on ${machine()};
${names.map((name) => `${name} ${versionOf(name)}`).join(', ')}.

The issuer runs in a process of its own and speaks real HTTP on loopback. Each library runs in a fresh process with its
defaults and its cache on, and verifies valid RS256 tokens. A cell says what ${crowdSize} requests at the same moment got,
how many calls reached the issuer, and how long the slowest request took; requests are given up after 10 seconds, processes
stopped at 1.5 GB. \`200\` is an accepted token. \`503\` is our response while no keys are available. Other words are the names
of the errors that the libraries throw. Most middleware turns them into 401 or 500.

## Keys were there, and the issuer fails

The library verified a token; ${past} seconds later the fault is on. All of these should be \`200\`.

${table(head, warm)}

## Cold start while the issuer fails

No library can know the keys here. What counts: nobody waits long, the issuer is not stormed, and the caller is not
blamed. Some libraries follow a redirect, or use a set that nobody should use.

${table(head, cold)}

## The issuer works

${table(head, happenings)}

${own}`
const file = `${root}docs/evidence/reliability.md`
// What other scripts have added stays.
const others =
  /\n## (?:Introspection|Bound tokens|Redis and Valkey)\n.*$/s.exec(readFileSync(file, 'utf8'))?.[0] ?? ''
writeFileSync(file, await format(text + others, { ...(await resolveConfig(file)), parser: 'markdown' }))
console.error(`wrote ${file}`)
issuer.close()
