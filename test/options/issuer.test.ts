import { describe, expect, it } from 'vitest'
import { checkCommonOptions, issuerOptionNames, issuerSettings } from '../../src/options/issuer.ts'
import { optionsReader } from '../../src/options/reader.ts'

const good = { issuer: 'https://issuer.test/', audience: 'https://api.test' }
const read = (options: object, path = '') => optionsReader(options, path, issuerOptionNames)
const settings = (change: object = {}, path = '') => issuerSettings(read({ ...good, ...change }, path), [])

describe('the settings of an issuer', () => {
  it('have defaults', () => {
    expect(settings()).toEqual({
      issuer: good.issuer,
      rules: {
        audience: [good.audience],
        clients: undefined,
        profile: 'compatible',
        tokenTypes: ['at+jwt', 'jwt', undefined],
        acceptNonce: false,
        requiredClaims: [],
        clockTolerance: 30,
        maxTokenAge: undefined,
      },
      algorithms: expect.arrayContaining(['RS256', 'ES256', 'EdDSA']) as unknown,
      keys: { public: { from: 'metadata', url: undefined }, secrets: [] },
      introspection: undefined,
      scopes: undefined,
      roles: undefined,
    })
    expect(settings({ profile: 'rfc9068' }).rules.tokenTypes).toEqual(['at+jwt'])
  })

  it('are what the options are', () => {
    const roles = (): string[] => []
    const rules = {
      audience: null,
      clients: ['web'],
      profile: 'compatible',
      acceptNonce: true,
      requiredClaims: ['sid', 'nonce'],
      clockTolerance: 300,
      maxTokenAge: 1,
    }
    const tokenTypes = ['Application/X+JWT', undefined]
    expect(settings({ ...rules, tokenTypes, scopes: 'scp', roles, algorithms: ['ES256'] })).toMatchObject({
      rules: { ...rules, tokenTypes: ['x+jwt', undefined] },
      algorithms: ['ES256'],
      scopes: ['scp'],
      roles,
    })
    expect(settings({ audience: ['a', 'b'], clockTolerance: 0, maxTokenAge: 1e9 }).rules).toMatchObject({
      audience: ['a', 'b'],
      clockTolerance: 0,
      maxTokenAge: 1e9,
    })
    expect(settings({ roles: ['groups', '/realm_access/roles'] }).roles).toHaveLength(2)
    const introspection = { clientId: 'api', clientSecret: 'secret' }
    expect(settings({ introspection, profile: 'fapi2' }).introspection).toMatchObject({ tokens: 'all' })
  })

  const types =
    "must be a list of values of typ, for example ['at+jwt', undefined], where undefined stands for an absent typ"
  const names = 'must be a claim path, a list of paths, or a function of the claims'
  it.each<[object, string]>([
    [{ issuer: undefined }, 'issuer (or OAUTH_ISSUER): must be set, exactly as iss of the tokens has it'],
    [{ issuer: '' }, 'issuer (or OAUTH_ISSUER): must be a string that is not empty'],
    [{ issuer: ' a' }, 'issuer: has white space around it, which no token has; write "a"'],
    [
      { issuer: 'https://issuer.test/?' },
      'issuer: a URL with a query or fragment has no metadata; set metadataUrl, jwksUri, jwks, publicKey or secret instead',
    ],
    [
      { audience: undefined },
      "audience: set the audience of this API (or OAUTH_AUDIENCE); without it every API's tokens would be accepted",
    ],
    [{ audience: '' }, 'audience: must be a string that is not empty, or a list of such strings'],
    [
      { audience: null },
      'audience: null is accepted only together with clients, the list of clients to accept',
    ],
    [
      { audience: null, clients: ['a'], profile: 'rfc9068' },
      "audience: null contradicts profile 'rfc9068': RFC 9068 §4 requires that the audience is checked; name the audience, or leave the profile out",
    ],
    [{ profile: 'strict' }, "profile: must be 'compatible' or 'rfc9068' or 'fapi2'"],
    [{ clockTolerance: 301 }, 'clockTolerance: must be a number from 0 to 300, in seconds'],
    [{ clockTolerance: 9, profile: 'fapi2' }, 'clockTolerance: must be a number from 10 to 59, in seconds'],
    [{ maxTokenAge: 0 }, 'maxTokenAge: must be a number from 1 to 1000000000, in seconds'],
    [{ tokenTypes: 'jwt' }, `tokenTypes: ${types}`],
    [{ tokenTypes: [] }, `tokenTypes: ${types}; empty, it refuses every token`],
    [{ tokenTypes: [''] }, `tokenTypes: ${types}`],
    [{ tokenTypes: ['jwt', 7] }, `tokenTypes: ${types}`],
    [
      { tokenTypes: ['application/DPoP+JWT'] },
      "tokenTypes: 'dpop+jwt' is the type of another kind of token, not of an access token",
    ],
    [
      { requiredClaims: ['sub', 'events'], acceptNonce: true },
      "requiredClaims: a token with 'events' is not an access token and always refused; remove it from the list",
    ],
    [
      { requiredClaims: ['nonce'] },
      "requiredClaims: a token with 'nonce' is not an access token and always refused; set acceptNonce: true",
    ],
    [{ scopes: '' }, `scopes: ${names}`],
    [{ scopes: 7 }, `scopes: ${names}`],
    [{ roles: [] }, `roles: ${names}`],
    [{ roles: ['a', ''] }, `roles: ${names}`],
    [
      { roles: ['a', 'realm_access'] },
      "roles: the claim realm_access of Keycloak is an object; write '/realm_access/roles' as one path, since a list names several claims",
    ],
    [
      { roles: 'resource_access' },
      "roles: the claim resource_access of Keycloak is an object; write '/resource_access/CLIENT/roles' as one path, since a list names several claims",
    ],
    [
      { scopes: '/a~2' },
      "scopes: '/a~2' is not a JSON Pointer: write ~0 for ~ and ~1 for / in a name (RFC 6901 §3)",
    ],
  ])('are not made of %j', (change, message) => {
    expect(() => settings(change)).toThrow(new TypeError(message))
  })

  it('are not made of a hole', () => {
    const hole: string[] = []
    hole.length = 1
    expect(() => settings({ roles: hole })).toThrow(new TypeError('roles: has no entry at position 0'))
  })

  it('name the entry, and not the environment', () => {
    const entry = 'issuers[1]'
    expect(() => settings({ issuer: undefined }, entry)).toThrow(/^issuers\[1\]\.issuer: must be set/)
    expect(() => settings({ audience: undefined }, entry)).toThrow(
      /^issuers\[1\]\.audience: set the audience of this API; without/,
    )
    for (const name of ['introspection', 'scopes', 'roles', 'secret', 'algorithms'])
      expect(() => settings({ [name]: null }, entry)).toThrow(new RegExp(`^issuers\\[1\\]\\.${name}: `))
  })
})

describe('options that are common to several issuers', () => {
  it('may leave out what each issuer has', () => {
    expect(checkCommonOptions(read({ clockTolerance: 7 }))).toMatchObject({ clockTolerance: 7 })
    expect(() => checkCommonOptions(read({ audience: null }))).not.toThrow()
  })

  it.each([
    [{ audience: '' }, /^audience: /],
    [{ algorithms: ['none'] }, /^algorithms: /],
    [{ scopes: '' }, /^scopes: /],
    [{ roles: '' }, /^roles: /],
    [{ clients: [] }, /^clients: /],
  ])('are checked: %j', (options, message) => {
    expect(() => checkCommonOptions(read(options))).toThrow(message)
  })
})
