import type { RequestChecks, ResponseHeaders } from './accept.ts'

/** Caches must not share the response to a token that stood in the URL (RFC 6750 §2.3). */
const privateResponse: ResponseHeaders = Object.freeze({ 'Cache-Control': 'private' })

/** Adds what a token in the URL asks of a successful response to what the check of the sender asks. */
export function withUrlHeaders(sender: RequestChecks<unknown>['sender']): RequestChecks<unknown>['sender'] {
  return (token, presented) => {
    const headers = sender(token, presented)
    if (presented.place !== 'query') return headers
    return headers instanceof Promise
      ? headers.then((it) => ({ ...privateResponse, ...it }))
      : { ...privateResponse, ...headers }
  }
}
