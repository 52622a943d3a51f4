import type { Auth } from '../types.ts'

/** The time at which a guard judges a caller. */
export interface Moment {
  /** Seconds since the epoch, by the clock of the resource server. */
  readonly now: number
  /** `clockTolerance` of the issuer. Seconds. */
  readonly tolerance: number
}

/**
 * Member of a caller's prototype: the time, by the clock of the resource server that accepted the caller. Registered
 * globally, so that guards of one build read it from callers of the other.
 */
export const moment: unique symbol = Symbol.for('oauth-resource-server.moment') as never

/** Seconds; the default of the option `clockTolerance`. */
const defaultTolerance = 30

/**
 * The time at which a caller is judged: the system's clock for an object that no resource server made.
 *
 * @throws {UpstreamError} when the system's clock is so wrong that nothing can be checked
 */
export function momentOf(auth: Auth): Moment {
  const found = (auth as { readonly [moment]?: Moment })[moment]
  return found ?? { now: Date.now() / 1000, tolerance: defaultTolerance }
}
