import type {
  RemoteTools,
  RevocableToken,
  RevocationEntry,
  RevocationStore,
  StoreTools,
} from 'oauth-resource-server'
import { listOfReply, numberOf, type Redis, textOf, unreadable } from './client.ts'
import { keyOf, keysOf } from './keys.ts'
import { readScript, revokeScript } from './scripts.ts'

/** A {@link RevocationStore} with every member. */
export type FullStore = Required<RevocationStore>

/** Milliseconds, for scripts. */
export const milliseconds = (seconds: number): string => String(Math.ceil(seconds * 1000))

/** The record of an entry in the stream. */
export function recordOf({ kind, issuer, value, issuedBefore, lifetime }: RevocationEntry): string {
  return JSON.stringify([kind, issuer ?? null, value, issuedBefore ?? null, Math.ceil(lifetime * 1000)])
}

/** Makes a store that asks Redis about every token, in one round trip. */
export function exactStore(redis: Redis, tag: string, tools: RemoteTools & StoreTools): FullStore {
  const { ask, isAnswering, longestLife } = tools

  async function has(token: RevocableToken): Promise<boolean> {
    const keys = await keysOf(tag, token)
    const values = listOfReply(await ask(() => redis.run(readScript, keys, [])))
    if (values.length !== keys.length) throw unreadable()
    // Every value is read, so that an unreadable one is noticed.
    return values.filter((value) => isRevokedBy(value, token)).length > 0
  }

  async function ready(): Promise<void> {
    await ask(() => redis.run(readScript, [`${tag}ready`], []))
  }

  return {
    async add(entry) {
      const { kind, issuer, value, issuedBefore, lifetime } = entry
      const keys = [keyOf(tag, kind, issuer, value), `${tag}changes`, `${tag}longest-life`]
      const text = issuedBefore === undefined ? '*' : String(issuedBefore)
      const values = [text, milliseconds(lifetime), milliseconds(longestLife), recordOf(entry)]
      await ask(() => redis.run(revokeScript, keys, values))
    },
    has,
    ready,
    open: () => undefined,
    isReady() {
      // So that it becomes ready without any traffic.
      if (!isAnswering()) ready().catch(() => undefined)
      return isAnswering()
    },
    close: () => undefined,
  }
}

function isRevokedBy(value: unknown, { issuedAt }: RevocableToken): boolean {
  if (value === null || value === undefined) return false
  const text = textOf(value)
  return text === '*' || issuedAt <= numberOf(text)
}
