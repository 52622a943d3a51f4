import { createResourceServer, type ResourceServer, type ResourceServerOptions } from 'oauth-resource-server'
import { createTestIssuer, type TestIssuer } from 'oauth-resource-server/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type Answer,
  hang,
  type Network,
  network,
  publishes,
  refuse,
  says,
  status,
  turns,
  verdict,
  type VirtualTime,
  virtualTime,
} from '../support/world.ts'

const jwksUri = 'https://issuer.test/jwks'

let time: VirtualTime
let issuer: TestIssuer
let net: Network
let api: ResourceServer

beforeEach(async () => {
  time = virtualTime()
  issuer = await createTestIssuer({ now: time.now })
  net = network(publishes(issuer))
  api = serverWith({})
})
afterEach(() => vi.restoreAllMocks())

function serverWith(options: Partial<ResourceServerOptions>): ResourceServer {
  const { issuer: name, audience } = issuer
  return createResourceServer({
    issuer: name,
    audience,
    jwksUri,
    fetch: net.fetch,
    now: time.now,
    ...options,
  } as ResourceServerOptions)
}

/** A token that outlives every test. */
const sign = (header: Record<string, unknown> = {}): Promise<string> =>
  issuer.sign({ exp: time.now() / 1000 + 1e6 }, header)

/** A token that names a key nobody has. */
const forge = (kid: string): Promise<string> => sign({ kid })

/** The verdict on a token, and the seconds it took. */
async function judged(token: string): Promise<readonly [string, number]> {
  const outcome = verdict(api.verify(token))
  const seconds = await time.until(outcome)
  return [await outcome, seconds]
}

const state = (): string | undefined => api.health().issuers[issuer.issuer]?.state

describe('a fresh key set', () => {
  const lifetimes: [title: string, headers: Record<string, string>, seconds: number][] = [
    ['says nothing', {}, 600],
    ['says max-age', { 'cache-control': 'public, max-age=300' }, 300],
    ['says max-age in capitals and quotes', { 'cache-control': 'Max-Age="300"' }, 300],
    ['answers from a cache', { 'cache-control': 'max-age=300', age: '100' }, 200],
    ['answers from a cache that is late', { 'cache-control': 'max-age=300', age: '299' }, 60],
    ['says less than a minute', { 'cache-control': 'max-age=1' }, 60],
    ['says zero', { 'cache-control': 'max-age=0, must-revalidate' }, 60],
    ['says a week', { 'cache-control': 'max-age=604800' }, 3600],
    ['says more than a number holds', { 'cache-control': `max-age=${'9'.repeat(400)}` }, 600],
    ['says more than anybody needs', { 'cache-control': `max-age=${'9'.repeat(300)}` }, 3600],
    ['wants no cache', { 'cache-control': 'no-store' }, 60],
    ['speaks to shared caches alone', { 'cache-control': 's-maxage=90' }, 600],
    ['says nonsense', { 'cache-control': 'max-age=soon' }, 600],
    [
      'says Expires (RFC 9111 §5.3)',
      { expires: 'Wed, 02 Jan 2030 00:05:00 GMT', date: 'Wed, 02 Jan 2030 00:00:00 GMT' },
      300,
    ],
    ['says Expires: 0 (RFC 9111 §5.3)', { expires: '0', date: 'Wed, 02 Jan 2030 00:00:00 GMT' }, 60],
  ]
  it.each(lifetimes)('lasts when the issuer %s', async (_title, headers, seconds) => {
    net.answer = publishes(issuer, headers)
    await api.ready()
    await time.advance(seconds - 0.001)
    expect(state()).toBe('refreshing')
    await time.advance(0.001)
    expect(state()).toBe('stale')
  })

  it('lasts as long as the operator says, where the issuer says nothing', async () => {
    api = serverWith({ keyCache: { freshFor: 7200 } })
    await api.ready()
    await time.advance(7199)
    expect(state()).toBe('refreshing')
    await time.advance(1)
    expect(state()).toBe('stale')
  })

  it.each([
    ['at 80 % without jitter', 0, 480],
    ['at 75 % with half of it', 0.5, 450],
    ['at 70 % with all of it', 0.999999, 420],
  ])('is refreshed %s', async (_title, chance, seconds) => {
    time.chance = chance
    await api.ready()
    const token = await sign()
    await time.advance(seconds - 0.01)
    expect(await judged(token)).toEqual(['200', 0])
    expect(net.calls).toHaveLength(1)
    await time.advance(0.02)
    expect(await judged(token)).toEqual(['200', 0])
    expect(net.calls).toHaveLength(2)
    expect(state()).toBe('fresh')
  })

  it('is refreshed without any request waiting for it', async () => {
    await api.ready()
    const token = await sign()
    await time.advance(480)
    net.answer = hang
    for (let request = 0; request < 20; request++) expect(await judged(token)).toEqual(['200', 0])
    expect(net.calls).toHaveLength(2)
  })

  it('is not asked for again while nobody sends a request', async () => {
    await api.ready()
    await time.advance(100_000)
    expect(net.calls).toHaveLength(1)
  })
})

