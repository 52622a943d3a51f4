import { beforeEach, describe, expect, it } from 'vitest'
import { fetchBudget } from '../../src/issuer/budget.ts'
import { publishedKeys } from '../../src/issuer/key-cache.ts'
import type { KeySource } from '../../src/issuer/key-source.ts'
import { importKeySet } from '../../src/jose/key-set.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { keyCacheSettings } from '../../src/options/key-cache.ts'
import { type Answer, hang, publishes, refuse, says, status } from '../support/world.ts'
import { api, issuer, judged, jwksUri, net, setUp, sign, state, time, use } from './one-issuer.ts'

setUp()

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
    use({ keyCache: { freshFor: 7200 } })
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
    use({ keyCache: { staleFor: 0 } })
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

describe('C1 the keys of an unproven issuer', () => {
  /** A source whose fetches find this issuer's keys, with so many permits, and never fail. */
  async function sourceWith(permits: number): Promise<{ source: KeySource; fetches: () => number }> {
    const { jwks } = issuer
    const set = await importKeySet(jwks, ['ES256'], 10)
    const clock = { ...systemClock(), steady: () => time.now() / 1000 }
    let fetches = 0
    const source = publishedKeys({
      issuer: issuer.issuer,
      place: jwksUri,
      clock,
      random: () => 0,
      settings: keyCacheSettings(undefined),
      budget: fetchBudget(clock.steady, () => 0),
      allowance: { isProven: () => false, take: () => fetches < permits },
      fetchKeys: () => {
        fetches += 1
        const validators = { etag: undefined, lastModified: undefined }
        return Promise.resolve({ set, jwks, uri: jwksUri, ...validators, freshFor: 600, confirmed: false })
      },
    })
    return { source, fetches: () => fetches }
  }

  it('are never served past their freshness without a fetch, so 503 over the budget', async () => {
    const { source } = await sourceWith(1)
    const header = { alg: 'ES256', kid: issuer.jwks.keys[0]?.kid as string }
    const key = await source.find(header)
    await time.advance(599)
    expect(source.find(header)).toBe(key)
    await time.advance(1)
    for (const use of [() => source.find(header), () => source.stillHas(header, key)]) {
      expect(use).toThrow(expect.objectContaining({ status: 503 }) as Error)
    }
    await expect(source.ready()).rejects.toMatchObject({ status: 503 })
  })

  it('are not looked through again for an unknown key over the budget: 401, not remembered', async () => {
    const { source, fetches } = await sourceWith(1)
    await source.ready()
    await expect(source.find({ alg: 'ES256', kid: 'lost' })).rejects.toMatchObject({ reason: 'unknown_key' })
    expect(fetches()).toBe(1)
    expect(source.health().counters).toMatchObject({ unknownKeyIds: 1, refreshLimited: 1 })
  })

  it('are in no snapshot, and health() fetches none', async () => {
    const { source, fetches } = await sourceWith(2)
    expect(source.health().state).toBe('empty')
    expect(fetches()).toBe(0)
    await source.ready()
    expect(source.health().state).toBe('fresh')
    expect(source.snapshot()).toBeUndefined()
  })
})

describe('C5 an issuer that answers slowly', () => {
  /** Answers after so many seconds. */
  const slow =
    (seconds: number): Answer =>
    async (call) => {
      await new Promise((resolve) => void setTimeout(resolve, seconds * 1000))
      return publishes(issuer)(call)
    }

  it.each([3601, 5000, 7190])('has its withdrawn key refused after %d idle seconds', async (seconds) => {
    net.answer = publishes(issuer, { 'cache-control': 'max-age=3600' })
    await api.ready()
    const old = await sign()
    expect((await judged(old))[0]).toBe('200')
    await issuer.rotate({ keepOld: false })
    net.answer = slow(1.1)
    await time.advance(seconds)
    expect((await judged(old))[0]).toBe('401 unknown_key')
    expect((await judged(await sign()))[0]).toBe('200')
  })

  it('has it refused also where a fetch failed long ago', async () => {
    net.answer = publishes(issuer, { 'cache-control': 'max-age=3600' })
    await api.ready()
    const old = await sign()
    net.answer = refuse
    await time.advance(3000)
    await judged(old)
    await issuer.rotate({ keepOld: false })
    net.answer = slow(4)
    await time.advance(4000)
    expect((await judged(old))[0]).toBe('401 unknown_key')
  })

  it('costs no caller more than a second when a fetch failed a moment ago', async () => {
    await api.ready()
    const token = await sign()
    await time.advance(700)
    net.answer = refuse
    expect((await judged(token))[0]).toBe('200')
    net.answer = slow(4)
    await time.advance(2)
    expect(await judged(token)).toEqual(['200', 1])
  })
})
