import { randomBytes } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import fc from 'fast-check'
import { SignJWT } from 'jose'
import {
  channelNames,
  createResourceServer,
  type IssuerOptions,
  type IssuerResolver,
  type ResourceServer,
  type Snapshot,
} from 'oauth-resource-server'
import { createTestIssuer, type TestIssuer } from 'oauth-resource-server/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type Network,
  network,
  publishes,
  refuse,
  turns,
  verdict,
  type VirtualTime,
  virtualTime,
} from '../support/world.ts'
import { tries } from '../support/tries.ts'

let time: VirtualTime
let tenants: Map<string, TestIssuer>
let net: Network
let resolver: ReturnType<typeof vi.fn<IssuerResolver>>

const nameOf = (index: number): string => `https://t${index}.test`
const publishing: Network['answer'] = (call) =>
  publishes(tenants.get(new URL(call.url).origin) ?? (tenants.get(nameOf(0)) as TestIssuer))(call)

beforeEach(async () => {
  time = virtualTime()
  tenants = new Map()
  for (let index = 0; index < 3; index++) {
    tenants.set(nameOf(index), await createTestIssuer({ issuer: nameOf(index), now: time.now }))
  }
  net = network(publishing)
  resolver = vi.fn<IssuerResolver>((iss) => ({ issuer: iss, jwksUri: `${iss}/jwks` }))
})
afterEach(() => vi.restoreAllMocks())

const serverWith = (options: object = {}): ResourceServer =>
  createResourceServer({
    issuers: resolver,
    audience: 'https://api.test',
    fetch: net.fetch,
    now: time.now,
    ...options,
  })

const signed = (index: number): Promise<string> =>
  (tenants.get(nameOf(index)) as TestIssuer).sign({ exp: time.now() / 1000 + 1e6 })

/** A token that names a tenant and nobody signed. */
async function unsigned(iss: string, kid?: string): Promise<string> {
  const token = await (tenants.get(nameOf(0)) as TestIssuer).sign(
    { iss, exp: time.now() / 1000 + 1e6 },
    kid === undefined ? {} : { kid },
  )
  return `${token.slice(0, -4)}AAAA`
}

async function judged(api: ResourceServer, token: string): Promise<string> {
  const outcome = verdict(api.verify(token))
  await time.until(outcome)
  return outcome
}

/** Sends unsigned tokens that name so many tenants, all at once. */
async function flood(api: ResourceServer, count: number): Promise<void> {
  const tokens = await Promise.all(
    Array.from({ length: count }, (_, index) => unsigned(`https://flood-${index % 300}.test`, 'lost')),
  )
  await time.until(Promise.all(tokens.map((token) => verdict(api.verify(token)))))
}

describe('C1 unsigned tokens that name many tenants', () => {
  it('cost a small number of fetches', async () => {
    await flood(serverWith(), 600)
    expect(net.calls.length).toBeLessThanOrEqual(32)
  })

  it('evict no proven issuer and none of its keys, so that it serves through an outage', async () => {
    const api = serverWith()
    expect(await judged(api, await signed(1))).toBe('200')
    await flood(api, 600)
    net.answer = refuse
    await time.advance(500)
    await flood(api, 600)
    expect(await judged(api, await signed(1))).toBe('200')
  })

  it('leave the first token of a new tenant a permit two seconds later', async () => {
    const api = serverWith()
    await flood(api, 600)
    expect(await judged(api, await signed(1))).toBe('503 unavailable')
    await time.advance(2)
    expect(await judged(api, await signed(1))).toBe('200')
  })

  it('refill no budget by having an issuer forgotten', async () => {
    const api = serverWith()
    net.answer = () => new Response(null, { status: 503, headers: { 'retry-after': '300' } })
    expect(await judged(api, await signed(1))).toBe('503 unavailable')
    await flood(api, 300)
    await time.advance(100)
    net.calls.length = 0
    await judged(api, await signed(1))
    expect(net.calls.filter(({ url }) => url.startsWith(nameOf(1)))).toHaveLength(0)
  })

  it('and good ones: those cost nothing of the budget', async () => {
    const api = serverWith()
    for (let index = 3; index < 60; index++) {
      tenants.set(nameOf(index), await createTestIssuer({ issuer: nameOf(index), now: time.now }))
      expect(await judged(api, await signed(index))).toBe('200')
    }
  })

  it('do not decide which proven issuer is forgotten for another one', async () => {
    const api = serverWith({ keyCache: { maxIssuers: 2 } })
    await judged(api, await signed(0))
    await judged(api, await signed(1))
    await judged(api, await unsigned(nameOf(0)))
    await judged(api, await signed(2))
    expect(Object.keys(api.health().issuers)).toEqual([nameOf(1), nameOf(2)])
  })

  it('start no fetch by health()', async () => {
    const api = serverWith()
    net.answer = refuse
    await judged(api, await unsigned(nameOf(1)))
    net.calls.length = 0
    await time.advance(100)
    api.health()
    await turns()
    expect(net.calls).toHaveLength(0)
  })
})

