import { InvalidRequestError } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import {
  authorizationToken,
  hasOtherTokenScheme,
  hasTokenScheme,
  missingToken,
  withoutBearer,
} from '../../src/http/bearer.ts'

const request = (authorization?: string) => ({ headers: { authorization } })

describe('authorizationToken', () => {
  it.each([
    ['Bearer t', 't'],
    ['bearer t', 't'],
    ['Bearer   t', 't'],
    ['\tBearer t ', 't'],
    ['Bearer t u', 't u'],
    ['Bearer  t ', 't'],
    ['bearer tuvw', 'tuvw'],
    ['Basic bearer', undefined],
    ['Basic bearer t', undefined],
    ['xBearer t', undefined],
    ['Basic t', undefined],
    ['Bearers t', undefined],
    ['Bearer-x t', undefined],
    ['t', undefined],
    [undefined, undefined],
  ])('finds in %j: %j', (value, token) => {
    expect(authorizationToken(request(value), false)?.token).toBe(token)
  })

  it.each([
    ...['Bearer', 'Bearer ', '\tBearer', 'Bearer\tt', 'Bearer=t', 'bearer t\nu'],
    ...['Basic x, Bearer t', 'Basic x,DPoP t'],
  ])('refuses %j, and says what the header must be', (value) => {
    expect(() => authorizationToken(request(value), false)).toThrow(
      expect.objectContaining({
        status: 400,
        detail: { hint: 'the Authorization header must be the word Bearer, a space and one token' },
      }),
    )
  })

  it('refuses two Authorization headers', () => {
    const twice = { headers: { authorization: ['Bearer t', 'Bearer t'] } }
    expect(() => authorizationToken(twice, false)).toThrow(
      new InvalidRequestError('More than one Authorization header was sent'),
    )
    expect(() => authorizationToken(twice, false)).toThrow(
      expect.objectContaining({
        detail: { hint: 'the client, or a proxy in front of this API, sends the Authorization header twice' },
      }),
    )
  })
})

describe('authorizationToken, with DPoP', () => {
  it.each([
    ['DPoP t', 'DPoP', 't'],
    ['dpop t', 'DPoP', 't'],
    ['\tDPOP   t ', 'DPoP', 't'],
    ['dpop tuvw', 'DPoP', 'tuvw'],
    ['DPoP t,u', 'DPoP', 't,u'],
    ['Bearer t', 'Bearer', 't'],
  ])('finds in %j: %s %s', (value, scheme, token) => {
    expect(authorizationToken(request(value), true)).toMatchObject({ scheme, token, place: 'header' })
  })

  it.each(['Basic t', 'Basic dpop t', 'DPoPs t', 'DPoP-x t', 't', undefined])(
    'finds nothing in %j',
    (value) => {
      expect(authorizationToken(request(value), true)).toBeUndefined()
    },
  )

  it.each([
    ...['DPoP', 'DPoP ', 'DPoP\tt', 'DPoP=t', 'DPoP\tt dpop u', 'dpop t\nu'],
    ...['DPoP t, Bearer u', 'DPoP t, DPoP u'],
  ])('refuses %j, and says what the header must be', (value) => {
    expect(() => authorizationToken(request(value), true)).toThrow(
      expect.objectContaining({
        status: 400,
        detail: { hint: 'the Authorization header must be the word DPoP, a space and one token' },
      }),
    )
  })

  it('takes DPoP for another scheme where it is off', () => {
    expect(authorizationToken(request('DPoP t'), false)).toBeUndefined()
  })
})

describe('withoutBearer', () => {
  it.each([
    ['Bearer t', 't'],
    ['bearer  t ', 't'],
    ['t', 't'],
    ['Basic t', 'Basic t'],
    ['Bearer', 'Bearer'],
  ])('makes of %j: %j', (value, token) => {
    expect(withoutBearer(value)).toBe(token)
  })
})

describe('the scheme', () => {
  it.each([
    ['Bearer t', true, false],
    ['DPoP t', true, true],
    [' dpop\tt', true, true],
    ['dpop', true, true],
    ['DPoPs t', false, false],
    ['Basic t', false, false],
    ['Basic t, Bearer u', true, false],
    ['Basic t,bearer u', true, false],
    ['Basic bearer t', false, false],
    ['Basic t,\tdpop u', true, false],
    ['Basic t, Bearers u', false, false],
    [undefined, false, false],
  ])('of %j is one with a token: %s, and not Bearer: %s', (value, any, other) => {
    expect(hasTokenScheme(request(value))).toBe(any)
    expect(hasOtherTokenScheme(request(value))).toBe(other)
  })
})

describe('a missing token', () => {
  const preflight = { method: 'OPTIONS', headers: { 'access-control-request-method': 'GET' } }

  it.each([
    ['a CORS preflight', preflight, /CORS preflight/],
    ['another scheme', request('Basic x'), /the scheme Basic/],
    ['an unknown scheme', request('Other x'), /neither Bearer nor DPoP/],
    ['no scheme', request('x'), /without a scheme/],
    ['a token in the URL', { headers: {}, url: '/?access_token=x' }, /^the URL has an access_token/],
    ['a token at the end of the URL', { headers: {}, url: '/?a&access_token=x' }, /^the URL has an/],
  ])('tells the operator of %s', (_title, from, hint) => {
    expect(missingToken(from).detail.hint).toMatch(hint)
  })

  it.each([
    ['nothing', request()],
    ['OPTIONS that is no preflight', { method: 'OPTIONS', headers: new Headers() }],
    ['another parameter', { headers: {}, url: '/access_token=x?my_access_token=x&access_tokens=x' }],
    ['the header of a preflight in another method', { ...preflight, method: 'GET' }],
  ])('has nothing to tell of %s', (_title, from) => {
    expect(missingToken(from).detail).toEqual({})
    expect(missingToken(from, true).detail.hint).toMatch(/fromBody\(\) finds no parsed body.*preHandler/)
    expect(missingToken({ ...from, body: {} }, true).detail).toEqual({})
  })
})
