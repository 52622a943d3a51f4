import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as immediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createResourceServer, isAuthError } from 'oauth-resource-server'
import { machine, numberArgument, offer, watchEventLoop } from './tools.ts'

/**
 * Asks an introspection endpoint on loopback, in a process of its own, under load:
 * `npm run introspection`. Prints what docs/evidence/reliability.md says.
 */

const issuer = 'https://issuer.test/'
const audience = 'https://api.test'
const file = fileURLToPath(import.meta.url)

/** Calls tokens active that begin with "good", after 20 ms, as an endpoint across a network does. */
async function endpoint(): Promise<void> {
  let questions = 0
  let isFailing = false
  const exp = Math.floor(Date.now() / 1000) + 7200
  const server = createServer((req, res) => {
    let body = ''
    req.on('data', (chunk: Buffer) => (body += chunk.toString()))
    req.on('end', () => {
      questions += 1
      if (isFailing) return void res.writeHead(500).end()
      const active = new URLSearchParams(body).get('token')?.startsWith('good') === true
      const answer = active ? { active, iss: issuer, aud: audience, exp, sub: 'user' } : { active }
      res.setHeader('content-type', 'application/json')
      setTimeout(() => res.end(JSON.stringify(answer)), 20)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  process.on('disconnect', () => process.exit(0))
  process.on('message', (message) => {
    if (message === 'fail') isFailing = true
    process.send?.(questions)
  })
  process.send?.((server.address() as AddressInfo).port)
}

/** What became of tokens. */
interface Outcome {
  /** Milliseconds. */
  readonly times: number[]
  readonly verdicts: Record<string, number>
}

const none = (): Outcome => ({ times: [], verdicts: {} })

/** Milliseconds below which a part of the tokens stayed. */
function within(outcomes: readonly Outcome[], part: number): number {
  const sorted = outcomes.flatMap(({ times }) => times).sort((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) * part)] ?? NaN
}

const inMs = (ms: number): string => `${ms < 1 ? ms.toFixed(3) : ms.toFixed(1)} ms`
const told = ({ verdicts }: Outcome): string =>
  Object.entries(verdicts)
    .map(([verdict, count]) => `${count.toLocaleString('en')} × ${verdict}`)
    .join(', ')
const spread = (...outcomes: Outcome[]): string =>
  `median ${inMs(within(outcomes, 0.5))}, p99 ${inMs(within(outcomes, 0.99))}, slowest ${inMs(within(outcomes, 1))}`

async function main(): Promise<void> {
  const seconds = numberArgument('seconds', 10)
  const child = fork(file, ['endpoint'], { execArgv: ['--import', 'tsx'] })
  const [port] = (await once(child, 'message')) as [number]
  const tell = async (message: string): Promise<number> => {
    child.send(message)
    return ((await once(child, 'message')) as [number])[0]
  }
  const introspection = {
    clientId: 'api',
    clientSecret: 'secret',
    endpoint: `http://127.0.0.1:${port}/introspect`,
    cacheFor: 3600,
  }
  const api = createResourceServer({ issuer, audience, jwksUri: `${issuer}jwks`, introspection })

  async function verify(token: string, outcome: Outcome): Promise<void> {
    const begun = performance.now()
    const verdict = await api.verify(token).then(
      () => 'accepted',
      (error: unknown) => (isAuthError(error) ? `${error.status} ${error.reason}` : 'not ours'),
    )
    outcome.times.push(performance.now() - begun)
    outcome.verdicts[verdict] = (outcome.verdicts[verdict] ?? 0) + 1
  }

  /** 1,000 cached tokens per second, and as many others. */
  async function load(other?: (index: number) => string): Promise<readonly [Outcome, Outcome, string]> {
    const [cached, others] = [none(), none()]
    const sent: Promise<void>[] = []
    const loop = watchEventLoop()
    // Each in a turn of its own, as requests arrive.
    const arrives = (token: string, outcome: Outcome): void => {
      sent.push(immediate().then(async () => verify(token, outcome)))
    }
    await offer(seconds, 1000, (index) => {
      if (other !== undefined) arrives(other(index), others)
      arrives(`good-${index % 50}`, cached)
    })
    const { p99, max } = loop()
    await Promise.all(sent)
    return [cached, others, `event loop late by ${p99} ms (p99), ${max} ms (most)`]
  }

  console.log(machine())
  const one = none()
  await Promise.all(Array.from({ length: 10_000 }, async () => verify('good', one)))
  console.log(`10,000 callers of one token: ${told(one)}; ${await tell('count')} question`)

  await load()
  const [before, , loopBefore] = await load()
  const askedBefore = await tell('count')
  const [beside, junk, loopBeside] = await load((index) => `junk-${index}`)
  const spent = (await tell('count')) - askedBefore
  const [after, , loopAfter] = await load()
  console.log(`${junk.times.length} junk tokens in ${seconds} s: ${told(junk)}; ${spent} questions`)
  console.log(`cached tokens before: ${spread(before)}; ${loopBefore}`)
  console.log(`cached tokens beside: ${spread(beside)}; ${loopBeside}; ${told(beside)}`)
  console.log(`cached tokens after: ${spread(after)}; ${loopAfter}`)
  const factor = within([beside], 0.99) / within([before, after], 0.99)
  console.log(`p99 beside junk: ${factor.toFixed(2)} times that without`)

  await tell('fail')
  const opening = none()
  for (let count = 0; count < 6; count += 1) await verify(`opening-${count}`, opening)
  const [open, asked] = [none(), await tell('count')]
  for (let count = 0; count < 500; count += 1) await verify(`later-${count}`, open)
  console.log(`breaker open: ${told(open)}; ${spread(open)}; ${(await tell('count')) - asked} questions`)
  child.kill()
}

if (process.argv[2] === 'endpoint') await endpoint()
else await main()
