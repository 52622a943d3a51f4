import { describe, expect, it } from 'vitest'
import { checkSnapshot } from '../../src/options/snapshot.ts'

const keys = { jwks: { keys: [] }, fetchedAt: 1, freshFor: 2 }
const snapshot = { version: 1, issuers: { 'https://issuer.test/': keys } }

describe('the snapshot option', () => {
  it('is a copy', () => {
    const given = structuredClone(snapshot)
    const copy = checkSnapshot(given)
    expect(copy).toEqual(snapshot)
    given.issuers['https://issuer.test/'].fetchedAt = 7
    expect(copy).toEqual(snapshot)
  })

  it.each([
    ['no object', 'text'],
    ['null', null],
    ['another version', { ...snapshot, version: 2 }],
    ['the version as text', { ...snapshot, version: '1' }],
    ['no version', { issuers: {} }],
    ['no issuers', { version: 1 }],
    ['null as issuers', { version: 1, issuers: null }],
    ['text as issuers', { version: 1, issuers: 'x' }],
    ['what is inherited', Object.create(snapshot)],
    ['what cannot be copied', { version: 1, issuers: { a: () => 1 } }],
  ])('must not be, or have, %s', (_title, value) => {
    expect(() => checkSnapshot(value)).toThrow(
      new TypeError('snapshot: must be what api.snapshot() of this version returned'),
    )
  })
})
