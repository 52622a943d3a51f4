import { type Guard, MissingTokenError } from 'oauth-resource-server'
import { describe, expect, it, vi } from 'vitest'
import { proven } from '../src/adapter-interface.ts'
import { callersBy, missingVerifyJwt } from '../src/framework-callers.ts'
import { auth, callerWith, fakeServer } from './support/framework.ts'

const { getAuth, getOptionalAuth, callable } = callersBy((request: { raw: object }) => request.raw)

/** A request for which something was proven. */
function requestOf(by = fakeServer(), isAnonymous = false) {
  const request = { raw: {} }
  proven.set(request.raw, { by: by.face, auth: isAnonymous ? undefined : auth })
  return request
}

const withoutVerify = (what: string): Error =>
  new Error(
    `${what} on a route without verifyJwt() before it; add verifyJwt() to the app, router or route, before it and from the same subpath`,
  )

describe('getAuth() and getOptionalAuth()', () => {
  it('return what was proven for this very request', () => {
    const request = requestOf()
    expect(getAuth(request)).toBe(auth)
    expect(getOptionalAuth(request)).toBe(auth)
    for (const get of [getAuth, getOptionalAuth])
      expect(() => get({ raw: {} })).toThrow(withoutVerify('getAuth() is called'))
  })

  it('return it for the resource server that proved it alone', () => {
    const by = fakeServer()
    expect(getAuth(requestOf(by), by.api as never)).toBe(auth)
    expect(() => getAuth(requestOf(by), fakeServer().api as never)).toThrow(
      new Error(
        'getAuth(request, api): another resource server verified this request; add verifyJwt(api) to the route',
      ),
    )
    expect(() => getAuth(requestOf(by), {} as never)).toThrow('another resource server')
  })

  it('differ for an anonymous caller, whose refusal is reported once for each request', () => {
    const by = fakeServer()
    const request = requestOf(by, true)
    expect(getOptionalAuth(request)).toBeUndefined()
    for (let time = 0; time < 2; time++) expect(() => getAuth(request)).toThrow(MissingTokenError)
    expect(by.face.forErrorPath).toHaveBeenCalledTimes(2)
    expect(by.face.refused).toHaveBeenCalledOnce()
    const [error, of] = vi.mocked(by.face.refused).mock.calls[0] ?? []
    expect((error as MissingTokenError).detail.hint).toBe(
      'the caller is anonymous; use getOptionalAuth(), or verifyJwt() without optional',
    )
    expect(of).toBe(request)
    expect(() => getAuth(requestOf(by, true))).toThrow(MissingTokenError)
    expect(by.face.refused).toHaveBeenCalledTimes(2)
  })
})

describe('a guard that the application calls', () => {
  const guard: Guard<{ raw: object }> = () => true
  const asked = callable(guard)

  it('checks the proven caller, at once or later', async () => {
    const by = fakeServer()
    const request = requestOf(by)
    expect(asked(auth, request)).toBe(true)
    expect(by.face.ask).toHaveBeenCalledWith(guard, auth, request, auth)
    expect(asked(undefined as never, request)).toBe(true)
    expect(by.face.ask).toHaveBeenLastCalledWith(guard, auth, request, undefined)
    vi.mocked(by.face.ask).mockReturnValue(Promise.resolve())
    expect(await asked(auth, request)).toBe(true)
  })

  it('passes on errors, and makes one of anything else', async () => {
    const by = fakeServer()
    const refusal = new Error('refused')
    const ask = vi.mocked(by.face.ask)
    const later = async (): Promise<unknown> => asked(auth, requestOf(by))
    ask.mockImplementationOnce(() => {
      throw refusal
    })
    expect(() => asked(auth, requestOf(by))).toThrow(refusal)
    ask.mockReturnValueOnce(Promise.reject(refusal))
    await expect(later()).rejects.toBe(refusal)
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as a guard of the application may
    ask.mockReturnValueOnce(Promise.reject('route'))
    await expect(later()).rejects.toBeInstanceOf(Error)
  })

  it('needs a verified request', () => {
    expect(() => asked(auth, { raw: {} })).toThrow(withoutVerify('a guard runs'))
  })

  it('takes the caller of another schema, who has the same token and class', () => {
    expect(asked(callerWith('t'), requestOf())).toBe(true)
  })

  it.each([
    ['a caller with another token', callerWith('u'), false],
    ['an object with the same token', { token: 't' }, false],
    ['null', null, false],
    ['a text', 't', false],
    ['a caller, where the proven one is anonymous', auth, true],
  ])('does not take %s', (_title, passed, isAnonymous) => {
    const by = fakeServer()
    expect(() => asked(passed as never, requestOf(by, isAnonymous))).toThrow(
      new TypeError('guard(auth, request): pass the auth that verifyJwt() returned for this request'),
    )
    expect(by.face.ask).not.toHaveBeenCalled()
  })
})

it('says where verifyJwt() is missing', () => {
  expect(missingVerifyJwt('x')).toEqual(withoutVerify('x'))
})
