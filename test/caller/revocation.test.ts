import { inspect } from 'node:util'
import {
  type Auth,
  createResourceServer,
  InvalidRequestError,
  InvalidTokenError,
  type RevocationHook,
  UpstreamError,
} from 'oauth-resource-server'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it, vi } from 'vitest'
import { revocationCheck } from '../../src/caller/revocation.ts'
import type { Presented } from '../../src/http/finder.ts'
import type { RevocableToken, RevocationListInterface } from '../../src/stores.ts'
import { hashOf, withSignedHash } from '../../src/token/signed-hash.ts'
import type { VerifiedToken } from '../../src/token/verified-token.ts'
import { refusalOf } from '../support/refusals.ts'
import { verdict } from '../support/tokens.ts'

const clock = createTestClock(1_800_000_000_000)
const issuer = await createTestIssuer({ algorithms: ['EdDSA'], clock })

function api(isRevoked: (auth: Auth) => unknown, more: object = {}, options: object = {}) {
  const revocation = { isRevoked, ...more } as RevocationHook
  return createResourceServer({ ...issuer.options, revocation, ...options })
}

describe('a function that knows which tokens were revoked', () => {
  it.each<[string, (auth: Auth) => unknown, string]>([
    ['false', () => false, '200'],
    ['a promise of false', () => Promise.resolve(false), '200'],
    ['true', () => true, '401 revoked'],
    ['a promise of true', () => Promise.resolve(true), '401 revoked'],
    ['undefined', () => undefined, '503 unavailable'],
    ['0', () => 0, '503 unavailable'],
    ['null', () => Promise.resolve(null), '503 unavailable'],
    ['an object', () => ({ revoked: false }), '503 unavailable'],
  ])('decides with %s', async (_what, isRevoked, expected) => {
    expect(await verdict(api(isRevoked).verify(await issuer.sign()))).toBe(expected)
  })

  const failures: [string, () => unknown][] = [
    [
      'throws',
      () => {
        throw new Error('down')
      },
    ],
    ['rejects', () => Promise.reject(new Error('down'))],
    ['never settles', () => new Promise(() => undefined)],
    ['returns a text', () => 'no'],
  ]
  it.each(failures)('is 503 when it %s, and a pass only where that is written', async (_what, fails) => {
    const token = await issuer.sign()
    expect(await verdict(api(fails, { timeoutMs: 20 }).verify(token))).toBe('503 unavailable')
    expect(await verdict(api(fails, { timeoutMs: 20, onUnavailable: 'allow' }).verify(token))).toBe('200')
  })

  const nobody = 'nobody can tell whether the token was revoked: '
  it.each<[string, () => unknown, string]>([
    [
      'rejects with an error of a client',
      () => Promise.reject(Object.assign(new Error('SECRET'), { code: 'NOAUTH' })),
      `${nobody}isRevoked failed, Error NOAUTH: the client sends no password: set it in the URL or options of the client`,
    ],
    [
      'throws nothing',
      () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- what a careless function might do
        throw undefined
      },
      `${nobody}isRevoked failed, Error`,
    ],
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- likewise
    ['rejects with null', () => Promise.reject(null), `${nobody}isRevoked failed, Error`],
    [
      'throws a 400',
      () => Promise.reject(new InvalidRequestError()),
      `${nobody}isRevoked failed, InvalidRequestError`,
    ],
    ['returns a text', () => 'no', `${nobody}revocation: isRevoked must return true or false`],
    ['never settles', () => new Promise(() => undefined), 'revocation: no result within 20 ms'],
    ['throws a 503', () => Promise.reject(new UpstreamError(7, { detail: { hint: 'mine' } })), 'mine'],
  ])('tells operators why nobody knows: it %s', async (_what, fails, hint) => {
    const token = await issuer.sign()
    const error: unknown = await api(fails, { timeoutMs: 20 })
      .verify(token)
      .catch((it: unknown) => it)
    expect(error).toMatchObject({ status: 503, retryAfter: hint === 'mine' ? 7 : 1, detail: { hint } })
    expect(inspect(error)).not.toContain('SECRET')
  })

  it('keeps a mistake of the function as the cause, as it can be shown', async () => {
    const error: unknown = await api(() => 'no')
      .verify(await issuer.sign())
      .catch((it: unknown) => it)
    expect((error as Error).cause).toEqual(new TypeError('revocation: isRevoked must return true or false'))
  })

  it('keeps the error as the cause of the 503, and says Retry-After', async () => {
    const down = new Error('down')
    const server = api(() => Promise.reject(down))
    const error: unknown = await server.verify(await issuer.sign()).catch((it: unknown) => it)
    expect(error).toBeInstanceOf(UpstreamError)
    expect((error as Error).cause).toHaveProperty('original', down)
    expect(server.refuse(error).headers['Retry-After']).toBe('1')
  })

  it('refuses where it throws a refusal itself, with onUnavailable: allow too', async () => {
    const refusing = (): never => {
      throw new InvalidTokenError('revoked')
    }
    const server = api(refusing, { onUnavailable: 'allow' })
    expect(await verdict(server.verify(await issuer.sign()))).toBe('401 revoked')
  })

  it('gets the verified claims on every request, cached tokens and schemas included', async () => {
    const schema = {
      '~standard': { version: 1 as const, vendor: 'test', validate: () => ({ value: { sub: 'changed' } }) },
    }
    const isRevoked = vi.fn(({ claims }: Auth) => claims.sub === undefined)
    const server = api(isRevoked, {}, { schema })
    const token = await issuer.sign({ sub: 'alice' })
    for (let count = 0; count < 3; count += 1) await server.verify(token)
    expect(isRevoked.mock.calls.map(([auth]) => [auth.claims.sub, auth.subject, auth.token])).toEqual(
      Array.from({ length: 3 }, () => ['alice', 'alice', token]),
    )
  })

  it('is called as a method of its object', async () => {
    const hook: RevocationHook = {
      isRevoked(this: unknown) {
        return this !== hook
      },
    }
    const server = createResourceServer({ ...issuer.options, revocation: hook })
    expect(await verdict(server.verify(await issuer.sign()))).toBe('200')
  })

  it('is not called for a token that is refused for another reason', async () => {
    const isRevoked = vi.fn(() => false)
    const server = api(isRevoked)
    expect(await verdict(server.verify(await issuer.sign({ aud: 'https://other.test' })))).toBe(
      '401 audience',
    )
    expect(isRevoked).not.toHaveBeenCalled()
  })

  it('gets a caller that no guard checks: the token is not accepted yet', async () => {
    let early: Auth | undefined
    const server = api((auth) => {
      early = auth
      return false
    })
    await server.verify(await issuer.sign())
    await expect(server.authorize(early, () => true)).rejects.toBeInstanceOf(TypeError)
  })

  it('runs before the guards, and a revoked caller reaches none', async () => {
    const guard = vi.fn(() => true)
    const headers = { authorization: `Bearer ${await issuer.sign()}` }
    expect(await verdict(api(() => true).authenticate({ headers }, guard))).toBe('401 revoked')
    expect(guard).not.toHaveBeenCalled()
  })

  it('has the time checked once more after it answered', async () => {
    const server = api(async () => {
      clock.advance(400)
      return Promise.resolve(false)
    })
    expect(await verdict(server.verify(await issuer.sign()))).toBe('401 expired')
  })

  it('answers the client with one fixed sentence, and operators with a fix', async () => {
    const server = api(() => true)
    const error: unknown = await server.verify(await issuer.sign()).catch((it: unknown) => it)
    expect(error).toMatchObject({
      detail: {
        hint: 'the list of revoked tokens, or isRevoked, has it: the client must get a new token',
      },
    })
    expect(server.refuse(error)).toMatchObject({
      status: 401,
      body: JSON.stringify({
        error: 'invalid_token',
        error_description: 'The access token was revoked',
      }),
    })
  })
})

