import { unawaited } from '../lib/maybe-promise.ts'
import { FetchError } from './fetch-error.ts'
import { withSignal } from './with-signal.ts'

/** A body read piece by piece, whatever kind of stream it is. */
interface Pieces {
  readonly next: () => Promise<{ readonly done?: boolean | undefined; readonly value?: unknown }>
  /** Ends the stream. */
  readonly cancel: () => void
}

/** What we use of a Node stream, which the `fetch` of some packages returns. */
interface NodeStream {
  readonly on?: (event: 'error', listener: () => void) => unknown
  readonly destroy?: () => unknown
}

const ignore = (): void => undefined

/**
 * Reads a body, a web stream or an async iterable, and counts while it arrives. Each read lasts no longer than the
 * signal.
 *
 * @throws {FetchError} when it is longer than `maxBytes`, breaks off, or is no body
 */
export async function readBody(
  response: Response,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const announced = Number(response.headers.get('content-length') ?? 0)
  if (announced > maxBytes) {
    discard(response)
    throw tooLong(maxBytes)
  }
  const pieces = piecesOf(response.body)
  if (pieces === undefined) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for (let counted = 0; ;) {
      const { done, value } = await withSignal(pieces.next(), signal)
      if (done === true) break
      const chunk = bytesOf(value)
      length += chunk.byteLength
      // An empty piece counts too, so that a body made of them comes to an end.
      counted += Math.max(1, chunk.byteLength)
      if (counted > maxBytes) throw tooLong(maxBytes)
      chunks.push(chunk)
    }
  } catch (error) {
    giveUp(pieces)
    throw error
  }
  const bytes = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.byteLength
  }
  return bytes
}

/** Cancels a body that is not read, so that its connection is free again. */
export function discard(response: Response): void {
  try {
    piecesOf(response.body)?.cancel()
  } catch {
    // It cannot be read, so there is nothing to cancel.
  }
}

/** Cancels a body that failed, and whose failure counts. */
function giveUp(pieces: Pieces): void {
  try {
    pieces.cancel()
  } catch {
    // It failed before.
  }
}

/** @throws {FetchError} for what is neither a web stream nor an async iterable, and for a stream in use */
function piecesOf(body: unknown): Pieces | undefined {
  if (body === null || body === undefined) return undefined
  try {
    if (typeof (body as ReadableStream).getReader === 'function') return ofWebStream(body as ReadableStream)
    if (typeof (body as AsyncIterable<unknown>)[Symbol.asyncIterator] === 'function') {
      return ofIterable(body as AsyncIterable<unknown>)
    }
  } catch (cause) {
    throw new FetchError('the body of the response cannot be read', { status: 200, cause })
  }
  // A forgotten `await`.
  unawaited(body)
  throw new FetchError('the body of the response cannot be read', { status: 200 })
}

function ofWebStream(body: ReadableStream): Pieces {
  const reader = body.getReader()
  return {
    // Called in here, so that one that throws at once rejects like the others.
    next: async () => reader.read(),
    // Not awaited: a peer that hangs could delay the cancelling too.
    cancel: () => {
      unawaited(reader.cancel())
    },
  }
}

function ofIterable(body: AsyncIterable<unknown> & NodeStream): Pieces {
  // Some packages emit an error after the body was given up; without a listener that would end the process.
  body.on?.('error', ignore)
  const iterator = body[Symbol.asyncIterator]()
  return {
    next: async () => iterator.next(),
    cancel: () => {
      const ended: unknown = typeof body.destroy === 'function' ? body.destroy() : iterator.return?.()
      unawaited(ended)
    },
  }
}

/** Copies a piece: some streams use one buffer for all. Not by class, since test runners have several of each. */
function bytesOf(value: unknown): Uint8Array {
  if (typeof value === 'string') return new TextEncoder().encode(value)
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice()
  }
  if (Object.prototype.toString.call(value) === '[object ArrayBuffer]') {
    return new Uint8Array(value as ArrayBuffer).slice()
  }
  throw new FetchError('the body of the response cannot be read', { status: 200 })
}

function tooLong(maxBytes: number): FetchError {
  return new FetchError(`the answer is longer than ${maxBytes} bytes`, { status: 200 })
}
