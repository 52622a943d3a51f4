import { createResourceServer } from 'oauth-resource-server'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it, vi } from 'vitest'
import { ageOf, dated } from '../../src/issuer/key-age.ts'
import type { FetchedKeys } from '../../src/issuer/key-fetch.ts'
import { keyCacheSettings } from '../../src/options/key-cache.ts'

describe('keys that grow too old', () => {
  it('are not used by who waited for newer ones until then', async () => {
    const clock = createTestClock(1_800_000_000_000)
    const issuer = await createTestIssuer({ algorithms: ['EdDSA'], clock })
    let answer: () => Response | Promise<Response> = () => Response.json(issuer.jwks)
    const api = createResourceServer({
      issuer: issuer.issuer,
      audience: 'https://api.test',
      jwksUri: 'https://issuer.test/jwks',
      now: clock.now,
      fetch: () => Promise.resolve(answer()),
    })
    const token = await issuer.sign({ exp: clock.now() / 1000 + 100_000 })
    await api.verify(token)
    clock.advance(601)
    let fail = (_response: Response): void => undefined
    answer = () => new Promise((resolve) => (fail = resolve))
    const waiting = api.verify(token)
    await vi.waitFor(() => expect(api.health().issuers[issuer.issuer]?.counters.fetches).toBe(2))
    clock.advance(3600)
    fail(new Response('', { status: 503, headers: { 'retry-after': '7' } }))
    await expect(waiting).rejects.toMatchObject({ status: 503 })
  })
})

describe('the dates of a key set', () => {
  const keys = { freshFor: 600 } as FetchedKeys
  const settings = keyCacheSettings({ staleFor: 7200 })
  const datedAt = (chance: number) => dated(keys, { number: 3, fetchedAt: 1000 }, settings, () => chance)

  it.each([
    [0, 1480],
    [0.5, 1450],
    [1, 1420],
  ])('follow from its freshness, with %d of the jitter', (chance, refreshAt) => {
    expect(datedAt(chance)).toEqual({
      keys,
      number: 3,
      fetchedAt: 1000,
      refreshAt: expect.closeTo(refreshAt, 6) as number,
      freshUntil: 1600,
      staleUntil: 8800,
    })
  })

  it.each([
    ['fresh', 1000],
    ['fresh', 1479.9],
    ['refreshing', 1480],
    ['refreshing', 1599.9],
    ['stale', 1600],
    ['stale', 8799.9],
    ['empty', 8800],
  ])('make it %s at %d', (state, now) => {
    expect(ageOf({ ...datedAt(0), refreshAt: 1480 }, now)).toBe(state)
  })

  it('are those of no keys where there is no set', () => {
    expect(ageOf(undefined, 0)).toBe('empty')
  })
})
