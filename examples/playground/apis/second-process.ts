/* The same APIs in a process of their own, which knows only through Redis what was revoked. */
import { once } from 'node:events'
import { logoutOnRedis } from '../../demo/logout.ts'
import type { Certificate } from '../certificate.ts'
import { listen } from '../listen.ts'
import { callHeader } from '../parties.ts'
import type { Exchange, KeyCacheView } from '../protocol.ts'
import { makeRecorder } from '../recording/recorder.ts'
import { asText, type Trace } from '../traces.ts'
import { startApis } from './start.ts'

/** The one message to this process. */
export interface Order {
  readonly certificate: Certificate
  readonly issuer: string
  readonly otherSite: string
  /** Of the first API; 0 for any free ones. */
  readonly port: number
  readonly redisPort: number
}

/** Sent once, when the APIs respond. */
export interface Started {
  readonly urls: readonly string[]
  readonly keyCaches: readonly KeyCacheView[]
}

/** Sent for every exchange that is complete. */
export interface Report {
  readonly exchange: Exchange
  /** Of the call that the exchange was, if it was one. */
  readonly trace?: { readonly id: string; readonly trace: Trace }
  readonly keyCaches: readonly KeyCacheView[]
}

// Ctrl+C reaches every process; the first one decides.
process.on('SIGINT', () => undefined)
process.once('disconnect', () => process.exit())

const [order] = (await once(process, 'message')) as [Order]
const { certificate, issuer, otherSite, port, redisPort } = order
const servers = await Promise.all(
  [0, 1, 2].map((offset) => listen({ certificate, host: '127.0.0.1', port: port && port + offset })),
)
const { list } = await logoutOnRedis(redisPort)
const traces = new Map<string, Trace>()
const recorder = makeRecorder({
  otherSite,
  noted(exchange, { headers }) {
    const id = String(headers[callHeader])
    const trace = traces.get(id)
    traces.delete(id)
    tell({ exchange, keyCaches: keyCaches(), ...(trace !== undefined && { trace: { id, trace } }) })
  },
})
const apis = await startApis({
  issuer,
  servers,
  list,
  recorder,
  tell: (id, trace) => traces.set(id, asText(trace)),
  process: 2,
})
tell({ urls: apis.map(({ url }) => url), keyCaches: keyCaches() })

function keyCaches(): KeyCacheView[] {
  return apis.map(({ keyCache }) => keyCache())
}

function tell(message: Started | Report): void {
  process.send?.(message)
}
