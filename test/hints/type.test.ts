import { describe, expect, it } from 'vitest'
import { kindHint, nonceHint, typeHint } from '../../src/hints/type.ts'

describe('the hint about the type', () => {
  it.each<[string, unknown, RegExp]>([
    ['at_hash', 'x', /ID token/],
    ['c_hash', 'x', /ID token/],
    ['s_hash', 'x', /ID token/],
    ['events', {}, /logout token/],
    ['vp', {}, /a presentation/],
    ['token_introspection', {}, /an answer about a token/],
    ['token_use', 'id', /ID token/],
    ['typ', 'ID', /ID token/],
    ['typ', 'Refresh', /refresh token/],
    ['typ', 'Offline', /refresh token/],
    ['typ', 'Logout', /logout token/],
    ['typ', 'constructor', /another kind/],
    ['token_use', 7, /^token_use marks another kind of token than an access token$/],
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
    ['secevent+jwt', ['jwt'], /a security event/],
    ['token-introspection+jwt', ['jwt'], /an answer about a token/],
    ['oauth-authz-req+jwt', ['jwt'], /a request of a client/],
    ['client-authentication+jwt', ['jwt'], /the proof of a client/],
    ['constructor', ['jwt'], /tokenTypes/],
    ['jwt', ['at+jwt'], /profile 'compatible'/],
    [undefined, ['at+jwt'], /profile 'compatible'/],
    ['x+jwt', ['jwt'], /tokenTypes/],
    ['x+jwt', ['at+jwt'], /tokenTypes/],
    ['jwt', ['other'], /tokenTypes/],
    ['jwt', ['at+jwt', 'other'], /tokenTypes/],
    ['jwt', [], /tokenTypes/],
  ])('knows typ %s', (type, accepted, hint) => {
    expect(typeHint(type, accepted)).toMatch(hint)
  })
})
