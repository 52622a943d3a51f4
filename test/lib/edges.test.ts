import { createResourceServer, type ResourceServerOptions } from 'oauth-resource-server'
import { authorize } from 'oauth-resource-server/express'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { steadyClock, systemClock } from '../../src/lib/clock.ts'
import { environmentOptions } from '../../src/options/environment.ts'
import { freshnessOf, withSignal } from '../../src/issuer/fetch-json.ts'
import { asFetchError } from '../../src/issuer/key-fetch.ts'
import * as node from '../../src/platform/node.ts'

afterEach(() => vi.unstubAllGlobals())

describe('the environment', () => {
  it('is empty where there is no process', () => {
    vi.stubGlobal('process', undefined)
    expect(environmentOptions()).toEqual({ issuer: undefined, audience: undefined, jwksUri: undefined })
  })
})

describe('the clock', () => {
  it.each([1_800_000_000, 1_800_000_000_000])('reads %i as the same moment', (now) => {
    expect(systemClock(() => now).wall()).toBe(1_800_000_000)
  })

  it('waits where timers are numbers, as in browsers', async () => {
    vi.stubGlobal('setTimeout', (work: () => void) => {
      queueMicrotask(work)
      return 1
    })
    await expect(systemClock().wait(1000)).resolves.toBeUndefined()
  })

  it('goes on steadily when the wall clock is set back', () => {
    let wall = 1000
    let monotonic = 0
    const steady = steadyClock(
      () => wall,
      () => monotonic,
    )
    wall += 10
    monotonic += 10
    expect(steady()).toBe(10)
    wall -= 500
    expect(steady()).toBe(10)
    wall += 5
    monotonic += 5
    expect(steady()).toBe(15)
  })

  it('reads the monotonic clock no more than once in a millisecond', () => {
    let wall = 1000
    const monotonic = vi.fn(() => wall)
    const steady = steadyClock(() => wall, monotonic)
    wall += 0.001
    const asked = Array.from({ length: 40 }, steady)
    expect(new Set(asked).size).toBe(1)
    expect(asked[0]).toBeCloseTo(0.001)
    expect(monotonic).toHaveBeenCalledTimes(2)
    wall += 0.001
    expect(steady()).toBeCloseTo(0.002)
  })

  it('counts the time a machine slept, which its monotonic clock missed', () => {
    let wall = 1000
    const steady = steadyClock(
      () => wall,
      () => 0,
    )
    wall += 3600
    expect(steady()).toBe(3600)
  })
})

describe('what an answer says of its freshness', () => {
  const date = 'Sun, 06 Nov 1994 08:49:37 GMT'
  const later = 'Sun, 06 Nov 1994 08:50:37 GMT'

  it.each<[string, Record<string, string>, number | undefined]>([
    ['Expires less Date', { expires: later, date }, 60],
    ['Expires less Date and Age', { expires: later, date, age: '10' }, 50],
    ['Expires without Date: stale', { expires: later }, 0],
    ['Expires that is no date: stale (RFC 9111 §5.3)', { expires: '0', date }, 0],
    ['Expires that is a number of seconds: stale (RFC 9111 §5.3)', { expires: '99999', date }, 0],
    ['nothing', {}, undefined],
    ['max-age before Expires', { expires: later, date, 'cache-control': 'max-age=7' }, 7],
  ])('is read: %s', (_what, headers, seconds) => {
    expect(freshnessOf(new Headers(headers))).toBe(seconds)
  })
})

