import { once } from 'node:events'
import { get as request, type IncomingMessage } from 'node:http'
import { pathToFileURL } from 'node:url'
import { type Claims, createResourceServer, type StandardSchema, UpstreamError } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { Deferred } from '../support/deferred.ts'
import type { Exchange, Stack, StackApp } from '../support/stack.ts'
import { routeOf, stacks } from '../support/stacks.ts'
import { disturb, prepare, watchWrites } from './fault-causes.ts'
import {
  type Answer,
  type End,
  findingOf,
  pickerFrom,
  reaches,
  type Round,
  roundFrom,
  stages,
} from './fault-rounds.ts'

/*
 * Tries every stack with responses that are answered, begun, closed or destroyed at any point of an asynchronous
 * verification, and with objects that refuse to be written. Every wait is a promise that the round itself settles.
 *
 *   npx tsx test/every-adapter/faults.ts --rounds 10000 --seed 1
 */

type Verdict = { value: Claims; issues?: undefined } | { issues: readonly unknown[] }

interface Running {
  readonly round: Round
  readonly token: string | undefined
  readonly tokenFrom: Deferred<string | undefined>
  readonly issuers: Deferred<object | undefined>
  readonly keys: Deferred<Response>
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
      const found = await Promise.all(ids.map((id) => play(name, stack, running, id, roundFrom(pick, name))))
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
  const asked = <T>(deferred: Deferred<T>): Promise<T> => {
    deferred.ask()
    return deferred.promise
  }
  const validate = ({ jti }: Claims): Promise<Verdict> => asked(at(jti).schema)
  const schema: StandardSchema<unknown, Claims> = {
    '~standard': { version: 1, vendor: 'test', validate: validate as (value: unknown) => Promise<never> },
  }
  return {
    api: createResourceServer({
      audience: issuer.options.audience,
      tokenFrom: (request: { headers: unknown }) => asked(at(roundOf(request)).tokenFrom),
      issuers: ((name: string) => asked(at(idIn(name)).issuers)) as never,
      fetch: (url: string) => asked(at(idIn(url)).keys),
      schema,
      optional: true,
    }),
    guard: ({ claims }) => asked(at(claims.jti).guard),
    before(exchange) {
      const { round, writes, started } = at(exchange.req.headers['x-round'])
      watchWrites(exchange.res, writes)
      prepare(exchange, round.hazard)
      started.settle(() => exchange)
    },
    handler(id) {
      at(id).handled++
      if (at(id).round.handler === 'throws') throw new Error('a bug of the handler')
    },
  }
}

/** Every round has an issuer of its own. */
function issuerOf(id: string): string {
  return `https://issuer.test/${id}/`
}

function idIn(url: string): string | undefined {
  return new URL(url).pathname.split('/')[1]
}

function roundOf({ headers }: { headers: unknown }): unknown {
  return headers instanceof Headers ? headers.get('x-round') : (headers as Record<string, unknown>)['x-round']
}

/** @returns what went wrong */
async function play(
  name: string,
  stack: Stack,
  running: Map<string, Running>,
  id: string,
  round: Round,
): Promise<string | undefined> {
  const claims = { jti: id, iss: issuerOf(id), ...(round.token === 'expired' ? { exp: 1 } : {}) }
  const at: Running = {
    round,
    token: round.token === 'none' ? undefined : await issuer.sign(claims),
    tokenFrom: new Deferred(),
    issuers: new Deferred(),
    keys: new Deferred(),
    schema: new Deferred(),
    guard: new Deferred(),
    started: new Deferred(),
    writes: [],
    handled: 0,
  }
  running.set(id, at)
  if (round.token === 'expired') for (const stage of ['issuers', 'keys'] as const) settle(at, stage, id)
  const sent = request(stack.origin + routeOf(name), { headers: { 'x-round': id }, agent: false })
  const answered = answerOf(sent)
  const exchange = await at.started.promise
  let disturbed = false
  for (const stage of stages) {
    // The guard of a request that was answered does not run.
    if (!reaches(round, stage) || (stage === 'guard' && disturbed)) break
    await at[stage].asked
    if (round.during === stage) {
      await disturb(exchange, round.disturbance, sent)
      disturbed = round.disturbance !== 'nothing'
    }
    settle(at, stage, id)
    if (disturbed) await new Promise(setImmediate)
  }
  if (disturbed && round.disturbance === 'begins') exchange.res.end('two')
  const answer = await within(answered)
  // Whatever is still to come, comes now.
  await new Promise(setImmediate)
  running.delete(id)
  return findingOf(name, disturbed, round, { answer, handled: at.handled, writes: at.writes })
}

function settle(at: Running, stage: (typeof stages)[number], id: string): void {
  const { round } = at
  if (stage === 'tokenFrom') at.tokenFrom.settle(() => (ended(round.tokenFrom) ? at.token : undefined))
  if (stage === 'issuers') {
    const answer = { issuer: issuerOf(id), jwksUri: `${issuerOf(id)}jwks` }
    at.issuers.settle(() => (ended(round.issuers) ? answer : undefined))
  }
  if (stage === 'keys') at.keys.settle(() => Response.json(issuer.jwks))
  if (stage === 'schema') at.schema.settle(() => verdictOf(round.schema, id))
  if (stage === 'guard') at.guard.settle(() => ended(round.guard))
}

function verdictOf(end: End, id: string): Verdict {
  return ended(end) ? { value: { iss: issuerOf(id), exp: 0, jti: id } } : { issues: ['no'] }
}

const thrown: Partial<Record<End, unknown>> = {
  throws: new Error('a bug'),
  'throws undefined': undefined,
  'throws null': null,
  'throws route': 'route',
  'cannot tell': new UpstreamError(1),
}

/** Whether a function of the user allows; throws what it throws. */
function ended(end: End): boolean {
  if (end in thrown) throw thrown[end]
  return end === 'allows'
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
