import { expect, it } from 'vitest'
import { resourceOf } from '../../src/lib/resource-of.ts'

it('is the same member in the builds of both formats', () => {
  expect(resourceOf).toBe(Symbol.for('oauth-resource-server.resource'))
})
