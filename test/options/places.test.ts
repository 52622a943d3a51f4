import { createResourceServer } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

const now = (): number => 1_800_000_000_000
const issuer = await createTestIssuer({ issuer: 'https://issuer.test/', now })
const { audience, jwks } = issuer.options
const asked: string[] = []
const fetch = (url: string): Promise<Response> => {
  asked.push(url)
  return Promise.resolve(Response.json(url.endsWith('jwks') ? issuer.jwks : issuer.metadata))
}
const make = (options: object) => createResourceServer({ audience, now, fetch, ...options })

beforeEach(() => {
  asked.length = 0
  for (const name of ['OAUTH_ISSUER', 'OAUTH_AUDIENCE', 'OAUTH_JWKS_URI']) vi.stubEnv(name, undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

describe('D2 OAUTH_JWKS_URI', () => {
  it('is not used for another issuer than that of OAUTH_ISSUER', async () => {
    vi.stubEnv('OAUTH_ISSUER', 'https://partner.test/')
    vi.stubEnv('OAUTH_JWKS_URI', 'https://partner.test/jwks')
    await make({ issuer: issuer.issuer }).verify(await issuer.sign())
    expect(asked.filter((url) => url.includes('partner'))).toEqual([])
  })

  it('is not used without OAUTH_ISSUER', async () => {
    vi.stubEnv('OAUTH_JWKS_URI', 'https://partner.test/jwks')
    await make({ issuer: issuer.issuer }).verify(await issuer.sign())
    expect(asked.filter((url) => url.includes('partner'))).toEqual([])
  })

  it('is used when the issuer option is exactly OAUTH_ISSUER', async () => {
    vi.stubEnv('OAUTH_ISSUER', issuer.issuer)
    vi.stubEnv('OAUTH_JWKS_URI', ' https://keys.test/jwks\n')
    await make({ issuer: issuer.issuer }).verify(await issuer.sign())
    expect(asked).toEqual(['https://keys.test/jwks'])
  })
})

describe('D5 white space', () => {
  it('around OAUTH_ISSUER is left out', async () => {
    vi.stubEnv('OAUTH_ISSUER', ` ${issuer.issuer}\n`)
    await expect(make({ jwks }).verify(await issuer.sign())).resolves.toMatchObject({ subject: 'user-1' })
  })

  it.each([' https://issuer.test/', 'https://issuer.test/\n', '\u00a0i'])(
    'around the issuer %j is a TypeError',
    (name) => {
      expect(() => make({ issuer: name, jwks })).toThrow(/^issuer: has white space around it.*write/)
      expect(() => make({ issuers: [{ issuer: name, jwks }] })).toThrow(
        /^issuers\[0\]\.issuer: has white space/,
      )
    },
  )
})

describe('the name of an issuer', () => {
  it.each([
    ['https://issuer.test/.well-known/openid-configuration', 'https://issuer.test'],
    ['https://issuer.test/realms/a/.well-known/openid-configuration', 'https://issuer.test/realms/a'],
    ['https://issuer.test/.well-known/oauth-authorization-server/a', 'https://issuer.test/a'],
  ])('is not the URL of metadata, %s', (url, name) => {
    expect(() => make({ issuer: url })).toThrow(`write "${name}"`)
    expect(() => make({ issuer: url, jwks })).toThrow(`write "${name}"`)
  })

  it.each([
    'https://issuer.test/tenants/../admin',
    'https://issuer.test/a/%2e%2e/b',
    String.raw`https://evil.test\.issuer.test/`,
    'https://issuer.test/a%2fb',
  ])('D10 %s is not looked up', async (name) => {
    expect(() => make({ issuer: name })).toThrow(/^issuer: metadata can only be found by a plain URL/)
    expect(() => make({ issuer: name, jwks })).not.toThrow()
    const api = make({ issuers: () => ({}) })
    await expect(api.verify(await issuer.sign({ iss: name }))).rejects.toMatchObject({
      reason: 'unknown_issuer',
    })
    expect(asked).toEqual([])
  })

  it('D12 in two entries leads to one entry with both kinds of key', () => {
    const entries = [
      { issuer: 'i', jwks },
      { issuer: 'i', secret: 'x'.repeat(32) },
    ]
    expect(() => make({ issuers: entries })).toThrow(/^issuers: two entries.*one entry.*secret.*algorithms/)
  })
})

describe('E8 plain http', () => {
  it.each([
    [{ issuer: 'http://keycloak:8080/realms/a' }, 'keycloak:8080'],
    [{ issuer: 'i', jwksUri: 'http://keycloak/keys' }, 'keycloak'],
    [{ issuer: 'i', jwksUri: 'http://[fd00::1]:8080/keys' }, '[fd00::1]:8080'],
    [{ issuers: [{ issuer: 'http://10.0.0.1/' }] }, '10.0.0.1'],
  ])('%o: the message has the option to set, and setting it is enough', (options, host) => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    expect(() => make(options)).toThrow(`allowInsecureHosts: ['${host}']`)
    expect(() => make({ ...options, allowInsecureHosts: ['other.test'] })).toThrow(TypeError)
    warn.mockClear()
    expect(() => make({ ...options, allowInsecureHosts: [host] })).not.toThrow()
    expect(warn).toHaveBeenCalledOnce()
    expect(warn).toHaveBeenCalledWith(expect.stringContaining(host), { code: 'OAUTH_INSECURE_HOST' })
  })

  it('does not send a URL that has another mistake to allowInsecureHosts', () => {
    expect(() => make({ issuer: 'http://user:pass@keycloak:8080/' })).toThrow(/password/)
    expect(() => make({ issuer: 'http://keycloak:8080/?a' })).toThrow(/query/)
    expect(() => make({ issuer: 'ftp://keycloak/' })).toThrow(/must be an https URL/)
  })

  it.each([
    'http://keycloak:8080',
    'keycloak:8080/',
    '*',
    '*.test',
    '',
    'a b',
    'user@host',
    'keycloak:port',
    7,
    undefined,
  ])('refuses %j in allowInsecureHosts', (host) => {
    expect(() => make({ issuer: issuer.issuer, allowInsecureHosts: [host] })).toThrow(/^allowInsecureHosts: /)
  })

  it('warns of nothing when there is no such host', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    make({ issuer: issuer.issuer, allowInsecureHosts: [] })
    expect(warn).not.toHaveBeenCalled()
  })
})

describe('tokenTypes', () => {
  const api = (tokenTypes: unknown, more: object = {}) =>
    make({ issuer: issuer.issuer, jwks, tokenTypes, ...more })

  it('takes the place of the types of the profile', async () => {
    const only = api(['Application/Example+JWT', undefined])
    await expect(only.verify(await issuer.sign({}, { typ: 'example+jwt' }))).resolves.toBeDefined()
    await expect(only.verify(await issuer.sign({}, { typ: undefined }))).resolves.toBeDefined()
    await expect(only.verify(await issuer.sign({}, { typ: 'at+jwt' }))).rejects.toMatchObject({
      reason: 'type',
    })
    const present = api(['at+jwt'])
    await expect(present.verify(await issuer.sign({}, { typ: undefined }))).rejects.toMatchObject({
      reason: 'type',
    })
  })

  it.each([[[]], ['at+jwt'], [[null]], [['']], [[7]], [{}]])('refuses %j', (tokenTypes) => {
    expect(() => api(tokenTypes)).toThrow(/^tokenTypes: /)
  })
})

describe('an unknown option', () => {
  it.each([
    ['audiance', 'audience'],
    ['jwksURI', 'jwksUri'],
    ['algorithm', 'algorithms'],
    ['clockTolerence', 'clockTolerance'],
  ])('%s is answered with %s', (name, meant) => {
    expect(() => make({ issuer: 'i', jwks, [name]: 1 })).toThrow(
      `unknown option ${name} (did you mean ${meant}?)`,
    )
  })

  it.each(['foo', 'x', 'constructor'])('%s is answered with the list alone', (name) => {
    expect(() => make({ issuer: 'i', jwks, [name]: 1 })).toThrow(`unknown option ${name}; the options are`)
  })
})
