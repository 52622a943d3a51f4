import type { RemoteTools, StoreTools } from 'oauth-resource-server'
import { numberOf, textOf } from './client.ts'

/** What this process knows of a list as a whole. Every script takes it along. */
export interface ListState {
  readonly key: string
  /** The first values of every script. */
  readonly values: readonly [name: string, longest: string]
  /**
   * Reads the beginning of a reply, and warns when another list took the place of the one before, or when entries
   * lived for less than this process needs.
   *
   * @returns the name of the list; `undefined` where Redis took no writes yet
   */
  readonly read: (reply: readonly unknown[]) => string | undefined
  /** Warns that entries are gone, at most once a minute: a client that reaches two servers in turn finds it each time. */
  readonly lost: () => void
}

/** Seconds for which the warning that entries are gone is not repeated. */
const quietFor = 60

/** Milliseconds, for scripts. */
export const milliseconds = (seconds: number): string => String(Math.ceil(seconds * 1000))

/** Makes what is known of a list before the first reply. */
export function listState(
  tag: string,
  { clock, longestLife, tokenLifetime, warn }: RemoteTools & StoreTools,
): ListState {
  const longest = milliseconds(longestLife)
  let known: string | undefined
  let isShortKnown = false
  let toldAt = -Infinity

  function lost(): void {
    const now = clock.steady()
    if (now - toldAt < quietFor) return
    toldAt = now
    warn(
      'the revocation list in Redis was emptied, or replaced by an older one: what was known here stays revoked, elsewhere revoked tokens may be accepted',
      'OAUTH_REVOCATIONS_LOST',
    )
  }

  function compare(name: string): void {
    if (known !== undefined && known !== name) lost()
    known = name
  }

  return {
    key: `${tag}state`,
    values: [crypto.randomUUID(), longest],
    read([name, before]) {
      const life = numberOf(before)
      // 0: a new list, without entries.
      if (life > 0 && life < Number(longest) && !isShortKnown) {
        isShortKnown = true
        warn(
          `the revocation list in Redis was kept for shorter tokens until now: what was revoked before may be accepted again; set tokenLifetime: ${tokenLifetime} in all of your processes`,
          'OAUTH_REVOCATIONS_SHORT',
        )
      }
      if (name === null || name === undefined) return known
      compare(textOf(name))
      return known
    },
    lost,
  }
}
