import { randomBytes } from 'node:crypto'
import { SignJWT } from 'jose'
import { createResourceServer, type IssuerResolver, type ResourceServer } from 'oauth-resource-server'
import { createTestIssuer, type TestIssuer } from 'oauth-resource-server/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fixedIssuers } from '../../src/issuer/issuers.ts'
import type { TrustedIssuer } from '../../src/issuer/trusted-issuer.ts'
import { Deferred } from '../support/deferred.ts'
import {
  type Answer,
  hang,
  type Network,
  network,
  publishes,
  status,
  turns,
  verdict,
  type VirtualTime,
  virtualTime,
} from '../support/world.ts'

let time: VirtualTime
let tenants: Map<string, TestIssuer>
let net: Network
let resolver: ReturnType<typeof vi.fn<IssuerResolver>>

beforeEach(async () => {
  time = virtualTime()
  tenants = new Map()
  for (const name of ['https://a.test', 'https://b.test']) await addTenant(name)
  net = network((call) => publishes(tenants.get(new URL(call.url).origin) as TestIssuer)(call))
  resolver = vi.fn<IssuerResolver>((iss) => Promise.resolve(optionsOf(iss)))
})
afterEach(() => vi.restoreAllMocks())

const addTenant = async (name: string): Promise<TestIssuer> => {
  const tenant = await createTestIssuer({ issuer: name, now: time.now })
  tenants.set(name, tenant)
  return tenant
}
const optionsOf = (iss: string): { issuer: string; jwksUri: string } | undefined =>
  tenants.has(iss) ? { issuer: iss, jwksUri: `${iss}/jwks` } : undefined
const tenant = (name: string): TestIssuer => tenants.get(`https://${name}.test`) as TestIssuer

function serverWith(options: { keyCache?: { maxIssuers: number } } = {}): ResourceServer {
  return createResourceServer({
    issuers: resolver,
    audience: 'https://api.test',
    fetch: net.fetch,
    now: time.now,
    ...options,
  })
}

async function judged(api: ResourceServer, by: TestIssuer, claims = {}): Promise<readonly [string, number]> {
  const outcome = verdict(api.verify(await by.sign({ exp: time.now() / 1000 + 1e6, ...claims })))
  const seconds = await time.until(outcome)
  return [await outcome, seconds]
}

