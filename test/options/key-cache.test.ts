import { expect, it } from 'vitest'
import { keyCacheSettings } from '../../src/options/key-cache.ts'

/** Default, least and greatest value. */
const limits = {
  freshFor: [600, 60, 86_400],
  maxFreshFor: [3600, 60, 86_400],
  staleFor: [3600, 0, 86_400],
  timeoutMs: [5000, 500, 60_000],
  maxBytes: [262_144, 1024, 1_048_576],
  maxKeys: [100, 1, 1000],
  maxIssuers: [100, 1, 100_000],
} as const
const all = (at: 0 | 1 | 2): object =>
  Object.fromEntries(Object.entries(limits).map(([name, numbers]) => [name, numbers[at]]))

const units: Readonly<Record<string, string>> = {
  freshFor: ', in seconds',
  maxFreshFor: ', in seconds',
  staleFor: ', in seconds',
  timeoutMs: ', in milliseconds',
}

it('the numbers of the key cache have defaults', () => {
  expect(keyCacheSettings(undefined)).toEqual(all(0))
  expect(keyCacheSettings({ maxKeys: 7 })).toEqual({ ...all(0), maxKeys: 7 })
  expect(keyCacheSettings({ staleFor: 0.5 })).toMatchObject({ staleFor: 0.5 })
})

it('the numbers of the key cache have bounds', () => {
  for (const at of [1, 2] as const) expect(keyCacheSettings(all(at))).toEqual(all(at))
})

it.each(Object.entries(limits))('keyCache.%s: is a number between its bounds', (name, [, min, max]) => {
  for (const value of [min - 1, max + 1, null, '600']) {
    expect(() => keyCacheSettings({ [name]: value })).toThrow(
      new TypeError(`keyCache.${name}: must be a number from ${min} to ${max}${units[name] ?? ''}`),
    )
  }
})

it.each(['maxKeys', 'maxIssuers'])('keyCache.%s: is whole', (name) => {
  expect(() => keyCacheSettings({ [name]: 1.5 })).toThrow(
    new TypeError(`keyCache.${name}: must be a whole number`),
  )
})

it.each([null, true, 7])('the key cache is not %j', (value) => {
  expect(() => keyCacheSettings(value)).toThrow(
    new TypeError('keyCache: must be a plain object of options; pass for example { freshFor: 600 }'),
  )
})
