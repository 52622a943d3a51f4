/** A bucket of permits that fills again with time. */
export interface Permits {
  /** Takes a permit. @returns `false` when there is none */
  readonly take: () => boolean
  /** Gives a permit back. A full bucket stays as it is. */
  readonly giveBack: () => void
}

/** How many permits a bucket has, and the seconds in which it gains one. */
export interface PermitLimits {
  readonly burst: number
  readonly every: number
}

/**
 * Makes a bucket that is full.
 *
 * @param now seconds that never run backwards
 */
export function permits({ burst, every }: PermitLimits, now: () => number): Permits {
  let left = burst
  let filledAt = -Infinity

  function fill(): void {
    const gained = Math.floor((now() - filledAt) / every)
    if (left + gained >= burst) {
      left = burst
      filledAt = now()
    } else if (gained > 0) {
      left += gained
      filledAt += gained * every
    }
  }

  return {
    take() {
      fill()
      if (left === 0) return false
      left -= 1
      return true
    },
    giveBack() {
      left = Math.min(burst, left + 1)
    },
  }
}
