import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'

/** A redis-server on loopback that keeps nothing on disk. */
export interface RedisServer {
  readonly port: number
  close(): Promise<void>
}

/** Starts a redis-server; `undefined` where none is installed. */
export async function startRedis(): Promise<RedisServer | undefined> {
  const port = await freePort()
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = spawn('redis-server', options, { stdio: 'ignore' })
  const failed = once(child, 'error').then(
    () => true,
    () => true,
  )
  const spawned = once(child, 'spawn').then(
    () => false,
    () => true,
  )
  if (await Promise.race([spawned, failed])) return undefined
  return {
    port,
    async close() {
      const closed = once(child, 'close')
      child.kill()
      await closed
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