describe('one fetch', () => {
  it('takes five seconds at most, in which nothing else is fetched', async () => {
    net.answer = hang
    expect(await judged(await sign())).toEqual(['503 unavailable', 5])
    expect(net.calls).toHaveLength(1)
  })

  it('counts the body in those five seconds', async () => {
    net.answer = () =>
      new Response(new ReadableStream({ start: (body) => body.enqueue(new TextEncoder().encode('{')) }))
    expect(await judged(await sign())).toEqual(['503 unavailable', 5])
  })

  it('ends on time even where the injected fetch ignores its signal', async () => {
    net.answer = () => new Promise(() => undefined)
    expect(await judged(await sign())).toEqual(['503 unavailable', 5])
  })

  it('takes as long as the operator says', async () => {
    net.answer = hang
    api = serverWith({ keyCache: { timeoutMs: 800 } })
    expect(await judged(await sign())).toEqual(['503 unavailable', 0.8])
  })

  it.each([
    ['a broken connection', refuse],
    ['408', status(408)],
    ['429', status(429)],
    ['500', status(500)],
    ['503', status(503)],
  ] satisfies [string, Answer][])('is tried once more after %s', async (_title, fault) => {
    net.answer = (call) => (net.calls.length === 1 ? fault(call) : publishes(issuer)(call))
    const [outcome, seconds] = await judged(await sign())
    expect(outcome).toBe('200')
    expect(seconds).toBe(0.1)
    expect(net.calls).toHaveLength(2)
  })

  it('draws the pause before that from 100 to 300 ms', async () => {
    time.chance = 0.999999
    net.answer = (call) => (net.calls.length === 1 ? refuse(call) : publishes(issuer)(call))
    expect((await judged(await sign()))[1]).toBeCloseTo(0.3, 3)
  })

  it('is tried no more than twice', async () => {
    net.answer = refuse
    expect((await judged(await sign()))[0]).toBe('503 unavailable')
    expect(net.calls).toHaveLength(2)
  })

  it.each([
    ['400', status(400)],
    ['404', status(404)],
    ['a redirect', status(302, { location: 'https://elsewhere.test/' })],
    ['503 with Retry-After', status(503, { 'retry-after': '7' })],
    ['HTML', says('<!doctype html>')],
    ['an empty set', says({ keys: [] })],
  ] satisfies [string, Answer][])('is not tried again after %s', async (_title, fault) => {
    net.answer = fault
    expect(await judged(await sign())).toEqual(['503 unavailable', 0])
    expect(net.calls).toHaveLength(1)
  })

  it('reads 256 KiB and not one byte more', async () => {
    const text = JSON.stringify(issuer.jwks)
    net.answer = says(text.padEnd(262_144))
    expect((await judged(await sign()))[0]).toBe('200')
    api = serverWith({})
    net.answer = says(text.padEnd(262_145))
    expect((await judged(await sign()))[0]).toBe('503 unavailable')
    expect(api.health().issuers[issuer.issuer]?.lastError).toBe('the answer is longer than 262144 bytes')
  })

  it('stops reading where the limit is passed, and lets go of the connection', async () => {
    let sent = 0
    let cancelled = false
    net.answer = () =>
      new Response(
        new ReadableStream({
          pull(body) {
            sent += 65_536
            body.enqueue(new Uint8Array(65_536).fill(32))
          },
          cancel: () => void (cancelled = true),
        }),
      )
    expect((await judged(await sign()))[0]).toBe('503 unavailable')
    expect(sent).toBeLessThan(500_000)
    expect(cancelled).toBe(true)
  })

  it('does not begin to read what is announced as too long', async () => {
    let pulled = 0
    net.answer = () =>
      new Response(new ReadableStream({ pull: () => void (pulled += 1) }, { highWaterMark: 0 }), {
        headers: { 'content-length': '1073741824' },
      })
    expect(await judged(await sign())).toEqual(['503 unavailable', 0])
    expect(pulled).toBe(0)
  })

  it('takes 100 keys and not one more', async () => {
    const [key] = issuer.jwks.keys
    const others = Array.from({ length: 99 }, (_, index) => ({ ...key, kid: `other-${index}` }))
    net.answer = says({ keys: [key, ...others] })
    expect((await judged(await sign()))[0]).toBe('200')
    api = serverWith({})
    net.answer = says({ keys: [key, ...others, { ...key, kid: 'one too many' }] })
    expect((await judged(await sign()))[0]).toBe('503 unavailable')
  })

  it('asks not to be redirected, and refuses what was redirected all the same', async () => {
    net.answer = async (call) => {
      const response = await publishes(issuer)(call)
      return Object.defineProperty(response, 'redirected', { value: true })
    }
    expect((await judged(await sign()))[0]).toBe('503 unavailable')
    expect(net.calls.map(({ redirect }) => redirect)).toEqual(['manual'])
  })

  it('sends nothing of the token', async () => {
    const token = await sign()
    await judged(token)
    const sent = JSON.stringify(net.calls.map(({ url, headers }) => [url, ...headers]))
    for (const part of token.split('.')) expect(sent).not.toContain(part)
    expect(net.calls[0]?.headers.get('authorization')).toBeNull()
  })
})

