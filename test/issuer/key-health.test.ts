import { describe, expect, it } from 'vitest'
import { FetchError } from '../../src/issuer/fetch-error.ts'
import { noEvents } from '../../src/issuer/key-events.ts'
import { healthOf } from '../../src/issuer/key-health.ts'
import type { KeyHealth } from '../../src/issuer/key-source.ts'
import { type KeySet, UnusableKeySetError } from '../../src/jose/key-set.ts'

const refusedNow: KeySet['refused'] = [{ index: 1, reason: 'kty' }]
const refusedLast: KeySet['refused'] = [{ index: 0, reason: 'use' }]
const current = { fetchedAt: 100, keys: { set: { keys: [{}, {}], refused: refusedNow } } } as never

const health = (keys?: never, error?: FetchError): KeyHealth =>
  healthOf({ age: () => 'stale', keys: () => keys }, { lastError: () => error }, noEvents, 130)

describe('the health of fetched keys', () => {
  it('is their age, their number and the entries that are not used', () => {
    expect(health(current)).toEqual({
      state: 'stale',
      ageSeconds: 30,
      keyCount: 2,
      refusedKeys: refusedNow,
      lastError: undefined,
      counters: noEvents,
    })
  })

  it('has no age and no keys before the first fetch', () => {
    expect(health()).toMatchObject({ ageSeconds: undefined, keyCount: 0, refusedKeys: [] })
  })

  it('has the last error in words', () => {
    const error = new FetchError('no response', { url: 'https://issuer.test/jwks?a=b' })
    expect(health(current, error)).toMatchObject({
      lastError: 'no response at https://issuer.test/jwks',
      refusedKeys: refusedNow,
    })
  })

  it('has the refused entries of a set that replaced none, because all of its keys are refused', () => {
    const cause = new UnusableKeySetError('the JWK Set has no usable key', refusedLast)
    const error = new FetchError(cause.message, { cause })
    for (const keys of [current, undefined])
      expect(health(keys, error)).toMatchObject({ refusedKeys: refusedLast })
  })
})
