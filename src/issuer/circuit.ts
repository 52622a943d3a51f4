import { UpstreamError } from '../errors.ts'
import { circuit as limits, maxRetryAfter } from './limits.ts'

/** What became of one call. */
export interface Passage {
  readonly succeeded: () => void
  /** The call was not made. */
  readonly abandoned: () => void
  /** @param retryAfter seconds the server asked for */
  readonly failed: (retryAfter?: number) => void
}

/** Stops calls to a server that does not answer. */
export interface Circuit {
  /**
   * Lets one call through.
   *
   * @throws {UpstreamError} while the circuit is open, with the seconds until the next probe
   */
  readonly enter: () => Passage
  readonly isOpen: () => boolean
  /** Closes it, after an answer that did not pass through it. */
  readonly close: () => void
}

/** What {@link circuit} works with. */
export interface CircuitOptions {
  /** Seconds that never run backwards. */
  readonly now: () => number
  /** A number from 0 up to 1. */
  readonly random: () => number
  /** Seconds after which a probe that did not end makes room for another. */
  readonly probeFor: number
  /** What is called, for the detail of the error. */
  readonly name: string
}

/**
 * Makes a {@link Circuit}: it opens after a few failures in a row, or when the server asks for a pause, and lets one
 * call through after a pause. That call closes it, or makes the pause longer. Calls that began before it opened change
 * nothing any more.
 */
export function circuit({ now, random, probeFor, name }: CircuitOptions): Circuit {
  let failures = 0
  let openings = 0
  let openUntil: number | undefined
  let probeUntil = -Infinity

  function open(retryAfter: number): void {
    const longest = Math.min(limits.max, limits.first * 2 ** openings)
    const drawn = Math.max(limits.first, longest * random())
    openUntil = now() + Math.max(drawn, Math.min(retryAfter, maxRetryAfter))
    openings += 1
    probeUntil = -Infinity
  }

  function close(): void {
    failures = 0
    openings = 0
    openUntil = undefined
    probeUntil = -Infinity
  }

  function passage(epoch: number): Passage {
    return {
      succeeded() {
        if (epoch === openings) close()
      },
      abandoned() {
        if (epoch === openings) probeUntil = -Infinity
      },
      failed(retryAfter = 0) {
        if (epoch !== openings) return
        failures += 1
        if (openUntil !== undefined || failures >= limits.failures || retryAfter > 0) open(retryAfter)
      },
    }
  }

  return {
    enter() {
      if (openUntil !== undefined) {
        const time = now()
        const wait = Math.max(openUntil - time, probeUntil - time)
        if (wait > 0) {
          throw new UpstreamError(wait, { detail: { hint: `${name} failed ${failures} times in a row` } })
        }
        probeUntil = time + probeFor
      }
      return passage(openings)
    },
    isOpen: () => openUntil !== undefined,
    close,
  }
}
