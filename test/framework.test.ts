import { type Guard, scope } from 'oauth-resource-server'
import { authorize } from 'oauth-resource-server/express'
import { describe, expect, it, vi } from 'vitest'
import { proven } from '../src/adapter-interface.ts'
import { hooksFor } from '../src/framework.ts'
import { auth, type FakeFramework, fakeFramework, type FakeRequest, fakeServer } from './support/framework.ts'

const error = new Error('e')
const broken = (): never => {
  throw error
}
const request = (): FakeRequest => ({ headers: {}, url: '/' })
const hooks = (change: Partial<FakeFramework> = {}) => hooksFor(fakeFramework(change))

describe('authorize()', () => {
  it('refuses what is no function', () => {
    expect(() => authorize('admin' as never)).toThrow(new TypeError('authorize: pass a guard or a predicate'))
  })
})

describe('the hook of verifyJwt()', () => {
  it.each([
    ['at once', () => auth],
    ['later', () => Promise.resolve(auth)],
  ])('keeps the caller, found %s, and goes on', async (_when, authenticate) => {
    const { api, face } = fakeServer({ authenticate })
    const framework = fakeFramework()
    const a = request()
    expect(await hooksFor(framework).verify(api)(a, 'b', 'c')).toBe('next b c')
    expect(proven.get(a)).toEqual({ by: face, auth })
    expect(framework.keep).toHaveBeenCalledWith(auth, a, 'c')
    expect(face.headersFor).toHaveBeenCalledWith(auth)
    expect(framework.setHeaders).not.toHaveBeenCalled()
    expect(face.authorize).not.toHaveBeenCalled()
  })

  it('passes on the neutral request, and what the platform waits for', () => {
    const { api, face } = fakeServer()
    const neutral = { headers: {} }
    const waitUntil = vi.fn()
    void hooks({ requestOf: () => neutral, waitUntilOf: () => waitUntil }).verify(api)(request(), 'b', 'c')
    void hooks().verify(api)(request(), 'b', 'c')
    expect(face.authenticate).toHaveBeenNthCalledWith(1, neutral, waitUntil)
    expect(face.authenticate).toHaveBeenNthCalledWith(2, request(), undefined)
  })

  it.each([
    ['at once', broken],
    ['later', () => Promise.reject(error)],
  ])('refuses %s, and forgets what was proven before', async (_when, authenticate) => {
    const { api, face } = fakeServer({ authenticate })
    const a = request()
    proven.set(a, { by: face, auth })
    expect(await hooks().verify(api)(a, 'b', 'c')).toBe('sent 401 b c')
    expect(proven.get(a)).toBeUndefined()
    expect(face.answer).toHaveBeenCalledWith(error, a, undefined)
  })

  it('sets the headers of a successful response', () => {
    const headers = { 'Cache-Control': 'private' }
    const framework = fakeFramework()
    const { api } = fakeServer({ headersFor: () => headers })
    const a = request()
    expect(hooksFor(framework).verify(api)(a, 'b', 'c')).toBe('next b c')
    expect(framework.setHeaders).toHaveBeenCalledWith(headers, a, 'b', 'c')
    expect(hooks({ setHeaders: broken }).verify(api)(a, 'b', 'c')).toBe('failed: Error: e b c')
  })

  it('goes on where the caller cannot be written to the request', () => {
    expect(hooks({ keep: broken }).verify(fakeServer().api)(request(), 'b', 'c')).toBe('next b c')
  })

  it.each([
    ['at once', () => undefined],
    ['later', () => Promise.resolve()],
  ])('goes on where its guard allows %s, which may ask who the caller is', async (_when, allow) => {
    const a = request()
    const guard: Guard<FakeRequest> = () => true
    const authorized = vi.fn(() => {
      expect(proven.get(a)?.auth).toBe(auth)
      return allow()
    })
    for (const authenticate of [() => auth, () => Promise.resolve(auth)]) {
      const { api } = fakeServer({ authenticate, authorize: authorized })
      proven.delete(a)
      const framework = fakeFramework()
      expect(await hooksFor(framework).verify(api, guard)(a, 'b', 'c')).toBe('next b c')
      expect(authorized).toHaveBeenLastCalledWith(guard, auth, a)
      expect(framework.keep).toHaveBeenCalledWith(auth, a, 'c')
    }
  })

  it('refuses where its guard does, with the scopes of the guard', async () => {
    for (const authorized of [broken, () => Promise.reject(error)]) {
      const { api, face } = fakeServer({ authorize: authorized })
      const a = request()
      expect(await hooks().verify(api, scope('read'))(a, 'b', 'c')).toBe('sent 401 b c')
      expect(face.answer).toHaveBeenCalledWith(error, a, ['read'])
      expect(await hooks().verify(api, () => true)(a, 'b', 'c')).toBe('sent 401 b c')
      expect(face.answer).toHaveBeenLastCalledWith(error, a, undefined)
      expect(proven.get(a)).toBeUndefined()
    }
  })

  it('is refused as a mistake where the framework passes no request', () => {
    const { api, face } = fakeServer()
    expect(hooks({ rawOf: () => undefined as never }).verify(api)(request(), 'b', 'c')).toBe('sent 401 b c')
    const [error] = vi.mocked(face.answer).mock.calls[0] ?? []
    expect(String(error)).toMatch(/^TypeError: verifyJwt: called without a request of its framework/)
    expect(face.authenticate).not.toHaveBeenCalled()
  })

  it('serves published metadata without a token', () => {
    const found = { status: 200, headers: {}, body: '{}' }
    const { api, face } = fakeServer({ published: ({ url }) => (url === '/m' ? found : undefined) })
    const hook = hooks().verify(api)
    expect(hook({ headers: {}, url: '/m' }, 'b', 'c')).toBe('sent 200 b c')
    expect(face.authenticate).not.toHaveBeenCalled()
    expect(hook(request(), 'b', 'c')).toBe('next b c')
    expect(face.authenticate).toHaveBeenCalledOnce()
  })
})

