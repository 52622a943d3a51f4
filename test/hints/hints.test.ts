import { describe, expect, it } from 'vitest'
import { audienceHint, audienceIsClient } from '../../src/hints/audience.ts'
import { formHint, schemeHint } from '../../src/hints/form.ts'
import { issuerHint, metadataHint } from '../../src/hints/issuer.ts'
import { algorithmHint, signatureHint, unknownKeyHint } from '../../src/hints/key.ts'
import { namesHint } from '../../src/hints/names.ts'
import { networkHint } from '../../src/hints/network.ts'
import { isPlain, plain } from '../../src/hints/plain.ts'
import { aheadHint, expiredHint, numericDateHint, seconds } from '../../src/hints/time.ts'
import { kindHint, nonceHint, typeHint } from '../../src/hints/type.ts'

describe('the hint about an issuer', () => {
  it.each<[unknown, string, RegExp]>([
    ['https://id.test', 'https://id.test/', /only the final slash/],
    ['https://id.test/', 'https://id.test', /only the final slash/],
    ['http://id.test', 'https://id.test', /only the scheme/],
    ['accounts.google.com', 'https://accounts.google.com', /only the scheme/],
    ['https://ID.test', 'https://id.test', /upper and lower case/],
    [' https://id.test', 'https://id.test', /white space/],
    ['https://sts.windows.net/t1/', 'https://login.microsoftonline.com/t1/v2.0', /version 1 token/],
    ['https://login.microsoftonline.com/t1/v2.0', 'https://sts.windows.net/t1/', /version 2 token/],
    [
      'https://login.microsoftonline.com/t2/v2.0',
      'https://login.microsoftonline.com/t1/v2.0',
      /another tenant of/,
    ],
    [
      'https://login.microsoftonline.com/t2/v2.0',
      'https://login.microsoftonline.com/common/v2.0',
      /function as issuers/,
    ],
    ['https://kc.test/realms/b', 'https://kc.test/realms/a', /another realm/],
    ['https://kc.test/auth/realms/a', 'https://kc.test/realms/a', /only \/auth/],
    ['http://keycloak:8080/realms/a', 'https://kc.test/realms/a', /another host name.*KC_HOSTNAME/],
    ['https://x.okta.com', 'https://x.okta.com/oauth2/default', /Okta org/],
    ['https://y.okta.com', 'https://id.test', /Okta org/],
    ['https://cognito-idp.eu.amazonaws.com/b', 'https://cognito-idp.eu.amazonaws.com/a', /another user pool/],
    ['https://id.test/b', 'https://id.test/a', /same host with another path/],
    ['https://evil.test', 'https://id.test', /another issuer/],
    ['not a url', 'https://id.test', /another issuer/],
    [undefined, 'https://id.test', /does not name its issuer/],
    [7, 'https://id.test', /must be a string/],
  ])('tells %s from %s', (actual, trusted, hint) => {
    expect(issuerHint(actual, [trusted])).toMatch(hint)
  })

  it('compares a foreign issuer with ten trusted ones and no more', () => {
    const trusted = Array.from({ length: 11 }, (_, index) => `https://${index}.test`)
    expect(issuerHint('https://9.test/', trusted)).toMatch(/slash/)
    expect(issuerHint('https://10.test/', trusted)).toMatch(/another issuer/)
    expect(issuerHint('https://9.test/', [])).toMatch(/issuers function/)
  })
})

describe('the hint about metadata of another issuer', () => {
  it.each([
    ['a slash', 'https://id.test/', 'https://id.test', /only the final slash differs/],
    [
      'another host',
      'https://id.test',
      'https://other.test',
      /^copy issuer from this metadata, or correct metadataUrl$/,
    ],
    [
      'any tenant',
      'https://login.microsoftonline.com/{tenantid}/v2.0',
      'https://login.microsoftonline.com/common/v2.0',
      /pass a function as issuers/,
    ],
  ])('names the fix for %s', (_name, actual, configured, hint) => {
    expect(metadataHint(actual, configured)).toMatch(hint)
  })
})

