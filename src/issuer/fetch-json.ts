import { parseJsonObject } from '../lib/json.ts'
import { FetchError } from './fetch-error.ts'
import { retryAfterOf } from './freshness.ts'
import { discard, readBody } from './response-body.ts'
import { withSignal } from './with-signal.ts'

export { FetchError } from './fetch-error.ts'

/** The part of `fetch` the core uses. */
export type Fetch = (url: string, init: FetchInit) => Promise<Response>

/** What the core needs of `fetch`. */
export interface FetchInit {
  readonly method: 'GET' | 'POST'
  /** With `POST`. */
  readonly body?: string
  readonly headers: Readonly<Record<string, string>>
  readonly redirect: 'manual'
  readonly signal: AbortSignal
}

/** A document, or the confirmation that ours is the newest. */
export interface JsonAnswer {
  /** `undefined` after 304. */
  readonly document: Readonly<Record<string, unknown>> | undefined
  readonly headers: Headers
}

/** Limits and means of one exchange. */
export interface ExchangeOptions {
  readonly fetch: Fetch
  /** Ends the whole exchange, body included. */
  readonly signal: AbortSignal
  /** Bytes of the body after decompression. */
  readonly maxBytes: number
}

/** Limits and means of {@link getJson}. */
export interface GetOptions extends ExchangeOptions {
  /** `If-None-Match` and the like. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Limits and means of {@link postForm}. */
export interface PostOptions extends ExchangeOptions {
  readonly headers: Readonly<Record<string, string>>
}

/** The body of an answer, not read yet as anything but bytes. */
export interface BytesAnswer {
  readonly bytes: Uint8Array
  readonly headers: Headers
}

/**
 * Gets a JSON object, of any content type. Redirects are not followed, the body is counted as it arrives, and nothing
 * outlives the signal, even a `fetch` that ignores it.
 *
 * @throws {FetchError} for everything but 200 with a JSON object, or 304 to a conditional request
 */
export async function getJson(url: string, options: GetOptions): Promise<JsonAnswer> {
  try {
    return await exchange(url, options)
  } catch (error) {
    throw error instanceof FetchError ? error.at(url) : error
  }
}

async function exchange(url: string, options: GetOptions): Promise<JsonAnswer> {
  const { headers } = options
  const accept = 'application/json, application/jwk-set+json'
  const response = await responseTo(url, { method: 'GET', headers: { accept, ...headers } }, options)
  const conditional = headers !== undefined && Object.keys(headers).length > 0
  if (response.status === 304 && conditional) {
    discard(response)
    return { document: undefined, headers: response.headers }
  }
  const bytes = await bodyOf(response, options)
  try {
    return { document: parseJsonObject(withoutMark(bytes)), headers: response.headers }
  } catch {
    throw new FetchError('the response is not a JSON object', { status: 200 })
  }
}

/**
 * Posts a form. Redirects are not followed, so that neither the form nor the credentials go elsewhere.
 *
 * @param form in the form of `application/x-www-form-urlencoded`
 * @throws {FetchError} for everything but 200 with a body of `maxBytes` at most
 */
export async function postForm(url: string, form: string, options: PostOptions): Promise<BytesAnswer> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', ...options.headers }
  try {
    const response = await responseTo(url, { method: 'POST', body: form, headers }, options)
    return { bytes: await bodyOf(response, options), headers: response.headers }
  } catch (error) {
    throw error instanceof FetchError ? error.at(url) : error
  }
}

/** @throws {FetchError} when there is none in time */
async function responseTo(
  url: string,
  request: Pick<FetchInit, 'method' | 'body' | 'headers'>,
  { fetch, signal }: ExchangeOptions,
): Promise<Response> {
  const init = { ...request, redirect: 'manual', signal } as const
  // Called in a function of ours, so that one that throws at once is a server that cannot be reached, too.
  const asked = (async () => fetch(url, init))()
  const response: unknown = await withSignal(asked, signal).catch((error: unknown) => {
    // A response that comes too late is given up like any other: its connection, and the errors of its body.
    asked.then(discard, () => undefined)
    throw error
  })
  if (isResponse(response)) return response
  throw new FetchError('the fetch function returned no Response', { cause: new TypeError() })
}

/** By shape: the `fetch` of the user's own may have a class of its own. */
function isResponse(value: unknown): value is Response {
  const { status, headers } = Object(value) as Partial<Response>
  return typeof status === 'number' && typeof headers?.get === 'function'
}

/** @throws {FetchError} for a response other than 200 */
function bodyOf(response: Response, { maxBytes, signal }: ExchangeOptions): Promise<Uint8Array> {
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
  return readBody(response, maxBytes, signal)
}

/** Ignores a byte order mark (RFC 8259 §8.1). */
function withoutMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
}
