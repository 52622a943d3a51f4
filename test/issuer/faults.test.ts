import { createResourceServer, type ResourceServer } from 'oauth-resource-server'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type RemoteIssuer, remoteIssuer } from '../soak/remote-issuer.ts'
import { verdict } from '../support/world.ts'

let issuer: RemoteIssuer
let name: string
let audience: string
let jwksUri: string
/** Seconds the resource servers' clock is ahead. */
let ahead = 0

beforeAll(async () => {
  issuer = await remoteIssuer()
  const about = await issuer.about()
  name = about.issuer
  audience = String(about.audience)
  jwksUri = about.jwksUri
}, 30_000)
afterAll(() => issuer.close())
beforeEach(async () => {
  ahead = 0
  await issuer.heal()
})

function server(options: { jwksUri?: string } = { jwksUri }): ResourceServer {
  return createResourceServer({
    issuer: name,
    audience,
    now: () => Date.now() + ahead * 1000,
    keyCache: { timeoutMs: 500 },
    ...options,
  })
}

/** What became of requests that were sent at the same time. */
interface Seen {
  readonly verdicts: readonly string[]
  /** Calls the issuer got, or would have got. */
  readonly calls: number
  /** Milliseconds the slowest one took. */
  readonly slowest: number
}

async function crowd(api: ResourceServer, token: string, size = 20): Promise<Seen> {
  const before = await issuer.requests()
  const begun = performance.now()
  const verdicts = await Promise.all(Array.from({ length: size }, () => verdict(api.verify(token))))
  const slowest = performance.now() - begun
  return { verdicts: [...new Set(verdicts)], calls: (await issuer.requests()) - before, slowest }
}

/** Resolves when the fetch in flight is over, its retry included. */
async function quiet(api: ResourceServer): Promise<void> {
  const isOver = (): boolean => {
    const [health] = Object.values(api.health().issuers)
    const { fetches, failures } = health?.counters ?? { fetches: 0, failures: 0 }
    // One fetch went well, before the fault.
    return fetches - failures <= 1
  }
  await vi.waitUntil(isOver, { timeout: bearable, interval: 10 })
}

type Break = (issuer: RemoteIssuer) => Promise<unknown>

/** The faults, how to cause them, and how many calls one fetch may make of each. */
const faults: [title: string, cause: Break, calls: number][] = [
  ['connection refused', (it) => it.goAway(), 0],
  ['connection reset', (it) => it.fail('reset'), 2],
  ['reset in mid-body', (it) => it.fail('reset-body'), 2],
  ['less than promised', (it) => it.fail('truncated'), 2],
  ['an answer that never comes', (it) => it.fail('hang'), 1],
  ['one byte per second', (it) => it.fail('slow'), 1],
  ['a body that never ends', (it) => it.fail('endless'), 1],
  ['1 GB of JSON', (it) => it.fail('huge'), 1],
  ['a decompression bomb', (it) => it.fail('bomb'), 1],
  ['a redirect to the right answer', (it) => it.fail('redirect'), 1],
  ['304 without having been asked', (it) => it.fail('not-modified', { target: 'keys' }), 1],
  ['429 with Retry-After', (it) => it.fail('429', { retryAfter: 30 }), 1],
  ['503 with Retry-After', (it) => it.fail('503', { retryAfter: 30 }), 1],
  ['503', (it) => it.fail('503'), 2],
  ['500', (it) => it.fail('500'), 2],
  ['404', (it) => it.fail('404'), 1],
  ['HTML with status 200', (it) => it.fail('html'), 1],
  ['text that is no JSON', (it) => it.fail('text'), 1],
  ['a JSON array', (it) => it.fail('array'), 1],
  ['an object without keys', (it) => it.fail('no-keys'), 1],
  ['a member written twice', (it) => it.fail('duplicate'), 1],
  ['an empty set', (it) => it.fail('empty'), 1],
  ['a poisoned set', (it) => it.fail('poisoned'), 1],
]

/** Far beyond what a test's own limits allow, and far below a minute, which is what some libraries take. */
const bearable = 6000

