import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'

/** An introspection endpoint on loopback, in a process of its own. */
export interface IntrospectionServer {
  readonly endpoint: string
  readonly close: () => void
}

const file = fileURLToPath(import.meta.url)

/** Starts an endpoint to which every token is active. */
export async function introspectionServer(issuer: string, audience: string): Promise<IntrospectionServer> {
  const child = fork(file, [issuer, audience])
  const [port] = (await once(child, 'message')) as [number]
  return { endpoint: `http://127.0.0.1:${port}/introspect`, close: () => child.kill() }
}

if (process.argv[1] === file && process.send !== undefined) {
  const [iss = '', aud = ''] = process.argv.slice(2)
  const exp = Math.floor(Date.now() / 1000) + 7200
  const body = JSON.stringify({
    active: true,
    iss,
    aud,
    exp,
    sub: 'user',
    token_type: 'Bearer',
    client_id: 'app',
  })
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.setHeader('Content-Type', 'application/json').end(body))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  process.send((server.address() as AddressInfo).port)
  process.on('disconnect', () => process.exit(0))
}
