import type { RequestChecks, ResponseHeaders } from './request-checks.ts'

/**
 * Caches share responses to requests without an Authorization header (RFC 9111 §3.5): so not those to a token that
 * stood in the URL (RFC 6750 §2.3) or in a cookie.
 */
const privateResponse: ResponseHeaders = Object.freeze({ 'Cache-Control': 'private' })

/** Adds `Cache-Control: private` to successful responses when the token was in the URL or in a cookie. */
export function withUrlHeaders(sender: RequestChecks<unknown>['sender']): RequestChecks<unknown>['sender'] {
  return (token, presented) => {
    const headers = sender(token, presented)
    if (presented.place !== 'query' && presented.place !== 'cookie') return headers
    return headers instanceof Promise
      ? headers.then((it) => ({ ...privateResponse, ...it }))
      : { ...privateResponse, ...headers }
  }
}