describe('the hint about an audience', () => {
  it.each<[object, RegExp]>([
    [{ aud: 'https://api.test/' }, /final slash/],
    [{ aud: 'HTTPS://api.test' }, /upper and lower case/],
    [{ aud: 'account', azp: 'web' }, /Keycloak/],
    [{ aud: '00000003-0000-0000-c000-000000000000' }, /Microsoft Graph/],
    [{ aud: 'https://graph.microsoft.com/' }, /Microsoft Graph/],
    [{ aud: ['https://x.auth0.com/userinfo'] }, /userinfo/],
    [{ aud: 'api://default' }, /Okta/],
    [{ aud: 'authenticated' }, /Supabase/],
    [{ aud: 'web', azp: 'web' }, /aud is the client, as in an ID token/],
    [{ aud: ['web'], client_id: 'web' }, /aud is the client/],
    [{ aud: ['read', 'write'], scope: 'read write' }, /lists the scopes/],
    [{ aud: 'read', scope: 'read' }, /lists the scopes/],
    [{ aud: 'https://other.test' }, /another API/],
    [{ aud: [] }, /empty/],
    [{ aud: 7 }, /string or a list/],
    [{ iss: 'https://cognito-idp.eu.amazonaws.com/a' }, /Amazon Cognito/],
    [{ iss: 'https://clerk.site.test' }, /Clerk/],
    [{ iss: 'https://kc.test/realms/a' }, /audience mapper/],
    [{ client_id: 'web' }, /no aud.*clients/],
    [{}, /neither an audience nor a client/],
  ])('reads %o', (claims, hint) => {
    expect(audienceHint(claims as Record<string, unknown>, ['https://api.test'])).toMatch(hint)
  })

  it.each(['constructor', '__proto__', 'toString'])('knows no API of the name %s', (aud) => {
    expect(audienceHint({ aud }, ['https://api.test'])).toMatch(/^a token for another API/)
  })

  it('compares ten names with ten audiences at most: a token can have thousands', () => {
    const audience = (place: number): string[] =>
      Array.from({ length: 11 }, (_, at) => (at === place ? 'https://api.test/' : `https://${at}.test`))
    const hint = (place: number, name: number): string =>
      audienceHint(
        { aud: Array.from({ length: 11 }, (_, at) => (at === name ? 'https://api.test' : 'x')) },
        audience(place),
      )
    expect(hint(9, 9)).toMatch(/only the final slash/)
    expect(hint(10, 9)).toMatch(/^a token for another API/)
    expect(hint(9, 10)).toMatch(/^a token for another API/)
  })

  it('knows both forms of Microsoft Entra', () => {
    expect(audienceHint({ aud: 'guid' }, ['api://guid'])).toMatch(/api:\/\/ differs/)
  })

  it('tells where ID tokens look like access tokens', () => {
    expect(audienceIsClient({ aud: 'web', azp: 'web' })).toBe(true)
    expect(audienceIsClient({ aud: ['api'], azp: 'web' })).toBe(false)
    expect(audienceIsClient({ aud: 7 })).toBe(false)
  })
})

describe('the hint about the form', () => {
  it.each([
    ['', /empty/],
    ['undefined', /placeholder/],
    ['[object Object]', /placeholder/],
    ['<token>', /placeholder/],
    ['Bearer abc', /twice/],
    ['"a.b.c"', /quotes/],
    ['a.b.c d', /white space/],
    ['a%2Eb', /URL-encoded/],
    ['ya29.a0', /Google/],
    ['gho_16C7', /GitHub/],
    ['ory_at_x', /Hydra/],
    ['oat_x', /Clerk/],
    ['authelia_at_x', /Authelia/],
    ['a.b.c.d.e', /encrypted \(JWE\)/],
    ['abc', /opaque/],
    ['a.b.c', /base64url/],
    ['a.b', /three parts/],
    ['.'.repeat(10_000), /three parts/],
  ])('tells what %s is', (token, hint) => {
    expect(formHint(token)).toMatch(hint)
  })

  it.each([
    ['', /empty/],
    ['abc', /without a scheme/],
    ['Basic abc', /scheme Basic/],
    ['token abc', /scheme Token/],
    ['DPoP abc', /scheme DPoP: set dpop/],
    ['Basic abc', /Bearer, or DPoP where dpop is set/],
    ['s3cret abc', /neither Bearer nor DPoP/],
  ])('tells what the Authorization header %s is, without what may be a token', (value, hint) => {
    expect(schemeHint(value)).toMatch(hint)
    expect(schemeHint(value)).not.toMatch(/s3cret|abc/)
  })
})