describe('an issuer the function vouches for', () => {
  it('is trusted, and the function asked once for ten minutes', async () => {
    const api = serverWith()
    for (let request = 0; request < 5; request++) expect(await judged(api, tenant('a'))).toEqual(['200', 0])
    expect(resolver).toHaveBeenCalledTimes(1)
    await time.advance(600)
    await judged(api, tenant('a'))
    expect(resolver).toHaveBeenCalledTimes(2)
  })

  it('stops no readiness route when its keys are not available', async () => {
    net.answer = status(503)
    const api = serverWith()
    expect((await judged(api, tenant('a')))[0]).toBe('503 unavailable')
    expect(api.health()).toMatchObject({ ready: true, issuers: { 'https://a.test': { state: 'empty' } } })
  })

  it('costs one question and one fetch for any number of concurrent requests', async () => {
    const api = serverWith()
    const token = await tenant('a').sign()
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => verdict(api.verify(token))))
    expect(new Set(outcomes)).toEqual(new Set(['200']))
    expect(resolver).toHaveBeenCalledTimes(1)
    expect(net.calls).toHaveLength(1)
  })

  it('keeps its keys when it is vouched for again', async () => {
    const api = serverWith()
    await judged(api, tenant('a'))
    await time.advance(479)
    await judged(api, tenant('a'))
    await time.advance(122)
    await judged(api, tenant('a'))
    // One at the start, one ahead of expiry: none because of the second question.
    await turns()
    expect(net.calls.length).toBeLessThanOrEqual(2)
  })

  it('is refused once it is no longer vouched for', async () => {
    const api = serverWith()
    const token = await tenant('a').sign({ exp: time.now() / 1000 + 1e6 })
    await api.verify(token)
    tenants.delete('https://a.test')
    await time.advance(601)
    expect(await verdict(api.verify(token))).toBe('401 unknown_issuer')
    expect(api.health().issuers).toEqual({})
  })

  it('is asked about once for a remembered token, also where the answer comes at once', async () => {
    resolver.mockImplementation(optionsOf)
    const api = serverWith()
    const token = await tenant('a').sign({ exp: time.now() / 1000 + 1e6 })
    await api.verify(token)
    expect(resolver).toHaveBeenCalledTimes(1)
    tenants.delete('https://a.test')
    await time.advance(601)
    expect(await verdict(api.verify(token))).toBe('401 unknown_issuer')
    expect(resolver).toHaveBeenCalledTimes(2)
  })

  it('may change where its keys are', async () => {
    const api = serverWith()
    await judged(api, tenant('a'))
    resolver.mockImplementation((iss) => ({ issuer: iss, jwksUri: `${iss}/new` }))
    await time.advance(601)
    await judged(api, tenant('a'))
    expect(net.calls.map(({ url }) => url)).toEqual(['https://a.test/jwks', 'https://a.test/new'])
  })

  it('may change its secret, and tokens under the old one are refused', async () => {
    const hs = async (secret: string): Promise<string> => {
      return await new SignJWT({
        iss: 'https://s.test',
        aud: 'https://api.test',
        exp: time.now() / 1000 + 1e6,
      })
        .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
        .sign(new TextEncoder().encode(secret))
    }
    let secret = 'the first secret of sufficient length'
    resolver.mockImplementation((iss) => ({ issuer: iss, secret }))
    const api = serverWith()
    const old = await hs(secret)
    expect(await verdict(api.verify(old))).toBe('200')
    secret = 'another secret, also of sufficient length'
    await time.advance(601)
    expect(await verdict(api.verify(old))).toBe('401 signature')
    expect(await verdict(api.verify(await hs(secret)))).toBe('200')
  })

  it('D4 may have a secret together with keys that are fetched, from its first token on', async () => {
    const secret = randomBytes(32)
    const algorithms = ['HS256', 'ES256', 'RS256'] as const
    resolver.mockImplementation((iss) => ({ issuer: iss, jwksUri: `${iss}/jwks`, secret, algorithms }))
    const api = serverWith()
    const hs = (key: Uint8Array): Promise<string> =>
      new SignJWT({ iss: 'https://a.test', aud: 'https://api.test', exp: time.now() / 1000 + 1e6 })
        .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
        .sign(key)
    expect(await verdict(api.verify(await hs(secret)))).toBe('200')
    expect(net.calls).toHaveLength(1)
    expect(await verdict(api.verify(await hs(randomBytes(32))))).toBe('401 signature')
    expect(api.health().issuers['https://a.test']?.counters.badSignatures).toBe(1)
    await time.advance(500)
    expect(await verdict(api.verify(await hs(secret)))).toBe('200')
    await turns()
    expect(net.calls).toHaveLength(2)
  })

  it('D4 with a secret together with keys that cannot be fetched is 503, not 401', async () => {
    const secret = randomBytes(32)
    const algorithms = ['HS256', 'ES256', 'RS256'] as const
    resolver.mockImplementation((iss) => ({ issuer: iss, jwksUri: `${iss}/jwks`, secret, algorithms }))
    net.answer = status(503)
    const token = await new SignJWT({
      iss: 'https://a.test',
      aud: 'https://api.test',
      exp: time.now() / 1000 + 1e6,
    })
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
      .sign(secret)
    const outcome = verdict(serverWith().verify(token))
    await time.until(outcome)
    expect(await outcome).toBe('503 unavailable')
  })

  it('is one of a hundred that are remembered, the least used forgotten first', async () => {
    const api = serverWith()
    const all = await Promise.all(
      Array.from({ length: 101 }, (_, index) => addTenant(`https://t${index}.test`)),
    )
    for (const one of all) await judged(api, one)
    expect(Object.keys(api.health().issuers)).toHaveLength(100)
    expect(api.health().issuers).not.toHaveProperty(['https://t0.test'])
    const before = net.calls.length
    await judged(api, all[100] as TestIssuer)
    expect(net.calls).toHaveLength(before)
    await judged(api, all[0] as TestIssuer)
    expect(net.calls).toHaveLength(before + 1)
  })

  it('is one of as many as the operator says', async () => {
    const api = serverWith({ keyCache: { maxIssuers: 1 } })
    await judged(api, tenant('a'))
    await judged(api, tenant('b'))
    expect(Object.keys(api.health().issuers)).toEqual(['https://b.test'])
  })
})

describe('an issuer nobody vouches for', () => {
  it('is never contacted and never remembered', async () => {
    const api = serverWith()
    const stranger = await createTestIssuer({ issuer: 'https://stranger.test', now: time.now })
    for (let request = 0; request < 3; request++) {
      expect((await judged(api, stranger))[0]).toBe('401 unknown_issuer')
    }
    expect(net.calls).toHaveLength(0)
    expect(api.health().issuers).toEqual({})
    expect(resolver).toHaveBeenCalledTimes(3)
  })

  it('does not push a known one out', async () => {
    const api = serverWith({ keyCache: { maxIssuers: 1 } })
    await judged(api, tenant('a'))
    const stranger = await createTestIssuer({ now: time.now })
    for (let index = 0; index < 200; index++) {
      await judged(api, stranger, { iss: `https://stranger-${index}.test` })
    }
    expect((await judged(api, tenant('a')))[0]).toBe('200')
    expect(net.calls).toHaveLength(1)
  })
})

