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
  const given = { at: 'issuer', allowInsecureHosts: ['keycloak:8080'] }
  it.each([
    ['a plain URL', plain, {}],
    ['plain http of a host that is listed', 'http://keycloak:8080/realms/a', {}],
    ['keys from a URI', ambiguous, { jwksUri: 'x' }],
    ['metadata from a URL', ambiguous, { metadataUrl: 'x' }],
    ['keys of its own', ambiguous, { jwks: {} }],
    ['a key of its own', ambiguous, { publicKey: 'x' }],
    ['a secret alone', ambiguous, { secret: 'x' }],
    ['a secret with its algorithms', ambiguous, { secret: 'x', algorithms: ['HS256'] }],
  ])('takes %s', (_title, name, options) => {
    expect(() => checkDiscoverable(name, options, given)).not.toThrow()
  })

  it.each([
    ['metadata behind a name that a parser changes', {}],
    ['a secret together with public keys', { secret: 'x', algorithms: ['HS256', 'ES256'] }],
    ['algorithms of secrets without a secret', { algorithms: ['HS256'] }],
  ])('refuses %s', (_title, options) => {
    expect(() => checkDiscoverable(ambiguous, options, given)).toThrow(
      new TypeError(
        "issuer: metadata can only be found by a plain URL, without '..', backslashes and encoded dots or slashes; set jwksUri or jwks instead",
      ),
    )
  })

  const instead = 'set metadataUrl, jwksUri, jwks, publicKey or secret'
  it.each([
    ['no URL', 'any name', `must be an https URL, or ${instead}`],
    ['of another scheme', 'ftp://issuer.test', `must be an https URL, or ${instead}`],
    [
      'plain http',
      'http://issuer.test/',
      `must be https; to use http for this host on a network you trust, set allowInsecureHosts: ['issuer.test'], or ${instead}`,
    ],
    ['with a query', `${plain}?`, `a URL with a query or fragment has no metadata; ${instead} instead`],
    ['with a fragment', `${plain}#a`, `a URL with a query or fragment has no metadata; ${instead} instead`],
    ['with a password', 'https://a:b@issuer.test/', 'must not have a user name or password'],
  ])('refuses a name that is %s', (_title, name, message) => {
    expect(() => checkDiscoverable(name, {}, given)).toThrow(new TypeError(`issuer: ${message}`))
  })
})

describe('isIssuerName', () => {
  it.each([
    [plain, {}, true],
    [ambiguous, { jwks: {} }, true],
    [ambiguous, {}, false],
    [` ${plain}`, {}, false],
    [` ${plain}`, { jwks: {} }, false],
    ['any name', {}, false],
    ['http://issuer.test/', {}, false],
    ['http://keycloak:8080/', {}, true],
    [`${plain}?a`, {}, false],
    [`${plain}?a`, { secret: 'x' }, true],
  ])('%j with %j: %s', (name, options, expected) => {
    expect(isIssuerName(name, options, ['keycloak:8080'])).toBe(expected)
  })
})
