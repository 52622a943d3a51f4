import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Guard, ResourceServer } from 'oauth-resource-server'

/** What Node hands to every stack. */
export interface Exchange {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** Objects of the framework that other middleware may have changed: the request, its notes. */
  readonly framework: Readonly<Record<string, object>>
  /** Tells the framework that somebody else answers; where a framework insists on answering otherwise. */
  readonly takeOver: () => void
}

/** An application: something that runs first, `verifyJwt()`, a guard, a handler that responds with `ok`. */
export interface StackApp {
  readonly api: ResourceServer<unknown, undefined>
  readonly guard: Guard
  readonly before: (exchange: Exchange) => void
  /** Gets the header `x-round` of its request. */
  readonly handler: (round: unknown) => void
}

/** A running application. */
export interface Stack {
  readonly origin: string
  readonly port: number
  readonly close: () => Promise<void>
}

/** Starts an application on loopback. */
export type StartStack = (app: StackApp) => Promise<Stack>

/** What `createServer()` takes, whatever it returns. */
export type Listener = (req: IncomingMessage, res: ServerResponse) => unknown

/** Serves on a free loopback port. */
export async function listening(server: Server, close = (): unknown => undefined): Promise<Stack> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    async close() {
      server.closeAllConnections()
      await close()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Where nobody has to be told that somebody else answers. */
export const nothing = (): void => undefined

/** The handler of a stack of plain responses. */
export function ok(app: StackApp, req: IncomingMessage, res: ServerResponse): void {
  app.handler(req.headers['x-round'])
  res.end('ok')
}

/** The error path of a stack of plain responses. */
export function internalError(res: ServerResponse): void {
  res.statusCode = 500
  res.end('error')
}
