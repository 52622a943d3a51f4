import { connect } from 'node:net'
import { http2Request, type RawAnswer, rawRequest } from './hosts.ts'

/** A request as it goes over the wire: names may repeat, and values need not be legal. */
export interface WireRequest {
  readonly method?: string
  readonly path?: string
  readonly headers?: readonly (readonly [name: string, value: string])[]
  readonly body?: string
}

/** Sends a request to a port of this machine. */
export type Send = (port: number, request: WireRequest) => Promise<RawAnswer>

/** Over HTTP/1.1, byte by byte. */
export const overHttp1: Send = (port, { method = 'GET', path = '/', headers = [], body = '' }) => {
  const own: (readonly [string, string])[] = [
    ...(headers.some(([name]) => name.toLowerCase() === 'host') ? [] : [['Host', 'api.test'] as const]),
    ['Connection', headers.some(([name]) => name.toLowerCase() === 'upgrade') ? 'Upgrade, close' : 'close'],
    ...(body === '' ? [] : [['Content-Length', String(body.length)] as const]),
  ]
  const lines = [...own, ...headers].map(([name, value]) => `${name}: ${value}\r\n`)
  return rawRequest(port, `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
}

/** Over HTTP/2. Node's client refuses to repeat `authorization`; see {@link repeatOverHttp2}. */
export const overHttp2: Send = (port, { method = 'GET', path = '/', headers = [] }) => {
  const record: Record<string, string | string[]> = { ':method': method }
  for (const [name, value] of headers) {
    const lower = name.toLowerCase() === 'host' ? ':authority' : name.toLowerCase()
    const before = record[lower]
    record[lower] = before === undefined ? value : [before, value].flat()
  }
  return http2Request(port, record, path)
}

/**
 * Sends one GET over HTTP/2 whose header fields are exactly these, as frames of our own (RFC 9113 §4, RFC 7541
 * §6.2.2), and tells whether the answer is 400. No Huffman codes, no table: every field is spelled out.
 */
export async function repeatOverHttp2(
  port: number,
  headers: readonly (readonly [string, string])[],
): Promise<boolean> {
  const text = (value: string): Buffer => {
    const bytes = Buffer.from(value, 'latin1')
    return Buffer.concat([integer(bytes.length, 7, 0), bytes])
  }
  const fields: readonly (readonly [string, string])[] = [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'api.test'],
    ...headers,
  ]
  const block = Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]))
  const endStreamAndHeaders = 0x5
  const received = await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => {
      socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
      socket.write(Buffer.concat([frame(4, 0, 0, Buffer.alloc(0)), frame(1, endStreamAndHeaders, 1, block)]))
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(Buffer.concat(chunks)))
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      if (headerBlock(Buffer.concat(chunks)) !== undefined) socket.destroy()
    })
  })
  // Entry 12 of the static table is `:status: 400`; a change of the table's size may stand before it.
  const status = headerBlock(received)?.find((byte) => byte < 0x20 || byte > 0x3f)
  return status === (0x80 | 12)
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** An integer with a prefix (RFC 7541 §5.1). */
function integer(value: number, bits: number, high: number): Buffer {
  const limit = (1 << bits) - 1
  if (value < limit) return Buffer.of(high | value)
  const bytes = [high | limit]
  for (value -= limit; value >= 0x80; value >>= 7) bytes.push((value & 0x7f) | 0x80)
  return Buffer.from([...bytes, value])
}

/** The fields of the first HEADERS frame on stream 1, once it is there. */
function headerBlock(received: Buffer): Buffer | undefined {
  for (let at = 0; at + 9 <= received.length;) {
    const end = at + 9 + received.readUIntBE(at, 3)
    if (received[at + 3] === 1 && received.readUInt32BE(at + 5) === 1 && end <= received.length) {
      return received.subarray(at + 9, end)
    }
    at = end
  }
  return undefined
}
