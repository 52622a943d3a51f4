import { createHash } from 'node:crypto'
import { http, HttpResponse, type RequestHandler } from 'msw'
import { type SetupServer, setupServer } from 'msw/node'
import type { TestIssuer } from 'oauth-resource-server/testing'
import { afterAll, afterEach, beforeAll } from 'vitest'

/**
 * Simulates the network beyond this machine for one test file. A request nobody described fails, so that no test
 * depends on, or bothers, a server out there.
 */
export function simulatedNetwork(): SetupServer {
  const network = setupServer()
  beforeAll(() =>
    network.listen({
      onUnhandledRequest({ url }, print) {
        if (new URL(url).hostname !== '127.0.0.1') print.error()
      },
    }),
  )
  afterEach(() => network.resetHandlers())
  afterAll(() => network.close())
  return network
}

/** A test issuer's metadata (RFC 8414) and keys under its own https name. */
export function published(issuer: TestIssuer): readonly RequestHandler[] {
  const metadata = new URL('/.well-known/oauth-authorization-server', issuer.issuer)
  return [
    http.get(metadata.href, () => HttpResponse.json(issuer.metadata)),
    http.get(issuer.metadata.jwks_uri, () => HttpResponse.json(issuer.jwks)),
  ]
}

/** One call as the network saw it. */
export interface Call {
  readonly url: string
  readonly headers: Headers
  readonly redirect: string | undefined
  readonly signal: AbortSignal
}

/** How the network answers a call. */
export type Answer = (call: Call) => Response | Promise<Response>

/** A network with one answer to everything, which a test may change at any time. */
export interface Network {
  readonly fetch: typeof globalThis.fetch
  /** Oldest first; a test may empty it. */
  readonly calls: Call[]
  /** Calls that were not answered yet, and the most there ever were at a time. */
  readonly open: { now: number; most: number }
  answer: Answer
}

/** Makes a {@link Network}. */
export function network(answer: Answer): Network {
  const calls: Call[] = []
  const self: Network = {
    calls,
    open: { now: 0, most: 0 },
    answer,
    fetch: async (url, init) => {
      const call = {
        url: url as string,
        headers: new Headers(init?.headers),
        redirect: init?.redirect,
        signal: init?.signal as AbortSignal,
      }
      calls.push(call)
      self.open.now += 1
      self.open.most = Math.max(self.open.most, self.open.now)
      try {
        return await self.answer(call)
      } finally {
        self.open.now -= 1
      }
    },
  }
  return self
}

/** Never answers, but lets go when told to. */
export const hang: Answer = ({ signal }) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error))
  })

/** Is not there. */
export const refuse: Answer = () => Promise.reject(new TypeError('fetch failed'))

/** Answers with this status. */
export function status(code: number, headers: Record<string, string> = {}): Answer {
  return () => new Response('out of order', { status: code, headers })
}

/** Answers with this text, or JSON. */
export function says(body: unknown, headers: Record<string, string> = {}): Answer {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return () => new Response(text, { headers: { 'content-type': 'application/json', ...headers } })
}

/** Answers with the keys as they are at the time, and with 304 to whoever has them. */
export function publishes(issuer: { readonly jwks: object }, headers: Record<string, string> = {}): Answer {
  return ({ headers: asked }) => {
    const text = JSON.stringify(issuer.jwks)
    const etag = `"${createHash('sha256').update(text).digest('base64url')}"`
    if (asked.get('if-none-match') === etag)
      return new Response(null, { status: 304, headers: { etag, ...headers } })
    return new Response(text, { headers: { 'content-type': 'application/jwk-set+json', etag, ...headers } })
  }
}
