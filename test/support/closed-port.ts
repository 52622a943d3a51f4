import { type AddressInfo, createServer } from 'node:net'

/**
 * A port of loopback that was free a moment ago, so that a connection to it is refused (`ECONNREFUSED`). The `fetch` of
 * Node refuses low ports such as 1 and 9 by itself, before it connects.
 */
export async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