describe('revalidation', () => {
  it('asks with the ETag, and renews the keys it confirms', async () => {
    await api.ready()
    const token = await sign()
    await judged(token)
    await time.advance(480)
    await judged(token)
    expect(net.calls[0]?.headers.has('if-none-match')).toBe(false)
    expect(net.calls[1]?.headers.has('if-none-match')).toBe(true)
    const health = api.health().issuers[issuer.issuer]
    expect(health).toMatchObject({ state: 'fresh', ageSeconds: 0, keyCount: 1 })
    expect(health?.counters).toMatchObject({ fetches: 2, notModified: 1, failures: 0 })
  })

  it('keeps the freshness it had where the confirmation says nothing of it (RFC 9111 §4.3.4)', async () => {
    net.answer = publishes(issuer, { 'cache-control': 'max-age=100' })
    await api.ready()
    net.answer = publishes(issuer)
    await time.advance(90)
    await judged(await sign())
    await time.advance(99.9)
    expect(state()).toBe('refreshing')
    await time.advance(0.1)
    expect(state()).toBe('stale')
  })

  it('asks with Last-Modified where there is no ETag', async () => {
    const dated = {
      'last-modified': 'Tue, 01 Jan 2030 00:00:00 GMT',
      date: 'Wed, 02 Jan 2030 00:00:00 GMT',
    }
    net.answer = says(issuer.jwks, dated)
    await api.ready()
    net.answer = () => new Response(null, { status: 304 })
    await time.advance(480)
    await judged(await sign())
    expect(net.calls[1]?.headers.get('if-modified-since')).toBe(dated['last-modified'])
    expect(state()).toBe('fresh')
  })

  it('does not ask with a Last-Modified of this minute: it counts in seconds (RFC 9110 §8.8.2.2)', async () => {
    net.answer = says(issuer.jwks, {
      'last-modified': 'Wed, 02 Jan 2030 00:00:00 GMT',
      date: 'Wed, 02 Jan 2030 00:00:59 GMT',
    })
    await api.ready()
    await time.advance(480)
    await judged(await sign())
    expect(net.calls[1]?.headers.has('if-modified-since')).toBe(false)
  })

  it('takes 304 for a failure where it asked without conditions', async () => {
    net.answer = () => new Response(null, { status: 304 })
    expect((await judged(await sign()))[0]).toBe('503 unavailable')
  })
})

