import { expect, it } from 'vitest'
import { tokenCacheSettings } from '../../src/options/token-cache.ts'

it('the token cache has limits, or is off', () => {
  expect(tokenCacheSettings(undefined)).toEqual({ max: 10_000, maxAge: 3600 })
  expect(tokenCacheSettings({ max: 1, maxAge: 1 })).toEqual({ max: 1, maxAge: 1 })
  expect(tokenCacheSettings({ max: 1_000_000, maxAge: 86_400 })).toEqual({ max: 1_000_000, maxAge: 86_400 })
  expect(tokenCacheSettings(false)).toBeUndefined()
})

it.each<[unknown, string]>([
  [true, 'tokenCache: must be a plain object of options; pass for example { max: 10000 }, or false'],
  [null, 'tokenCache: must be a plain object of options; pass for example { max: 10000 }, or false'],
  [{ ttl: 1 }, 'tokenCache: unknown option ttl; the options are max, maxAge'],
  [{ max: 0 }, 'tokenCache.max: must be a number from 1 to 1000000'],
  [{ max: 1_000_001 }, 'tokenCache.max: must be a number from 1 to 1000000'],
  [{ max: 1.5 }, 'tokenCache.max: must be a whole number'],
  [{ maxAge: 0 }, 'tokenCache.maxAge: must be a number from 1 to 86400, in seconds'],
  [{ maxAge: 86_401 }, 'tokenCache.maxAge: must be a number from 1 to 86400, in seconds'],
])('the token cache is not %j', (value, message) => {
  expect(() => tokenCacheSettings(value)).toThrow(new TypeError(message))
})
