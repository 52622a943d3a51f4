import { createResourceServer, type ResourceServerOptions } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'

describe('options of an issuer', () => {
  const common = { issuer: 'https://issuer.test/', audience: 'https://api.test' }

  it.each([
    'https://issuer.test/?x',
    'https://issuer.test/#x',
    'https://issuer.test/?',
    'https://issuer.test/#',
  ])('need to say where the keys of %s are (RFC 8414 §2)', (issuer) => {
    expect(() => createResourceServer({ ...common, issuer })).toThrow(
      /^issuer: a URL with a query or fragment/,
    )
  })

  it('of a dynamic issuer need not repeat its name', async () => {
    const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
    const { audience, jwks, now } = issuer.options
    const issuers = (): object => ({ audience, jwks })
    const api = createResourceServer({ issuers, now } as unknown as ResourceServerOptions)
    expect((await api.verify(await issuer.sign())).issuer).toBe(issuer.issuer)
  })
})
