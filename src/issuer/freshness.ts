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

/** Seconds of a `Retry-After` header: a number, or a date to be compared with the server's own (RFC 9110 §10.2.3). */
export function retryAfterOf(headers: Headers): number | undefined {
  const value = headers.get('retry-after')
  if (value === null) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value)
  const seconds = secondsOf(value) - secondsOf(headers.get('date') ?? '')
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds)
}

/** Seconds of a date as HTTP writes it (RFC 9110 §5.6.7); `Date.parse` alone takes any number for a year. */
function secondsOf(date: string): number {
  return /^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(date) ? Date.parse(date) / 1000 : NaN
}
