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
  | { readonly do: 'reserve'; readonly keys: readonly string[] }
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
  const outcome = await outcomeOf(isRevoked)
  pending -= 1
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  slowest = Math.max(slowest, performance.now() - begun)
  if (outcome === (isRevoked ? '200' : '401 revoked') || outcome === 'used') wrong += 1
  if (outcome.startsWith('200') || outcome === '401 revoked') served ??= performance.now() - since
}

async function outcomeOf(isRevoked: boolean): Promise<string> {
  if (mode === 'alone') return alone(isRevoked)
  if (mode === 'replay') return fresh()
  return api.verify(isRevoked ? revoked : valid).then(() => '200', nameOf)
}

let freshKeys = 0
const replay = replayStore(client, { timeoutMs })

/** Reserves a key that nobody had. */
async function fresh(): Promise<string> {
  const until = Date.now() / 1000 + 60
  return replay
    .reserve(`${process.pid}-${(freshKeys += 1)}`, until)
    .then((isFirst) => (isFirst ? '200 reserved' : 'used'), nameOf)
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

/** What became of a key. A failed call says nothing, and may have reserved the key. */
export type Reserved = 'reserved' | 'used' | 'failed'

async function reserve(keys: readonly string[]): Promise<Reserved[]> {
  const store = replayStore(client, { timeoutMs: 5000 })
  const until = new Date(Date.now() + 600_000)
  return Promise.all(
    keys.map(async (key) =>
      store.reserve(key, until).then(
        (isFirst) => (isFirst ? 'reserved' : 'used'),
        () => 'failed',
      ),
    ),
  )
}

/** Revokes again what could not be revoked in time, as whoever revokes has to. */
async function untilRevoked(jti: string): Promise<void> {
  for (;;) {
    try {
      await list.revoke({ jti })
      return
    } catch {
      await pause(100)
    }
  }
}

/** When each call of `revoke()` resolved. */
async function revoke(count: number, perSecond: number): Promise<Record<string, number>> {
  const times: Record<string, number> = {}
  const done: Promise<unknown>[] = []
  // A busy machine offers fewer in that time.
  for (let sent = 0; sent < count;) {
    const first = sent
    await offer((count - first) / perSecond + 0.1, perSecond, (index) => {
      if (first + index >= count) return
      sent += 1
      const jti = `r${first + index}`
      done.push(untilRevoked(jti).then(() => (times[jti] = Date.now())))
    })
  }
  await Promise.all(done)
  return times
}

/** When each token was accepted last, before it was refused. */
async function watch(count: number): Promise<Record<string, number>> {
  const accepted: Record<string, number> = {}
  const tokens = await Promise.all(
    Array.from({ length: count }, async (_, index) => issuer.sign({ jti: `r${index}` })),
  )
  await api.ready()
  process.send?.({ ready: true })
  const left = new Set(tokens.keys())
  let latest = 0
  for (const end = Date.now() + 90_000; left.size > 0 && Date.now() < end;) {
    for (const index of left) {
      // What will be revoked later is not looked at yet.
      if (index > latest + 600) break
      const time = Date.now()
      const outcome = await api.verify(String(tokens[index])).then(() => '200', nameOf)
      if (outcome === '200') accepted[`r${index}`] = time
      if (outcome !== '401 revoked') continue
      left.delete(index)
      latest = Math.max(latest, index)
    }
    await pause(5)
  }
  // Never refused. Messages between processes have no `Infinity`.
  for (const index of left) accepted[`r${index}`] = Number.MAX_SAFE_INTEGER
  return accepted
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
  } else if (order.do === 'reserve') void reserve(order.keys).then(reply)
  else if (order.do === 'revoke') void revoke(order.count, order.perSecond).then(reply)
  else void watch(order.count).then(reply)
})
if (mode !== 'alone') await api.ready().catch(() => undefined)
process.send?.({ ready: true })
