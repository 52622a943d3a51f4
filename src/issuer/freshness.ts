/**
 * Seconds a response stays fresh: `max-age` less `Age`, else `Expires` less `Date` (RFC 9111 §4.2.1). Always a finite
 * number: a value that is none counts as absent. Of a repeated directive or value the first counts (RFC 9111 §4.2.1,
 * §5.1).
 */
export function freshnessOf(headers: Headers): number | undefined {
  const control = (headers.get('cache-control') ?? '').toLowerCase()
  if (/(?:^|[\s,])no-(?:store|cache)(?:$|[\s,=])/.test(control)) return 0
  const maxAge = secondsIn(/(?:^|[\s,;])max-age *= *("?)(\d+)\1(?:$|[\s,;])/.exec(control)?.[2])
  const age = secondsIn(/^(\d+) *(?:$|,)/.exec(headers.get('age') ?? '')?.[1]) ?? 0
  if (maxAge !== undefined) return maxAge - age
  const expires = headers.get('expires')
  if (expires === null || control !== '') return undefined
  const remaining = instantOf(expires) - instantOf(headers.get('date') ?? '')
  // An `Expires` that is no date means: already stale (RFC 9111 §5.3).
  return Number.isNaN(remaining) ? 0 : remaining - age
}

/**
 * Holds seconds of freshness within bounds, wherever they come from: a header, or a snapshot that somebody else wrote.
 *
 * @returns `undefined` for anything but a finite number
 */
export function boundedFreshness(seconds: unknown, least: number, most: number): number | undefined {
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) return undefined
  return Math.min(Math.max(seconds, least), most)
}

/** Seconds of a `Retry-After` header: a number, or a date to be compared with the server's own (RFC 9110 §10.2.3). */
export function retryAfterOf(headers: Headers): number | undefined {
  const value = headers.get('retry-after')
  if (value === null) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value)
  const seconds = instantOf(value) - instantOf(headers.get('date') ?? '')
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds)
}

/** Greatest number of seconds a cache has to tell from greater ones (RFC 9111 §1.2.2). */
const manySeconds = 2_147_483_648

/** A few hundred digits are `Infinity`, and the difference of two such numbers is no number at all. */
function secondsIn(digits: string | undefined): number | undefined {
  const seconds = Number(digits ?? NaN)
  return Number.isFinite(seconds) ? Math.min(seconds, manySeconds) : undefined
}

/** Seconds of a date as HTTP writes it (RFC 9110 §5.6.7); `Date.parse` alone takes any number for a year. */
function instantOf(date: string): number {
  return /^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(date) ? Date.parse(date) / 1000 : NaN
}
