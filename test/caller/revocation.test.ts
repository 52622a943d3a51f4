import {
  type Auth,
  createResourceServer,
  InvalidTokenError,
  type RevocationHook,
  UpstreamError,
} from 'oauth-resource-server'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it, vi } from 'vitest'
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

  it('answers the client with one fixed sentence', async () => {
    const server = api(() => true)
    const error: unknown = await server.verify(await issuer.sign()).catch((it: unknown) => it)
    expect(server.refuse(error)).toMatchObject({
      status: 401,
      body: JSON.stringify({
        error: 'invalid_token',
        error_description: 'The access token was revoked',
      }),
    })
  })
})
