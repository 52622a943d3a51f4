import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createResourceServer, isAuthError } from 'oauth-resource-server'
import { replayStore, revocationList } from 'oauth-resource-server/redis'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { clients } from '../support/redis-server.ts'
import { heldBytes, offer, pause } from './tools.ts'

/** One process of an API, or of a client library without this library. Its parent breaks and mends Redis. */

/** What became of the requests since the last mark. */
export interface Figures {
  readonly outcomes: Readonly<Record<string, number>>
  /** Requests that were accepted though revoked, or called revoked though valid. */
  readonly wrong: number
  /** Milliseconds of the slowest. */
  readonly slowest: number
  /** Milliseconds that the event loop was late at most. */
  readonly loop: number
  /** Requests without a response at the end. */
  readonly pending: number
  /** Bytes that are held, less those at the last mark. */
  readonly grown: number
  /** Milliseconds since the last mark until the client had a response, and until a request was served. */
  readonly reconnected: number | undefined
  readonly served: number | undefined
}

/** Orders of the parent. */
export type Order =
  | { readonly do: 'load'; readonly perSecond: number }
  | { readonly do: 'mark' }
  | { readonly do: 'stop' }
  | { readonly do: 'reserve'; readonly keys: readonly string[]; readonly attempts: number }
  | { readonly do: 'revoke'; readonly count: number; readonly perSecond: number }
  | { readonly do: 'watch'; readonly count: number }

/** What the raw clients have in common. */
interface Raw {
  readonly get?: (key: string) => Promise<unknown>
}

const [clientName = '', port = '', mode = 'ours'] = process.argv.slice(2)
export const timeoutMs = 250
const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
const { client } = (await clients[clientName]?.(Number(port))) as { client: object }
const raw = client as Raw
const follow = mode === 'follow' ? { within: 2 } : undefined
const list = revocationList(client, { timeoutMs, follow })
const api = createResourceServer({ ...issuer.options, revocation: list })
const [valid, revoked] = [await issuer.sign({ jti: 'valid' }), await issuer.sign({ jti: 'revoked' })]

let outcomes: Record<string, number> = {}
let [wrong, slowest, pending, since, memory] = [0, 0, 0, 0, 0]
let reconnected: number | undefined
let served: number | undefined
let loop = monitorEventLoopDelay({ resolution: 5 })

function mark(): Figures {
  const held = heldBytes() + process.memoryUsage().external
  const figures: Figures = {
    outcomes,
    wrong,
    slowest: Math.round(slowest),
    loop: Math.round(loop.max / 1e6),
    pending,
    grown: Math.max(0, held - memory),
    reconnected,
    served,
  }
  outcomes = {}
  ;[wrong, slowest] = [0, 0]
  ;[since, memory] = [performance.now(), held]
  reconnected = served = undefined
  loop.disable()
  loop = monitorEventLoopDelay({ resolution: 5 })
  loop.enable()
  return figures
}

const nameOf = (error: unknown): string =>
  isAuthError(error) ? `${error.status} ${error.reason}` : error instanceof Error ? error.name : 'error'

async function request(index: number): Promise<void> {
  const begun = performance.now()
  const isRevoked = index % 2 === 1
  pending += 1
  const outcome =
    mode === 'alone'
      ? await alone(isRevoked)
      : await api.verify(isRevoked ? revoked : valid).then(() => '200', nameOf)
  pending -= 1
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  slowest = Math.max(slowest, performance.now() - begun)
  if (outcome === (isRevoked ? '200' : '401 revoked')) wrong += 1
  if (outcome === '200' || outcome === '401 revoked') served ??= performance.now() - since
}

/** What an application does by itself: one GET for each request. */
async function alone(isRevoked: boolean): Promise<string> {
  try {
    const value = await raw.get?.(isRevoked ? 'revoked' : 'valid')
    return value === null ? '200' : '401 revoked'
  } catch (error) {
    return nameOf(error)
  }
}

let stopped = new AbortController()
async function load(perSecond: number): Promise<void> {
  stopped = new AbortController()
  const { signal } = stopped
  // Tells when the client itself has a connection again.
  let probes = 0
  const probing = setInterval(() => {
    if (probes >= 20) return
    probes += 1
    raw.get?.('probe').then(
      () => {
        probes -= 1
        reconnected ??= performance.now() - since
      },
      () => (probes -= 1),
    )
  }, 25)
  while (!signal.aborted) await offer(0.25, perSecond, (index) => void request(index))
  clearInterval(probing)
}

/** @returns for how many attempts each key was reserved */
async function reserve(keys: readonly string[], attempts: number): Promise<number[]> {
  const store = replayStore(client, { timeoutMs: 5000 })
  const until = new Date(Date.now() + 600_000)
  return Promise.all(
    keys.map(async (key) => {
      let won = 0
      for (let attempt = 0; attempt < attempts; attempt += 1) {
        const result = await store.reserve(key, until).catch(() => undefined)
        if (result === true) won += 1
        // A failed call says nothing, and may have reserved the key.
        if (result === undefined) await pause(20)
      }
      return won
    }),
  )
}

async function revoke(count: number, perSecond: number): Promise<Record<string, number>> {
  const times: Record<string, number> = {}
  const done: Promise<unknown>[] = []
  await offer(count / perSecond, perSecond, (index) => {
    const jti = `r${index}`
    done.push(
      list.revoke({ jti }).then(
        () => (times[jti] = Date.now()),
        () => undefined,
      ),
    )
  })
  await Promise.all(done)
  return times
}

/** When each token was refused first. */
async function watch(count: number): Promise<Record<string, number>> {
  const times: Record<string, number> = {}
  const tokens = await Promise.all(
    Array.from({ length: count }, async (_, index) => issuer.sign({ jti: `r${index}` })),
  )
  await api.ready()
  process.send?.({ ready: true })
  let first = 0
  // What could not be revoked is never refused.
  for (const end = Date.now() + 60_000; first < count && Date.now() < end;) {
    for (let index = first; index < Math.min(first + 400, count); index += 1) {
      const jti = `r${index}`
      if (times[jti] !== undefined) continue
      const outcome = await api.verify(String(tokens[index])).then(() => '200', nameOf)
      if (outcome === '401 revoked') times[jti] = Date.now()
    }
    while (first < count && times[`r${first}`] !== undefined) first += 1
    await pause(5)
  }
  return times
}

process.on('unhandledRejection', () => undefined)
process.on('disconnect', () => process.exit(0))
process.on('message', (order: Order) => {
  const reply = (value: unknown): void => void process.send?.({ reply: value })
  if (order.do === 'load') {
    mark()
    void load(order.perSecond)
    reply(null)
  } else if (order.do === 'mark') reply(mark())
  else if (order.do === 'stop') {
    stopped.abort()
    reply(mark())
  } else if (order.do === 'reserve') void reserve(order.keys, order.attempts).then(reply)
  else if (order.do === 'revoke') void revoke(order.count, order.perSecond).then(reply)
  else void watch(order.count).then(reply)
})
if (mode !== 'alone') await api.ready().catch(() => undefined)
process.send?.({ ready: true })
