import { describe, expect, it, vi } from 'vitest'
import { brand, interfaceOf, proven, protocol } from '../src/adapter-interface.ts'
import { auth, fakeServer } from './support/framework.ts'

describe('interfaceOf()', () => {
  const { face, api } = fakeServer()

  it('finds what adapters call', () => {
    expect(interfaceOf(api)).toBe(face)
  })

  it.each([undefined, null, 7, 'api', {}, () => undefined, Object.create(api)])(
    'finds nothing in %o',
    (value) => {
      expect(interfaceOf(value)).toBeUndefined()
    },
  )

  it.each([
    [{ protocol: protocol + 1 }, String(protocol + 1)],
    [{}, 'undefined'],
    [null, 'undefined'],
    [undefined, 'undefined'],
  ])('refuses the face of another release: %j', (other, found) => {
    expect(() => interfaceOf({ [brand]: other })).toThrow(
      new TypeError(
        `this resource server comes from another release of oauth-resource-server (adapter protocol ${found}, here ${protocol}): install one version only`,
      ),
    )
  })
})

describe('the record of what was proven', () => {
  const key = Symbol.for(`oauth-resource-server.proven.${protocol}`)
  const load = async (): Promise<typeof proven> => {
    vi.resetModules()
    return (await import('../src/adapter-interface.ts')).proven
  }

  it('is one for the process, whatever build asks', async () => {
    const request = {}
    proven.set(request, { by: fakeServer().face, auth })
    expect((await load()).get(request)?.auth).toBe(auth)
    proven.delete(request)
    expect((await load()).get(request)).toBeUndefined()
  })

  it('cannot be replaced or changed by other code', () => {
    expect(Object.getOwnPropertyDescriptor(globalThis, key)).toEqual({
      value: proven,
      writable: false,
      enumerable: false,
      configurable: false,
    })
    expect(Object.isFrozen(proven)).toBe(true)
  })

  it('is one for each build where the global object is frozen', async () => {
    const hasOwn = vi.spyOn(Object, 'hasOwn').mockReturnValueOnce(false)
    const define = vi.spyOn(Reflect, 'defineProperty').mockReturnValueOnce(false)
    const own = await load()
    hasOwn.mockRestore()
    define.mockRestore()
    expect(own).not.toBe(proven)
    const request = {}
    own.set(request, { by: fakeServer().face, auth })
    expect(own.get(request)?.auth).toBe(auth)
    expect(proven.get(request)).toBeUndefined()
  })
})
