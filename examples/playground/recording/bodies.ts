import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'

/** Bytes of a body that are looked at. */
const most = 65_536

/**
 * Listens to the body of a form while the server itself reads it. Reading it here would take it away from the server.
 *
 * @returns what has come so far
 */
export function bodyOf(request: IncomingMessage): () => string {
  if (request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') !== true)
    return () => ''
  const chunks: Buffer[] = []
  const emit = request.emit.bind(request)
  request.emit = (event: string, ...values: unknown[]) => {
    const [chunk] = values
    if (event === 'data' && Buffer.isBuffer(chunk) && size(chunks) < most) chunks.push(chunk)
    return emit(event, ...values)
  }
  return () => Buffer.concat(chunks).toString()
}

/** What a server has sent. */
export interface Sent {
  readonly headers: OutgoingHttpHeaders
  /** The JSON body; `undefined` for any other one. */
  readonly json: unknown
}

/** Listens to a response. */
export interface SentBody {
  (): Sent
  /** Calls back when the server has ended its response, which is before anyone can have received the end of it. */
  readonly ended: (callback: () => void) => void
}

/** Listens to a response, headers that are passed to `writeHead` included. */
export function sentBody(response: ServerResponse): SentBody {
  const chunks: Buffer[] = []
  let passed: OutgoingHttpHeaders = {}
  let callback = (): void => undefined
  const keep = (chunk: unknown): void => {
    if (size(chunks) >= most) return
    if (typeof chunk === 'string') chunks.push(Buffer.from(chunk))
    else if (chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk))
  }
  const write = response.write.bind(response) as (...values: unknown[]) => boolean
  const end = response.end.bind(response) as (...values: unknown[]) => ServerResponse
  const writeHead = response.writeHead.bind(response) as (...values: unknown[]) => ServerResponse
  Object.assign(response, {
    write(...values: unknown[]) {
      keep(values[0])
      return write(...values)
    },
    end(...values: unknown[]) {
      keep(values[0])
      callback()
      return end(...values)
    },
    writeHead(...values: unknown[]) {
      const headers = values.find(
        (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
      )
      passed = { ...passed, ...lowerCase((headers ?? {}) as OutgoingHttpHeaders) }
      return writeHead(...values)
    },
  })
  const sent = (): Sent => {
    const headers = { ...response.getHeaders(), ...passed }
    const isJson = /[/+]json\b/.test(String(headers['content-type']))
    return { headers, json: isJson ? parsed(Buffer.concat(chunks).toString()) : undefined }
  }
  return Object.assign(sent, {
    ended(then: () => void) {
      callback = then
    },
  })
}

function lowerCase(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function size(chunks: readonly Buffer[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0)
}
