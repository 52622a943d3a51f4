import { expect, it } from 'vitest'
import { healthOf } from '../../src/issuer/issuer-health.ts'

const keys = { health: () => ({ state: 'fresh', keyCount: 1 }) }
const introspection = { health: () => ({ state: 'open' }) }

it('is the state of the keys, with that of the introspection endpoint where there is one', () => {
  expect(healthOf({ keys, introspection: undefined } as never)).toStrictEqual({ state: 'fresh', keyCount: 1 })
  expect(healthOf({ keys, introspection } as never)).toStrictEqual({
    state: 'fresh',
    keyCount: 1,
    introspection: { state: 'open' },
  })
})
