import { asResourceServer, createResourceServer, fromHeader } from 'oauth-resource-server'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { settingsOf } from '../../src/options/settings.ts'

const clock = createTestClock()
const issuer = await createTestIssuer({ issuer: 'https://issuer.test/', clock })
const { audience, jwks } = issuer.options
const jwksUri = 'https://issuer.test/jwks'
const good = { issuer: issuer.issuer, audience, jwks, now: clock.now }
const secret = 'x'.repeat(32)

/** Options as JavaScript hands them over: nothing has checked their types. */
function make(options: object): unknown {
  return createResourceServer(options as typeof good)
}

beforeEach(() => {
  for (const name of ['OAUTH_ISSUER', 'OAUTH_AUDIENCE', 'OAUTH_JWKS_URI']) vi.stubEnv(name, undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
})

/** What the message has to say: the option first, then the remedy. */
const mistakes: readonly [title: string, options: object, message: RegExp][] = [
  ['an unknown name', { ...good, foo: 1 }, /^options: unknown option foo; the options are issuer, /],
  ['a misspelled name', { ...good, audiance: 'a' }, /unknown option audiance \(did you mean audience\?\)/],
  ['no issuer', { audience, jwks }, /^issuer \(or OAUTH_ISSUER\): must be/],
  ['an empty issuer', { ...good, issuer: '' }, /^issuer/],
  ['a URL object as issuer', { ...good, issuer: new URL('https://issuer.test/') }, /^issuer.*string/],
  ['no audience', { issuer: issuer.issuer, jwks }, /^audience: set the audience.*OAUTH_AUDIENCE/],
  ['an empty audience', { ...good, audience: '' }, /^audience: must be/],
  ['an empty list of audiences', { ...good, audience: [] }, /^audience: must be a list of at least one/],
  ['an empty name among audiences', { ...good, audience: ['a', ''] }, /^audience: .*none of them empty/],
  ['a number as audience', { ...good, audience: 7 }, /^audience/],
  [
    'a null audience without clients',
    { ...good, audience: null },
    /^audience: null is accepted only together with clients/,
  ],
  ['an empty list of clients', { ...good, clients: [] }, /^clients: must be a list of at least one/],
  ['a single client', { ...good, clients: 'client-1' }, /^clients: must be a list/],

  ['an http issuer to discover', { issuer: 'http://issuer.test', audience }, /issuer.*https/s],
  ['an issuer that is no URL, to discover', { issuer: 'my-issuer', audience }, /issuer.*https URL/s],
  [
    'an http jwksUri',
    { issuer: 'i', audience, jwksUri: 'http://issuer.test/jwks' },
    /^jwksUri: must be https/,
  ],
  [
    'a jwksUri that is no URL',
    { issuer: 'i', audience, jwksUri: 'jwks.json' },
    /^jwksUri: must be an https URL/,
  ],
  [
    'a file as jwksUri',
    { issuer: 'i', audience, jwksUri: 'file:///jwks.json' },
    /^jwksUri: must be an https URL/,
  ],
  [
    'a host that only begins like loopback',
    { issuer: 'i', audience, jwksUri: 'http://127.0.0.1.issuer.test/jwks' },
    /^jwksUri: must be https/,
  ],
  [
    'a password in jwksUri',
    { issuer: 'i', audience, jwksUri: 'https://u:p@issuer.test/' },
    /^jwksUri.*password/,
  ],

  ['jwks together with jwksUri', { ...good, jwksUri }, /jwksUri.*jwks|jwks.*jwksUri/],
  ['secret together with jwks', { ...good, secret }, /jwks.*secret|secret.*jwks/],
  [
    'secret together with jwksUri',
    { issuer: 'i', audience, jwksUri, secret },
    /jwksUri.*secret|secret.*jwksUri/,
  ],
  ['jwks that are no set', { ...good, jwks: { keys: 'none' } }, /^jwks/],
  ['jwks without a usable key', { ...good, jwks: { keys: [] } }, /^jwks/],
  [
    'jwks with a private key',
    { ...good, jwks: { keys: [issuer.privateKey().export({ format: 'jwk' })] } },
    /^jwks/,
  ],
  [
    'a short secret',
    { issuer: 'i', audience, secret: 'x'.repeat(31) },
    /^secret: must have at least 32 bytes/,
  ],
  [
    'a short secret in bytes',
    { issuer: 'i', audience, secret: new Uint8Array(31) },
    /^secret: must have at least 32/,
  ],
  ['a number as secret', { issuer: 'i', audience, secret: 7 }, /^secret/],
  [
    'a secret too short for its algorithm',
    { issuer: 'i', audience, secret, algorithms: ['HS512'] },
    /^secret: HS512 needs at least 64 bytes \(RFC 7518 §3\.2\)/,
  ],
  ['the algorithm none', { ...good, algorithms: ['none'] }, /^algorithms: .*none/],
  ['the algorithm None', { ...good, algorithms: ['None'] }, /^algorithms/],
  ['an unknown algorithm', { ...good, algorithms: ['RS256', 'RS257'] }, /^algorithms.*RS257/],
  ['an algorithm in lower case', { ...good, algorithms: ['rs256'] }, /^algorithms.*rs256/],
  ['an inherited name as algorithm', { ...good, algorithms: ['constructor'] }, /^algorithms/],
  ['no algorithms', { ...good, algorithms: [] }, /^algorithms: /],
  ['a single algorithm', { ...good, algorithms: 'RS256' }, /^algorithms: must be a list/],
  ['HMAC together with public keys', { ...good, algorithms: ['HS256'] }, /^algorithms: .*(?:secret|public)/],
  ['HMAC among public-key algorithms', { ...good, algorithms: ['RS256', 'HS256'] }, /^algorithms: /],
  ['RSA together with a secret', { issuer: 'i', audience, secret, algorithms: ['RS256'] }, /^algorithms: /],

  ['an unknown profile', { ...good, profile: 'strict' }, /^profile: must be 'compatible' or 'rfc9068'/],
  ...[300.001, NaN, Infinity, -1, '5', null, 5n].map((clockTolerance): [string, object, RegExp] => [
    `a clockTolerance of ${typeof clockTolerance} ${String(clockTolerance)}`,
    { ...good, clockTolerance },
    /^clockTolerance: must be a number from 0 to 300/,
  ]),
  ...[0, -1, NaN, Infinity, '60'].map((maxTokenAge): [string, object, RegExp] => [
    `a maxTokenAge of ${typeof maxTokenAge} ${String(maxTokenAge)}`,
    { ...good, maxTokenAge },
    /^maxTokenAge: must be a number from 1/,
  ]),
  [
    'a maxTokenLength without end',
    { ...good, maxTokenLength: Infinity },
    /^maxTokenLength: must be a number from/,
  ],
  ['a single required claim', { ...good, requiredClaims: 'jti' }, /^requiredClaims: must be a list/],
  ['an empty required claim', { ...good, requiredClaims: [''] }, /^requiredClaims: /],
  ...['at_hash', 'events', 'token_introspection'].map((claim): [string, object, RegExp] => [
    `the required claim ${claim}, which no access token has`,
    { ...good, requiredClaims: ['jti', claim] },
    new RegExp(`^requiredClaims: a token with '${claim}' is not an access token`),
  ]),
  [
    'a required nonce, which is refused',
    { ...good, requiredClaims: ['nonce'] },
    /^requiredClaims: .* set acceptNonce: true$/,
  ],
  ...['logout+jwt', 'application/DPoP+JWT'].map((type): [string, object, RegExp] => [
    `the type ${type} of another kind of token`,
    { ...good, tokenTypes: ['at+jwt', type] },
    /^tokenTypes: '(logout|dpop)\+jwt' is the type of another kind of token/,
  ]),
  ['an empty path to scopes', { ...good, scopes: '' }, /^scopes: must be a claim path/],
  ['an empty list of paths to roles', { ...good, roles: [] }, /^roles: must be a claim path/],
  [
    'a schema that is none',
    { ...good, schema: { parse: () => undefined } },
    /^schema: must be a Standard Schema/,
  ],
  [
    'a word as tokenFrom',
    { ...good, tokenFrom: 'header' },
    /^tokenFrom: must be a function, for example fromHeader\(\)/,
  ],
  ['a word as optional', { ...good, optional: 'true' }, /^optional: must be true or false/],
  ['an unknown onError', { ...good, onError: 'ignore' }, /^onError: must be 'respond' or 'throw'/],
  ['an empty realm', { ...good, realm: '' }, /^realm/],
  ['a quote in realm', { ...good, realm: 'a"b' }, /^realm: must be ASCII without quotes.*RFC 6750/],
  ['a line break in realm', { ...good, realm: 'a\r\nb' }, /^realm: must be ASCII/],
  ['a realm beyond ASCII', { ...good, realm: 'Büro' }, /^realm: must be ASCII/],
  ['an unknown keyCache number', { ...good, keyCache: { ttl: 1 } }, /^keyCache: unknown option ttl/],
  [
    'a keyCache number out of bounds',
    { ...good, keyCache: { freshFor: 1 } },
    /^keyCache\.freshFor: must be a number from 60/,
  ],
  ['true as tokenCache', { ...good, tokenCache: true }, /^tokenCache: must be/],
  [
    'a token cache without room',
    { ...good, tokenCache: { max: 0 } },
    /^tokenCache\.max: must be a number from 1/,
  ],
  [
    'a snapshot of another version',
    { ...good, snapshot: { version: 2, issuers: {} } },
    /^snapshot: must be what/,
  ],
  [
    'a snapshot without issuers',
    { ...good, snapshot: { version: 1, issuers: null } },
    /^snapshot: must be what/,
  ],
  ['null as keyCache', { ...good, keyCache: null }, /^keyCache: must be a plain object of options/],
  ['null as tokenCache', { ...good, tokenCache: null }, /^tokenCache: must be a plain object of options/],
  ['null as jwks', { issuer: 'i', audience, jwks: null }, /^jwks: must be a JWK Set/],
  [
    'jwks without a key for the algorithms',
    { ...good, algorithms: ['RS256'] },
    /^jwks: .*for the accepted algorithms/,
  ],
  ['null as snapshot', { ...good, snapshot: null }, /^snapshot: must be what/],
  ['a URL as fetch', { ...good, fetch: 'https://proxy.test' }, /^fetch: must be a function/],
  ['a clock that tells no time', { ...good, now: () => NaN }, /^now: must return milliseconds/],
  ['a moment as now', { ...good, now: 0 }, /^now: must be a function, for example Date\.now/],

  ['an empty list of issuers', { audience, issuers: [] }, /^issuers: must be a list of at least one/],
  ['one issuer as issuers', { audience, issuers: { issuer: 'i', jwks } }, /^issuers: must be a list/],
  ...(['issuer', 'jwksUri', 'jwks', 'secret'] as const).map((name): [string, object, RegExp] => [
    `${name} beside issuers`,
    { audience, issuers: [{ issuer: 'i', jwks }], [name]: { issuer: 'i', jwksUri, jwks, secret }[name] },
    new RegExp(`^${name}: belongs to one issuer; set it inside issuers`),
  ]),
  [
    'the same issuer twice',
    {
      audience,
      issuers: [
        { issuer: 'i', jwks },
        { issuer: 'i', jwksUri },
      ],
    },
    /^issuers: two entries name the same issuer/,
  ],
  [
    'a mistake in the second issuer',
    {
      audience,
      issuers: [
        { issuer: 'i', jwks },
        { issuer: 'j', jwks, foo: 1 },
      ],
    },
    /^issuers\[1\]: unknown option foo/,
  ],
  [
    'no audience for one of the issuers',
    { issuers: [{ issuer: 'i', jwks }] },
    /^issuers\[0\]\.audience: set the audience/,
  ],
  [
    'a common option inside an issuer',
    { audience, issuers: [{ issuer: 'i', jwks, realm: 'x' }] },
    /^issuers\[0\]: unknown option realm/,
  ],
]

describe('settingsOf()', () => {
  const only = { issuer: issuer.issuer, audience }

  it('has defaults', () => {
    expect(settingsOf(only)).toEqual({
      issuers: { from: 'options', issuers: [expect.objectContaining({ issuer: issuer.issuer })] },
      allowInsecureHosts: [],
      realm: audience,
      resource: undefined,
      dpop: undefined,
      boundOnly: false,
      challengeScopes: [],
      mtls: undefined,
      optional: false,
      onError: 'respond',
      errorFormat: 'oauth',
      onRefused: undefined,
      maxTokenLength: 16_384,
      hookTimeoutMs: 5000,
      keyCache: expect.objectContaining({ freshFor: 600 }) as unknown,
      tokenCache: { max: 10_000, maxAge: 3600 },
      revocation: undefined,
      decryption: undefined,
      schema: undefined,
      tokenFrom: undefined,
      snapshot: undefined,
      fetch: undefined,
      now: undefined,
      warnings: [],
    })
  })

  it('has what is set', () => {
    const set = {
      allowInsecureHosts: ['keycloak'],
      realm: 'api',
      resource: 'https://api.test/?a',
      challengeScopes: ['read', 'offline_access'],
      optional: true,
      onError: 'throw',
      errorFormat: 'problem',
      onRefused: () => undefined,
      maxTokenLength: 256,
      hookTimeoutMs: 10,
      fetch: () => undefined,
      now: clock.now,
      tokenFrom: () => undefined,
      snapshot: { version: 1, issuers: {} },
    }
    const more = { dpop: {}, mtls: { certificate: 'socket' }, tokenCache: false }
    expect(settingsOf({ ...only, ...set, ...more })).toMatchObject({
      ...set,
      dpop: { origin: 'https://api.test' },
      mtls: { from: 'socket' },
      tokenCache: undefined,
      warnings: [
        { code: 'OAUTH_INSECURE_HOST' },
        { code: 'OAUTH_RESOURCE_QUERY' },
        { code: 'OAUTH_OFFLINE_ACCESS', message: expect.stringContaining('challengeScopes has') as string },
      ],
    })
    expect(settingsOf({ ...only, maxTokenLength: 65_536, hookTimeoutMs: 60_000 })).toMatchObject({
      maxTokenLength: 65_536,
      hookTimeoutMs: 60_000,
    })
  })

  it.each<[string, object, string]>([
    ['the first audience', { audience: ['a', 'b'] }, 'a'],
    [
      'the common audience',
      { issuer: undefined, issuers: [{ ...only, audience: 'own' }], audience: 'a' },
      'a',
    ],
    [
      'that of the first issuer',
      { issuer: undefined, audience: undefined, issuers: [only] },
      audience as string,
    ],
    ['api, without an audience', { audience: null, clients: ['web'] }, 'api'],
    ['api, with a function', { issuer: undefined, audience: undefined, issuers: () => undefined }, 'api'],
  ])('names %s as realm', (_what, change, realm) => {
    expect(settingsOf({ ...only, ...change }).realm).toBe(realm)
  })

  it('names the variable that is wrong', () => {
    vi.stubEnv('OAUTH_ISSUER', 'http://issuer.test/')
    vi.stubEnv('OAUTH_AUDIENCE', audience as string)
    expect(() => settingsOf(undefined)).toThrow(/^issuer \(from OAUTH_ISSUER\): must be https; /)
    vi.stubEnv('OAUTH_ISSUER', 'https://issuer.test/')
    vi.stubEnv('OAUTH_JWKS_URI', 'keys')
    expect(() => settingsOf({})).toThrow(/^jwksUri \(from OAUTH_JWKS_URI\): must be an https URL$/)
  })

  it.each<[string, object, unknown]>([
    ['a set of keys', { jwks }, { from: 'set' }],
    ['a public key', { publicKey: jwks.keys[0] }, { from: 'set' }],
    ['a secret', { secret }, undefined],
    ['metadata', { metadataUrl: 'https://issuer.test/m' }, { from: 'metadata' }],
    ['another issuer', { issuer: 'https://other.test/' }, { from: 'metadata' }],
    ['the same issuer', { issuer: issuer.issuer }, { from: 'uri', uri: jwksUri }],
  ])('takes OAUTH_JWKS_URI only where it can be meant: %s', (_what, change, keys) => {
    vi.stubEnv('OAUTH_ISSUER', issuer.issuer)
    vi.stubEnv('OAUTH_JWKS_URI', jwksUri)
    const { issuers } = settingsOf({ audience, ...change })
    if (issuers.from === 'function') throw new Error('no function was given')
    const [found] = issuers.issuers
    if (keys === undefined) expect(found?.keys.public).toBeUndefined()
    else expect(found?.keys.public).toMatchObject(keys as object)
  })
})

describe('createResourceServer', () => {
  it.each(mistakes)('refuses %s, naming the option and the fix', (_title, options, message) => {
    expect(() => make(options)).toThrow(TypeError)
    expect(() => make(options)).toThrow(message)
  })

  it.each([
    ['everything right', good],
    ['an audience of several names', { ...good, audience: ['a', 'b'] }],
    ['a null audience together with clients', { ...good, audience: null, clients: ['client-1'] }],
    ['an issuer that is no URL together with jwks', { ...good, issuer: 'my issuer' }],
    ['http on loopback', { issuer: 'http://localhost:8080', audience }],
    ['http on loopback by IPv6', { issuer: 'i', audience, jwksUri: 'http://[::1]:8080/jwks' }],
    ['a secret of 32 bytes', { issuer: 'i', audience, secret }],
    ['the least and greatest tolerance', { ...good, clockTolerance: 300 }],
    ['no tolerance', { ...good, clockTolerance: 0 }],
    ['options left undefined', { ...good, secret: undefined, realm: undefined, schema: undefined }],
  ])('takes %s', (_title, options) => {
    expect(() => make(options)).not.toThrow()
  })

  it('refuses what is no object', () => {
    for (const options of [null, 'https://issuer.test', 7]) {
      expect(() => createResourceServer(options as never)).toThrow(/^options: must be a plain object/)
      expect(() => asResourceServer(options as never)).toThrow(/^options: must be a plain object/)
    }
  })

  it('says nothing of a secret in a message', () => {
    expect(() => make({ issuer: 'i', audience, secret: 'hunter2' })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('hunter2') as string }) as Error,
    )
  })

  it('ignores options that a polluted prototype offers', async () => {
    const polluted = Object.prototype as { audience?: unknown; clockTolerance?: unknown; optional?: unknown }
    Object.assign(polluted, { audience: 'https://sibling.test', clockTolerance: 300, optional: true })
    try {
      expect(() => make({ issuer: issuer.issuer, jwks })).toThrow(/^audience/)
      const api = createResourceServer(good)
      const iat = Math.floor(clock.now() / 1000) - 600
      await expect(api.verify(await issuer.sign({ iat, exp: iat + 500 }))).rejects.toThrow('expired')
      await expect(api.authenticate({ headers: {} })).rejects.toMatchObject({ reason: 'missing' })
    } finally {
      delete polluted.audience
      delete polluted.clockTolerance
      delete polluted.optional
    }
  })

  it('keeps to what the options said when it was made', async () => {
    const mutable = {
      issuer: issuer.issuer,
      audience: ['https://api.test'],
      jwks: structuredClone(jwks) as { keys: object[] },
      clients: ['client-1'],
      requiredClaims: ['jti'],
      algorithms: ['ES256'] as ('ES256' | 'RS256')[],
      scopes: ['/permissions/api', 'scope'],
      tokenFrom: fromHeader(),
      now: clock.now,
    }
    const api = createResourceServer(mutable as unknown as typeof good)
    const token = await issuer.sign({ permissions: { api: 'read' }, scope: undefined })
    mutable.issuer = 'https://other.test/'
    mutable.audience[0] = 'https://sibling.test'
    mutable.jwks.keys.length = 0
    mutable.clients[0] = 'client-2'
    mutable.requiredClaims[0] = 'missing'
    mutable.algorithms[0] = 'RS256'
    mutable.scopes[0] = 'elsewhere'
    mutable.tokenFrom = () => undefined
    const auth = await api.authenticate({ headers: { authorization: `Bearer ${token}` } })
    expect([...auth.scopes]).toEqual(['read'])
  })

  it('keeps to the secret it was made with', async () => {
    const bytes = new Uint8Array(32).fill(1)
    const shared = await createTestIssuer({ algorithms: ['ES256'], clock })
    const api = createResourceServer({ issuer: shared.issuer, audience, secret: bytes, now: clock.now })
    bytes.fill(0)
    const token = await hmacToken(new Uint8Array(32), shared.issuer)
    await expect(api.verify(token)).rejects.toMatchObject({ reason: 'signature' })
    await expect(
      api.verify(await hmacToken(new Uint8Array(32).fill(1), shared.issuer)),
    ).resolves.toBeDefined()
  })
})

