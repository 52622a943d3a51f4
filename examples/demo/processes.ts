import { fork } from 'node:child_process'
import { once } from 'node:events'
import { startApis } from './apis.ts'
import { logoutOnRedis } from './logout.ts'
import { startRedis } from './redis-server.ts'
import type { Running } from './running.ts'

/** The APIs of one process. */
export interface Group {
  readonly name: string
  readonly apis: readonly Pick<Running, 'name' | 'url'>[]
}

/** The APIs in two processes that share a Redis, and how to end all of it. */
export interface Processes {
  readonly groups: readonly [Group, Group]
  close(): Promise<void>
}

/** Starts the APIs in this process and in another one; `undefined` without a redis-server. */
export async function startTwoProcesses(issuer: string): Promise<Processes | undefined> {
  const redis = await startRedis()
  if (redis === undefined) return undefined
  const child = fork(new URL('./second-process.ts', import.meta.url), [issuer, String(redis.port)])
  const started = once(child, 'message') as Promise<[Group['apis']]>
  const logout = await logoutOnRedis(redis.port)
  const [here, [there]] = await Promise.all([startApis(issuer, logout), started])
  return {
    groups: [
      { name: 'Redis, process 1', apis: here },
      { name: 'Redis, process 2', apis: there },
    ],
    async close() {
      const exited = once(child, 'exit')
      child.disconnect()
      await Promise.all([exited, ...here.map((api) => api.close())])
      logout.close()
      await redis.close()
    },
  }
}