describe('the hint about the type', () => {
  it.each<[string, unknown, RegExp]>([
    ['at_hash', 'x', /ID token/],
    ['events', {}, /logout token/],
    ['token_use', 'id', /ID token/],
    ['typ', 'ID', /ID token/],
    ['typ', 'Refresh', /refresh token/],
    ['typ', 'constructor', /another kind/],
    ['token_use', 7, /another kind/],
  ])('knows %s %o', (claim, value, hint) => {
    expect(kindHint({ [claim]: value }, claim)).toMatch(hint)
  })

  it('tells a nonce of an ID token from one of an access token', () => {
    expect(nonceHint(true)).toMatch(/acceptNonce: true/)
    expect(nonceHint(false)).toMatch(/ID token/)
  })

  it.each<[string | undefined, (string | undefined)[], RegExp]>([
    ['dpop+jwt', ['jwt'], /DPoP proof/],
    ['logout+jwt', ['jwt'], /logout token/],
    ['jwt', ['at+jwt'], /profile 'compatible'/],
    [undefined, ['at+jwt'], /profile 'compatible'/],
    ['x+jwt', ['jwt'], /tokenTypes/],
  ])('knows typ %s', (type, accepted, hint) => {
    expect(typeHint(type, accepted)).toMatch(hint)
  })
})

describe('the hint about a key', () => {
  const header = { alg: 'RS256', kid: 'k' }
  const entra = 'https://login.microsoftonline.com/t1/v2.0'

  it('knows tokens for Microsoft Graph by the nonce in their header', () => {
    expect(signatureHint({ ...header, nonce: 'x' }, entra)).toMatch(/Graph/)
    expect(unknownKeyHint('absent', { ...header, nonce: 'x' }, entra)).toMatch(/Graph/)
    expect(signatureHint({ ...header, nonce: 'x' }, 'https://id.test')).not.toMatch(/Graph/)
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
    expect(algorithmHint('ES256', ['RS256'])).toMatch(/algorithms/)
    expect(algorithmHint(undefined, [])).toMatch(/no alg/)
  })
})