describe('a hook without what it calls when it has decided', () => {
  it('fails before it asks anything', () => {
    const { api, face } = fakeServer({ published: () => ({ status: 200, headers: {}, body: '' }) })
    const a = request()
    proven.set(a, { by: face, auth })
    const without = hooks({ hasNext: (b, c) => b !== 'b' && c !== 'c' })
    for (const hook of [without.verify(api), without.guarded(() => true)]) {
      expect(hook(a, 'b', 'c')).toMatch(
        /^failed: TypeError: verifyJwt\(\) and guards: called without next.* b c$/,
      )
      expect(hook(a, 'x', 'y')).not.toContain('TypeError')
    }
    expect(face.authorize).toHaveBeenCalledOnce()
    expect(face.authenticate).not.toHaveBeenCalled()
  })
})

describe('the hook of a guard', () => {
  const guard: Guard<FakeRequest> = () => true

  it('asks the resource server that verified the request', async () => {
    for (const allow of [() => undefined, () => Promise.resolve()]) {
      const { face } = fakeServer({ authorize: vi.fn(allow) })
      const a = request()
      proven.set(a, { by: face, auth })
      expect(await hooks().guarded(guard)(a, 'b', 'c')).toBe('next b c')
      expect(face.authorize).toHaveBeenCalledWith(guard, auth, a)
    }
  })

  it('refuses, and what was proven stays', () => {
    const { face } = fakeServer({ authorize: broken })
    const a = request()
    proven.set(a, { by: face, auth })
    expect(hooks().guarded(guard)(a, 'b', 'c')).toBe('sent 401 b c')
    expect(proven.get(a)?.auth).toBe(auth)
  })

  it('fails where nothing verified the request', () => {
    expect(hooks().guarded(guard)(request(), 'b', 'c')).toMatch(
      /^failed: Error: a guard runs on a route without verifyJwt\(\) before it/,
    )
  })
})

describe('the hooks of logout and metadata', () => {
  it('respond to a logout request', async () => {
    const [list, options] = [{} as never, { clientId: 'app' }]
    const handle = vi.fn(() => Promise.resolve({ status: 200, headers: {}, body: '' }))
    const { api, face } = fakeServer({ logout: vi.fn(() => handle) })
    const a = request()
    const raw = {}
    const hook = hooks({ rawOf: () => raw }).logout(api as never, list, options)
    expect(face.logout).toHaveBeenCalledWith(list, options)
    expect(await hook(a, 'b', 'c')).toBe('sent 200 b c')
    expect(handle).toHaveBeenCalledWith(a, raw)
    const unwritten = hooks({ rawOf: () => raw, refuse: broken }).logout(api as never, list, options)
    expect(await unwritten(a, 'b', 'c')).toBe('failed: Error: e b c')
    handle.mockRejectedValue(error)
    expect(await hook(a, 'b', 'c')).toBe('failed: Error: e b c')
  })

  it('respond to no logout request of another framework', () => {
    const handle = vi.fn()
    const { api } = fakeServer({ logout: vi.fn(() => handle) })
    const hook = hooks().logout(api as never, {} as never, {} as never)
    expect(hook(undefined as never, 'b', 'c')).toMatch(
      /^failed: TypeError: verifyJwt: called without a request/,
    )
    expect(handle).not.toHaveBeenCalled()
  })

  it('serve metadata at its path', () => {
    const respond = ({ url }: { url?: string | undefined }) =>
      url === '/m' ? { status: 200, headers: {}, body: '{}' } : undefined
    const { api, face } = fakeServer({ publish: vi.fn(() => ({ path: '/m', respond })) })
    const { path, hook } = hooks().metadata(api as never, { resourceName: 'x' })
    expect(face.publish).toHaveBeenCalledWith({ resourceName: 'x' })
    expect(path).toBe('/m')
    expect(hook({ headers: {}, url: '/m' }, 'b', 'c')).toBe('sent 200 b c')
    expect(hook(request(), 'b', 'c')).toBe('next b c')
  })
})

describe('the hooks of an adapter', () => {
  it('know whether the token is looked for in the body', () => {
    expect(hooks().readsBody(fakeServer({ readsBody: true }).api)).toBe(true)
    expect(hooks().readsBody(fakeServer().api)).toBe(false)
    expect(hooks().readsBody({})).toBe(false)
  })

  it.each([
    ['verifyJwt: pass options or a resource server', () => hooks().verify({})],
    [
      'backChannelLogout: pass a resource server, as createResourceServer() returns it',
      () => hooks().logout({} as never, {} as never, {} as never),
    ],
    [
      'protectedResourceMetadata: pass a resource server, as createResourceServer() returns it',
      () => hooks().metadata({} as never),
    ],
  ])('need a resource server: %s', (message, make) => {
    expect(make).toThrow(new TypeError(message))
  })
})
