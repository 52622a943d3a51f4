import { expect, it } from 'vitest'
import { tokenFromOf } from '../../src/options/token-from.ts'

it('tokenFrom is a function', () => {
  const find = (): undefined => undefined
  expect(tokenFromOf(find)).toBe(find)
  expect(tokenFromOf(undefined)).toBeUndefined()
  expect(() => tokenFromOf('header')).toThrow(
    new TypeError('tokenFrom: must be a function, for example fromHeader()'),
  )
})

it('tokenFrom has no readsUrl any more', () => {
  expect(() => tokenFromOf(Object.assign(() => undefined, { readsUrl: false }))).toThrow(
    new TypeError(
      "tokenFrom: readsUrl has no effect any more; return { token, place: 'query' } for a token from the URL",
    ),
  )
})
