import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import {
  type Auth,
  channelNames,
  InvalidProofError,
  InvalidTokenError,
  scope,
  UpstreamError,
} from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { acceptance, asSignedAuth, unacceptedAuth } from '../../src/caller/accept.ts'
import type { RequestChecks } from '../../src/caller/request-checks.ts'
import type { Presented } from '../../src/http/finder.ts'
import { notRevocable } from '../../src/caller/revocation.ts'
import { asSigned } from '../../src/caller/schema.ts'
import { momentOf } from '../../src/guards/moment.ts'
import { namesFrom } from '../../src/hints/names.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { resourceOf } from '../../src/lib/resource-of.ts'
import { hashOf, signedHash, withSignedHash } from '../../src/token/signed-hash.ts'
import type { MaybePromise } from '../../src/types.ts'
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
function world(checks: Partial<RequestChecks<unknown>> = {}, resource?: string) {
  const time = { seconds: start }
  const clock = systemClock(() => time.seconds * 1000)
  const all = { sender: () => undefined, revocation: notRevocable, claims: asSigned, ...checks }
  return { time, ...acceptance<unknown>(all, clock, resource) }
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

  it('has beside its members what hints, guards and the kit for MCP look at', async () => {
    const ours = world({}, 'https://api.test')
    const names = { scopes: ['scope'], roles: [] }
    const auth = await ours.accept(tokenUntil(start + 60, { namesFrom: names }), presented)
    ours.time.seconds += 5
    expect(auth).toMatchObject({ [resourceOf]: 'https://api.test', [namesFrom]: names })
    expect(momentOf(auth as never)).toEqual({ now: start + 5, tolerance: 0 })
    expect((auth as { [signedHash]?: unknown })[signedHash]).toBeUndefined()
    const encrypted = await withSignedHash(tokenUntil(start + 60), 'a.b.c')
    expect(await ours.accept(encrypted, presented)).toMatchObject({ [signedHash]: await hashOf('a.b.d') })
  })

  it('is reported as verified, once', async () => {
    const messages: unknown[] = []
    const listener = (message: unknown): void => void messages.push(message)
    await world().accept(tokenUntil(start + 60), presented)
    subscribe(channelNames.verified, listener)
    await world({ claims: () => ({}) }).accept(tokenUntil(start + 60), presented)
    unsubscribe(channelNames.verified, listener)
    expect(messages).toEqual([{ issuer: 'https://issuer.test/', remembered: false }])
  })

  it('counts the decisions about it, and nothing else does', async () => {
    const ours = world()
    const auth = await ours.accept(tokenUntil(start + 60), presented)
    expect([ours.open(auth, 1), ours.open(auth, 1), ours.open(auth, 0), ours.open(auth, -1)]).toEqual([
      1, 2, 2, 1,
    ])
    for (const other of [{}, null, undefined, 'auth']) expect(ours.open(other, 1)).toBe(0)
  })

  it('has copies that are the same caller, with a count of their own', async () => {
    const ours = world({ sender: () => ({ headers: { A: '1' } }) })
    const auth = (await ours.accept(tokenUntil(start + 60), presented)) as never
    ours.open(auth, 1)
    const copy = ours.copy(auth)
    expect(copy).toEqual(auth)
    expect([copy === auth, copy.token, copy.claims === (auth as Auth).claims]).toEqual([
      false,
      'the.token.itself',
      true,
    ])
    expect([ours.judged(copy) === copy, ours.open(copy, 0), ours.responseHeaders(copy)]).toEqual([
      true,
      0,
      undefined,
    ])
    const other = {} as Auth
    expect(ours.copy(other)).toBe(other)
  })

  it('before it is accepted is known to no acceptor', () => {
    const early = unacceptedAuth(tokenUntil(start + 60), presented)
    expect(early).toMatchObject({ clientId: 'client-1', claims: { exp: start + 60 } })
    expect(early.token).toBe('the.token.itself')
    expect(world().judged(early)).toBeUndefined()
    expect(momentOf(early).tolerance).toBe(30)
    expect((early as { [resourceOf]?: unknown })[resourceOf]).toBeUndefined()
  })

  it('is checked with the claims as they were signed', async () => {
    const ours = world({ claims: () => ({ admin: true }) })
    const auth = await ours.accept(tokenUntil(start + 60), presented)
    expect(auth.claims).toEqual({ admin: true })
    expect(ours.judged(auth)?.claims).not.toHaveProperty('admin')
    await expect(Promise.resolve(scope('read')(ours.judged(auth) as never, undefined))).resolves.toBe(true)
    expect(ours.judged(auth)?.token).toBe('the.token.itself')
    expect(asSignedAuth(auth)).toBe(ours.judged(auth))
    expect(ours.judged(ours.judged(auth))).toBe(ours.judged(auth))
    expect(asSignedAuth(ours.judged(auth))).toBe(ours.judged(auth))
    for (const other of [{}, null, undefined, 'auth']) expect(asSignedAuth(other)).toBeUndefined()
  })

  it('has headers for its response, and the claims of a schema, at the same time', async () => {
    const ours = world({ sender: () => ({ headers: { A: '1' } }), claims: () => ({ admin: true }) })
    const auth = await ours.accept(tokenUntil(start + 60), presented)
    expect([auth.claims, ours.responseHeaders(auth)]).toEqual([{ admin: true }, { A: '1' }])
    expect(ours.judged(auth)?.claims).toEqual({ iss: 'https://issuer.test/', exp: start + 60 })
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

  it.each(['at once', 'later'])('end with what can be used once: %s', async (when) => {
    const order: string[] = []
    const note = (name: string) => (): undefined => void order.push(name)
    const lastly = (): MaybePromise<void> => {
      order.push('lastly')
      return when === 'later' ? later(undefined) : undefined
    }
    const { accept } = world({
      sender: () => (note('sender')(), { lastly }),
      revocation: note('revocation'),
      claims: note('claims'),
    })
    const auth = accept(tokenUntil(start + 60), presented)
    expect(auth instanceof Promise).toBe(when === 'later')
    await auth
    expect(order).toEqual(['sender', 'revocation', 'claims', 'lastly'])
  })

  it('refuse where it was used before, at once or later', async () => {
    const used = new InvalidProofError('replayed')
    const atOnce = world({
      sender: () => ({
        lastly: () => {
          throw used
        },
      }),
    })
    expect(() => atOnce.accept(tokenUntil(start + 60), presented)).toThrow(used)
    const afterwards = world({ sender: () => ({ lastly: () => Promise.reject(used) }) })
    await expect(afterwards.accept(tokenUntil(start + 60), presented)).rejects.toBe(used)
  })

  it('are added to a trace', async () => {
    const steps: unknown[] = []
    await world().accept(tokenUntil(start + 60), presented, ({ name, ok }) => void steps.push([name, ok]))
    expect(steps).toEqual([
      ['sender', true],
      ['revocation', true],
      ['schema', true],
    ])
  })

  it('get the token as it was presented', async () => {
    const given: unknown[] = []
    const token = tokenUntil(start + 60)
    await world({
      sender: (...all) => void given.push(all),
      revocation: (...all) => void given.push(all),
      claims: (...all) => (given.push(all), {}),
    }).accept(token, presented)
    expect(given).toEqual([[token, presented], [token, presented], [token]])
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
  const names = ['sender', 'revocation', 'claims', 'lastly'] as const

  /** An acceptor of which one check waits until some time, and the others do not. */
  function waiting(name: (typeof names)[number], seconds: number): ReturnType<typeof world> {
    const wait = (): Promise<unknown> => {
      ours.time.seconds = seconds
      return later(name === 'claims' ? {} : undefined)
    }
    const ours = world(name === 'lastly' ? { sender: () => ({ lastly: wait as never }) } : { [name]: wait })
    return ours
  }

  it.each(names)('is checked once more where %s waited', async (name) => {
    await expect(waiting(name, start + 61).accept(tokenUntil(start + 60), presented)).rejects.toMatchObject({
      reason: 'expired',
    })
  })

  it.each(names)('lets a token through that is still valid after %s waited', async (name) => {
    await expect(waiting(name, start + 59).accept(tokenUntil(start + 60), presented)).resolves.toBeDefined()
  })

  it('is not checked where nothing waited, as it was before', () => {
    expect(world().accept(tokenUntil(start - 1), presented)).toMatchObject({ clientId: 'client-1' })
  })
})