describe('concurrent requests', () => {
  it('share one fetch', async () => {
    const token = await sign()
    const outcomes = Array.from({ length: 200 }, () => verdict(api.verify(token)))
    await time.until(Promise.all(outcomes))
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['200']))
    expect(net.calls).toHaveLength(1)
  })

  it('share its failure', async () => {
    net.answer = status(404)
    const token = await sign()
    const outcomes = Array.from({ length: 200 }, () => verdict(api.verify(token)))
    await time.until(Promise.all(outcomes))
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['503 unavailable']))
    expect(net.calls).toHaveLength(1)
  })

  it('do not lose it when the one that started it goes away', async () => {
    const leaving = new AbortController()
    const headers = { authorization: `Bearer ${await sign()}` }
    let answer: (() => void) | undefined
    net.answer = async (call) => {
      await new Promise<void>((resolve) => (answer = resolve))
      return publishes(issuer)(call)
    }
    const first = api.authenticate(new Request('https://api.test/', { headers, signal: leaving.signal }))
    const second = verdict(api.authenticate({ headers }))
    await turns()
    leaving.abort()
    answer?.()
    expect(await second).toBe('200')
    await first
    expect(net.calls).toHaveLength(1)
    expect(net.calls[0]?.signal.aborted).toBe(false)
  })
})

describe('after a failed fetch', () => {
  it.each([
    ['doubles the pause up to a minute', 0.999999, [1, 2, 4, 8, 16, 32, 60, 60]],
    ['draws it anew each time', 0.5, [1, 1, 2, 4, 8, 16, 30, 30]],
    ['never asks twice in a second', 0, [1, 1, 1, 1]],
  ])('%s', async (_title, chance, pauses) => {
    time.chance = chance
    net.answer = status(404)
    const token = await sign()
    await judged(token)
    for (const pause of pauses) {
      const before = net.calls.length
      await time.advance(pause - 0.01)
      expect(await judged(token)).toEqual(['503 unavailable', 0])
      expect(net.calls).toHaveLength(before)
      await time.advance(0.02)
      await judged(token)
      expect(net.calls).toHaveLength(before + 1)
    }
  })

  it('starts again at a second once a fetch succeeded', async () => {
    time.chance = 0.999999
    net.answer = status(404)
    const token = await sign()
    for (const pause of [1.1, 2.1, 4.1]) {
      await judged(token)
      await time.advance(pause)
    }
    net.answer = publishes(issuer)
    expect((await judged(token))[0]).toBe('200')
    await time.advance(430)
    net.answer = status(404)
    await judged(token)
    expect(api.health().issuers[issuer.issuer]?.lastError).toBe('the server answered with status 404')
    await time.advance(1.1)
    net.answer = publishes(issuer)
    await judged(token)
    expect(state()).toBe('fresh')
    expect(api.health().issuers[issuer.issuer]?.lastError).toBeUndefined()
  })

  it.each([
    ['as asked', '120', 120],
    ['for five minutes at most', '86400', 300],
    ['for a second at least', '0', 1],
    ['up to a date, by the clock of the server', 'Wed, 02 Jan 2030 00:01:30 GMT', 90],
  ])('leaves the issuer alone %s by Retry-After', async (_title, retryAfter, seconds) => {
    net.answer = status(503, { 'retry-after': retryAfter, date: 'Wed, 02 Jan 2030 00:00:00 GMT' })
    const token = await sign()
    const refusal = api.verify(token).catch((error: unknown) => api.refuse(error))
    await time.until(refusal)
    expect(await refusal).toMatchObject({ status: 503, headers: { 'Retry-After': String(seconds) } })
    const before = net.calls.length
    await time.advance(seconds - 0.01)
    await judged(token)
    expect(net.calls).toHaveLength(before)
    await time.advance(0.02)
    await judged(token)
    expect(net.calls).toHaveLength(before + 1)
  })

  it('says no WWW-Authenticate: the caller did nothing wrong', async () => {
    net.answer = status(404)
    const refused = await api.verify(await sign()).catch((error: unknown) => error)
    expect(api.refuse(refused).headers).not.toHaveProperty('WWW-Authenticate')
  })
})

