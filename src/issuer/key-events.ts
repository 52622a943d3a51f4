import { shownText } from '../detail.ts'
import { explain } from '../explain.ts'
import { type ChannelKey, debug, report } from '../lib/diagnostics.ts'
import type { FetchError } from './fetch-error.ts'
import type { FetchWarnings } from './fetch-warnings.ts'

/** Events of the keys of one issuer, reported on the channels and counted for `health()`. */
export interface KeyEvents {
  readonly note: (event: ChannelKey, details?: Readonly<Record<string, unknown>>) => void
  /** A fetch failed. */
  readonly failed: (error: FetchError, details: Readonly<Record<string, unknown>>) => void
  /** Counts an event without a channel. */
  readonly count: (counter: keyof KeyCounters) => void
  readonly counters: () => KeyCounters
}

/** Events since the start. */
export interface KeyCounters {
  /** Fetches begun. */
  readonly fetches: number
  /** Of these: failed, and responses with "not modified". */
  readonly failures: number
  readonly notModified: number
  /** Requests served with keys past their freshness. */
  readonly staleServed: number
  /** Tokens whose key was not in the set. */
  readonly unknownKeyIds: number
  /** Requests refused at once, because there were too many fetches already, or too many requests wait. */
  readonly refreshLimited: number
  /**
   * Tokens with a wrong signature. Many of them under a known key id may mean that the issuer replaced a key without
   * giving it another id.
   */
  readonly badSignatures: number
}

/** No events, to start from. */
export const noEvents: KeyCounters = {
  fetches: 0,
  failures: 0,
  notModified: 0,
  staleServed: 0,
  unknownKeyIds: 0,
  refreshLimited: 0,
  badSignatures: 0,
}

const counterOf: Partial<Readonly<Record<ChannelKey, keyof KeyCounters>>> = {
  fetchStart: 'fetches',
  fetchFailed: 'failures',
  notModified: 'notModified',
  staleServed: 'staleServed',
  unknownKeyId: 'unknownKeyIds',
  refreshLimited: 'refreshLimited',
}

/** Events that are printed with `NODE_DEBUG`. */
const printed: readonly ChannelKey[] = ['fetchStart', 'fetched', 'notModified']

/** Makes the {@link KeyEvents} of one issuer. @param warnings is told how fetches end */
export function keyEvents(issuer: string, warnings?: FetchWarnings): KeyEvents {
  const counters: Record<keyof KeyCounters, number> = { ...noEvents }

  function note(event: ChannelKey, details?: Readonly<Record<string, unknown>>): void {
    const counter = counterOf[event]
    if (counter !== undefined) counters[counter] += 1
    report(event, { issuer, ...details })
    if (event === 'fetched' || event === 'notModified') warnings?.succeeded()
    if (debug.enabled && printed.includes(event)) {
      debug(shownText(`${event} ${issuer} ${JSON.stringify(details ?? {})}`, 1000))
    }
  }

  return {
    note,
    failed(error, details) {
      const { message, url, code } = error
      note('fetchFailed', { error: message, url, code, ...details })
      warnings?.failed(error)
      if (debug.enabled) debug(`fetchFailed ${issuer} ${explain(error)}`)
    },
    count(counter) {
      counters[counter] += 1
    },
    counters: () => ({ ...counters }),
  }
}
