import { inspect } from 'node:util'
import { InvalidTokenError, scope, UpstreamError } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { acceptance } from '../../src/caller/accept.ts'
import type { RequestChecks } from '../../src/caller/request-checks.ts'
import type { Presented } from '../../src/http/finder.ts'
import { notRevocable } from '../../src/caller/revocation.ts'
import { asSigned } from '../../src/caller/schema.ts'
import { systemClock } from '../../src/lib/clock.ts'
import type { VerifiedToken } from '../../src/token/verified-token.ts'

const start = 1_800_000_000
const presented: Presented = {
  scheme: 'Bearer',
  token: 'the.token.itself',
  place: 'header',
  request: undefined,
}

function tokenUntil(exp: number, change: object = {}): VerifiedToken {
  return {
    header: { alg: 'EdDSA' },
    claims: { iss: 'https://issuer.test/', exp },
    issuer: 'https://issuer.test/',
    times: { exp, nbf: undefined, iat: undefined, tolerance: 0, maxAge: undefined },
    subject: undefined,
    clientId: 'client-1',
    scopes: new Set(['read']),
    roles: new Set<string>(),
    ...change,
  } as unknown as VerifiedToken
}

/** An acceptor at a time of its own, with some checks replaced. */
function world(checks: Partial<RequestChecks<unknown>> = {}) {
  const time = { seconds: start }
  const clock = systemClock(() => time.seconds * 1000)
  const all = { sender: () => undefined, revocation: notRevocable, claims: asSigned, ...checks }
  return { time, ...acceptance<unknown>(all, clock) }
}

const later = <T>(value: T): Promise<T> => Promise.resolve(value)

describe('a caller', () => {
  it('has what the token says, and shows no token', async () => {
    const auth = await world().accept(tokenUntil(start + 60), presented)
    expect(auth).toMatchObject({ scheme: 'Bearer', clientId: 'client-1', issuer: 'https://issuer.test/' })
    expect(auth.token).toBe('the.token.itself')
    expect(auth.expiresAt).toEqual(new Date((start + 60) * 1000))
    expect('subject' in auth).toBe(false)
    expect(inspect(auth, { showHidden: true, depth: 9 }) + JSON.stringify(auth)).not.toContain('the.token')
  })

  it('B5 cannot be changed by whoever has it', async () => {
    const auth = await world().accept(tokenUntil(start + 60), presented)
    expect(() => Object.assign(auth, { roles: new Set(['admin']) })).toThrow(TypeError)
    expect(() => Object.defineProperty(auth, 'subject', { value: 'someone else' })).toThrow(TypeError)
    expect([...auth.roles]).toEqual([])
  })

  it('has no header where the token is no JWT', async () => {
    const opaque = tokenUntil(start + 60, { header: undefined })
    expect('header' in (await world().accept(opaque, presented))).toBe(false)
  })

  it('comes at once where nothing is waited for', () => {
    expect(world().accept(tokenUntil(start + 60), presented)).not.toBeInstanceOf(Promise)
  })

  it('is known to the acceptor that made it, and to no other', async () => {
    const ours = world()
    const auth = await ours.accept(tokenUntil(start + 60), presented)
    expect(ours.judged(auth)).toBe(auth)
    expect(world().judged(auth)).toBeUndefined()
    for (const other of [
      Object.assign({}, auth),
      Object.create(auth) as object,
      {},
      null,
      undefined,
      'auth',
    ]) {
      expect(ours.judged(other)).toBeUndefined()
    }
  })

  it('is checked with the claims as they were signed', async () => {
    const ours = world({ claims: () => ({ admin: true }) })
    const auth = await ours.accept(tokenUntil(start + 60), presented)
    expect(auth.claims).toEqual({ admin: true })
    expect(ours.judged(auth)?.claims).not.toHaveProperty('admin')
    await expect(Promise.resolve(scope('read')(ours.judged(auth) as never, undefined))).resolves.toBe(true)
  })
})

describe('the checks of a request', () => {
  it('run in order: the sender, revocation, the claims', async () => {
    const order: string[] = []
    const step =
      <T>(name: string, value: T): (() => Promise<T>) =>
      async () => {
        order.push(name)
        return later(value)
      }
    const { accept } = world({
      sender: step('sender', undefined),
      revocation: step('revocation', undefined),
      claims: step('claims', {}),
    })
    await accept(tokenUntil(start + 60), presented)
    expect(order).toEqual(['sender', 'revocation', 'claims'])
  })

  it.each(['sender', 'revocation', 'claims'] as const)(
    'end with the first that refuses: %s',
    async (name) => {
      const asked: string[] = []
      const checks = Object.fromEntries(
        ['sender', 'revocation', 'claims'].map((each) => [
          each,
          () => {
            asked.push(each)
            if (each === name) throw new InvalidTokenError('revoked')
            return undefined
          },
        ]),
      )
      await expect(
        (async () => world(checks).accept(tokenUntil(start + 60), presented))(),
      ).rejects.toMatchObject({
        reason: 'revoked',
      })
      expect(asked.at(-1)).toBe(name)
    },
  )

  it('pass on that somebody could not find out', async () => {
    const outage = new UpstreamError(1)
    const { accept } = world({ revocation: () => Promise.reject(outage) })
    await expect(accept(tokenUntil(start + 60), presented)).rejects.toBe(outage)
  })

  it('give their headers to the response, and nothing to other callers', async () => {
    const ours = world({ sender: () => ({ headers: { 'DPoP-Nonce': 'n' } }) })
    const auth = await ours.accept(tokenUntil(start + 60), presented)
    expect(ours.responseHeaders(auth)).toEqual({ 'DPoP-Nonce': 'n' })
    expect(ours.responseHeaders({})).toBeUndefined()
    expect(ours.responseHeaders(undefined)).toBeUndefined()
  })
})

describe('the time after the last wait', () => {
  const names = ['sender', 'revocation', 'claims'] as const

  it.each(names)('is checked once more where %s waited', async (name) => {
    const ours = world({
      [name]: () => {
        ours.time.seconds = start + 61
        return later(name === 'claims' ? {} : undefined)
      },
    })
    await expect(ours.accept(tokenUntil(start + 60), presented)).rejects.toMatchObject({ reason: 'expired' })
  })

  it.each(names)('lets a token through that is still valid after %s waited', async (name) => {
    const ours = world({
      [name]: () => {
        ours.time.seconds = start + 59
        return later(name === 'claims' ? {} : undefined)
      },
    })
    await expect(ours.accept(tokenUntil(start + 60), presented)).resolves.toBeDefined()
  })
})