describe('an unknown key id', () => {
  beforeEach(() => api.ready())

  it('is looked for once by the request that brings it, and verifies', async () => {
    await issuer.rotate()
    expect(await judged(await sign())).toEqual(['200', 0])
    expect(net.calls).toHaveLength(2)
  })

  it('is looked for once for any number of concurrent requests', async () => {
    await issuer.rotate()
    const tokens = await Promise.all(Array.from({ length: 50 }, () => sign()))
    const outcomes = Promise.all(tokens.map((token) => verdict(api.verify(token))))
    await time.until(outcomes)
    expect(new Set(await outcomes)).toEqual(new Set(['200']))
    expect(net.calls).toHaveLength(2)
  })

  it('is looked for in a set asked for after the token came', async () => {
    let answer: (() => void) | undefined
    const old = says(issuer.jwks)
    net.answer = async (call) => {
      await new Promise<void>((resolve) => (answer = resolve))
      return old(call)
    }
    const early = verdict(api.verify(await forge('early')))
    await turns()
    await issuer.rotate()
    const late = verdict(api.verify(await sign()))
    await turns()
    expect(net.calls).toHaveLength(2)
    net.answer = publishes(issuer)
    answer?.()
    expect(await early).toBe('401 unknown_key')
    expect(await late).toBe('200')
    expect(net.calls).toHaveLength(3)
  })

  it('costs the issuer two calls at once, and one more each 10 seconds', async () => {
    for (const kid of ['1', '2', '3', '4']) {
      expect(await judged(await forge(kid))).toEqual(['401 unknown_key', 0])
    }
    expect(net.calls).toHaveLength(3)
    await time.advance(9.9)
    await judged(await forge('5'))
    expect(net.calls).toHaveLength(3)
    await time.advance(0.2)
    await judged(await forge('6'))
    await judged(await forge('7'))
    expect(net.calls).toHaveLength(4)
    expect(api.health().issuers[issuer.issuer]?.counters).toMatchObject({
      unknownKeyIds: 7,
      refreshLimited: 4,
    })
  })

  it('lets no half-filled permit go to waste', async () => {
    for (const kid of ['1', '2']) await judged(await forge(kid))
    await time.advance(15)
    await judged(await forge('3'))
    expect(net.calls).toHaveLength(4)
    await time.advance(5.1)
    await judged(await forge('4'))
    expect(net.calls).toHaveLength(5)
  })

  it('fills a full bucket no further: the next permit is counted from when it was taken from', async () => {
    for (const kid of ['1', '2']) await judged(await forge(kid))
    await time.advance(25)
    for (const kid of ['3', '4']) await judged(await forge(kid))
    expect(net.calls).toHaveLength(5)
    await time.advance(9)
    await judged(await forge('5'))
    expect(net.calls).toHaveLength(5)
    await time.advance(1.1)
    await judged(await forge('6'))
    expect(net.calls).toHaveLength(6)
  })

  it('never fills the bucket beyond two', async () => {
    await time.advance(400)
    for (const kid of ['1', '2', '3', '4']) await judged(await forge(kid))
    expect(net.calls).toHaveLength(3)
  })

  it('does not take from the bucket of another issuer', async () => {
    const other = await createTestIssuer({ issuer: 'https://other.test', now: time.now })
    net.answer = (call) => publishes(call.url.includes('other') ? other : issuer)(call)
    api = serverWith({
      issuer: undefined,
      jwksUri: undefined,
      issuers: [
        { issuer: issuer.issuer, jwksUri },
        { issuer: other.issuer, jwksUri: 'https://other.test/jwks' },
      ],
    } as never)
    for (const kid of ['1', '2', '3']) await judged(await forge(kid))
    const token = await other.sign()
    await judged(token)
    await other.rotate()
    expect((await judged(await other.sign()))[0]).toBe('200')
  })

  it('is remembered for a minute', async () => {
    const token = await forge('lost')
    await judged(token)
    expect(net.calls).toHaveLength(2)
    await time.advance(59.9)
    expect(await judged(token)).toEqual(['401 unknown_key', 0])
    expect(net.calls).toHaveLength(2)
    await time.advance(0.2)
    await judged(token)
    expect(net.calls).toHaveLength(3)
  })

  it('is forgotten when the keys change', async () => {
    await issuer.rotate()
    const token = await sign()
    const [key] = issuer.jwks.keys
    net.answer = says({ keys: issuer.jwks.keys.filter(({ kid }) => kid !== key?.kid) })
    expect((await judged(token))[0]).toBe('401 unknown_key')
    net.answer = publishes(issuer)
    // The refresh that another token causes brings the key.
    await judged(await forge('other'))
    expect((await judged(token))[0]).toBe('200')
    expect(net.calls).toHaveLength(3)
  })

  it('is forgotten too where the keys changed without bringing it', async () => {
    const token = await forge('late')
    await judged(token)
    await issuer.rotate()
    await judged(await sign())
    await time.advance(35)
    await judged(token)
    expect(net.calls).toHaveLength(4)
  })

  it('may turn out to be of a key for another algorithm', async () => {
    const stranger = await createTestIssuer({ issuer: issuer.issuer, algorithms: ['RS256'], now: time.now })
    await issuer.rotate()
    const [key] = issuer.jwks.keys
    expect((await judged(await stranger.sign({}, { kid: key?.kid })))[0]).toBe('401 algorithm')
    expect(net.calls).toHaveLength(2)
  })

  it('is not looked for while the issuer is to be left alone', async () => {
    net.answer = status(503, { 'retry-after': '20' })
    await judged(await forge('1'))
    await time.advance(19.9)
    expect(await judged(await forge('2'))).toEqual(['503 unavailable', 0])
    expect(net.calls).toHaveLength(2)
    await time.advance(0.2)
    await judged(await forge('3'))
    expect(net.calls).toHaveLength(3)
  })

  it('is remembered among 256 of them', async () => {
    const tokens = await Promise.all(Array.from({ length: 257 }, (_, index) => forge(`lost-${index}`)))
    const outcomes = Promise.all(tokens.map((token) => verdict(api.verify(token))))
    await time.until(outcomes)
    expect(net.calls).toHaveLength(3)
    await time.advance(35)
    await judged(tokens[256] as string)
    await judged(tokens[1] as string)
    expect(net.calls).toHaveLength(3)
    await judged(tokens[0] as string)
    expect(net.calls).toHaveLength(4)
  })

  it('is 503 while fetches fail, for as many requests as there are permits, then 401', async () => {
    await issuer.rotate()
    net.answer = status(404)
    const token = await sign()
    const outcomes: string[] = []
    for (let request = 0; request < 5; request++) {
      outcomes.push((await judged(token))[0])
      await time.advance(2)
    }
    const [tried, limited] = ['503 unavailable', '401 unknown_key']
    expect(outcomes).toEqual([tried, tried, limited, limited, limited])
    expect(net.calls).toHaveLength(3)
    net.answer = publishes(issuer)
    await time.advance(10)
    expect((await judged(token))[0]).toBe('200')
  })

  it('costs one call on a cold start, not two', async () => {
    api = serverWith({})
    expect((await judged(await forge('lost')))[0]).toBe('401 unknown_key')
    expect(net.calls).toHaveLength(2)
  })

  it('holds 5000 requests at a time and no more, while the issuer hangs', async () => {
    const [, payload, signature] = (await sign()).split('.')
    const waiting = Array.from({ length: 5001 }, (_, index) => {
      const header = Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: `lost-${index}` }))
      return `${header.toString('base64url')}.${payload}.${signature}`
    })
    net.answer = hang
    const held = waiting.slice(0, 5000).map((token) => verdict(api.verify(token)))
    await turns()
    expect(await judged(waiting[5000] as string)).toEqual(['503 unavailable', 0])
    expect(await judged(await sign())).toEqual(['200', 0])
    expect(await time.until(Promise.all(held))).toBe(5)
    // Those who waited make room for others.
    await time.advance(60)
    expect((await judged(waiting[5000] as string))[1]).toBe(5)
  })

  it('may also be one of a token without a key id', async () => {
    await issuer.rotate({ keepOld: false })
    const stranger = await createTestIssuer({ issuer: issuer.issuer, algorithms: ['RS256'], now: time.now })
    expect((await judged(await stranger.sign({}, { kid: undefined })))[0]).toBe('401 unknown_key')
    expect(net.calls).toHaveLength(2)
  })
})

