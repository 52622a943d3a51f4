import { createServer, type RequestListener } from 'node:http'
import { type Running, running } from '../demo/running.ts'
import { authorizationServer, type AuthorizationServerOptions } from './authorization-server.ts'
import { mcpServer } from './mcp-server.ts'

/** An MCP server and its authorization server, on loopback. */
export interface World {
  /** The URL that a user gives to the client. */
  readonly url: URL
  readonly issuer: string
  close(): Promise<void>
}

/** @see startWorld */
export interface WorldOptions extends Omit<AuthorizationServerOptions, 'resource'> {
  /** The clock of the MCP server. Milliseconds since the epoch. @default Date.now */
  readonly now?: () => number
  /** Sees every request to the MCP server, before the server. */
  readonly observe?: RequestListener
}

/** Starts both. They need each other's URL, so both listen before either is made. */
export async function startWorld({ now, observe, ...options }: WorldOptions): Promise<World> {
  const servers = [createServer(), createServer()] as const
  const started = await Promise.all(
    servers.map((server, index) =>
      running(['authorization server', 'MCP server'][index] ?? '', server.listen(0, '127.0.0.1')),
    ),
  )
  const [issuer = '', origin = ''] = started.map(({ url }: Running) => url)
  const resource = `${origin}/mcp`
  servers[0].on('request', authorizationServer(issuer, { ...options, resource }))
  if (observe !== undefined) servers[1].on('request', observe)
  servers[1].on('request', mcpServer(resource, issuer, now))
  return {
    url: new URL(resource),
    issuer,
    async close() {
      await Promise.all(started.map((server) => server.close()))
    },
  }
}
