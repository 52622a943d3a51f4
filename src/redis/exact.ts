import type { RemoteTools, RevocableToken, RevocationStore } from 'oauth-resource-server'
import { listOfReply, numberOf, type Redis, textOf, unreadable } from './client.ts'
import { keyOf, keysOf } from './keys.ts'
import { recordOf } from './record.ts'
import { readScript, revokeScript } from './scripts.ts'
import { type ListState, milliseconds } from './state.ts'

/** A {@link RevocationStore} with every member. */
export type FullStore = Required<RevocationStore>

/** Makes a store that asks Redis about every token, in one round trip. */
export function exactStore(
  redis: Redis,
  tag: string,
  { ask, isAnswering }: RemoteTools,
  state: ListState,
): FullStore {
  /** A reply that cannot be read counts as a call that failed. */
  const run = async (
    script: string,
    keys: readonly string[],
    values: readonly string[],
  ): Promise<readonly unknown[]> =>
    ask(async () => {
      const reply = listOfReply(await redis.run(script, [state.key, ...keys], [...state.values, ...values]))
      state.read(reply)
      return reply.slice(2)
    })

  async function has(token: RevocableToken): Promise<boolean> {
    const keys = await keysOf(tag, token)
    const values = await run(readScript, keys, [])
    if (values.length !== keys.length) throw unreadable()
    // Every value is read, so that an unreadable one is noticed.
    return values.filter((value) => isRevokedBy(value, token)).length > 0
  }

  async function ready(): Promise<void> {
    await run(readScript, [], [])
  }

  return {
    async add(entry) {
      const { kind, issuer, value, issuedBefore, lifetime, expiresIn } = entry
      const keys = [keyOf(tag, kind, issuer, value), `${tag}changes`]
      const text = issuedBefore === undefined ? '*' : String(issuedBefore)
      const life = [milliseconds(expiresIn ?? lifetime), expiresIn === undefined ? '0' : '1']
      await run(revokeScript, keys, [text, ...life, recordOf(entry)])
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
