import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'

/** How an introspection endpoint on loopback responds to one question. */
export type Behaviour = (response: ServerResponse, request: IncomingMessage) => void

/** An introspection endpoint that a test can break, over real HTTP. */
export interface FaultyEndpoint {
  readonly url: string
  /** Questions that arrived. */
  readonly questions: () => number
  /** Requests that arrived anywhere else. */
  readonly strays: () => number
  be: Behaviour
  readonly close: () => Promise<void>
}

/** Starts an endpoint. It reads the whole question before it responds. */
export async function faultyEndpoint(first: Behaviour): Promise<FaultyEndpoint> {
  let questions = 0
  let strays = 0
  const server = createServer((request, response) => {
    if (request.url === '/introspect') questions += 1
    else strays += 1
    request.resume().on('end', () => endpoint.be(response, request))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint: FaultyEndpoint = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/introspect`,
    questions: () => questions,
    strays: () => strays,
    be: first,
    close: async () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return endpoint
}

/** Responds with 200 and a body. */
export const sends =
  (body: string | Uint8Array, headers: Record<string, string> = {}): Behaviour =>
  (response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(body)
  }

/** Responds with a status and no JSON. */
export const status =
  (code: number, headers: Record<string, string> = {}): Behaviour =>
  (response) => {
    response.writeHead(code, headers).end('<p>something went wrong</p>')
  }

/** Responds as another behaviour does, but later. */
export const after =
  (ms: number, behaviour: Behaviour): Behaviour =>
  (response, request) => {
    setTimeout(() => behaviour(response, request), ms)
  }

/** Never responds. */
export const hangs: Behaviour = () => undefined

/** Ends the connection without a response. */
export const cuts: Behaviour = (response) => void response.destroy()

/** Ends the connection in the middle of a body. */
export const cutsBody =
  (body: string): Behaviour =>
  (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
    response.write(body.slice(0, body.length / 2), () => response.destroy())
  }

/** Sends the beginning of a body, and nothing more. */
export const stalls =
  (body: string): Behaviour =>
  (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
    response.write(body.slice(0, body.length / 2))
  }

/** Sends a body until the client has enough of it. */
export const neverEnds: Behaviour = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  const chunk = ' '.repeat(16_384)
  const send = (): void => {
    while (!response.destroyed && response.write(chunk)) continue
    if (!response.destroyed) response.once('drain', send)
  }
  send()
}

/** Sends a body that begins well, and is 50 MB once it is decompressed. */
export const bomb = (body: string): Behaviour =>
  sends(gzipSync(`${body}${' '.repeat(50_000_000)}`), { 'content-encoding': 'gzip' })

/** Sends a body compressed. */
export const compressed = (body: string): Behaviour => sends(gzipSync(body), { 'content-encoding': 'gzip' })