describe('refresh()', () => {
  it('C1 fetches no issuer that an unsigned token named', async () => {
    const api = serverWith()
    await judged(api, tenant('a'))
    net.answer = (call) =>
      call.url.startsWith('https://b.test') ? status(404)(call) : publishes(tenant('a'))(call)
    expect((await judged(api, tenant('b')))[0]).toBe('503 unavailable')
    net.calls.length = 0
    await api.refresh()
    expect(net.calls.map(({ url }) => url)).toEqual(['https://a.test/jwks'])
  })

  it('fetches every proven issuer, and then rejects with the first error', async () => {
    const api = serverWith()
    await judged(api, tenant('a'))
    await judged(api, tenant('b'))
    const late = new Deferred<undefined>()
    net.calls.length = 0
    net.answer = async (call) => {
      if (call.url.startsWith('https://a.test')) return status(404)(call)
      await late.promise
      return publishes(tenant('b'))(call)
    }
    let ended = false
    const outcome = verdict(api.refresh()).finally(() => (ended = true))
    await turns()
    expect(ended).toBe(false)
    late.settle(() => undefined)
    expect(await outcome).toBe('503 unavailable')
    expect(api.health().issuers['https://b.test']?.counters).toMatchObject({ fetches: 2, failures: 0 })
  })
})

describe('a dead tenant', () => {
  const dead: [string, Answer][] = [
    ['hangs', hang],
    ['fails', status(500)],
  ]
  it.each(dead)('that %s does not slow a live one', async (_title, fault) => {
    const api = serverWith()
    net.answer = (call) =>
      call.url.startsWith('https://a.test') ? fault(call) : publishes(tenant('b'))(call)
    const stuck = verdict(api.verify(await tenant('a').sign()))
    await turns()
    expect(await judged(api, tenant('b'))).toEqual(['200', 0])
    await time.until(stuck)
    expect(await stuck).toBe('503 unavailable')
    expect(await judged(api, tenant('b'))).toEqual(['200', 0])
  })

  it('whose vouching hangs does not slow a live one', async () => {
    const api = serverWith()
    resolver.mockImplementation((iss) =>
      iss === 'https://a.test' ? new Promise(() => undefined) : optionsOf(iss),
    )
    void api.verify(await tenant('a').sign())
    expect(await judged(api, tenant('b'))).toEqual(['200', 0])
  })

  it('cannot sign for a live one, even under its key id', async () => {
    const api = serverWith()
    const [key] = tenant('b').jwks.keys
    await judged(api, tenant('b'))
    const token = await tenant('a').sign({ iss: 'https://b.test' }, { kid: key?.kid })
    expect(await verdict(api.verify(token))).toBe('401 signature')
  })
})

describe('a function that fails', () => {
  it('is a bug of the application: its error comes through, and the next request asks again', async () => {
    const api = serverWith()
    resolver.mockRejectedValueOnce(new Error('the database is away'))
    await expect(api.verify(await tenant('a').sign())).rejects.toThrow('the database is away')
    expect((await judged(api, tenant('a')))[0]).toBe('200')
  })

  it('is one too when it answers for another issuer', async () => {
    const api = serverWith()
    resolver.mockImplementation(() => optionsOf('https://b.test'))
    await expect(api.verify(await tenant('a').sign())).rejects.toThrow(TypeError)
    expect(net.calls).toHaveLength(0)
  })
})

describe('issuers written in the configuration', () => {
  const named = (name: string) => ({ name }) as TrustedIssuer
  const issuers = [named('https://a.test'), named('https://b.test/')]
  const fixed = fixedIssuers(issuers)

  it('are found by their exact names alone', () => {
    expect(issuers.map(({ name }) => fixed.find(name))).toEqual(issuers)
    for (const name of [
      'https://a.test/',
      'https://b.test',
      'HTTPS://a.test',
      '',
      'constructor',
      '__proto__',
    ])
      expect(fixed.find(name)).toBeUndefined()
  })

  it('are all known, proven and needed from the start', () => {
    expect([fixed.proven(), fixed.known(), fixed.configured()]).toEqual([issuers, issuers, issuers])
    fixed.prove(named('https://c.test'))
    expect(fixed.find('https://c.test')).toBeUndefined()
    expect(fixed.proven()).toEqual(issuers)
  })
})