type Step =
  | { kind: 'signed' | 'rotate' | 'unsigned'; tenant: number }
  | { kind: 'advance'; seconds: number }
  | { kind: 'network'; up: boolean }
  | { kind: 'flood'; from: number }

describe('C1 whatever unsigned tokens come in between', { timeout: 60_000 }, () => {
  it('signed tokens of proven issuers get the same verdicts', async () => {
    const step: fc.Arbitrary<Step> = fc.oneof(
      fc.record({ kind: fc.constant('signed' as const), tenant: fc.nat({ max: 1 }) }),
      fc.record({ kind: fc.constant('advance' as const), seconds: fc.nat({ max: 2000 }) }),
      fc.record({ kind: fc.constant('network' as const), up: fc.boolean() }),
      fc.record({ kind: fc.constant('rotate' as const), tenant: fc.nat({ max: 1 }) }),
      fc.record({ kind: fc.constant('unsigned' as const), tenant: fc.nat({ max: 90 }) }),
      fc.record({ kind: fc.constant('flood' as const), from: fc.nat({ max: 50 }) }),
    )
    /** Two keys of each tenant, used in turns. */
    const keys: TestIssuer[][] = []
    for (const index of [0, 1]) {
      const issuer = nameOf(index)
      keys.push([
        await createTestIssuer({ issuer, now: time.now }),
        await createTestIssuer({ issuer, now: time.now }),
      ])
    }
    const exp = time.now() / 1000 + 1e8
    const good = await Promise.all(keys.map((pair) => Promise.all(pair.map((it) => it.sign({ exp })))))
    const stranger = await createTestIssuer({ now: time.now })
    const bad = await Promise.all(
      Array.from({ length: 91 }, async (_, index) => {
        const token = await stranger.sign({ iss: `https://other-${index}.test`, exp })
        return `${token.slice(0, -4)}AAAA`
      }),
    )

    /** The verdicts on the signed tokens of one sequence. */
    async function run(steps: readonly Step[], withUnsigned: boolean): Promise<string[]> {
      const current = [0, 0]
      let up = true
      net.answer = (call) => {
        if (!up) return refuse(call)
        const index = [nameOf(0), nameOf(1)].indexOf(new URL(call.url).origin)
        const issuer = index < 0 ? stranger : (keys[index]?.[current[index] as number] as TestIssuer)
        return publishes(issuer)(call)
      }
      const begun = time.now()
      const api = serverWith({
        keyCache: { maxIssuers: 2 },
        now: () => time.now() - begun + Date.UTC(2030, 0, 1),
      })
      const outcomes: string[] = []
      for (const index of [0, 1]) await judged(api, good[index]?.[0] as string)
      const send = (tenant: number): void => void verdict(api.verify(bad[tenant] as string))
      for (const each of steps) {
        if (each.kind === 'signed') {
          outcomes.push(await judged(api, good[each.tenant]?.[current[each.tenant] as number] as string))
        } else if (each.kind === 'advance') await time.advance(each.seconds)
        else if (each.kind === 'network') up = each.up
        else if (each.kind === 'rotate') current[each.tenant] = 1 - (current[each.tenant] as number)
        else if (withUnsigned && each.kind === 'unsigned') send(each.tenant)
        else if (withUnsigned && each.kind === 'flood') {
          for (let index = 0; index < 40; index++) send(each.from + index)
          await turns()
        }
      }
      return outcomes
    }

    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12, size: 'max' }), async (steps) => {
        expect(await run(steps, true)).toEqual(await run(steps, false))
      }),
      { numRuns: tries(25, 5) },
    )
  })
})

