import { describe, expect, it } from 'vitest'
import { isMicrosoft, isOktaOrg, issuerHint, metadataHint } from '../../src/hints/issuer.ts'

describe('the hint about an issuer', () => {
  it.each<[unknown, string, RegExp]>([
    ['https://id.test', 'https://id.test/', /only the final slash/],
    ['https://id.test/', 'https://id.test', /only the final slash/],
    ['http://id.test', 'https://id.test', /only the scheme/],
    ['accounts.google.com', 'https://accounts.google.com', /only the scheme/],
    ['xhttps://id.test', 'id.testx', /another issuer/],
    ['xhttps://id.test', 'xid.test', /another issuer/],
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
    [
      'https://login.microsoftonline.com/t2/v2.0',
      'https://login.microsoftonline.com/organizations/v2.0',
      /function as issuers/,
    ],
    ['https://sts.windows.net/t2/', 'https://sts.windows.net/t1/', /another tenant of/],
    ['https://sts.windows.net/t2/', 'https://id.test', /another issuer/],
    ['https://id.test', 'https://sts.windows.net/t2/', /another issuer/],
    ['https://kc.test/realms/b', 'https://kc.test/realms/a', /another realm/],
    ['https://kc.test/auth/realms/b', 'https://kc.test/auth/realms/a', /another realm/],
    ['https://kc.test/auth/realms/a', 'https://other.test/realms/a', /another host name/],
    ['https://kc.test/realms/b', 'https://id.test/', /another issuer/],
    ['https://kc.test/auth/realms/a', 'https://kc.test/realms/a', /only \/auth/],
    ['http://keycloak:8080/realms/a', 'https://kc.test/realms/a', /another host name.*KC_HOSTNAME/],
    ['https://x.okta.com', 'https://x.okta.com/oauth2/default', /Okta org/],
    ...['y.okta.com', 'y.oktapreview.com', 'y.okta-emea.com/'].map((host): [string, string, RegExp] => [
      `https://${host}`,
      'https://id.test',
      /Okta org/,
    ]),
    ['https://x.okta.com/', 'https://x.okta.com/oauth2/default', /Okta org/],
    ['https://x.okta.com', 'https://x.okta.com/other', /same host/],
    ['https://id.test', 'https://id.test/oauth2/default', /same host/],
    ...['https://x.okta.com/a', 'xhttps://x.okta.com', 'https://okta.com', 'https://xokta.com'].map(
      (name): [string, string, RegExp] => [name, 'https://id.test', /another issuer/],
    ),
    ['https://cognito-idp.eu.amazonaws.com/b', 'https://cognito-idp.eu.amazonaws.com/a', /another user pool/],
    ['https://id.test/b', 'https://id.test/a', /same host with another path/],
    ['https://id.test:444/', 'https://id.test/', /another issuer/],
    ['https://id.test/', 'id', /another issuer/],
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

describe('the host of an issuer', () => {
  it.each([
    ['https://sts.windows.net/t1/', true],
    ['https://login.microsoftonline.com/t1/v2.0', true],
    ['https://login.microsoftonline.com/t1', true],
    ['https://contoso.ciamlogin.com/t1/v2.0', true],
    ['https://sts.windows.net/', false],
    ['https://ciamlogin.com/t1', false],
    ['https://x/y.ciamlogin.com/t1', false],
    ['https://xciamlogin.com/t1', false],
    ['https://login.microsoftonline.com', false],
    ['xhttps://login.microsoftonline.com/t1', false],
  ])('%s is one of Microsoft Entra: %s', (name, expected) => {
    expect(isMicrosoft(name)).toBe(expected)
  })

  it.each([
    ['https://x.okta.com', true],
    ['https://x.okta-emea.com/', true],
    ['https://x.okta.com/oauth2/default', false],
    ['https://okta.com', false],
    ['https://x/y.okta.com', false],
  ])('%s is the org authorization server of Okta: %s', (name, expected) => {
    expect(isOktaOrg(name)).toBe(expected)
  })
})
