import type { Confirmed, RequestChecks, ResponseHeaders } from './request-checks.ts'

/**
 * Caches share responses to requests without an Authorization header (RFC 9111 §3.5): so not those to a token that
 * stood in the URL (RFC 6750 §2.3) or in a cookie.
 */
const privateResponse: ResponseHeaders = Object.freeze({ 'Cache-Control': 'private' })

/** Adds `Cache-Control: private` to successful responses when the token was in the URL or in a cookie. */
export function withUrlHeaders(sender: RequestChecks<unknown>['sender']): RequestChecks<unknown>['sender'] {
  return (token, presented) => {
    const confirmed = sender(token, presented)
    if (presented.place !== 'query' && presented.place !== 'cookie') return confirmed
    const add = (it: Confirmed | undefined): Confirmed => ({
      ...it,
      headers: { ...privateResponse, ...it?.headers },
    })
    return confirmed instanceof Promise ? confirmed.then(add) : add(confirmed)
  }
}
