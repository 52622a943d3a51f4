import { claim } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'

describe('claim()', () => {
  it.each([[['x', {}]], [[undefined, 'x']], [[[]]], [{}], [undefined], [[]]])('expects no %j', (expected) => {
    expect(() => claim('a', expected as never)).toThrow(/^claim: say which value is expected/)
  })

  it.each(['x', 1, true, null])('expects the value %j', (expected) => {
    expect(claim('a', expected)({ claims: { a: expected } } as never, undefined)).toBe(true)
  })
})