async function hmacToken(key: Uint8Array, iss: string): Promise<string> {
  const { createHmac } = await import('node:crypto')
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const exp = Math.floor(clock.now() / 1000) + 60
  const input = `${part({ alg: 'HS256', typ: 'at+jwt' })}.${part({ iss, aud: audience, exp })}`
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`
}

describe('the environment', () => {
  const asked: string[] = []
  const fetch = (url: unknown): Promise<Response> => {
    asked.push(String(url))
    return Promise.resolve(Response.json(String(url).endsWith('jwks') ? issuer.jwks : issuer.metadata))
  }
  const more = { fetch, now: clock.now }
  beforeEach(() => {
    asked.length = 0
  })

  it('gives the issuer and, separated by commas, the audiences', async () => {
    vi.stubEnv('OAUTH_ISSUER', issuer.issuer)
    vi.stubEnv('OAUTH_AUDIENCE', ' https://other.test , https://api.test,')
    const api = createResourceServer(more)
    await expect(api.verify(await issuer.sign())).resolves.toMatchObject({ subject: 'user-1' })
    expect(asked).toEqual([
      'https://issuer.test/.well-known/oauth-authorization-server',
      issuer.metadata.jwks_uri,
    ])
  })

  it('gives the address of the keys', async () => {
    vi.stubEnv('OAUTH_ISSUER', issuer.issuer)
    vi.stubEnv('OAUTH_AUDIENCE', 'https://api.test')
    vi.stubEnv('OAUTH_JWKS_URI', 'https://keys.test/jwks')
    await createResourceServer(more).verify(await issuer.sign())
    expect(asked).toEqual(['https://keys.test/jwks'])
  })

  it('gives way to what is said aloud', async () => {
    vi.stubEnv('OAUTH_ISSUER', 'https://other.test/')
    vi.stubEnv('OAUTH_AUDIENCE', 'https://other.test')
    vi.stubEnv('OAUTH_JWKS_URI', 'https://keys.test/jwks')
    await expect(createResourceServer(good).verify(await issuer.sign())).resolves.toBeDefined()
    expect(asked).toEqual([])
  })

  it('does not fill in an audience that was switched off', () => {
    vi.stubEnv('OAUTH_AUDIENCE', 'https://api.test')
    expect(() => make({ ...good, audience: null })).toThrow(/^audience: null/)
  })

  it.each(['', ' ', ' , '])('counts `OAUTH_AUDIENCE=%s` as not set', (value) => {
    vi.stubEnv('OAUTH_ISSUER', issuer.issuer)
    vi.stubEnv('OAUTH_AUDIENCE', value)
    expect(() => createResourceServer()).toThrow(/^audience/)
  })

  it('counts an empty OAUTH_ISSUER as not set', () => {
    vi.stubEnv('OAUTH_ISSUER', '')
    vi.stubEnv('OAUTH_AUDIENCE', 'https://api.test')
    expect(() => createResourceServer()).toThrow(/^issuer \(or OAUTH_ISSUER\)/)
  })

  it('is checked like options: http beyond loopback is refused', () => {
    vi.stubEnv('OAUTH_ISSUER', 'http://issuer.test/')
    vi.stubEnv('OAUTH_AUDIENCE', 'https://api.test')
    expect(() => createResourceServer()).toThrow(TypeError)
  })

  it('is read when the resource server is made, and not again', async () => {
    vi.stubEnv('OAUTH_ISSUER', issuer.issuer)
    vi.stubEnv('OAUTH_AUDIENCE', 'https://api.test')
    const api = createResourceServer(more)
    vi.stubEnv('OAUTH_AUDIENCE', 'https://other.test')
    await expect(api.verify(await issuer.sign())).resolves.toBeDefined()
  })

  it('is left aside by issuers', () => {
    vi.stubEnv('OAUTH_ISSUER', 'https://other.test/')
    vi.stubEnv('OAUTH_AUDIENCE', 'https://api.test')
    expect(() => make({ issuers: [{ issuer: 'i', jwks }] })).toThrow(/^issuers\[0\]\.audience/)
  })
})
