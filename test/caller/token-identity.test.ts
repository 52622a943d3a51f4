import type { Auth } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { identityOf, jtiOf } from '../../src/caller/token-identity.ts'
import { hashOf, signedHash } from '../../src/token/signed-hash.ts'

const caller = {
  issuer: 'https://issuer.test/',
  claims: { jti: 'j' },
  expiresAt: new Date(1_800_000_000_500),
  token: 'header.payload.signature',
} as unknown as Auth
const named = { issuer: 'https://issuer.test/', expiresAt: 1_800_000_000.5 }

describe('a token is known', () => {
  it('by its jti', async () => {
    expect(await identityOf(caller, 'token')).toEqual({ ...named, kind: 'jti', value: 'j' })
    const { token: _token, ...copy } = caller
    expect(await identityOf(copy, 'token')).toEqual({ ...named, kind: 'jti', value: 'j' })
  })

  it('by the hash of what was signed, without a jti', async () => {
    const expected = { ...named, kind: 'hash', value: await hashOf('header.payload.other') }
    expect(await identityOf({ ...caller, claims: {} }, 'token')).toEqual(expected)
  })

  it('by the hash that an encrypted token came with', async () => {
    const encrypted = { ...caller, claims: {}, token: 'a.b.c.d.e', [signedHash]: 'hash' }
    expect(await identityOf(encrypted, 'token')).toEqual({ ...named, kind: 'hash', value: 'hash' })
  })

  it.each([{ jti: '' }, { jti: 1 }, {}, Object.create({ jti: 'j' }) as object])(
    'by no jti in %o',
    (claims) => {
      expect(jtiOf(claims)).toBeUndefined()
    },
  )
})

describe('what is no caller', () => {
  const noCaller = 'x: pass the auth of a caller, for example revoke({ token: getAuth(request) })'
  it.each<[string, unknown, string]>([
    ['undefined', undefined, noCaller],
    ['null', null, noCaller],
    ['text', 'a.b.c', noCaller],
    ['a caller without issuer', { ...caller, issuer: undefined }, noCaller],
    ['a caller without claims', { ...caller, claims: undefined }, noCaller],
    ['a caller whose claims are null', { ...caller, claims: null }, noCaller],
    [
      'a caller with an invalid date',
      { ...caller, expiresAt: new Date(NaN) },
      'x.expiresAt: must be a Date or seconds since the epoch',
    ],
    ['a caller with text as its expiry', { ...caller, expiresAt: '2027' }, noCaller],
    [
      'a copy without jti and token',
      { ...caller, claims: {}, token: undefined },
      'x: this auth has neither a jti nor a token',
    ],
    [
      'a copy of an encrypted token',
      { ...caller, claims: {}, token: 'a.b.c.d.e' },
      'x: the token is encrypted; pass the auth that the resource server returned',
    ],
  ])('is a TypeError: %s', async (_what, value, message) => {
    await expect(identityOf(value, 'x')).rejects.toThrow(new TypeError(message))
  })
})
