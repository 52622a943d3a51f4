import type { ServerResponse } from 'node:http'
import { Readable, pipeline } from 'node:stream'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { ZlibOptions } from 'node:zlib'
import type { Exchange } from './exchange.ts'

const MiB = 1024 * 1024
const compress: (data: string | Buffer, options?: ZlibOptions) => Promise<Buffer> = promisify(gzip)
const json = { 'content-type': 'application/json' }

/** Sends half of the correct response, then cuts the connection. */
export function stopHalfway({ request, response, text }: Exchange): void {
  response.writeHead(200, { ...json, 'content-length': Buffer.byteLength(text) })
  // Not a reset: that may overtake the bytes before it, and the reader would never see a body begin.
  response.write(text.slice(0, text.length / 2), () => {
    request.socket.destroy()
  })
}

/** Sends the whole correct response after a larger Content-Length, and closes the connection properly. */
export function truncated({ request, response, text }: Exchange): void {
  response.writeHead(200, { ...json, 'content-length': Buffer.byteLength(text) + 100 })
  response.write(text, () => {
    request.socket.end()
  })
}

/** Sends the correct response at one byte per second, the first one at once. */
export function slow({ response, text }: Exchange): void {
  const bytes = Buffer.from(text)
  let sent = 0
  const sendOne = (): void => {
    response.write(bytes.subarray(sent, ++sent))
    if (sent === bytes.length) response.end()
  }
  response.writeHead(200, { ...json, 'content-length': bytes.length })
  sendOne()
  const timer = setInterval(sendOne, 1000)
  response.once('close', () => {
    clearInterval(timer)
  })
}

/** Sends the correct response but for its last brace, and white space for as long as somebody reads. */
export function endless({ response, text }: Exchange): void {
  response.writeHead(200, json)
  pad(response, text.slice(0, -1), Infinity, '')
}

/** Sends the correct response with 1 GiB of white space before its last brace, and says so beforehand. */
export function huge({ response, text }: Exchange): void {
  const blocks = 1024
  response.writeHead(200, { ...json, 'content-length': Buffer.byteLength(text) + blocks * MiB })
  pad(response, text.slice(0, -1), blocks, text.slice(-1))
}

/** Sends the correct response with 192 MiB of white space in it, gzipped to less than a body may usually have. */
export function bomb({ response, text }: Exchange): void {
  const ends = [compress(text.slice(0, -1)), compress(text.slice(-1))] as const
  const middle = compress(Buffer.alloc(16 * MiB, ' '), { level: 9 })
  void Promise.all([...ends, middle]).then(([start, end, block]) => {
    // Gzip files may be joined end to end (RFC 1952 §2.2), which spares compressing the same thing twelve times.
    const body = Buffer.concat([start, ...Array.from({ length: 12 }, () => block), end])
    response.writeHead(200, { ...json, 'content-encoding': 'gzip', 'content-length': body.length }).end(body)
  })
}

function pad(response: ServerResponse, head: string, blocks: number, tail: string): void {
  const block = Buffer.alloc(MiB, ' ')
  function* chunks(): Generator<string | Buffer> {
    yield head
    for (let sent = 0; sent < blocks; sent++) yield block
    yield tail
  }
  // A reader who leaves early is what these responses are for, so there is no error to report.
  pipeline(Readable.from(chunks()), response, () => undefined)
}
