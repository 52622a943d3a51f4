import { createResourceServer } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { introspectionSettings } from '../../src/options/introspection.ts'

const issuer = 'https://issuer.test/'
const asked = { issuer, metadataUrl: undefined, allowInsecureHosts: [] }
const client = { clientId: 'api', clientSecret: 'secret' }
const key = {
  kty: 'EC',
  crv: 'P-256',
  x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
  y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
  d: '870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE',
}

const settings = (options: object, from: object = {}): ReturnType<typeof introspectionSettings> =>
  introspectionSettings(options, 'introspection', { ...asked, ...from })

const names = ((): string[] => {
  try {
    settings({ '?': 1 })
  } catch (error) {
    return (/; the options are (.*)$/.exec((error as Error).message)?.[1] ?? '').split(', ')
  }
  return []
})()

describe('the introspection option', () => {
  it('has defaults', () => {
    expect(settings(client)).toEqual({
      clientId: 'api',
      credentials: { method: 'client_secret_basic', secret: 'secret' },
      endpoint: { metadataUrl: undefined },
      tokens: 'opaque',
      signed: false,
      cacheFor: 30,
      cacheInactiveFor: 10,
      timeoutMs: 3000,
      maxInFlight: 100,
    })
  })

  it('is off when it is not given', () => {
    expect(introspectionSettings(undefined, 'introspection', asked)).toBeUndefined()
  })

  it('takes a private key for private_key_jwt', () => {
    expect(settings({ clientId: 'api', privateKey: key })?.credentials).toMatchObject({
      method: 'private_key_jwt',
      key: { alg: 'ES256' },
    })
  })

  it('may send the secret in the form', () => {
    expect(settings({ ...client, authMethod: 'client_secret_post' })?.credentials).toEqual({
      method: 'client_secret_post',
      secret: 'secret',
    })
  })

  it("asks about every token with profile: 'fapi2', unless set otherwise", () => {
    expect(settings(client, { profile: 'fapi2' })?.tokens).toBe('all')
    expect(settings({ ...client, tokens: 'opaque' }, { profile: 'fapi2' })?.tokens).toBe('opaque')
  })

  it.each([
    ['clientId', {}, /set the id/],
    ['clientId', { clientSecret: 's', clientId: '' }, /not empty/],
    ['clientSecret', { clientId: 'api' }, /set clientSecret or privateKey/],
    ['clientSecret', { ...client, privateKey: key }, /set only one of/],
    ['authMethod', { ...client, authMethod: 'tls_client_auth' }, /must be 'client_secret_basic'/],
    ['authMethod', { ...client, authMethod: 'private_key_jwt' }, /needs privateKey/],
    [
      'authMethod',
      { clientId: 'api', privateKey: key, authMethod: 'client_secret_post' },
      /needs clientSecret/,
    ],
    [
      'authMethod',
      { clientId: 'api', privateKey: key, authMethod: 'client_secret_basic' },
      /client_secret_basic needs clientSecret instead of privateKey$/,
    ],
    ['privateKey', { clientId: 'api', privateKey: 'PEM' }, /JWK object/],
    ['endpoint', { ...client, endpoint: 'introspect' }, /must be an https URL$/],
    ['endpoint', { ...client, endpoint: 'http://issuer.test/i' }, /allowInsecureHosts/],
    ['endpoint', { ...client, endpoint: 'https://a:b@issuer.test/i' }, /user name or password/],
    ['endpoint', { ...client, endpoint: 'https://issuer.test/i#f' }, /fragment/],
    ['tokens', { ...client, tokens: 'jwt' }, /'opaque' or 'all'/],
    ['signed', { ...client, signed: 'yes' }, /true or false/],
    ['cacheFor', { ...client, cacheFor: 3601 }, /0 to 3600/],
    ['cacheFor', { ...client, cacheFor: -1 }, /0 to 3600/],
    ['cacheInactiveFor', { ...client, cacheInactiveFor: NaN }, /0 to 3600/],
    ['timeoutMs', { ...client, timeoutMs: 9 }, /10 to 60000/],
    ['maxInFlight', { ...client, maxInFlight: 0 }, /1 to 10000/],
    ['maxInFlight', { ...client, maxInFlight: 1.5 }, /whole number/],
  ])('refuses a wrong %s, and says what to write', (name, options, message) => {
    expect(() => settings(options)).toThrow(TypeError)
    expect(() => settings(options)).toThrow(new RegExp(`^introspection\\.${name}: .*${message.source}`))
  })

  it.each(names)('G2 %s: null is a TypeError that names it', (name) => {
    const { clientSecret: _secret, ...withoutSecret } = client
    const others = name === 'privateKey' ? withoutSecret : client
    expect(() => settings({ ...others, [name]: null })).toThrow(new RegExp(`^introspection\\.${name}: `))
  })

  it('suggests the name that was meant', () => {
    expect(() => settings({ ...client, cacheFr: 1 })).toThrow(/cacheFr \(did you mean cacheFor\?\)/)
  })

  it('shows no secret and no key in any message', () => {
    for (const options of [
      { clientId: 'api', clientSecret: 'hidden', privateKey: key },
      { clientId: 'api', clientSecret: 'hidden', authMethod: 'private_key_jwt' },
      { clientId: 'api', privateKey: { ...key, alg: 'RS256' } },
    ]) {
      const message = expect.not.stringMatching(/hidden|870MB6/) as string
      expect(() => settings(options)).toThrow(expect.objectContaining({ message }) as Error)
    }
  })
})

