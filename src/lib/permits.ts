/**
 * A bucket that holds `burst` permits and gains one each `every` seconds.
 *
 * @returns takes a permit at a moment in seconds, or says that there is none
 */
export function tokenBucket(burst: number, every: number): (now: number) => boolean {
  let permits = burst
  let filledAt = 0
  return (now) => {
    const gained = Math.floor((now - filledAt) / every)
    if (permits + gained >= burst) {
      permits = burst
      filledAt = now
    } else if (gained > 0) {
      permits += gained
      filledAt += gained * every
    }
    if (permits === 0) return false
    permits -= 1
    return true
  }
}
