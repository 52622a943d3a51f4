import {
  replayStoreOn,
  type ReplayStore,
  type ReplayStoreOptions as MemoryReplayStoreOptions,
  type RevocationList,
  type RevocationListOptions as MemoryListOptions,
  revocationListOn,
} from 'oauth-resource-server'
import { numberOf, type RedisClient, redisOf, unreadable } from './client.ts'
import { exactStore } from './exact.ts'
import { followStore } from './follow.ts'
import { tagOf } from './keys.ts'
import { reserveScript } from './scripts.ts'
import { listState } from './state.ts'

export type { RedisClient } from './client.ts'

/** Options of everything that is kept on Redis. */
export interface RedisOptions {
  /** What the names of all keys begin with; without braces. @default 'oauth' */
  readonly prefix?: string | undefined
  /** Milliseconds one command may take, whatever the client does. 10 to 60000. @default 250 */
  readonly timeoutMs?: number | undefined
  /** Commands that may wait for an answer at the same time; 503 over that. @default 1000 */
  readonly maxInFlight?: number | undefined
}

/** Options of {@link revocationList}. */
export interface RevocationListOptions extends MemoryListOptions, RedisOptions {
  /**
   * Keeps the list in memory too, and follows its changes: a check costs no round trip, and a revocation reaches every
   * process within so many seconds. 1 to 3600.
   *
   * @default off: Redis is asked about every token
   */
  readonly follow?: { readonly within: number } | undefined
  /** Entries in memory with `follow`. With more of them Redis is asked about every token. @default 100000 */
  readonly max?: number | undefined
}

/** Options of {@link replayStore}. */
export interface ReplayStoreOptions extends Pick<MemoryReplayStoreOptions, 'now'>, RedisOptions {}

/**
 * A list that every process shares. Once `revoke()` resolves, no process accepts what was revoked; with `follow`, that
 * takes up to `within` seconds. It needs Redis 6.2 or Valkey.
 *
 * A Redis that does not answer within `timeoutMs` is a 503, also for `revoke()`. What Redis itself loses is lost: use
 * `appendonly yes`, `maxmemory-policy noeviction`, and no replicas for reads.
 *
 * @param client of `redis`, `ioredis`, `iovalkey` or `@valkey/valkey-glide`; it stays the application's
 * @throws {TypeError} for what is no client, and for options that are misspelled or out of bounds
 */
export function revocationList(client: RedisClient, options: RevocationListOptions = {}): RevocationList {
  const redis = redisOf(client)
  return revocationListOn(options, ['prefix', 'follow'], (tools, values) => {
    const tag = tagOf(values['prefix'])
    const within = withinOf(values['follow'])
    if (within !== undefined) return followStore(redis, tag, within, tools)
    if (values['max'] !== undefined) {
      throw new TypeError('max: limits what follow keeps in memory; leave it out, or set follow')
    }
    return exactStore(redis, tag, tools, listState(tag, tools))
  })
}

function withinOf(follow: unknown): number | undefined {
  if (follow === undefined) return undefined
  const { within, ...rest } = Object(follow) as { within?: unknown }
  if (typeof within !== 'number' || !(within >= 1 && within <= 3600) || Object.keys(rest).length > 0) {
    throw new TypeError('follow: must be { within: seconds }, from 1 to 3600')
  }
  return within
}

/**
 * A store that every process shares: one use of a key across all of them. A command that a client sends again after a
 * reconnect counts once.
 *
 * @param client as for {@link revocationList}
 * @throws {TypeError} for what is no client, and for options that are misspelled or out of bounds
 */
export function replayStore(client: RedisClient, options: ReplayStoreOptions = {}): ReplayStore {
  const redis = redisOf(client)
  return replayStoreOn(options, ['prefix'], ({ ask }, values) => {
    const tag = tagOf(values['prefix'])
    return async (key, lifeMs) => {
      const value = crypto.randomUUID()
      const keys = [`${tag}used:${key}`]
      return ask(async () => {
        const reply = numberOf(await redis.run(reserveScript, keys, [value, String(lifeMs)]))
        if (reply !== 0 && reply !== 1) throw unreadable()
        return reply === 1
      })
    }
  })
}