describe('the hint about scopes and roles', () => {
  it.each<[object, RegExp]>([
    [
      { realm_access: { roles: ['admin'] } },
      /has it in '\/realm_access\/roles': set roles: '\/realm_access\/roles'/,
    ],
    [{ azp: 'web', resource_access: { web: { roles: ['admin'] } } }, /'\/resource_access\/web\/roles': set/],
    [
      { aud: ['a', 'api'], resource_access: { api: { roles: ['admin'] } } },
      /'\/resource_access\/api\/roles': set/,
    ],
    [
      { resource_access: { api: { roles: ['admin'] } } },
      /'\/resource_access\/\*\/roles', where \* stands for a name that is not shown: set roles to the whole path/,
    ],
    [{ 'https://x.test/roles': ['admin'] }, /'https:\/\/x\.test\/roles'/],
    [{ 'a/roles': { 'c/roles': 'admin' } }, /'\/a~1roles\/c~1roles'/],
    [{ zzz: ['admin'], groups: ['admin'] }, /has it in 'groups': set roles: 'groups'/],
    [{ groups: ['staff'] }, /may have roles: 'groups'/],
    [{}, /grant the role/],
  ])('looks in %o', (claims, hint) => {
    const caller = { claims }
    expect(namesHint('roles', ['admin'], caller)).toMatch(hint)
  })

  it.each([
    { m: { 'canary@x': ['admin'] } },
    { canary: 'admin' },
    { 'canary@x': ['admin'] },
    { 'canary@x.test/roles': ['admin'] },
    { canary: { roles: ['admin'] } },
    { realm_access: { canary: ['admin'] } },
    { resource_access: { canary: { roles: ['admin'] } } },
    { azp: 'web', resource_access: { 'canary@x': { roles: ['admin'] } } },
    { azp: 'canary', canary: ['admin'] },
    { '/canary': ['admin'] },
    { sub: 'canary', roles: ['canary'], users: { canary: { groups: 'admin' } } },
  ])('shows no name that may be data: %o', (claims) => {
    expect(namesHint('roles', ['admin'], { claims })).not.toContain('canary')
    expect(namesHint('roles', ['admin'], { claims })).toContain('*')
  })

  it('looks at a bounded number of claims', () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`claim${index}`, 'x']))
    expect(namesHint('roles', ['admin'], { claims: { ...many, last: ['admin'] } })).toMatch(/grant the role/)
  })

  it('keeps the claims that are read already', () => {
    const claims = { scope: 'read', permissions: ['write'] }
    expect(namesHint('scopes', ['write'], { claims })).toMatch(/: set scopes: \['scope', 'permissions'\]$/)
  })

  it('tells which scope to request', () => {
    expect(namesHint('scopes', ['write'], { claims: { scope: 'read' } })).toMatch(/request the scope/)
  })
})

describe('the hint about a fetch', () => {
  it.each<[object, RegExp | undefined]>([
    [{ code: 'ENOTFOUND' }, /cannot be found/],
    [{ code: 'ECONNREFUSED' }, /nothing listens/],
    [{ code: 'SELF_SIGNED_CERT_IN_CHAIN' }, /NODE_EXTRA_CA_CERTS/],
    [{ code: 'ERR_SSL_WRONG_VERSION_NUMBER' }, /does not speak https/],
    [{ thrown: 'TypeError' }, /fetch function itself/],
    [{ url: 'https://id.test' }, /nothing came back/],
    [{ status: 401 }, /credentials/],
    [{ status: 404 }, /nothing is published/],
    [{ status: 302 }, /redirects are not followed/],
    [{ status: 429 }, /how often/],
    [{ status: 503 }, /out of order/],
    [{ status: 200 }, undefined],
    [{}, undefined],
    [{ code: 'constructor' }, undefined],
  ])('reads %o', (failed, hint) => {
    if (hint === undefined) expect(networkHint(failed)).toBeUndefined()
    else expect(networkHint(failed)).toMatch(hint)
  })
})

describe('the hint about time', () => {
  it('counts seconds, and hours and days beside them', () => {
    expect([59, 7199, 7200, 172_800].map(seconds)).toEqual([
      '59 s',
      '7199 s',
      '7200 s (2 h)',
      '172800 s (2 days)',
    ])
    expect(expiredHint(95.2, 30)).toMatch(/expired 96 s ago, 66 s beyond the tolerance of 30 s/)
    expect(expiredHint(400, 300)).toMatch(/100 s beyond the largest tolerance of 300 s/)
    expect(aheadHint('nbf', 120, 30)).toMatch(/nbf is 120 s ahead of this clock, 90 s beyond/)
    expect(aheadHint('iat', 1.7e12, 30)).toMatch(/milliseconds/)
  })

  it('tells numbers of another unit from text', () => {
    expect(numericDateHint('exp', undefined)).toMatch(/has no exp/)
    expect(numericDateHint('exp', 1e15)).toMatch(/another unit/)
    expect(numericDateHint('exp', '2026')).toMatch(/not text/)
  })
})

describe('a plain error', () => {
  it('is known by a mark that no serialiser sees', () => {
    const error = plain(new Error('x'))
    expect(isPlain(error)).toBe(true)
    expect(JSON.stringify(error)).toBe('{}')
    expect(isPlain(new Error('x'))).toBe(false)
    expect(isPlain(plain(Object.freeze(new Error('x'))))).toBe(false)
  })
})
