import { InvalidRequestError } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import { own } from '../lib/objects.ts'
import type { HttpRequest } from '../types.ts'
import { firstHeader } from './headers.ts'

/** Bytes that a form may have. */
const maxBytes = 65_536

/** Milliseconds in which a form must have arrived. */
const maxMs = 5000

/** What we use of a request of Node, or of the stream that a framework made of it. */
interface NodeStream {
  readonly readableEnded?: boolean
  readonly destroyed?: boolean
  readonly on: (event: string, listener: (value: unknown) => void) => unknown
  readonly off: (event: string, listener: (value: unknown) => void) => unknown
  readonly pause: () => unknown
}

/** Reads pieces until there are no more, or `stop` was called. Resolves when the body is complete. */
interface Body {
  readonly read: (take: (piece: Uint8Array) => void) => Promise<void>
  /**
   * Reads no further. It destroys nothing: the connection is needed for the response.
   */
  readonly stop: () => void
}

/**
 * Reads one member of a form, `application/x-www-form-urlencoded`: from the body that a framework parsed, else from
 * the stream, of which at most 64 KiB are read, for at most 5 s.
 *
 * @param raw request of Node, or web `Request`
 * @throws {InvalidRequestError} when it is no such form, too long, too slow or broken off, or the member is not there
 * exactly once
 * @throws {Error} when something read the body before and kept nothing of it
 */
export async function formMember(
  request: HttpRequest,
  raw: object,
  name: string,
  clock: Pick<Clock, 'schedule'>,
): Promise<string> {
  const [type = ''] = (firstHeader(request, 'content-type') ?? '').split(';')
  if (request.method !== 'POST' || type.trim().toLowerCase() !== 'application/x-www-form-urlencoded') {
    throw new InvalidRequestError('The request must be a POST of application/x-www-form-urlencoded')
  }
  const { body: parsed } = request
  const isStream = typeof parsed === 'object' && parsed !== null && isNodeStream(parsed)
  const found = isStream ? undefined : parsedMember(parsed, name)
  if (found !== undefined) return only(found, name)
  const body = bodyOf(isStream ? parsed : raw)
  if (body === 'read') {
    if (parsed !== undefined && parsed !== null) return only([], name)
    throw new Error(
      'backChannelLogout: the body was read before and nothing was left of it: mount it before what reads bodies',
    )
  }
  return only(membersIn(body === undefined ? '' : await textOf(body, clock), name), name)
}

/** Values of a member in what a framework read; `undefined` where it is not there. */
function parsedMember(body: unknown, name: string): readonly unknown[] | undefined {
  if (typeof body === 'string') return membersIn(body, name)
  if (body instanceof Uint8Array) return membersIn(decoded([body]), name)
  if (typeof body !== 'object' || body === null) return undefined
  const value = own(body, name)
  // Some parsers leave an empty object of what they did not read.
  return value === undefined ? undefined : Array.isArray(value) ? value : [value]
}

function membersIn(form: string, name: string): readonly string[] {
  return new URLSearchParams(form).getAll(name)
}

function only(values: readonly unknown[], name: string): string {
  const [value] = values
  if (values.length === 1 && typeof value === 'string' && value !== '') return value
  throw new InvalidRequestError(`The form must have ${name} exactly once`)
}

async function textOf(body: Body, clock: Pick<Clock, 'schedule'>): Promise<string> {
  const pieces: Uint8Array[] = []
  let length = 0
  let cancel = (): void => undefined
  const ended = new Promise<void>((resolve, reject) => {
    const refuse = (message: string): void => {
      body.stop()
      reject(new InvalidRequestError(message))
    }
    cancel = clock.schedule(maxMs, () => refuse(`The form must arrive within ${maxMs / 1000} seconds`))
    const take = (piece: Uint8Array): void => {
      // An empty piece counts too, so that a body made of them comes to an end.
      length += Math.max(1, piece.byteLength)
      if (length > maxBytes) refuse(`The form must have at most ${maxBytes} bytes`)
      else pieces.push(piece)
    }
    body.read(take).then(resolve, () => refuse('The form broke off'))
  })
  try {
    await ended
  } finally {
    cancel()
  }
  return decoded(pieces)
}

function decoded(pieces: readonly Uint8Array[]): string {
  const decoder = new TextDecoder()
  return pieces.map((piece) => decoder.decode(piece, { stream: true })).join('') + decoder.decode()
}

function isNodeStream(value: object): value is NodeStream {
  return typeof (value as Partial<NodeStream>).on === 'function'
}

/** @returns `undefined` for a request without a body; `read` when it was read before */
function bodyOf(raw: object): Body | 'read' | undefined {
  if (isNodeStream(raw)) return raw.readableEnded === true ? 'read' : ofNodeStream(raw)
  const { body, bodyUsed } = raw as Request
  if (bodyUsed) return 'read'
  return body === null ? undefined : ofWebStream(body)
}

/** With listeners: the iterator of a stream destroys it when it ends early, and the connection with it. */
function ofNodeStream(stream: NodeStream): Body {
  let stop = (): void => undefined
  return {
    read: (take) =>
      new Promise((resolve, reject) => {
        const listeners: readonly [string, (value: unknown) => void][] = [
          [
            'data',
            (piece) =>
              take(typeof piece === 'string' ? new TextEncoder().encode(piece) : (piece as Uint8Array)),
          ],
          ['end', () => resolve()],
          ['close', () => reject(new Error('closed'))],
        ]
        stop = () => {
          for (const [event, listener] of listeners) stream.off(event, listener)
          stream.pause()
        }
        // This one stays: without it a late error would end the process.
        stream.on('error', reject)
        for (const [event, listener] of listeners) stream.on(event, listener)
        if (stream.destroyed === true) reject(new Error('closed'))
      }),
    stop: () => stop(),
  }
}

function ofWebStream(stream: ReadableStream<Uint8Array>): Body {
  const reader = stream.getReader()
  return {
    async read(take) {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        take(value)
      }
    },
    stop() {
      // Not cancelled: servers on Node close the connection then.
      reader.releaseLock()
    },
  }
}
