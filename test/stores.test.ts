import { describe, expect, it } from 'vitest'
import { asList, listInterfaceOf, type RevocationListInterface } from '../src/stores.ts'

const brand = Symbol.for('oauth-resource-server.revocation-list')
const list = () => ({
  revoke: () => Promise.resolve(),
  ready: () => Promise.resolve(),
  close: () => undefined,
})
const face = { tokenLifetime: 60 } as unknown as Omit<RevocationListInterface, 'protocol'>

describe('a revocation list', () => {
  it('is known to every resource server, and cannot be changed', () => {
    const made = asList(list(), face)
    expect(listInterfaceOf(made)).toEqual({ tokenLifetime: 60, protocol: 1 })
    expect(Object.keys(made)).toEqual(['revoke', 'ready', 'close'])
    expect([made, listInterfaceOf(made)].map((it) => Object.isFrozen(it))).toEqual([true, true])
  })

  it.each([undefined, null, 'list', list(), Object.create(asList(list(), face)) as object])(
    'is not %o',
    (value) => {
      expect(listInterfaceOf(value)).toBeUndefined()
    },
  )

  it('of another release is a mistake', () => {
    const foreign = { ...list(), [brand]: { ...face, protocol: 2 } }
    expect(() => listInterfaceOf(foreign)).toThrow(
      new TypeError(
        'this revocation list comes from another release of oauth-resource-server: install one version only',
      ),
    )
  })
})
