import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * The first of some ports in a row that nothing on loopback uses now. It is below the ports that systems give to
 * outgoing connections, so that no connection of another test takes one of them meanwhile.
 *
 * @throws {Error} when it finds none
 */
export async function freePort(inRow = 1): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const first = randomInt(10_000, 32_000)
    if (await areFree(first, inRow)) return first
  }
  throw new Error(`no ${inRow} free ports in a row`)
}

async function areFree(first: number, inRow: number): Promise<boolean> {
  for (let port = first; port < first + inRow; port += 1) {
    const server = createServer().listen(port, '127.0.0.1')
    try {
      await once(server, 'listening')
    } catch {
      return false
    }
    server.close()
    await once(server, 'close')
  }
  return true
}
