import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { constants, setPriority } from 'node:os'

/** Child process: the load generator. Sends as fast as the server answers, on connections that stay open. */

export interface LoadOrder {
  readonly port: number
  readonly connections: number
  readonly tokens: readonly string[]
  readonly milliseconds: number
}

export interface LoadReport {
  readonly requests: number
  readonly seconds: number
}

// It never sleeps, and must not take a processor from the threads of the server.
setPriority(constants.priority.PRIORITY_LOW)

process.on('message', (order: LoadOrder) => {
  void load(order).then((report) => process.send?.(report))
})
process.on('disconnect', () => process.exit())

async function load({ port, connections, tokens, milliseconds }: LoadOrder): Promise<LoadReport> {
  const requests = tokens.map((token) =>
    Buffer.from(
      `GET /orders HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: application/json\r\nUser-Agent: bench/1\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    ),
  )
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)))
  let sent = 0
  let answered = 0
  const start = performance.now()
  const end = start + milliseconds
  const fallAsleep = stayAwake()
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve, reject) => {
          const send = (): void => void socket.write(requests[sent++ % requests.length] as Buffer)
          let pending = ''
          socket.on('data', (chunk: Buffer) => {
            pending += chunk.toString('latin1')
            if (!isComplete(pending)) return
            if (!pending.startsWith('HTTP/1.1 200 ')) {
              reject(new Error(`port ${port} answered ${pending.slice(0, 200)}`))
              return
            }
            pending = ''
            answered++
            if (performance.now() < end) send()
            else resolve()
          })
          socket.on('error', reject)
          send()
        }),
    ),
  )
  const seconds = (performance.now() - start) / 1000
  fallAsleep()
  for (const socket of sockets) socket.destroy()
  return { requests: answered, seconds }
}

/**
 * Keeps this process from sleeping while it waits. Whoever writes to a sleeping process pays for waking it: the
 * server would pay several microseconds for an answer, and most often where it is the slowest.
 */
function stayAwake(): () => void {
  let ended = false
  const turn = (): void => {
    if (!ended) setImmediate(turn)
  }
  turn()
  return () => {
    ended = true
  }
}

/** Whether the answer is there as a whole. */
function isComplete(text: string): boolean {
  const header = text.indexOf('\r\n\r\n')
  if (header === -1) return false
  const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1]
  return length === undefined ? text.endsWith('\r\n0\r\n\r\n') : text.length >= header + 4 + Number(length)
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  return socket
}