describe('no call goes out', () => {
  beforeEach(() => api.ready())

  it('for a wrong signature under a known key id', async () => {
    const stranger = await createTestIssuer({ issuer: issuer.issuer, now: time.now })
    const [key] = issuer.jwks.keys
    const token = await stranger.sign({}, { kid: key?.kid })
    for (let request = 0; request < 5; request++) expect(await judged(token)).toEqual(['401 signature', 0])
    expect(net.calls).toHaveLength(1)
  })

  it.each([
    ['an expired token', { exp: 1, iat: undefined }, '401 expired'],
    ['a token for another API', { aud: 'https://other.test' }, '401 audience'],
    ['a token of another issuer', { iss: 'https://other.test/' }, '401 issuer'],
  ])('for %s that names an unknown key', async (_title, claims, outcome) => {
    expect((await judged(await issuer.sign(claims, { kid: 'lost' })))[0]).toBe(outcome)
    expect(net.calls).toHaveLength(1)
  })

  it('for an algorithm the named key is not for (RFC 8725 §3.1)', async () => {
    const stranger = await createTestIssuer({ issuer: issuer.issuer, algorithms: ['RS256'], now: time.now })
    const [key] = issuer.jwks.keys
    expect((await judged(await stranger.sign({}, { kid: key?.kid })))[0]).toBe('401 algorithm')
    expect(net.calls).toHaveLength(1)
  })
})

