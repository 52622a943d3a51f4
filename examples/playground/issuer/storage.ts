import { LRUCache } from 'lru-cache'
import type { Adapter, Payload } from 'oidc-provider'

/**
 * What the authorization server remembers: sessions, grants, codes, refresh tokens. It outlives the provider that wrote
 * it, so that another one with new keys can go on. Bounded, and in memory.
 *
 * @returns one adapter for each kind of thing
 */
export function makeStorage(): (kind: string) => Adapter {
  const entries = new LRUCache<string, Payload>({ max: 2000 })
  const firstWith = (kind: string, name: 'uid' | 'userCode', value: string): Payload | undefined =>
    [...entries].find(([key, payload]) => key.startsWith(`${kind}:`) && payload[name] === value)?.[1]

  return (kind) => ({
    async upsert(id, payload, seconds) {
      entries.set(`${kind}:${id}`, payload, seconds === undefined ? {} : { ttl: seconds * 1000 })
      return Promise.resolve()
    },
    find: async (id) => Promise.resolve(entries.get(`${kind}:${id}`)),
    findByUid: async (uid) => Promise.resolve(firstWith(kind, 'uid', uid)),
    findByUserCode: async (code) => Promise.resolve(firstWith(kind, 'userCode', code)),
    async destroy(id) {
      entries.delete(`${kind}:${id}`)
      return Promise.resolve()
    },
    async consume(id) {
      const payload = entries.get(`${kind}:${id}`)
      if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000)
      return Promise.resolve()
    },
    async revokeByGrantId(grantId) {
      // Sign-ins that are under way name a grant too, and go on: somebody may sign in while another one is signed out.
      for (const [key, payload] of [...entries]) {
        if (key.startsWith(`${kind}:`) && payload.grantId === grantId) entries.delete(key)
      }
      return Promise.resolve()
    },
  })
}
