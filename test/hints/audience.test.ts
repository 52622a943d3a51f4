import { describe, expect, it } from 'vitest'
import { audienceHint, audienceIsClient } from '../../src/hints/audience.ts'

describe('the hint about an audience', () => {
  it.each<[object, RegExp]>([
    [{ aud: 'https://api.test/' }, /final slash/],
    [{ aud: 'HTTPS://api.test' }, /upper and lower case/],
    [{ aud: 'account', azp: 'web' }, /Keycloak/],
    [{ aud: '00000003-0000-0000-c000-000000000000' }, /Microsoft Graph/],
    [{ aud: 'https://graph.microsoft.com/' }, /Microsoft Graph/],
    [{ aud: '00000002-0000-0000-c000-000000000000' }, /Azure AD Graph/],
    [{ aud: 'https://graph.windows.net' }, /Azure AD Graph/],
    [{ aud: 'https://management.azure.com' }, /the Azure management API/],
    [{ aud: ['other', 'https://vault.azure.net'] }, /Azure Key Vault/],
    [{ aud: ['https://x.auth0.com/userinfo', 'other'] }, /^a token for another API/],
    [{ aud: 'https://x.auth0.com/userinfo/2' }, /^a token for another API/],
    [{ aud: 'x https://x.auth0.com/userinfo' }, /^a token for another API/],
    [{ aud: ['https://x.auth0.com/userinfo'] }, /userinfo/],
    [{ aud: 'api://default' }, /Okta/],
    [{ aud: 'authenticated' }, /Supabase/],
    [{ aud: 'web', azp: 'web' }, /aud is the client, as in an ID token/],
    [{ aud: ['other', 'web'], client_id: 'web' }, /aud is the client/],
    [{ aud: 'web', cid: 'web' }, /aud is the client/],
    [{ aud: 'web', appid: 'web' }, /aud is the client/],
    [{ aud: 'web', sub: 'web' }, /^a token for another API/],
    [{ aud: ['read', 'write'], scope: 'read write' }, /lists the scopes/],
    [{ aud: 'read', scope: 'read' }, /lists the scopes/],
    [{ aud: ['read'], scope: 'read write' }, /^a token for another API/],
    [{ aud: ['read', 'api'], scope: 'read write' }, /^a token for another API/],
    [{ aud: ['read', 'write'], scope: ['read', 'write'] }, /^a token for another API/],
    [{ aud: 'https://other.test' }, /another API/],
    [{ aud: [] }, /empty/],
    [{ aud: 7 }, /string or a list/],
    [{ iss: 'https://cognito-idp.eu.amazonaws.com/a' }, /Amazon Cognito/],
    [{ iss: 'https://clerk.site.test' }, /Clerk/],
    [{ iss: 'https://x-1.clerk.accounts.dev' }, /Clerk/],
    [{ iss: 'https://a.test/?https://clerk.' }, /neither an audience/],
    [{ iss: 'https://a.test/.clerk.accounts.dev' }, /neither an audience/],
    [{ iss: 'https://.clerk.accounts.dev' }, /neither an audience/],
    [{ iss: 'x://cognito-idp.eu.amazonaws.com' }, /neither an audience/],
    [{ iss: ['https://clerk.site.test'] }, /neither an audience/],
    [{ iss: 'https://kc.test/realms/a' }, /audience mapper/],
    ...['client_id', 'azp', 'cid', 'appid'].map((name): [object, RegExp] => [
      { [name]: 'web' },
      /^the token has no aud: ask the issuer .*clients$/,
    ]),
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
    expect(audienceHint({ aud: 'guid' }, ['api://guid'])).toMatch(/^only api:\/\/ differs/)
    expect(audienceHint({ aud: 'xguid' }, ['xapi://guid'])).toMatch(/^a token for another API/)
    expect(audienceHint({ aud: 'a/b' }, ['ab'])).toMatch(/^a token for another API/)
    expect(audienceHint({ aud: 'a' }, null)).toMatch(/^aud must be a string or a list of strings/)
  })

  it('tells where ID tokens look like access tokens', () => {
    expect(audienceIsClient({ aud: 'web', azp: 'web' })).toBe(true)
    expect(audienceIsClient({ aud: ['api'], azp: 'web' })).toBe(false)
    expect(audienceIsClient({ aud: ['web'], azp: 'web' })).toBe(true)
    expect(audienceIsClient({ aud: 7, azp: 7 })).toBe(false)
    expect(audienceIsClient({})).toBe(false)
  })
})
