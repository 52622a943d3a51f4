import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server that accepts connections on loopback. */
export interface Running {
  readonly name: string
  /** Without a trailing slash. */
  readonly url: string
  close(): Promise<void>
}

/** Waits until `server` listens. */
export async function running(name: string, server: Server): Promise<Running> {
  if (!server.listening) await once(server, 'listening')
  const { address, port } = server.address() as AddressInfo
  return {
    name,
    url: `http://${address}:${port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
