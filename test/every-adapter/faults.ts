import { once } from 'node:events'
import { get as request, type IncomingMessage } from 'node:http'
import { pathToFileURL } from 'node:url'
import { type Claims, createResourceServer, type StandardSchema, UpstreamError } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { Deferred } from '../support/deferred.ts'
import type { Exchange, Stack, StackApp } from '../support/stack.ts'
import { routeOf, stacks } from '../support/stacks.ts'
import { disturb, prepare, watchWrites } from './fault-causes.ts'
import { type Answer, type End, findingOf, pickerFrom, type Round, roundFrom } from './fault-rounds.ts'

/*
 * Tries every stack with responses that are answered, begun, closed or destroyed at any point of an asynchronous
 * verification, and with objects that refuse to be written. Every wait is a promise that the round itself settles.
 *
 *   npx tsx test/every-adapter/faults.ts --rounds 10000 --seed 1
 */

type Verdict = { value: Claims; issues?: undefined } | { issues: readonly unknown[] }

interface Running {
  readonly round: Round
  readonly schema: Deferred<Verdict>
  readonly guard: Deferred<boolean>
  readonly started: Deferred<Exchange>
  readonly writes: string[]
  handled: number
}

const issuer = await createTestIssuer({ issuer: 'https://issuer.test/' })

/** Runs so many rounds on one stack, ten at a time. @returns what went wrong, in words */
export async function tryStack(name: string, rounds: number, seed: number): Promise<readonly string[]> {
  const start = stacks[name]
  if (start === undefined) throw new Error(`no such stack: ${name}`)
  const pick = pickerFrom(seed)
  const running = new Map<string, Running>()
  const findings: string[] = []
  const note = (kind: string) => (error: unknown) => void findings.push(`${name}: ${kind}: ${String(error)}`)
  const [rejected, thrown] = [note('unhandled rejection'), note('uncaught exception')]
  process.on('unhandledRejection', rejected).on('uncaughtException', thrown)
  const stack = await start(appOf(running))
  try {
    for (let first = 0; first < rounds; first += 10) {
      const ids = Array.from({ length: Math.min(10, rounds - first) }, (_, at) => String(first + at))
      const found = await Promise.all(ids.map((id) => play(name, stack, running, id, roundFrom(pick))))
      findings.push(...found.flatMap((finding) => (finding === undefined ? [] : `${name}: ${finding}`)))
    }
    await new Promise((resolve) => setImmediate(resolve))
  } finally {
    await stack.close()
    process.off('unhandledRejection', rejected).off('uncaughtException', thrown)
  }
  return findings
}

function appOf(running: Map<string, Running>): StackApp {
  const at = (id: unknown): Running => running.get(String(id)) as Running
  const validate = ({ jti }: Claims): Promise<Verdict> => {
    const { schema } = at(jti)
    schema.ask()
    return schema.promise
  }
  const schema: StandardSchema<unknown, Claims> = {
    '~standard': { version: 1, vendor: 'test', validate: validate as (value: unknown) => Promise<never> },
  }
  return {
    api: createResourceServer({ ...issuer.options, schema, optional: true }),
    guard({ claims }) {
      const { guard } = at(claims.jti)
      guard.ask()
      return guard.promise
    },
    before(exchange) {
      const { round, writes, started } = at(exchange.req.headers['x-round'])
      watchWrites(exchange.res, writes)
      prepare(exchange, round.hazard)
      started.settle(() => exchange)
    },
    handler(id) {
      at(id).handled++
    },
  }
}

/** @returns what went wrong */
async function play(
  name: string,
  stack: Stack,
  running: Map<string, Running>,
  id: string,
  round: Round,
): Promise<string | undefined> {
  const at: Running = {
    round,
    schema: new Deferred(),
    guard: new Deferred(),
    started: new Deferred(),
    writes: [],
    handled: 0,
  }
  running.set(id, at)
  const claims = { jti: id, ...(round.token === 'expired' ? { exp: 1 } : {}) }
  const token = round.token === 'none' ? undefined : await issuer.sign(claims)
  const headers = { 'x-round': id, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
  const sent = request(stack.origin + routeOf(name), { headers, agent: false })
  const answered = answerOf(sent)
  const exchange = await at.started.promise
  const waits = round.token === 'valid'
  let disturbed = false
  for (const stage of ['schema', 'guard'] as const) {
    if (!waits || (stage === 'guard' && (disturbed || round.schema !== 'allows'))) break
    await at[stage].asked
    if (round.during === stage) {
      await disturb(exchange, round.disturbance, sent)
      disturbed = round.disturbance !== 'nothing'
    }
    if (stage === 'schema') at.schema.settle(() => verdictOf(round.schema, id))
    else at.guard.settle(() => allowanceOf(round.guard))
    if (disturbed) await new Promise(setImmediate)
  }
  if (disturbed && round.disturbance === 'begins') exchange.res.end('two')
  const answer = await within(answered)
  // Whatever is still to come, comes now.
  await new Promise(setImmediate)
  running.delete(id)
  return findingOf(name, disturbed, round, { answer, handled: at.handled, writes: at.writes })
}

function verdictOf(end: End, id: string): Verdict {
  if (end === 'refuses') return { issues: ['no'] }
  return { value: { iss: issuer.issuer, exp: 0, jti: allowed(end) ? id : '' } }
}

function allowanceOf(end: End): boolean {
  return end === 'refuses' ? false : allowed(end)
}

function allowed(end: End): boolean {
  if (end === 'throws') throw new Error('a bug')
  if (end === 'cannot tell') throw new UpstreamError(1)
  return true
}

async function answerOf(sent: ReturnType<typeof request>): Promise<Answer> {
  try {
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    let body = ''
    for await (const chunk of response) body += String(chunk)
    return { status: response.statusCode ?? 0, body }
  } catch {
    return 'closed'
  }
}

/** A request that is never answered is a finding, not a test that hangs. */
async function within(answered: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'hangs'>((resolve) => (timer = setTimeout(() => resolve('hangs'), 10_000)))
  try {
    return await Promise.race([answered, late])
  } finally {
    clearTimeout(timer)
  }
}

function argument(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`)
  return at === -1 ? otherwise : Number(process.argv[at + 1])
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const only = process.argv.indexOf('--stack')
  const names = only === -1 ? Object.keys(stacks) : [process.argv[only + 1] ?? '']
  const rounds = Math.ceil(argument('rounds', 10_000) / names.length)
  for (const [index, name] of names.entries()) {
    const begun = performance.now()
    const findings = await tryStack(name, rounds, argument('seed', Date.now()) + index)
    console.log(
      `${name}: ${rounds} rounds, ${findings.length} findings, ${Math.round(performance.now() - begun)} ms`,
    )
    for (const finding of findings.slice(0, 5)) console.log(`  ${finding}`)
    if (findings.length > 0) process.exitCode = 1
  }
}
