import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { channelNames, InvalidTokenError } from 'oauth-resource-server'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Acceptor } from '../../src/caller/accept.ts'
import {
  type Authenticator,
  authenticator,
  type AuthenticatorOptions,
} from '../../src/caller/authenticate.ts'
import { type Refused, refusedBy } from '../../src/caller/refused.ts'
import type { Presented } from '../../src/http/finder.ts'
import { schemeOf } from '../../src/http/used-scheme.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { issuerOf } from '../../src/token/of-issuer.ts'
import type { TokenSource } from '../../src/token/verified-token.ts'
import { refusalOf } from '../support/refusals.ts'

const seconds = 1_800_000_000
const request = { headers: {} }
const presented: Presented = { scheme: 'Bearer', token: 'a.b.c', place: 'header', request }
const refusal = new InvalidTokenError('expired')
const rejecting = (error: Error) => () => Promise.reject(error)
const throwing = (error: Error) => () => {
  throw error
}

interface Parts {
  readonly find?: AuthenticatorOptions<unknown>['find']
  readonly optional?: boolean
  readonly readsBody?: boolean
  readonly verify?: (...given: Parameters<TokenSource['verify']>) => unknown
  readonly accept?: (...given: Parameters<Acceptor<unknown>['accept']>) => unknown
}

/** An authenticator of parts that let everything through, with some of them replaced. */
function world(parts: Parts = {}, refused = refusedBy(undefined)): Authenticator<unknown> {
  return authenticator({
    find: parts.find ?? (() => presented),
    optional: parts.optional ?? false,
    readsBody: parts.readsBody ?? false,
    source: { verify: parts.verify ?? (() => 'verified'), stillHolds: () => true } as unknown as TokenSource,
    acceptor: { accept: parts.accept ?? (() => 'auth') } as unknown as Acceptor<unknown>,
    clock: systemClock(() => seconds * 1000),
    refused,
  })
}

const seen: unknown[] = []
const listener = (message: unknown): void => void seen.push((message as { reason: unknown }).reason)
beforeEach(() => {
  seen.length = 0
  subscribe(channelNames.refused, listener)
})
afterEach(() => void unsubscribe(channelNames.refused, listener))

describe('authenticate', () => {
  it('finds, verifies and accepts at once where nothing is waited for', () => {
    const verify = vi.fn(() => 'verified')
    const accept = vi.fn(() => 'auth')
    const trace = vi.fn()
    expect(world({ verify, accept }).authenticate(request, trace)).toBe('auth')
    expect(verify).toHaveBeenCalledExactlyOnceWith('a.b.c', seconds, trace)
    expect(accept).toHaveBeenCalledExactlyOnceWith('verified', presented, trace)
  })

  it.each<[string, Parts]>([
    ['the credentials', { find: () => Promise.resolve(presented) }],
    ['the key', { verify: () => Promise.resolve('verified') }],
    ['a check of the request', { accept: () => Promise.resolve('auth') }],
  ])('waits for %s where it has to', async (_title, parts) => {
    const auth = world(parts).authenticate(request)
    expect(auth).toBeInstanceOf(Promise)
    expect(await auth).toBe('auth')
  })

  it('refuses a request without credentials', async () => {
    const missing = expect.objectContaining({ reason: 'missing' }) as unknown
    expect(() => world({ find: () => undefined }).authenticate(request)).toThrow(missing)
    await expect(world({ find: () => Promise.resolve(undefined) }).authenticate(request)).rejects.toEqual(
      missing,
    )
    expect(seen).toEqual(['missing', 'missing'])
  })

  it('lets a request without credentials through where they are optional', async () => {
    expect(world({ find: () => undefined, optional: true }).authenticate(request)).toBeUndefined()
    const later = world({ find: () => Promise.resolve(undefined), optional: true })
    expect(await later.authenticate(request)).toBeUndefined()
    expect(seen).toEqual([])
  })

  it('refuses a wrong token also where credentials are optional', () => {
    expect(() => world({ verify: throwing(refusal), optional: true }).authenticate(request)).toThrow(refusal)
  })

  it.each<[string, Parts]>([
    ['the search', { find: rejecting(refusal) }],
    ['the verification', { verify: rejecting(refusal) }],
    ['a check of the request', { accept: rejecting(refusal) }],
    ['a check after a wait', { verify: () => Promise.resolve('verified'), accept: throwing(refusal) }],
  ])('reports a refusal once: %s, later', async (_title, parts) => {
    await expect(world(parts).authenticate(request)).rejects.toBe(refusal)
    expect(seen).toEqual(['expired'])
  })

  it.each<[string, Parts]>([
    ['the search', { find: throwing(refusal) }],
    ['the verification', { verify: throwing(refusal) }],
    ['a check of the request', { accept: throwing(refusal) }],
  ])('reports a refusal once: %s, at once', (_title, parts) => {
    expect(() => world(parts).authenticate(request)).toThrow(refusal)
    expect(seen).toEqual(['expired'])
  })

  it('says 400 where what was presented is no token in its form (RFC 6750 §3.1)', async () => {
    const malformed = new InvalidTokenError('malformed')
    const find = (): Presented => ({ ...presented, token: 'a b' })
    const status = expect.objectContaining({ status: 400 }) as unknown
    expect(() => world({ find, verify: throwing(malformed) }).authenticate(request)).toThrow(status)
    await expect(world({ find, verify: rejecting(malformed) }).authenticate(request)).rejects.toEqual(status)
    expect(() => world({ verify: throwing(malformed) }).authenticate(request)).toThrow(malformed)
  })
})

