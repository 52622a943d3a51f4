import { describe, expect, it } from 'vitest'
import { isFetchable } from '../../src/lib/url.ts'

describe('isFetchable', () => {
  it.each([
    ['https://issuer.test', true],
    ['http://localhost:3000', true],
    ['http://127.0.0.1', true],
    ['http://127.1.2.3', true],
    ['http://[::1]', true],
    ['http://issuer.test', false],
    ['http://localhost.issuer.test', false],
    ['http://127.0.0.1.issuer.test', false],
    ['http://[::2]', false],
    ['http://0.0.0.0', false],
    ['ftp://localhost', false],
    ['data:application/json,{}', false],
  ])('of %s is %s', (text, fetchable) => {
    expect(isFetchable(new URL(text))).toBe(fetchable)
  })
})
