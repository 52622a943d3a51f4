/** Seconds in a hundred years: no issuer means a token to be valid for longer. */
export const century = 3_155_760_000

/** Largest `clockTolerance`, in seconds. */
export const longestTolerance = 300

/** Seconds as people read them: exact, and from two hours on in hours or days as well. */
export function seconds(count: number): string {
  if (count < 7200) return `${count} s`
  return count < 172_800
    ? `${count} s (${Math.round(count / 3600)} h)`
    : `${count} s (${Math.round(count / 86_400)} days)`
}

/** Tells how long ago a token expired. @param tolerance in seconds */
export function expiredHint(ago: number, tolerance: number): string {
  return `expired ${seconds(Math.ceil(ago))} ago, ${beyond(ago, tolerance)}: get a new token; when it is new, compare the clocks of the issuer and of this machine`
}

/** Tells how far a moment is ahead. @param tolerance in seconds */
export function aheadHint(claim: string, ahead: number, tolerance: number): string {
  if (ahead > century) return `${claim} counts seconds; this value looks like milliseconds`
  const or = tolerance < longestTolerance ? `, or raise clockTolerance (at most ${longestTolerance})` : ''
  return `${claim} is ${seconds(Math.ceil(ahead))} ahead of this clock, ${beyond(ahead, tolerance)}: set the clocks of the issuer and of this machine${or}`
}

function beyond(total: number, tolerance: number): string {
  // Such a token is refused before it is known which tolerance its issuer has.
  const which = tolerance === longestTolerance ? 'largest tolerance' : 'tolerance'
  return `${seconds(Math.ceil(total - tolerance))} beyond the ${which} of ${tolerance} s`
}

/** Tells what is the matter with a moment that is no number of seconds. */
export function numericDateHint(claim: string, actual: unknown): string {
  if (actual === undefined) return `the token has no ${claim}`
  return typeof actual === 'number'
    ? `${claim} counts seconds since 1970; this value looks like another unit`
    : `${claim} must be a number, not text or a date (RFC 7519 §2)`
}
