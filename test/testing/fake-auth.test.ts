import { type Auth, scope } from 'oauth-resource-server'
import { fakeAuth, fakeResourceServer } from 'oauth-resource-server/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'

/** What a resource server says of the caller, through a token it verified. */
const verified = (auth: Auth): Promise<Auth> => fakeResourceServer(auth).authenticate({ headers: {} })

/** Everything a handler can read of a caller but the times, which are those of each request. */
function readable({ claims, scopes, roles, issuer, subject, clientId, scheme }: Auth): unknown {
  const { iat: _iat, exp: _exp, jti: _jti, aud: _aud, ...others } = claims
  return { scheme, issuer, subject, clientId, scopes: [...scopes], roles: [...roles], claims: others }
}

afterEach(() => void vi.useRealTimers())

describe('fakeAuth()', () => {
  it.each([
    ['the defaults', {}],
    ['scopes and roles', { scopes: ['read', 'write'], roles: ['admin'] }],
    ['names', { subject: 'alice', clientId: 'app', issuer: 'https://other.test/' }],
    ['an issuer that is no URL', { issuer: 'issuer' }],
    ['a claim that objects have anyway', { claims: { constructor: 'a' } }],
    ['further claims', { claims: { tenant: 'a', realm_access: { roles: ['x'] } } }],
  ])('reads as the verified caller does: %s', async (_title, options) => {
    const auth = fakeAuth(options)
    expect(readable(await verified(auth))).toEqual(readable(auth))
  })

  it('is user-1 of client-1 without scopes and roles by default', () => {
    expect(readable(fakeAuth())).toEqual({
      scheme: 'Bearer',
      issuer: 'https://issuer.test/',
      subject: 'user-1',
      clientId: 'client-1',
      scopes: [],
      roles: [],
      claims: { iss: 'https://issuer.test/', sub: 'user-1', client_id: 'client-1' },
    })
  })

  it('fits where a guard or handler takes an Auth', () => {
    expect(scope('read')(fakeAuth({ scopes: ['read'] }), undefined)).toBe(true)
  })

  it('does not show a token', () => {
    expect(JSON.stringify(fakeAuth())).not.toContain('token')
  })

  it('ends when expiresAt says', async () => {
    const expiresAt = new Date(Date.now() + 60_000)
    expiresAt.setMilliseconds(0)
    expect(fakeAuth({ expiresAt }).expiresAt).toEqual(expiresAt)
    expect((await verified(fakeAuth({ expiresAt }))).expiresAt).toEqual(expiresAt)
    await expect(verified(fakeAuth({ expiresAt: new Date(0) }))).rejects.toMatchObject({ reason: 'expired' })
  })

  it('ends an hour after each request by default, however long ago it was made', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_700_000_000_000 })
    const auth = fakeAuth()
    vi.setSystemTime(1_800_000_000_000)
    expect((await verified(auth)).expiresAt).toEqual(new Date(1_800_003_600_000))
  })

  it.each([
    [{ scope: 'read' }, 'fakeAuth: set scopes instead of scope'],
    [{ sub: 'alice' }, 'fakeAuth: set subject instead of sub'],
    [{ audience: 'a' }, 'audience: no such option; there are subject, clientId'],
    [{ scopes: 'read write' }, "scopes: pass a list of strings, for example ['read']"],
    [{ scopes: ['read write'] }, 'scopes: "read write" is not one name; pass each as a string of its own'],
    [{ scopes: [''] }, 'scopes: "" is not one name'],
    [{ roles: [7] }, 'roles: 7 is not one name'],
    [{ subject: '' }, 'subject: pass a string that is not empty'],
    [{ subject: 7 }, 'subject: pass a string'],
    [{ issuer: null }, 'issuer: pass a string'],
    [{ expiresAt: 1 }, 'expiresAt: pass a valid Date'],
    [{ expiresAt: new Date(NaN) }, 'expiresAt: pass a valid Date'],
    [{ claims: [] }, "claims: pass an object, for example { tenant: 'a' }"],
    [{ claims: null }, 'claims: pass an object'],
    [{ claims: { sub: 'alice' } }, 'claims: set subject instead of the claim sub'],
    [{ claims: { scope: 'read' } }, 'claims: set scopes instead of the claim scope'],
    [{ claims: { aud: 'a' } }, 'claims: aud is that of the fake resource server; set its option audience'],
  ])('is a TypeError with %j', (options, message) => {
    expect(() => fakeAuth(options as never)).toThrow(TypeError)
    expect(() => fakeAuth(options as never)).toThrow(message)
  })
})
