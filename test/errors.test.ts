import { inspect } from 'node:util'
import {
  AuthError,
  ForbiddenError,
  InsufficientScopeError,
  InsufficientUserAuthenticationError,
  InvalidRequestError,
  InvalidProofError,
  InvalidTokenError,
  isAuthError,
  MissingTokenError,
  UpstreamError,
} from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { helpsNewToken, isRefusal, type RefusalOptions, titleOf } from '../src/errors.ts'

type Maker = (options?: RefusalOptions) => AuthError

const classes: readonly [name: string, make: Maker, facts: object][] = [
  [
    'MissingTokenError',
    (options) => new MissingTokenError(options),
    { status: 401, code: undefined, reason: 'missing', expose: true },
  ],
  [
    'InvalidRequestError',
    (options) => new InvalidRequestError(undefined, options),
    { status: 400, code: 'invalid_request', reason: 'malformed', expose: true },
  ],
  [
    'InvalidTokenError',
    (options) => new InvalidTokenError('expired', options),
    { status: 401, code: 'invalid_token', reason: 'expired', expose: true },
  ],
  [
    'InvalidProofError',
    (options) => new InvalidProofError('replayed', options),
    { status: 401, code: 'invalid_dpop_proof', reason: 'replayed', expose: true, nonce: undefined },
  ],
  [
    'InvalidProofError',
    (options) => new InvalidProofError('nonce', { ...options, nonce: 'n' }),
    { status: 401, code: 'use_dpop_nonce', reason: 'nonce', expose: true, nonce: 'n' },
  ],
  [
    'InsufficientScopeError',
    (options) => new InsufficientScopeError(['read'], options),
    { status: 403, code: 'insufficient_scope', reason: 'scope', expose: true, scopes: ['read'] },
  ],
  [
    'ForbiddenError',
    (options) => new ForbiddenError('role', options),
    { status: 403, code: 'forbidden', reason: 'role', expose: true },
  ],
  [
    'InsufficientUserAuthenticationError',
    (options) => new InsufficientUserAuthenticationError({ acrValues: ['mfa'], maxAge: 5 }, options),
    {
      status: 401,
      code: 'insufficient_user_authentication',
      reason: 'step_up',
      expose: true,
      acrValues: ['mfa'],
      maxAge: 5,
    },
  ],
  [
    'UpstreamError',
    (options) => new UpstreamError(7, options),
    { status: 503, code: undefined, reason: 'unavailable', expose: false, retryAfter: 7 },
  ],
]

describe.each(classes)('%s', (name, make, facts) => {
  it('has its status, code and reason', () => {
    const error = make()
    expect(error).toMatchObject({ name, ...facts })
    expect(error.statusCode).toBe(error.status)
    expect(error).toBeInstanceOf(AuthError)
    expect(error).toBeInstanceOf(Error)
    expect(isAuthError(error)).toBe(true)
  })

  it('has an empty, frozen detail unless facts were given', () => {
    expect(make().detail).toEqual({})
    expect(Object.isFrozen(make().detail)).toBe(true)
  })

  it('carries its facts where no serialiser looks', () => {
    const error = make({ detail: { claim: 'iss', expected: 'https://a.test', actual: 'https://b.test' } })
    expect(error.detail).toEqual({ claim: 'iss', expected: 'https://a.test', actual: 'https://b.test' })
    expect(Object.keys(error)).not.toContain('detail')
    expect(JSON.stringify(error)).not.toContain('b.test')
    expect(JSON.stringify(Object.entries(error))).not.toContain('b.test')
    expect(inspect(error)).not.toContain('b.test')
  })

  it('reduces the actual value to what may be shown', () => {
    expect(make({ detail: { claim: 'sub', actual: 'alice' } }).detail.actual).toBe('string')
    expect(make({ detail: { claim: 'iss', actual: 'a\n' } }).detail.actual).toBe('a\\u000a')
  })

  it('asks a function for its detail once, and only when somebody reads it', () => {
    let calls = 0
    const error = make({ detail: () => ({ claim: 'iss', actual: `call ${(calls += 1)}` }) })
    expect(calls).toBe(0)
    expect([error.detail, error.detail]).toEqual(Array(2).fill({ claim: 'iss', actual: 'call 1' }))
    expect(Object.keys(error)).not.toContain('detail')
  })

  it('keeps its detail when somebody writes to it', () => {
    const error = make({ detail: { hint: 'do this' } })
    expect(() => Object.assign(error, { detail: {} })).toThrow(TypeError)
    expect(() => Object.assign(error.detail, { hint: 'do that' })).toThrow(TypeError)
    expect(error.detail.hint).toBe('do this')
  })

  it('has a cause only where there is one', () => {
    const cause = new Error('behind it')
    expect(make({ cause }).cause).toBe(cause)
    expect(Object.hasOwn(make(), 'cause')).toBe(false)
  })

  it('has a fixed message, whatever its facts', () => {
    expect(make({ detail: { claim: 'iss', actual: 'x', hint: 'y' }, cause: new Error('z') }).message).toBe(
      make().message,
    )
  })
})

