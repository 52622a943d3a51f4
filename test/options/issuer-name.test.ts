import { describe, expect, it } from 'vitest'
import { checkDiscoverable, checkIssuerName, isIssuerName } from '../../src/options/issuer-name.ts'

const plain = 'https://issuer.test/a'
const ambiguous = 'https://issuer.test/tenants/../admin'

describe('checkIssuerName', () => {
  it.each([plain, 'https://issuer.test', 'any name', 'https://issuer.test/.well-known/other'])(
    'takes %s',
    (name) => {
      expect(() => checkIssuerName(name, 'issuer')).not.toThrow()
    },
  )

  it.each([
    [` ${plain}`, plain],
    [`${plain}\n`, plain],
    [`${plain}/.well-known/openid-configuration`, plain],
    ['https://issuer.test/.well-known/oauth-authorization-server/a', plain],
  ])('refuses %j, and says to write %s', (name, meant) => {
    expect(() => checkIssuerName(name, 'issuers[0].issuer')).toThrow(TypeError)
    expect(() => checkIssuerName(name, 'issuers[0].issuer')).toThrow(/^issuers\[0\]\.issuer: /)
    expect(() => checkIssuerName(name, 'issuer')).toThrow(`write "${meant}"`)
  })
})

describe('checkDiscoverable', () => {
  it.each([
    ['a plain URL', plain, {}],
    ['no URL, which is looked for nowhere', 'any name', {}],
    ['keys from a URI', ambiguous, { jwksUri: 'x' }],
    ['metadata from a URL', ambiguous, { metadataUrl: 'x' }],
    ['keys of its own', ambiguous, { jwks: {} }],
    ['a key of its own', ambiguous, { publicKey: 'x' }],
    ['a secret alone', ambiguous, { secret: 'x' }],
    ['a secret with its algorithms', ambiguous, { secret: 'x', algorithms: ['HS256'] }],
  ])('takes %s', (_title, name, options) => {
    expect(() => checkDiscoverable(name, options, 'issuer')).not.toThrow()
  })

  it.each([
    ['metadata behind a name that a parser changes', {}],
    ['a secret together with public keys', { secret: 'x', algorithms: ['HS256', 'ES256'] }],
    ['algorithms of secrets without a secret', { algorithms: ['HS256'] }],
  ])('refuses %s', (_title, options) => {
    expect(() => checkDiscoverable(ambiguous, options, 'issuer')).toThrow(
      /^issuer: metadata can only be found by a plain URL/,
    )
  })
})

describe('isIssuerName', () => {
  it.each([
    [plain, {}, true],
    [ambiguous, { jwks: {} }, true],
    [ambiguous, {}, false],
    [` ${plain}`, {}, false],
  ])('%j with %j: %s', (name, options, expected) => {
    expect(isIssuerName(name, options)).toBe(expected)
  })
})
