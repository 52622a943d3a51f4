import { createResourceServer } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { clock, issuer, now } from './verdict.ts'

describe('D11 what needs no network', () => {
  it.each([
    ['a claim the profile requires is missing', { jti: undefined }, { profile: 'rfc9068' }],
    ['a required claim is missing', {}, { requiredClaims: ['tenant'] }],
    ['the client is another', {}, { clients: ['another'] }],
    ['a claim has the wrong type', { sub: 7 }, {}],
    ['the token is bound, with a wrong cnf', { cnf: 'x' }, {}],
    ['exp is in milliseconds', { exp: now * 1000 }, {}],
  ])('is refused before anything is fetched: %s', async (_what, claims, options) => {
    let fetches = 0
    const fetch = (): Promise<Response> => {
      fetches += 1
      return Promise.resolve(Response.json(issuer.jwks))
    }
    const { jwks: _jwks, ...rest } = issuer.options
    const jwksUri = 'https://issuer.test/jwks'
    const api = createResourceServer({ ...rest, jwksUri, fetch, ...options } as never)
    await expect(api.verify(await issuer.sign(claims))).rejects.toMatchObject({ status: 401 })
    expect(fetches).toBe(0)
    if (_what.startsWith('a required')) {
      await expect(api.verify(await issuer.sign({ tenant: 'a' }))).resolves.toBeDefined()
      expect(fetches).toBe(1)
    }
  })

  it('is refused before the function of issuers is called, where its answer is not needed', async () => {
    let calls = 0
    const issuers = (): undefined => {
      calls += 1
      return undefined
    }
    const api = createResourceServer({ issuers, now: clock.now })
    const hopeless = [
      { exp: now - 301, iat: undefined },
      { nonce: 'n', at_hash: 'h' },
      { token_use: 'id' },
      { sub: 7 },
      { exp: undefined },
      { iat: now + 301 },
    ]
    for (const claims of hopeless) {
      await expect(api.verify(await issuer.sign(claims))).rejects.toMatchObject({ status: 401 })
    }
    expect(calls).toBe(0)
    await expect(api.verify(await issuer.sign())).rejects.toMatchObject({ reason: 'unknown_issuer' })
    expect(calls).toBe(1)
  })
})
