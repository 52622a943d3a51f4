import { AsyncLocalStorage } from 'node:async_hooks'
import { replayStore, type ReplayStore } from 'oauth-resource-server'

const requests = new AsyncLocalStorage<Map<string, Promise<boolean>>>()

/** Runs what belongs to one request. */
export function asOneRequest<T>(run: () => T): T {
  return requests.run(new Map(), run)
}

/**
 * A replay store for an API that verifies every request twice: once to show its trace, once for real. Both use the same
 * proof, so both get the same response. An API that verifies once uses `replayStore()` as it is.
 */
export function replayStorePerRequest(store: ReplayStore = replayStore()): ReplayStore {
  return {
    reserve(key, expiresAt) {
      const asked = requests.getStore()
      const known = asked?.get(key)
      if (known !== undefined) return known
      const answer = Promise.resolve(store.reserve(key, expiresAt))
      asked?.set(key, answer)
      return answer
    },
  }
}