describe('A5 a function that never answers', () => {
  it('is 503 after its time, and asked again later', async () => {
    const api = serverWith()
    resolver.mockReturnValueOnce(new Promise(() => undefined))
    const outcome = verdict(api.verify(await signed(1)))
    expect(await time.until(outcome)).toBe(5)
    expect(await outcome).toBe('503 unavailable')
    expect(await judged(api, await signed(1))).toBe('200')
  })

  it('has the time that hookTimeoutMs says', async () => {
    const api = serverWith({ hookTimeoutMs: 200 })
    resolver.mockReturnValue(new Promise(() => undefined))
    const outcome = verdict(api.verify(await signed(1)))
    expect(await time.until(outcome)).toBe(0.2)
    expect(await outcome).toBe('503 unavailable')
  })

  it('is asked about a thousand names at a time and no more, and proven issuers go on', async () => {
    const api = serverWith()
    expect(await judged(api, await signed(1))).toBe('200')
    await time.advance(601)
    resolver.mockImplementation((iss) =>
      iss === nameOf(1)
        ? Promise.resolve({ issuer: iss, jwksUri: `${iss}/jwks` })
        : new Promise(() => undefined),
    )
    resolver.mockClear()
    const [header, , signature] = (await signed(1)).split('.')
    const tokens = Array.from({ length: 1200 }, (_, index) => {
      const claims = { iss: `https://flood-${index}.test`, aud: 'https://api.test', exp: 4e9 }
      return `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`
    })
    const outcomes = tokens.map((token) => verdict(api.verify(token)))
    await turns()
    expect(resolver).toHaveBeenCalledTimes(1000)
    expect(await judged(api, await signed(1))).toBe('200')
    await time.until(Promise.all(outcomes))
  })
})

describe('C4 what is remembered of an issuer', () => {
  it('is one generation while the answer is the same, and another when rules or place change', async () => {
    const api = serverWith()
    const token = await signed(1)
    expect(await judged(api, token)).toBe('200')
    const answers: object[] = [{}, { clients: ['nobody'] }, { jwksUri: `${nameOf(1)}/moved` }]
    const expected = ['200', '401 claim', '200']
    for (const [index, changes] of answers.entries()) {
      resolver.mockImplementation((iss) => ({ issuer: iss, jwksUri: `${iss}/jwks`, ...changes }))
      await time.advance(601)
      expect(await judged(api, token)).toBe(expected[index])
    }
  })

  /** Whether each of two good tokens was remembered, ten minutes apart. */
  async function remembered(token: string, api = serverWith()): Promise<unknown[]> {
    const seen: unknown[] = []
    const listener = (message: unknown): void =>
      void seen.push((message as { remembered?: unknown }).remembered)
    subscribe(channelNames.verified, listener)
    await judged(api, token)
    await time.advance(601)
    await judged(api, token)
    unsubscribe(channelNames.verified, listener)
    return seen
  }

  it('is one generation also where the keys are written down', async () => {
    const { jwks } = tenants.get(nameOf(1)) as TestIssuer
    resolver.mockImplementation((iss) => ({ issuer: iss, jwks: structuredClone(jwks) }))
    const api = serverWith()
    const token = await signed(1)
    expect(await remembered(token, api)).toEqual([false, true])
    resolver.mockImplementation((iss) => ({ issuer: iss, jwks: tenants.get(nameOf(2))?.jwks as never }))
    await time.advance(601)
    expect(await judged(api, token)).toBe('401 unknown_key')
  })

  it('is one generation while its secret is the same', async () => {
    const secret = randomBytes(32)
    const options = (): IssuerOptions => ({
      issuer: nameOf(1),
      algorithms: ['HS256'],
      secret: Buffer.from(secret),
    })
    resolver.mockImplementation(options)
    const api = serverWith()
    const token = await new SignJWT({ iss: nameOf(1), aud: 'https://api.test', exp: time.now() / 1000 + 1e6 })
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
      .sign(secret)
    expect(await remembered(token, api)).toEqual([false, true])
    resolver.mockImplementation(() => ({ ...options(), secret: randomBytes(32) }))
    await time.advance(601)
    expect(await judged(api, token)).toBe('401 signature')
  })

  it('is fetched again when the place of the keys changes, and not when the rules do', async () => {
    const api = serverWith()
    const token = await signed(1)
    await judged(api, token)
    for (const [changes, calls] of [
      [{ clients: ['nobody'] }, 1],
      [{ jwksUri: `${nameOf(1)}/moved` }, 2],
    ] as const) {
      resolver.mockImplementation((iss) => ({ issuer: iss, jwksUri: `${iss}/jwks`, ...changes }))
      net.answer = publishing
      await time.advance(601)
      await judged(api, await signed(1))
      expect(new Set(net.calls.map(({ url }) => url)).size).toBe(calls)
    }
  })
})

