import { type ChannelKey, report } from '../lib/diagnostics.ts'

/** Events of the keys of one issuer, reported on the channels and counted for `health()`. */
export interface KeyEvents {
  readonly note: (event: ChannelKey, details?: Readonly<Record<string, unknown>>) => void
  /** Counts an event without a channel. */
  readonly count: (counter: keyof KeyCounters) => void
  readonly counters: () => KeyCounters
}

/** Events since the start. */
export interface KeyCounters {
  /** Fetches begun. */
  readonly fetches: number
  /** Of these: failed, and answered with "not modified". */
  readonly failures: number
  readonly notModified: number
  /** Requests served with keys past their freshness. */
  readonly staleServed: number
  /** Tokens whose key was not in the set. */
  readonly unknownKeyIds: number
  /** Requests refused at once, because the issuer was asked too often already, or keeps too many waiting. */
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

/** Makes the {@link KeyEvents} of one issuer. */
export function keyEvents(issuer: string): KeyEvents {
  const counters: Record<keyof KeyCounters, number> = { ...noEvents }
  return {
    note(event, details) {
      const counter = counterOf[event]
      if (counter !== undefined) counters[counter] += 1
      report(event, { issuer, ...details })
    },
    count(counter) {
      counters[counter] += 1
    },
    counters: () => ({ ...counters }),
  }
}
