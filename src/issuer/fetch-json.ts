import { parseJsonObject } from '../lib/json.ts'

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

/** Seconds of a `Retry-After` header: a number, or a date to be compared with the server's own (RFC 9110 §10.2.3). */
function retryAfterOf(headers: Headers): number | undefined {
  const value = headers.get('retry-after')
  if (value === null) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value)
  const seconds = secondsOf(value) - secondsOf(headers.get('date') ?? '')
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds)
}

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/** Tells whether a URL points at this machine. */
export function isLoopback(url: URL): boolean {
  return loopback.test(url.hostname)
}

/** Tells whether keys may be fetched from a URL: https, or http on this machine (RFC 8414 §2). */
export function isFetchable(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url))
}

/** Seconds an answer stays fresh: `max-age` less `Age`, else `Expires` less `Date` (RFC 9111 §4.2.1). */
export function freshnessOf(headers: Headers): number | undefined {
  const control = (headers.get('cache-control') ?? '').toLowerCase()
  if (/(?:^|[\s,])no-(?:store|cache)(?:$|[\s,=])/.test(control)) return 0
  const maxAge = /(?:^|[\s,])max-age *= *"?(\d+)/.exec(control)?.[1]
  const age = Number(/^ *(\d+) *$/.exec(headers.get('age') ?? '')?.[1] ?? 0)
  if (maxAge !== undefined) return Number(maxAge) - age
  const expires = headers.get('expires')
  if (expires === null || control !== '') return undefined
  const remaining = secondsOf(expires) - secondsOf(headers.get('date') ?? '')
  // An `Expires` that is no date means: already stale (RFC 9111 §5.3).
  return Number.isNaN(remaining) ? 0 : remaining - age
}

/** Seconds of a date as HTTP writes it (RFC 9110 §5.6.7); `Date.parse` alone takes any number for a year. */
function secondsOf(date: string): number {
  return /^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(date) ? Date.parse(date) / 1000 : NaN
}