describe('the endpoint', () => {
  it('is written out, or found in the metadata', () => {
    expect(settings({ ...client, endpoint: 'https://other.test/i' })?.endpoint).toEqual({
      url: 'https://other.test/i',
    })
    const metadataUrl = 'https://issuer.test/metadata'
    expect(settings(client, { metadataUrl })?.endpoint).toEqual({ metadataUrl })
    expect(settings(client, { issuer: 'tenant-1', metadataUrl })?.endpoint).toEqual({ metadataUrl })
  })

  it.each([
    ['that is no URL', 'tenant-1', /set it, since the issuer's name is no URL/],
    ['that is http', 'http://issuer.test', /must be https.*; or set it to the URL of the endpoint$/],
  ])('must be written out for an issuer %s', (_what, name, message) => {
    expect(() => settings(client, { issuer: name })).toThrow(message)
    expect(settings({ ...client, endpoint: 'https://i.test/' }, { issuer: name })).toBeDefined()
  })

  it('may be http where that is allowed', () => {
    const from = { issuer: 'http://keycloak:8080/realms/r', allowInsecureHosts: ['keycloak:8080'] }
    expect(settings(client, from)).toBeDefined()
  })
})

describe('introspection with several issuers', () => {
  const { d: _d, ...publicKey } = key
  const jwks = { keys: [publicKey] }
  const first = { issuer: 'https://one.test/', jwks, introspection: client }
  const second = { issuer: 'https://two.test/', jwks, introspection: client }
  const make = (options: object) => () => createResourceServer({ audience: 'api', ...options })

  it('stands inside the entry of one issuer', () => {
    expect(make({ issuers: [first], introspection: client })).toThrow(/^introspection: belongs to one issuer/)
    expect(make({ issuers: [first, { issuer: 'https://two.test/', jwks }] })).not.toThrow()
  })

  it('is for opaque tokens in one entry at most', () => {
    expect(make({ issuers: [first, second] })).toThrow(/^issuers: introspection of opaque tokens/)
    const all = { ...second, introspection: { ...client, tokens: 'all' } }
    expect(make({ issuers: [first, all] })).not.toThrow()
  })

  it('names the entry in its messages', () => {
    const wrong = { ...second, introspection: { ...client, cacheFor: '1' } }
    expect(make({ issuers: [first, wrong] })).toThrow(/^issuers\[1\]\.introspection\.cacheFor: /)
  })
})