describe('a fetch', () => {
  it('is over where its time was up before it began', async () => {
    const work = new Promise<never>(() => undefined)
    await expect(withSignal(work, AbortSignal.abort())).rejects.toThrow('no complete answer in time')
  })

  it('fails by a fixed sentence where nobody foresaw how', () => {
    const cause = new RangeError('what a library says')
    expect(asFetchError(cause)).toMatchObject({ message: 'the keys cannot be read', cause })
  })

  it('of an answer without a body is no set of keys', async () => {
    const api = createResourceServer({
      issuer: 'https://issuer.test/',
      audience: 'https://api.test',
      jwksUri: 'https://issuer.test/jwks',
      fetch: () => Promise.resolve(new Response(null)),
    })
    await expect(api.ready()).rejects.toMatchObject({ status: 503 })
    expect(Object.values(api.health().issuers)[0]?.lastError).toBe('the answer is not a JSON object')
  })
})

describe('keys that grow too old', () => {
  it('are not used by who waited for newer ones until then', async () => {
    const clock = createTestClock(1_800_000_000_000)
    const issuer = await createTestIssuer({ algorithms: ['EdDSA'], clock })
    let answer: () => Response | Promise<Response> = () => Response.json(issuer.jwks)
    const api = createResourceServer({
      issuer: issuer.issuer,
      audience: 'https://api.test',
      jwksUri: 'https://issuer.test/jwks',
      now: clock.now,
      fetch: () => Promise.resolve(answer()),
    })
    const token = await issuer.sign({ exp: clock.now() / 1000 + 100_000 })
    await api.verify(token)
    clock.advance(601)
    let fail = (_response: Response): void => undefined
    answer = () => new Promise((resolve) => (fail = resolve))
    const waiting = api.verify(token)
    await vi.waitFor(() => expect(api.health().issuers[issuer.issuer]?.counters.fetches).toBe(2))
    clock.advance(3600)
    fail(new Response('', { status: 503, headers: { 'retry-after': '7' } }))
    await expect(waiting).rejects.toMatchObject({ status: 503 })
  })
})

describe('options', () => {
  const common = { issuer: 'https://issuer.test/', audience: 'https://api.test' }

  it.each([
    'https://issuer.test/?x',
    'https://issuer.test/#x',
    'https://issuer.test/?',
    'https://issuer.test/#',
  ])('need to say where the keys of %s are (RFC 8414 §2)', (issuer) => {
    expect(() => createResourceServer({ ...common, issuer })).toThrow(
      /^issuer: a URL with a query or fragment/,
    )
  })

  it('of a dynamic issuer need not repeat its name', async () => {
    const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
    const { audience, jwks, now } = issuer.options
    const issuers = (): object => ({ audience, jwks })
    const api = createResourceServer({ issuers, now } as unknown as ResourceServerOptions)
    expect((await api.verify(await issuer.sign())).issuer).toBe(issuer.issuer)
  })

  it('of a route include a guard that is one', () => {
    expect(() => authorize('admin' as never)).toThrow(
      new TypeError('authorize: give it a guard or a predicate'),
    )
  })
})

describe('a set with keys for encryption too', () => {
  it.each([
    ['without use and key_ops', { use: undefined }, false],
    ['with use', {}, true],
    ['with key_ops', { use: undefined, key_ops: ['verify'] }, true],
  ])('uses a key %s: %j: %s (RFC 8414 §2)', async (_what, change, used) => {
    const issuer = await createTestIssuer({ algorithms: ['EdDSA', 'ES256'] })
    const [first, second] = issuer.jwks.keys
    const keys = [{ ...first, ...change }, second, { ...second, kid: 'e', use: 'enc', alg: 'ECDH-ES' }]
    const api = createResourceServer({ ...issuer.options, jwks: { keys: keys as never } })
    const verdict = api.verify(await issuer.sign()).then(
      () => true,
      () => false,
    )
    expect(await verdict).toBe(used)
  })
})

describe('platform node', () => {
  it('calls a check that OpenSSL refuses to make a failed one', async () => {
    const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
    const key = await node.importPublicKey(issuer.jwks.keys[0] as never, ['RS256'])
    expect(await node.verifySignature('RS256', key, 'a.b', Buffer.alloc(64))).toBe(false)
    expect(await node.verifySignature('PS256', key, 'a.b', Buffer.alloc(64))).toBe(false)
  })
})