describe('a tenant of a snapshot', () => {
  async function snapshotOf(...indexes: readonly number[]): Promise<Snapshot> {
    const api = serverWith()
    for (const index of indexes) await judged(api, await signed(index))
    return api.snapshot()
  }

  /** The issuers that are proven, as far as their keys are there. */
  const proven = (api: ResourceServer): string[] => Object.keys(api.snapshot().issuers)

  it('is proven from the start, as long as there is room', async () => {
    const api = serverWith({ snapshot: await snapshotOf(0, 1), keyCache: { maxIssuers: 1 } })
    await judged(api, await unsigned(nameOf(1)))
    expect(proven(api)).toEqual([nameOf(1)])
    await judged(api, await unsigned(nameOf(0)))
    expect(proven(api)).toEqual([nameOf(1)])
  })

  it('is not proven where its keys are too old, nor is any other tenant', async () => {
    const api = serverWith({ snapshot: await snapshotOf(0) })
    await time.advance(10_000)
    for (const index of [0, 1]) await judged(api, await unsigned(nameOf(index)))
    expect(proven(api)).toEqual([])
  })
})

describe('a tenant that is no longer vouched for', () => {
  it('is refused, and not brought back by a token that came before', async () => {
    const api = serverWith()
    const token = await signed(1)
    expect(await judged(api, token)).toBe('200')
    await time.advance(599)
    let settle: () => void = () => undefined
    net.answer = async (call) => {
      await new Promise<void>((resolve) => (settle = resolve))
      return publishing(call)
    }
    const { rotate } = tenants.get(nameOf(1)) as TestIssuer
    await rotate()
    const early = verdict(api.verify(await signed(1)))
    await time.advance(2)
    resolver.mockReturnValue(undefined)
    expect(await judged(api, token)).toBe('401 unknown_issuer')
    settle()
    expect(await early).toBe('401 unknown_issuer')
    expect(api.health().issuers).toEqual({})
    expect(await judged(api, token)).toBe('401 unknown_issuer')
  })

  describe('and was forgotten while its token was verified', () => {
    /** Has tenant 1 forgotten while keys for a token of it are fetched. @returns ends the fetch */
    async function forgotten(api: ResourceServer): Promise<{ end: () => Promise<string>; token: string }> {
      const token = await signed(1)
      expect(await judged(api, token)).toBe('200')
      await (tenants.get(nameOf(1)) as TestIssuer).rotate()
      let settle: () => void = () => undefined
      net.answer = async (call) => {
        if (call.url.startsWith(nameOf(1))) await new Promise<void>((resolve) => (settle = resolve))
        return publishing(call)
      }
      const early = verdict(api.verify(await signed(1)))
      await turns()
      expect(await judged(api, await signed(0))).toBe('200')
      expect(Object.keys(api.health().issuers)).toEqual([nameOf(0)])
      const end = (): Promise<string> => {
        settle()
        return early
      }
      return { end, token }
    }

    it('is refused from then on', async () => {
      const api = serverWith({ keyCache: { maxIssuers: 1 } })
      const { end, token } = await forgotten(api)
      resolver.mockReturnValue(undefined)
      expect(await judged(api, token)).toBe('401 unknown_issuer')
      expect(await end()).toBe('401 unknown_issuer')
      expect(api.health().issuers).toEqual({})
      expect(await judged(api, token)).toBe('401 unknown_issuer')
      expect(await judged(api, await signed(1))).toBe('401 unknown_issuer')
    })

    it('is judged by what the function returned since', async () => {
      const api = serverWith({ keyCache: { maxIssuers: 1 } })
      const { end, token } = await forgotten(api)
      resolver.mockImplementation((iss) => ({
        issuer: iss,
        jwksUri: `${iss}/jwks`,
        clients: ['nobody'],
      }))
      expect(await end()).toBe('200')
      expect(await judged(api, token)).toBe('401 claim')
    })

    it('comes back with its keys where the function still returns the same', async () => {
      const api = serverWith({ keyCache: { maxIssuers: 1 } })
      const { end, token } = await forgotten(api)
      resolver.mockClear()
      expect(await end()).toBe('200')
      net.calls.length = 0
      for (let count = 0; count < 2; count++) expect(await judged(api, token)).toBe('200')
      expect(resolver).toHaveBeenCalledTimes(1)
      expect(net.calls).toHaveLength(0)
    })
  })
})