describe('a refusal', () => {
  const framework = { url: '/' }
  const later = Promise.resolve({ issuer: 'https://id.test' })
  const bound: Presented = { ...presented, scheme: 'DPoP' }
  const find = (): Presented => bound

  it.each<[string, Parts]>([
    ['at once', { find, verify: () => ({ issuer: 'https://id.test' }) }],
    ['after a wait', { find, verify: () => later }],
    [
      'by a check that waits',
      { find, verify: () => later, accept: () => Promise.reject(new InvalidTokenError('revoked')) },
    ],
  ])(
    '%s is reported with issuer and request, and challenges the scheme that was used',
    async (_when, parts) => {
      const refused = vi.fn<Refused>((error) => error as Error)
      const accept = (): never => {
        throw new InvalidTokenError('revoked')
      }
      const ours = world({ accept, ...parts }, refused)
      const error: unknown = await (async () => ours.authenticate({ headers: {}, raw: framework }))().catch(
        (it: unknown) => it,
      )
      expect(refused).toHaveBeenCalledExactlyOnceWith(error, { request: framework })
      expect([issuerOf(error as Error), schemeOf(error as Error)]).toEqual(['https://id.test', 'DPoP'])
    },
  )

  it('of a search that waited is reported with the request', async () => {
    const refused = vi.fn<Refused>((error) => error as Error)
    await expect(world({ find: rejecting(refusal) }, refused).authenticate(request)).rejects.toBe(refusal)
    expect(refused).toHaveBeenCalledExactlyOnceWith(refusal, { request })
  })

  it.each([[throwing(refusal)], [rejecting(refusal)]])(
    'of a bare token is reported without a request',
    async (verify) => {
      const refused = vi.fn<Refused>((error) => error as Error)
      await expect((async () => world({ verify }, refused).verify('x'))()).rejects.toBe(refusal)
      expect(refused).toHaveBeenCalledExactlyOnceWith(refusal)
    },
  )

  it('of a request without credentials says where they were looked for', async () => {
    const post = { method: 'POST', headers: {} }
    for (const readsBody of [false, true]) {
      const found = await refusalOf(() => world({ find: () => undefined, readsBody }).authenticate(post))
      expect(found).toEqual({
        status: 401,
        reason: 'missing',
        detail: readsBody
          ? { hint: expect.stringContaining('fromBody() finds no parsed body') as string }
          : {},
      })
    }
  })
})

describe('verify', () => {
  it('presents a bare token without a request', () => {
    const accept = vi.fn(() => 'auth')
    expect(world({ accept }).verify('x')).toBe('auth')
    const bare = { scheme: 'Bearer', token: 'x', place: 'custom', request: undefined }
    expect(accept).toHaveBeenCalledExactlyOnceWith('verified', bare, undefined)
  })

  it('reports a refusal once', async () => {
    expect(() => world({ verify: throwing(refusal) }).verify('x')).toThrow(refusal)
    await expect(world({ verify: rejecting(refusal) }).verify('x')).rejects.toBe(refusal)
    expect(seen).toEqual(['expired', 'expired'])
  })
})
