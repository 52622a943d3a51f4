import type { Auth, ResourceServer } from 'oauth-resource-server'
import type { RequestTrace } from 'oauth-resource-server/testing'
import type { ApiName, KeyCacheView, KeyView } from '../protocol.ts'

/** The keys by which an API has accepted a token. */
export interface UsedKeys {
  note(trace: RequestTrace): void
  has(kid: string): boolean
}

/** Remembers which keys were of use. */
export function usedKeys(): UsedKeys {
  const kids = new Set<string>()
  return {
    note({ auth }) {
      const kid = (auth as Auth | undefined)?.header?.kid
      if (kid !== undefined) kids.add(kid)
    },
    has: (kid) => kids.has(kid),
  }
}

/** @see keyCacheOf */
export interface KeyCacheOptions {
  readonly name: ApiName
  readonly process: number
  readonly api: ResourceServer
  readonly issuer: string
  readonly used: UsedKeys
}

/** What an API knows of the issuer's keys. Looking starts no fetch unless there are no keys. */
export function keyCacheOf({ name, process, api, issuer, used }: KeyCacheOptions): KeyCacheView {
  const health = api.health().issuers[issuer]
  const keys = (api.snapshot().issuers[issuer]?.jwks.keys ?? []) as readonly Partial<KeyView>[]
  const error = health?.lastError
  return {
    api: name,
    process,
    keys: keys.map(({ kid = '', alg = '' }) => ({ kid, alg, inUse: used.has(kid) })),
    ...(health?.ageSeconds !== undefined && { age: Math.round(health.ageSeconds) }),
    status: [health?.state ?? 'empty', error].filter((part) => part !== undefined).join(', '),
  }
}