describe.each(faults)('%s', { timeout: 20_000 }, (title, cause, calls) => {
  it('costs requests with known keys nothing, and a cold start 503 and one fetch', async () => {
    const token = await issuer.sign()
    const warm = server()
    expect((await crowd(warm, token)).verdicts).toEqual(['200'])
    const cold = server()
    await cause(issuer)
    try {
      // A 304 is a right answer to whoever has the keys.
      const confirmed = title.startsWith('304')

      ahead = 500
      const refreshing = await crowd(warm, token)
      expect(refreshing.verdicts).toEqual(['200'])
      expect(refreshing.slowest).toBeLessThan(bearable)

      if (!confirmed) await quiet(warm)
      ahead = 1300
      const stale = await crowd(warm, token)
      expect(stale.verdicts).toEqual(['200'])
      expect(stale.slowest).toBeLessThan(bearable)
      expect(refreshing.calls + stale.calls).toBeLessThanOrEqual(2 * Math.max(calls, 1))

      if (!confirmed) await quiet(warm)
      const first = await crowd(cold, token)
      expect(first.verdicts).toEqual(['503 unavailable'])
      expect(first.calls).toBe(calls)
      expect(first.slowest).toBeLessThan(bearable)
      const second = await crowd(cold, token)
      expect(second).toMatchObject({ verdicts: ['503 unavailable'], calls: 0 })

      ahead += 4300
      const tooOld = await crowd(warm, token)
      expect(tooOld.verdicts).toEqual([confirmed ? '200' : '503 unavailable'])
    } finally {
      if (title === 'connection refused') await issuer.comeBack()
      await issuer.heal()
    }
    ahead += 301
    expect((await crowd(warm, token)).verdicts).toEqual(['200'])
    expect(await crowd(cold, token)).toMatchObject({ verdicts: ['200'], calls: 1 })
  })
})

describe('over a real connection', { timeout: 20_000 }, () => {
  it('one bad entry among good ones costs nothing', async () => {
    await issuer.fail('partial')
    const api = server()
    expect(await crowd(api, await issuer.sign())).toMatchObject({ verdicts: ['200'], calls: 1 })
    expect(api.health().issuers[name]?.refusedKeys).toHaveLength(1)
  })

  it('a redirect is not followed anywhere', async () => {
    await issuer.fail('redirect')
    const before = await issuer.requests()
    await crowd(server(), await issuer.sign())
    // The place it leads to answers rightly, and would have been counted.
    expect((await issuer.requests()) - before).toBe(1)
  })

  it('metadata that names another issuer is 503, and its keys are not fetched', async () => {
    const token = await issuer.sign()
    const warm = server({})
    expect((await crowd(warm, token)).verdicts).toEqual(['200'])
    await issuer.fail('other-issuer')
    const cold = await crowd(server({}), token)
    expect(cold).toMatchObject({ verdicts: ['503 unavailable'], calls: 1 })
    // The location of the keys was learned before, and serves on.
    ahead = 3900
    expect(await crowd(warm, token)).toMatchObject({ verdicts: ['200'], calls: 2 })
  })

  it('an answer comes over the connection of the one before: failures do not pile up sockets', async () => {
    await issuer.fail('404')
    const api = server()
    const token = await issuer.sign()
    for (let attempt = 0; attempt < 20; attempt++) {
      expect((await crowd(api, token, 1)).verdicts).toEqual(['503 unavailable'])
      ahead += 61
    }
    await issuer.heal()
    expect((await crowd(api, token)).verdicts).toEqual(['200'])
  })

  // Last: from here on the issuer is an odd one.
  it('keys replaced under the same id are taken up with the next refresh, and the old ones refused', async () => {
    const token = await issuer.sign()
    const api = server()
    expect((await crowd(api, token)).verdicts).toEqual(['200'])
    const kid = await issuer.kid()
    await issuer.replaceUnderSameId()
    const fresh = await issuer.sign({}, { kid })
    expect(await crowd(api, fresh)).toMatchObject({ verdicts: ['401 signature'], calls: 0 })
    ahead = 700
    expect(await crowd(api, fresh)).toMatchObject({ verdicts: ['200'], calls: 1 })
    expect(await crowd(api, token)).toMatchObject({ verdicts: ['401 signature'], calls: 0 })
  })
})