describe('InvalidTokenError', () => {
  it.each(['malformed', 'signature', 'unknown_key', 'audience', 'expired', 'claim', 'binding'] as const)(
    'has a sentence for %s',
    (reason) => {
      expect(new InvalidTokenError(reason)).toMatchObject({ reason, status: 401 })
      expect(new InvalidTokenError(reason).message).toMatch(/^[A-Z][A-Za-z ]+$/)
    },
  )
})

describe('UpstreamError', () => {
  it.each([
    [0, 1],
    [-5, 1],
    [0.2, 1],
    [1.2, 2],
    [86_400, 86_400],
    [86_401, 86_400],
    [Infinity, 86_400],
    [NaN, 1],
  ])('asks clients that should come back after %s seconds to wait %s', (given, seconds) => {
    expect(new UpstreamError(given).retryAfter).toBe(seconds)
  })
})

describe('what an error means', () => {
  const of = (error: AuthError): unknown => [isRefusal(error), helpsNewToken(error), titleOf(error.status)]

  it.each<[AuthError, boolean, boolean, string, string]>([
    [new MissingTokenError(), true, true, 'Unauthorized', 'No access token was found'],
    [new InvalidTokenError('revoked'), true, true, 'Unauthorized', 'The access token was revoked'],
    [new InvalidRequestError(), false, false, 'Bad Request', 'The credentials are malformed'],
    [
      new InsufficientScopeError([]),
      true,
      true,
      'Forbidden',
      'The scopes of the access token are not enough for this request',
    ],
    [
      new InsufficientUserAuthenticationError({}),
      true,
      true,
      'Unauthorized',
      'A stronger or more recent login of the user is required',
    ],
    [
      new ForbiddenError('authorization_details'),
      true,
      true,
      'Forbidden',
      'The caller is not allowed to do this',
    ],
    [new ForbiddenError('role'), true, false, 'Forbidden', 'The caller is not allowed to do this'],
    [new ForbiddenError(), true, false, 'Forbidden', 'The caller is not allowed to do this'],
    [
      new ForbiddenError('csrf'),
      true,
      false,
      'Forbidden',
      'The request does not show that it comes from a page that may send it',
    ],
    [new UpstreamError(1), false, false, 'Service Unavailable', 'Access cannot be checked at the moment'],
  ])('%s: a refusal: %s, cured by a new token: %s', (error, refuses, cured, title, message) => {
    expect(of(error)).toEqual([refuses, cured, title])
    expect(error.message).toBe(message)
  })

  it.each([undefined, { status: 401 }, Object.assign(new Error('x'), { status: 403 })])(
    'of %j is no refusal',
    (value) => {
      expect(isRefusal(value)).toBe(false)
    },
  )

  it('has the reason forbidden where a guard names none', () => {
    expect(new ForbiddenError().reason).toBe('forbidden')
  })

  it('has a title for a status that is none of ours', () => {
    expect(titleOf(418)).toBe('Refused')
  })
})
