import { once } from 'node:events'
import { createServer as createPlainServer, type RequestListener, type Server } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Certificate } from './certificate.ts'

/** A server that accepts connections on loopback, and responds as soon as it is given a listener. */
export interface Listening {
  /** Its origin, without a trailing slash. */
  readonly url: string
  readonly serve: (listener: RequestListener) => void
  /** Ends open connections too. */
  readonly close: () => Promise<void>
}

/** @see listen */
export interface ListenOptions {
  /** Without one the server speaks plain HTTP. */
  readonly certificate?: Certificate
  /** The name in its URL. Cookies of `localhost` and `127.0.0.1` are apart: browsers see two sites. */
  readonly host: 'localhost' | '127.0.0.1'
  /** 0 for any free one */
  readonly port: number
}

/**
 * Listens on loopback. Every server has its URL before any of them responds, since they need each other's.
 *
 * @throws {Error} `EADDRINUSE` when the port is taken
 */
export async function listen({ certificate, host, port }: ListenOptions): Promise<Listening> {
  const server: Server = certificate === undefined ? createPlainServer() : createServer(certificate)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const scheme = certificate === undefined ? 'http' : 'https'
  return {
    url: `${scheme}://${host}:${(server.address() as AddressInfo).port}`,
    serve: (listener) => server.on('request', listener),
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
