import { authorize } from 'oauth-resource-server/express'
import { describe, expect, it } from 'vitest'

describe('authorize()', () => {
  it('refuses what is no function', () => {
    expect(() => authorize('admin' as never)).toThrow(new TypeError('authorize: pass a guard or a predicate'))
  })
})
