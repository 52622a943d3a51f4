import { createResourceServer, replayStore, revocationList } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { objectHint } from '../../src/options/object-hint.ts'

const good = { issuer: 'https://id.test/', audience: 'a', resource: 'https://api.test' }
/** A client of Redis: no plain object. */
class Client {
  readonly isOpen = true
}

describe('the hint about a value that is no object of options', () => {
  it.each<[string, object]>([
    ['dpop: must be a plain object of options; pass {} for the defaults', { dpop: true }],
    ['dpop.nonce: must be a plain object of options; pass { secret }', { dpop: { nonce: 'text' } }],
    ["mtls: must be a plain object of options; pass { certificate: 'socket' }", { mtls: true }],
    ['introspection: must be a plain object of options; pass { clientId', { introspection: true }],
    ['decryption: must be a plain object of options; pass { keys, algorithms', { decryption: [] }],
    ['revocation: must be a plain object of options; pass revocationList()', { revocation: () => false }],
    ['revocation: must be a plain object of options; pass revocationList()', { revocation: new Client() }],
    [
      'revocation: must be a plain object of options; this is a promise: await it',
      { revocation: Promise.resolve() },
    ],
    [
      "issuers[0]: must be a plain object of options; pass for example { issuer: 'https://id.example.com/' }",
      { issuer: undefined, issuers: ['https://id.test/'] },
    ],
  ])('is %s', (message, options) => {
    expect(() => createResourceServer({ ...good, ...options })).toThrow(message)
  })

  it('names the option inside of issuers', () => {
    expect(objectHint(true, 'issuers[1].introspection')).toBe('; pass { clientId, clientSecret }')
  })

  it.each([
    ['backChannelLogout', "pass { clientId: 'web-app' }, with the client's id at the issuer"],
    ['clientCertificate', "pass { format }, for example { format: 'pem-urlencoded' }"],
    ['keyCache', 'pass for example { freshFor: 600 }'],
    ['revoke', 'pass for example { token: getAuth(request) }'],
    ['tokenCache', 'pass for example { max: 10000 }, or false'],
  ])('of %s is: %s', (name, hint) => {
    expect(objectHint(true, name)).toBe(`; ${hint}`)
    expect(objectHint(true, `issuers[12].${name}`)).toBe(`; ${hint}`)
    expect(objectHint(true, `x.issuers[1].${name}`)).toBe('')
  })

  it('is the same for an issuer at any position, and for nothing that only ends like one', () => {
    expect(objectHint(true, 'issuers[12]')).toBe("; pass for example { issuer: 'https://id.example.com/' }")
    expect(objectHint(true, 'myissuers[1]')).toBe('')
  })

  it('of a request says that the middleware was not called', () => {
    expect(objectHint({ method: 'GET', headers: {} }, 'options')).toMatch(
      /^; this is a request, so verifyJwt/,
    )
  })

  it('says what a resource server is made of', () => {
    expect(objectHint('https://id.test/', 'options')).toMatch(
      /^; pass \{ issuer, audience, \.\.\. \}, or what/,
    )
    expect(objectHint(7, 'something else')).toBe('')
  })

  it.each([
    ['revocationList', revocationList],
    ['replayStore', replayStore],
  ])('of %s in memory names the one on Redis, for a client', (name, make) => {
    const onRedis = `${name}(client) of oauth-resource-server/redis`
    expect(() => make(new Client() as never)).toThrow(onRedis)
    expect(() => make('redis://127.0.0.1' as never)).toThrow(onRedis)
    expect(() => make(7 as never)).toThrow(new TypeError(`${name}: must be a plain object of options`))
  })
})

describe('a value of the wrong kind', () => {
  it.each<[string, object]>([
    ['issuer (or OAUTH_ISSUER): must be one string; for several use issuers', { issuer: ['a', 'b'] }],
    [
      'jwksUri: must be a string that is not empty; pass the text itself, not a URL object',
      { jwksUri: new URL('https://id.test/jwks') },
    ],
    [
      'issuer (or OAUTH_ISSUER): must be a string that is not empty; pass the text itself, not a URL object',
      { issuer: new URL('https://id.test') },
    ],
    ['jwks: must be a JWK Set', { jwks: 'https://id.test/jwks' }],
  ])('is %s', (message, options) => {
    expect(() => createResourceServer({ ...good, ...options })).toThrow(message)
  })
})
