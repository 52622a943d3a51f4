import { channel } from '#platform'

export { debug } from '#platform'
import type { Channel } from '../platform/types.ts'

/**
 * Names of the `node:diagnostics_channel` channels, part of the public API. A message is a plain object and never
 * has a token in it. `detail` of a refusal has the values of the claims that may be shown, and of no other claim.
 *
 * | channel | message |
 * |---|---|
 * | `verified` | `{ issuer, remembered }`: after the last check of the token, before the guards; whether the signature was verified by an earlier request |
 * | `refused` | `{ reason, status, issuer, detail }`: once, where it happens; `issuer` is the trusted one, `undefined` where the token names none |
 * | `fetchStart` | `{ issuer }` |
 * | `fetched` | `{ issuer, url, keyCount, seconds }` |
 * | `notModified` | `{ issuer, seconds }` |
 * | `fetchFailed` | `{ issuer, error, url, code, seconds, failures, retryIn }`: `url` without its query, `code` of the system |
 * | `keysChanged` | `{ issuer, added, removed, refused }`: numbers of keys |
 * | `staleServed` | `{ issuer, ageSeconds }` |
 * | `unknownKeyId` | `{ issuer }` |
 * | `refreshLimited` | `{ issuer }` |
 */
export const channelNames = {
  verified: 'oauth-resource-server:verified',
  refused: 'oauth-resource-server:refused',
  fetchStart: 'oauth-resource-server:fetch.start',
  fetched: 'oauth-resource-server:fetch.success',
  notModified: 'oauth-resource-server:fetch.not-modified',
  fetchFailed: 'oauth-resource-server:fetch.failure',
  keysChanged: 'oauth-resource-server:keys.changed',
  staleServed: 'oauth-resource-server:keys.stale-served',
  unknownKeyId: 'oauth-resource-server:key-id.unknown',
  refreshLimited: 'oauth-resource-server:key-id.refresh-limited',
} as const

/** Name of one channel in {@link channelNames}. */
export type ChannelKey = keyof typeof channelNames

const channels: Readonly<Record<ChannelKey, Channel>> = Object.fromEntries(
  Object.entries(channelNames).map(([key, name]) => [key, channel(name)]),
) as Record<ChannelKey, Channel>

/** Tells whether anyone listens, where building the message would cost. */
export function isObserved(key: ChannelKey): boolean {
  return channels[key].hasSubscribers
}

/** Tells observers what happened. A channel that nobody observes does nothing. */
export function report(key: ChannelKey, message: Readonly<Record<string, unknown>>): void {
  channels[key].publish(message)
}
