import { fork } from 'node:child_process'
import { once } from 'node:events'
import { logoutOnRedis } from '../../demo/logout.ts'
import { startRedis } from '../../demo/redis-server.ts'
import type { RevocationList } from 'oauth-resource-server'
import type { KeyCacheView } from '../protocol.ts'
import type { Recorder } from '../recording/recorder.ts'
import type { Traces } from '../traces.ts'
import type { Order, Report, Started } from './second-process.ts'
import type { RunningApi } from './start.ts'

/** A redis-server and a list on it. */
export interface Shared {
  readonly list: RevocationList
  readonly port: number
  close(): Promise<void>
}

/** Starts a redis-server on loopback that keeps nothing on disk. @throws {Error} where none is installed */
export async function startShared(): Promise<Shared> {
  const redis = await startRedis()
  if (redis === undefined) {
    throw new Error('redis-server was not found: install it, or start the playground without --redis')
  }
  const { list, close } = await logoutOnRedis(redis.port)
  return {
    list,
    port: redis.port,
    async close() {
      close()
      await redis.close()
    },
  }
}

/** @see startSecond */
export interface SecondOptions extends Order {
  readonly recorder: Pick<Recorder, 'add'>
  readonly traces: Pick<Traces, 'put'>
}

/** The APIs of the other process. */
export interface Second {
  readonly apis: readonly RunningApi[]
  close(): Promise<void>
}

/** Starts the APIs in a second process. What it records and traces comes back in messages. */
export async function startSecond({ recorder, traces, ...order }: SecondOptions): Promise<Second> {
  const child = fork(new URL('./second-process.ts', import.meta.url), [], { execArgv: ['--import', 'tsx'] })
  const exited = once(child, 'exit')
  const started = once(child, 'message') as Promise<[Started]>
  child.send(order)
  const [{ urls, keyCaches }] = await Promise.race([
    started,
    exited.then((): never => {
      throw new Error('the second process of APIs did not start')
    }),
  ])
  let known = keyCaches
  let at = Date.now()
  child.on('message', ({ exchange, trace, keyCaches: latest }: Report) => {
    recorder.add(exchange)
    if (trace !== undefined) traces.put(trace.id, trace.trace)
    known = latest
    at = Date.now()
  })
  return {
    apis: keyCaches.map(({ api, process }, index) => ({
      name: api,
      process,
      url: urls[index] ?? '',
      keyCache: () => older(known[index] ?? { api, process, keys: [], status: 'unknown' }, at),
    })),
    async close() {
      if (child.connected) child.disconnect()
      await exited
    },
  }
}

/** The same view some time later. @param at when it was made */
function older({ age, ...view }: KeyCacheView, at: number): KeyCacheView {
  return { ...view, ...(age !== undefined && { age: age + Math.round((Date.now() - at) / 1000) }) }
}
