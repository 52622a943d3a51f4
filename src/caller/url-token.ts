import type { RequestChecks, ResponseHeaders } from './request-checks.ts'

/** Caches must not share the response to a token that stood in the URL (RFC 6750 §2.3). */
const privateResponse: ResponseHeaders = Object.freeze({ 'Cache-Control': 'private' })

/** Adds `Cache-Control: private` to successful responses when the token was in the URL. */
export function withUrlHeaders(sender: RequestChecks<unknown>['sender']): RequestChecks<unknown>['sender'] {
  return (token, presented) => {
    const headers = sender(token, presented)
    if (presented.place !== 'query') return headers
    return headers instanceof Promise
      ? headers.then((it) => ({ ...privateResponse, ...it }))
      : { ...privateResponse, ...headers }
  }
}
