import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A relay between clients and a server, that a test can make worse. */
export interface TcpProxy {
  readonly port: number
  /** Milliseconds that every chunk waits on its way to the server. */
  delay: number
  /** Bytes after which a connection to the server ends, in the middle of a command; `undefined`: none ends. */
  cutAfter: number | undefined
  readonly close: () => void
}

/** Starts a relay to a port of this machine. */
export async function tcpProxy(target: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): Socket => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    return socket
  }
  const server = createServer((client) => {
    const upstream = keep(connect(target, '127.0.0.1'))
    keep(client)
    const end = (): void => {
      client.destroy()
      upstream.destroy()
    }
    client.on('close', end)
    upstream.on('close', end)
    upstream.on('data', (data) => client.write(data))
    let passed = 0
    let passing = Promise.resolve()
    const forward = (data: Buffer): void => {
      const room = proxy.cutAfter === undefined ? Infinity : Math.max(1, proxy.cutAfter - passed)
      if (data.length < room) {
        passed += data.length
        upstream.write(data)
      } else {
        upstream.write(data.subarray(0, room), end)
      }
    }
    client.on('data', (data: Buffer) => {
      const dueAt = performance.now() + proxy.delay
      // Bytes stay in order, also when the delay changes.
      passing = passing.then(async () => {
        const left = dueAt - performance.now()
        if (left > 0) await new Promise((resolve) => setTimeout(resolve, left))
        forward(data)
      })
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const proxy: TcpProxy = {
    port: (server.address() as AddressInfo).port,
    delay: 0,
    cutAfter: undefined,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
  return proxy
}