describe('while the issuer is down', () => {
  beforeEach(() => api.ready())

  it('old keys go on for an hour past their freshness, then 503', async () => {
    const token = await sign()
    net.answer = status(500)
    await time.advance(600 + 3599)
    expect((await judged(token))[0]).toBe('200')
    await time.advance(1)
    expect((await judged(token))[0]).toBe('503 unavailable')
    expect(state()).toBe('empty')
  })

  it('old keys go on for as long as the operator says', async () => {
    api = serverWith({ keyCache: { staleFor: 0 } })
    const token = await sign()
    await judged(token)
    net.answer = status(500)
    await time.advance(599)
    expect((await judged(token))[0]).toBe('200')
    await time.advance(1)
    expect((await judged(token))[0]).toBe('503 unavailable')
  })

  it('the first request waits for its fetch to fail, and those that come next a second at most', async () => {
    const token = await sign()
    net.answer = hang
    await time.advance(700)
    expect(await judged(token)).toEqual(['200', 5])
    expect(await judged(token)).toEqual(['200', 0])
    expect(net.calls).toHaveLength(2)
    await time.advance(1.1)
    expect(await judged(token)).toEqual(['200', 1])
    expect(await judged(token)).toEqual(['200', 0])
    expect(net.calls).toHaveLength(3)
  })

  it('keys that come within that second are used at once', async () => {
    const token = await sign()
    await issuer.rotate({ keepOld: false })
    await time.advance(700)
    expect((await judged(token))[0]).toBe('401 unknown_key')
  })

  it('keys come back with the first answer', async () => {
    const token = await sign()
    net.answer = status(500)
    await time.advance(10_000)
    await judged(token)
    net.answer = publishes(issuer)
    await time.advance(60)
    expect((await judged(token))[0]).toBe('200')
    expect(state()).toBe('fresh')
  })
})

