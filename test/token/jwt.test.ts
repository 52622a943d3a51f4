import { createResourceServer } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { issuer, verdict } from './verdict.ts'

describe('the issuer', () => {
  it.each([
    ['https://issuer.test', 'issuer'],
    ['https://issuer.test//', 'issuer'],
    ['HTTPS://issuer.test/', 'issuer'],
    ['https://issuer.test:443/', 'issuer'],
    [' https://issuer.test/', 'issuer'],
    [['https://issuer.test/'], 'issuer'],
    [null, 'issuer'],
    ['', 'issuer'],
  ])('is compared exactly: %o is refused', async (iss, expected) => {
    expect(await verdict({ iss })).toBe(expected)
  })
})

describe('an issuer that is no text', () => {
  it('is refused as such, also where there are several issuers', async () => {
    const { issuer: name, audience, jwks, now: clockNow } = issuer.options
    const api = createResourceServer({ issuers: [{ issuer: name, audience, jwks }], now: clockNow })
    await expect(api.verify(await issuer.sign({ iss: [name] }))).rejects.toMatchObject({ reason: 'issuer' })
    await expect(api.verify(await issuer.sign({ iss: 'x' }))).rejects.toMatchObject({
      reason: 'unknown_issuer',
    })
  })
})