const start = clock.now() / 1000
const presented: Presented = { scheme: 'Bearer', token: 'a.b.c', place: 'header', request: undefined }
const verified = (change: object = {}): VerifiedToken =>
  ({
    issuer: 'https://issuer.test/',
    claims: { jti: 'j', sid: 's' },
    times: { iat: start + 0.9, exp: start + 300 },
    subject: 'u',
    clientId: 'c',
    ...change,
  }) as unknown as VerifiedToken

describe('a list', () => {
  /** The check with a list that says what it is told to, and what that list was asked about. */
  function world(says: unknown, change: Partial<RevocationListInterface> = {}) {
    const asked: RevocableToken[] = []
    const list = {
      tokenLifetime: 300,
      requireJti: false,
      onUnavailable: 'refuse',
      has: (token: RevocableToken) => (asked.push(token), says),
      ...change,
    } as RevocationListInterface
    const check = revocationCheck({ from: 'list', list }, () => (result) => result)
    return { asked, check: (token = verified()) => check(token, presented) }
  }

  it('is asked about what names a token', async () => {
    const { asked, check } = world(false)
    expect(check()).toBeUndefined()
    expect(asked).toEqual([
      {
        issuer: 'https://issuer.test/',
        issuedAt: start,
        jti: 'j',
        subject: 'u',
        session: 's',
        client: 'c',
        hash: expect.any(Function) as unknown,
      },
    ])
    expect(await asked[0]?.hash()).toBe(await hashOf('a.b.other'))
  })

  it('is asked about the hash of the token that was encrypted', async () => {
    const { asked, check } = world(false)
    await check(await withSignedHash(verified(), 'd.e.f'))
    expect(await asked[0]?.hash()).toBe(await hashOf('d.e.other'))
  })

  it.each<[string, unknown]>([
    ['at once', true],
    ['later', Promise.resolve(true)],
    // As a promise of another realm is.
    ['by a thenable', { then: (done: (it: boolean) => void) => done(true) }],
  ])('refuses a token %s', async (_when, says) => {
    expect(await refusalOf(async () => world(says).check())).toMatchObject({ status: 401, reason: 'revoked' })
  })

  it('that cannot tell refuses every token, unless it is written that it does not', async () => {
    const down = (): never => {
      throw new UpstreamError(1)
    }
    const later = (): Promise<never> => Promise.reject(new UpstreamError(1))
    for (const has of [down, later]) {
      expect(await refusalOf(async () => world(false, { has }).check())).toMatchObject({ status: 503 })
      expect(await refusalOf(() => world(false, { has, onUnavailable: 'allow' }).check())).toBeUndefined()
    }
  })

  it.each<[string, object, object, object]>([
    [
      'iat',
      { times: { iat: undefined, exp: start } },
      {},
      { claim: 'iat', expected: 'present, since tokens can be revoked', actual: undefined },
    ],
    [
      'a life that the list assumes',
      { times: { iat: start, exp: start + 300.5 } },
      {},
      { claim: 'exp', expected: 'at most 300 s after iat: tokenLifetime of the list', actual: start + 300.5 },
    ],
    [
      'jti',
      { claims: { jti: '' } },
      { requireJti: true },
      { claim: 'jti', expected: 'present: requireJti is set', actual: 'absent' },
    ],
  ])('is not asked about a token without %s', async (_what, change, options, detail) => {
    const { asked, check } = world(false, options)
    expect(await refusalOf(() => check(verified(change)))).toEqual({ status: 401, reason: 'claim', detail })
    expect(asked).toEqual([])
  })

  it.each([
    [{ times: { iat: start, exp: start + 300 } }, {}],
    [{ claims: {} }, {}],
    [{}, { requireJti: true }],
  ])('is asked about %o where %o', (change, options) => {
    const { asked, check } = world(false, options)
    expect(check(verified(change))).toBeUndefined()
    expect(asked).toHaveLength(1)
  })
})

it('without a list nothing is asked', () => {
  const check = revocationCheck(undefined, () => (result) => result)
  expect(check(verified(), presented)).toBeUndefined()
})