describe('an answer that is no key set', () => {
  const [weak] = [{ kty: 'RSA', kid: 'weak', n: 'wQAB', e: 'AQAB' }]
  const faults: [string, () => Answer][] = [
    ['HTML with status 200', () => says('<!doctype html>', { 'content-type': 'text/html' })],
    ['an empty body', () => says('')],
    ['a list', () => says('[]')],
    ['null', () => says('null')],
    ['an object without keys', () => says('{}')],
    ['keys that are no list', () => says({ keys: {} })],
    ['an empty set', () => says({ keys: [] })],
    ['nothing but unusable keys', () => says({ keys: [weak, null, 7] })],
    ['two byte order marks', () => says(`\u{FEFF}\u{FEFF}${JSON.stringify(issuer.jwks)}`)],
    ['a member written twice', () => says(`{"keys":[],"keys":${JSON.stringify(issuer.jwks.keys)}}`)],
    ['half of the text', () => says(JSON.stringify(issuer.jwks).slice(0, -9))],
    ['204', () => () => new Response(null, { status: 204 })],
    ['206', () => () => new Response(JSON.stringify(issuer.jwks), { status: 206 })],
    ['404', () => status(404)],
    ['503', () => status(503)],
  ]
  it.each(faults)('never replaces the keys: %s', async (_title, fault) => {
    await api.ready()
    const token = await sign()
    await judged(token)
    net.answer = fault()
    await time.advance(480)
    expect(await judged(token)).toEqual(['200', 0])
    await time.advance(0.5)
    expect(await judged(token)).toEqual(['200', 0])
    expect(api.health().issuers[issuer.issuer]).toMatchObject({ state: 'refreshing', keyCount: 1 })
    expect(api.health().issuers[issuer.issuer]?.counters.failures).toBe(1)
  })

  it.each(faults)('is 503 where there are no others: %s', async (_title, fault) => {
    net.answer = fault()
    expect((await judged(await sign()))[0]).toBe('503 unavailable')
  })

  it('is not one where a good key stands among bad ones', async () => {
    net.answer = says({ keys: [weak, ...issuer.jwks.keys, 'nonsense'] })
    expect((await judged(await sign()))[0]).toBe('200')
    expect(api.health().issuers[issuer.issuer]?.refusedKeys).toEqual([
      { index: 0, reason: 'modulus' },
      { index: 2, reason: 'not an object' },
    ])
  })
})

describe('keys withdrawn by the issuer', () => {
  it('verify nothing from the next refresh on, tokens seen before included', async () => {
    const token = await sign()
    expect((await judged(token))[0]).toBe('200')
    await issuer.rotate({ keepOld: false })
    await time.advance(479)
    expect((await judged(token))[0]).toBe('200')
    await time.advance(1)
    expect((await judged(token))[0]).toBe('200')
    expect((await judged(token))[0]).toBe('401 unknown_key')
  })

  it('verify nothing either when another key took their id', async () => {
    const token = await sign()
    await judged(token)
    const [old] = issuer.jwks.keys
    await issuer.rotate({ keepOld: false })
    const [fresh] = issuer.jwks.keys
    net.answer = says({ keys: [{ ...fresh, kid: old?.kid }] })
    await time.advance(480)
    await judged(token)
    expect((await judged(token))[0]).toBe('401 signature')
    expect((await judged(await sign({ kid: old?.kid })))[0]).toBe('200')
  })
})
