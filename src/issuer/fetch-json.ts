import { parseJsonObject } from '../lib/json.ts'
import { retryAfterOf } from './freshness.ts'

/** The part of `fetch` the core uses. */
export type Fetch = (url: string, init: FetchInit) => Promise<Response>

/** What the core asks of `fetch`. */
export interface FetchInit {
  readonly method: 'GET'
  readonly headers: Readonly<Record<string, string>>
  readonly redirect: 'manual'
  readonly signal: AbortSignal
}

/** Why an answer cannot be used. Its message names the fault and the status, no content. */
export class FetchError extends Error {
  override readonly name = 'FetchError'
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined
  /** Seconds the server asked to be left alone. */
  readonly retryAfter: number | undefined

  constructor(
    message: string,
    options: ErrorOptions & { status?: number; retryAfter?: number | undefined } = {},
  ) {
    super(message, options)
    this.status = options.status
    this.retryAfter = options.retryAfter
  }
}

/** A document, or word that the one we have is still the newest. */
export interface JsonAnswer {
  /** `undefined` after 304. */
  readonly document: Readonly<Record<string, unknown>> | undefined
  readonly headers: Headers
}

/** Limits and means of one exchange. */
export interface GetOptions {
  readonly fetch: Fetch
  /** Ends the whole exchange, body included. */
  readonly signal: AbortSignal
  /** Bytes of the body after decompression. */
  readonly maxBytes: number
  /** `If-None-Match` and the like. */
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Gets a JSON object. Redirects are not followed, the body is counted as it arrives, and nothing outlives the
 * signal, even a `fetch` that ignores it.
 *
 * @throws {FetchError} for everything but 200 with a JSON object, or 304 to a conditional request
 */
export async function getJson(url: string, options: GetOptions): Promise<JsonAnswer> {
  const { fetch, signal, maxBytes, headers } = options
  const response = await withSignal(
    fetch(url, {
      method: 'GET',
      headers: { accept: 'application/json, application/jwk-set+json', ...headers },
      redirect: 'manual',
      signal,
    }),
    signal,
  )
  const conditional = headers !== undefined && Object.keys(headers).length > 0
  if (response.status === 304 && conditional) {
    discard(response)
    return { document: undefined, headers: response.headers }
  }
  // A `fetch` of the user's own may follow redirects all the same.
  if (response.redirected) {
    discard(response)
    throw new FetchError('the server redirects elsewhere', { status: 302 })
  }
  if (response.status !== 200) {
    discard(response)
    throw new FetchError(`the server answered with status ${response.status}`, {
      status: response.status,
      retryAfter: retryAfterOf(response.headers),
    })
  }
  const bytes = await readBody(response, maxBytes, signal)
  try {
    return { document: parseJsonObject(bytes), headers: response.headers }
  } catch {
    throw new FetchError('the answer is not a JSON object', { status: 200 })
  }
}

/** Waits for work no longer than a signal lasts. @throws {FetchError} for whatever goes wrong */
export async function withSignal<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort!: () => void
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = (): void => {
      reject(new FetchError('no complete answer in time'))
    }
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } catch (cause) {
    if (cause instanceof FetchError) throw cause
    throw new FetchError(signal.aborted ? 'no complete answer in time' : 'the server cannot be reached', {
      cause,
    })
  } finally {
    signal.removeEventListener('abort', onAbort)
    work.catch(() => undefined)
  }
}

async function readBody(response: Response, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const announced = Number(response.headers.get('content-length') ?? 0)
  if (announced > maxBytes) {
    discard(response)
    throw tooLong(maxBytes)
  }
  if (response.body === null) return new Uint8Array()
  const reader = response.body.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for (;;) {
      const { done, value } = await withSignal(reader.read(), signal)
      if (done) break
      length += value.byteLength
      if (length > maxBytes) throw tooLong(maxBytes)
      chunks.push(value)
    }
  } catch (error) {
    // Not awaited: a peer that hangs could hold up the cancelling too.
    reader.cancel().catch(() => undefined)
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

function tooLong(maxBytes: number): FetchError {
  return new FetchError(`the answer is longer than ${maxBytes} bytes`, { status: 200 })
}

/** Lets go of a body nobody reads, so that its connection is free again. */
function discard(response: Response): void {
  response.body?.cancel().catch(() => undefined)
}
