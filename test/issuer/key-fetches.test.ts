import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it, vi } from 'vitest'
import { type Allowance, fetchBudget, unlimited } from '../../src/issuer/budget.ts'
import { keyEvents } from '../../src/issuer/key-events.ts'
import type { FetchedKeys } from '../../src/issuer/key-fetch.ts'
import { type InFlight, type KeyFetches, keyFetches } from '../../src/issuer/key-fetches.ts'
import { importKeySet } from '../../src/jose/key-set.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { keyCacheSettings } from '../../src/options/key-cache.ts'

const { jwks } = await createTestIssuer({ algorithms: ['EdDSA'] })
const found: FetchedKeys = {
  set: await importKeySet(jwks, ['EdDSA'], 10),
  jwks,
  uri: 'https://issuer.test/jwks',
  etag: undefined,
  lastModified: undefined,
  freshFor: 600,
  confirmed: false,
}

function made(fetchKeys: () => Promise<FetchedKeys>, allowance: Allowance = unlimited): KeyFetches {
  const clock = systemClock()
  return keyFetches({
    fetchKeys,
    clock,
    random: () => 0,
    settings: keyCacheSettings(undefined),
    budget: fetchBudget(clock.steady, () => 0),
    allowance,
    events: keyEvents('https://issuer.test/'),
    changed: () => undefined,
  })
}

/** What workerd makes of a promise whose request has ended, for every other request that waits for it. */
const ended = (): InFlight => ({
  number: 1,
  begunAt: 0,
  done: Promise.reject(new Error('This promise was created by a request that has since ended')),
})

describe('A3 a fetch that ended with the request that began it', () => {
  it('is replaced by whoever waits for it', async () => {
    const fetchKeys = vi.fn(() => Promise.resolve(found))
    const fetches = made(fetchKeys)
    await fetches.join(ended(), fetches.arrive())
    expect(fetchKeys).toHaveBeenCalledOnce()
    expect(fetches.age()).toBe('fresh')
  })

  it('is 503 where no other fetch may begin', async () => {
    const fetches = made(() => Promise.resolve(found), { isProven: () => false, take: () => false })
    await expect(fetches.join(ended(), fetches.arrive())).rejects.toMatchObject({ status: 503 })
  })

  it('is told from one that failed, which nobody repeats at once', async () => {
    const fetchKeys = vi.fn(() => Promise.reject(new Error('the issuer is down')))
    const fetches = made(fetchKeys)
    await expect(fetches.join(fetches.start(), fetches.arrive())).rejects.toMatchObject({ status: 503 })
    expect(fetchKeys).toHaveBeenCalledOnce()
  })
})
