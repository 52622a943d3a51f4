import { permits, type Permits } from '../lib/permits.ts'
import { backOff, type BackOff } from './back-off.ts'
import { forcedRefreshes } from './limits.ts'

/** What limits the fetches from one place. It outlives the keys: to forget an issuer must not refill it. */
export interface FetchBudget {
  readonly backOff: BackOff
  /** For fetches that an unknown key or a wrong signature causes. */
  readonly forced: ForcedBudget
}

/** Permits for fetches that tokens cause. */
export interface ForcedBudget {
  /** @returns `false` when there is no permit left */
  readonly take: () => boolean
  /**
   * Gives the permit back, because the fetch found new keys. At most as many as the bucket gains by itself: an issuer
   * whose servers publish different sets must not be queried without end.
   */
  readonly refund: () => void
}

/** Makes the budget of one place. @param random a number from 0 up to 1 */
export function fetchBudget(now: () => number, random: () => number): FetchBudget {
  const bucket: Permits = permits(forcedRefreshes, now)
  const refunds = permits(forcedRefreshes, now)
  return {
    backOff: backOff(now, random),
    forced: {
      take: bucket.take,
      refund() {
        if (refunds.take()) bucket.giveBack()
      },
    },
  }
}

/** Who may cause fetches from an issuer. */
export interface Allowance {
  /** Whether the issuer is configured, or a signature of it was verified. */
  readonly isProven: () => boolean
  /** Takes a permit for one fetch; a proven issuer needs none. */
  readonly take: () => boolean
}

/** The allowance of an issuer in the configuration. */
export const unlimited: Allowance = { isProven: () => true, take: () => true }
