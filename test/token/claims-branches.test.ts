import { createResourceServer, type ResourceServerOptions } from 'oauth-resource-server'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'

const clock = createTestClock(1_800_000_000_000)
const now = clock.now() / 1000
const issuer = await createTestIssuer({ algorithms: ['EdDSA'], clock })

function apiWith(options: Partial<ResourceServerOptions>): ReturnType<typeof createResourceServer> {
  return createResourceServer({ ...issuer.options, ...options } as ResourceServerOptions)
}

describe('claims at the edge of what is allowed', () => {
  it.each([
    ['nbf equal to exp, within the tolerance', { exp: now + 2, nbf: now + 2 }],
    ['iat equal to exp, within the tolerance', { exp: now + 2, iat: now + 2 }],
    ['the latest date there is as exp', { exp: 8.64e12 }],
    ['the first second of 1970 as nbf', { nbf: 0 }],
    ['an empty sub, which RFC 7519 allows', { sub: '' }],
  ])('accept %s', async (_what, claims) => {
    expect((await apiWith({}).verify(await issuer.sign(claims))).claims).toMatchObject(claims)
  })

  it.each([
    ['nbf a second after exp', { exp: now + 2, nbf: now + 3 }],
    ['iat a second after exp', { exp: now + 2, iat: now + 3 }],
    ['a date beyond the latest', { exp: 8.64e12 + 1 }],
    ['a date before 1970', { nbf: -1 }],
  ])('refuse %s', async (_what, claims) => {
    await expect(apiWith({}).verify(await issuer.sign(claims))).rejects.toMatchObject({ reason: 'claim' })
  })

  it('refuse an empty sub under profile rfc9068 (RFC 9068 §2.2)', async () => {
    const api = apiWith({ profile: 'rfc9068' })
    await expect(api.verify(await issuer.sign({ sub: '' }))).rejects.toMatchObject({ reason: 'claim' })
    expect((await api.verify(await issuer.sign({ sub: 'u' }))).subject).toBe('u')
  })

  it('take the scopes a function yields one by one', async () => {
    const api = apiWith({
      *scopes(claims: { permissions: readonly string[] }) {
        yield* claims.permissions
      },
    })
    const { scopes } = await api.verify(await issuer.sign({ permissions: ['a b', 'c'] }))
    expect([...scopes]).toEqual(['a b', 'c'])
  })

  it('take the scopes a function returns as one text', async () => {
    const api = apiWith({ scopes: (claims: { grants: string }) => claims.grants })
    const { scopes } = await api.verify(await issuer.sign({ grants: 'a b' }))
    expect([...scopes]).toEqual(['a', 'b'])
  })
})
