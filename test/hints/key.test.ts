import { describe, expect, it } from 'vitest'
import { algorithmHint, signatureHint, unknownKeyHint } from '../../src/hints/key.ts'

describe('the hint about a key', () => {
  const header = { alg: 'RS256', kid: 'k' }
  const entra = 'https://login.microsoftonline.com/t1/v2.0'

  it('knows tokens for Microsoft Graph by the nonce in their header', () => {
    expect(signatureHint({ ...header, nonce: 'x' }, entra)).toMatch(/Graph/)
    expect(unknownKeyHint('absent', { ...header, nonce: 'x' }, entra)).toMatch(/Graph/)
    expect(signatureHint({ ...header, nonce: 'x' }, 'https://id.test')).not.toMatch(/Graph/)
    expect(unknownKeyHint('absent', { ...header, nonce: 'x' }, 'https://id.test')).not.toMatch(/Graph/)
    expect(signatureHint(header, entra)).not.toMatch(/Graph/)
    expect(unknownKeyHint('absent', header, entra)).not.toMatch(/Graph/)
    const hosts = ['sts.windows.net/t1/', 'login.microsoftonline.com/x', 'x.ciamlogin.com/y']
    for (const place of hosts)
      expect(signatureHint({ ...header, nonce: 'x' }, `https://${place}`)).toMatch(/Graph/)
    for (const place of ['xhttps://x.ciamlogin.com/y', 'https://ciamlogin.com/y', 'https://x.ciamlogin.com'])
      expect(signatureHint({ ...header, nonce: 'x' }, place)).not.toMatch(/Graph/)
  })

  it('knows a key that was replaced, or published no more', () => {
    expect(signatureHint(header, 'https://id.test')).toMatch(/new key under the same kid/)
    expect(signatureHint({ alg: 'RS256' }, 'https://id.test')).toMatch(/withdrawn/)
    expect(signatureHint({ alg: 'HS256' }, 'https://id.test')).toMatch(/another secret/)
    expect(unknownKeyHint('absent', header, 'https://id.test')).toMatch(
      /does not publish a key with this kid/,
    )
    expect(unknownKeyHint('absent', { alg: 'RS256' }, 'https://id.test')).toMatch(/has no kid/)
    expect(unknownKeyHint('ambiguous', header, 'https://id.test')).toMatch(/several keys/)
    expect(unknownKeyHint('absent', header, 'https://x.okta.com')).toMatch(/Okta org/)
  })

  it('knows algorithms', () => {
    expect(algorithmHint('HS256', ['RS256'])).toMatch(/shared secret/)
    expect(algorithmHint('RS256', ['HS256'])).toMatch(/only a secret/)
    expect(algorithmHint('none', ['RS256'])).toMatch(/not signed/)
    expect(algorithmHint('ES256', ['RS256'])).toMatch(/^where the issuer signs with it on purpose/)
    expect(algorithmHint('HS384', ['RS256', 'HS256'])).toMatch(/^where the issuer signs/)
    expect(algorithmHint('HS384', ['HS256'])).toMatch(/^where the issuer signs/)
    expect(algorithmHint('ES256', ['RS256', 'HS256'])).toMatch(/^where the issuer signs/)
    expect(algorithmHint(undefined, [])).toMatch(/no alg/)
  })
})
