import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { channelNames } from 'oauth-resource-server'
import { beforeEach, describe, expect, it } from 'vitest'
import { fetchBudget, type Allowance } from '../../src/issuer/budget.ts'
import { publishedKeys } from '../../src/issuer/key-cache.ts'
import type { KeySource } from '../../src/issuer/key-source.ts'
import type { VerificationKey } from '../../src/jose/jwk.ts'
import { importKeySet } from '../../src/jose/key-set.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { keyCacheSettings } from '../../src/options/key-cache.ts'
import type { RestoredKeys } from '../../src/issuer/snapshot.ts'
import { turns } from '../support/time.ts'
import { type Answer, hang, publishes, refuse, says, status } from '../support/world.ts'
import { fetchedKeys, keyOf, type ManualFetches, manualFetches, manualUri } from './manual-fetches.ts'
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

describe('a source of published keys', () => {
  let manual: ManualFetches
  let source: KeySource
  const [a, b] = [keyOf('a'), keyOf('b')]
  const header = { alg: 'ES256', kid: 'a' }
  const unnamed = { alg: 'ES256' }
  const down = new Error('down')

  function begin(restored?: RestoredKeys, allowance?: Allowance): void {
    manual = manualFetches(allowance)
    source = publishedKeys({ ...manual.options, issuer: 'https://issuer.test/', place: manualUri, restored })
  }
  beforeEach(() => {
    begin()
  })

  type Fetch = ManualFetches['begun'][number]
  const latest = (): Fetch => manual.begun.at(-1) as Fetch
  const begun = (): number => manual.begun.length
  /** Has the source fetch these keys. */
  async function have(...keys: readonly VerificationKey[]): Promise<void> {
    const ready = source.ready()
    await latest().finds(...keys)
    await ready
  }
  /** Has the keys grow so old, and then a fetch fail; the pause after it is over. */
  async function haveStaleKeys(...keys: readonly VerificationKey[]): Promise<void> {
    await have(...keys)
    await manual.advance(700)
    const finding = source.find(header)
    await latest().fails(down)
    await finding
    await manual.advance(1)
  }
  /** What a test looks at after it has settled. */
  function waiting<T>(outcome: T | Promise<T>): Promise<T> {
    const promise = Promise.resolve(outcome)
    promise.catch(() => undefined)
    return promise
  }
  const refusal = (reason: string): Error => expect.objectContaining({ reason }) as Error
  const unavailable = expect.objectContaining({ status: 503 }) as Error
  const counters = () => source.health().counters

  describe('finds a key', () => {
    it('at once where the keys are fresh', async () => {
      await have(a, b)
      expect([source.find(header), source.find({ alg: 'ES256', kid: 'b' })]).toEqual([a, b])
      expect(begun()).toBe(1)
    })

    it('at once where the keys are due, which are fetched in the background', async () => {
      await have(a)
      await manual.advance(599)
      expect(source.find(header)).toBe(a)
      expect(source.find(header)).toBe(a)
      expect(begun()).toBe(2)
      expect(counters()).toMatchObject({ staleServed: 0 })
    })

    it('after a fetch where the keys are stale', async () => {
      await have(a)
      await manual.advance(600)
      const finding = source.find(header)
      expect(finding).toBeInstanceOf(Promise)
      const newer = keyOf('a', 'newer')
      await latest().finds(newer)
      expect(await finding).toBe(newer)
    })

    it('among stale keys where that fetch fails, and tells how old they are', async () => {
      const seen: unknown[] = []
      const listener = (message: unknown): void => void seen.push(message)
      subscribe(channelNames.staleServed, listener)
      await have(a)
      await manual.advance(700.4)
      expect(seen).toEqual([])
      const finding = source.find(header)
      await latest().fails(down)
      expect(await finding).toBe(a)
      unsubscribe(channelNames.staleServed, listener)
      expect(seen).toEqual([{ issuer: 'https://issuer.test/', ageSeconds: 700 }])
      expect(counters()).toMatchObject({ staleServed: 1 })
    })

    it('at once in the pause after a failed fetch', async () => {
      await have(a)
      await manual.advance(700)
      const finding = source.find(header)
      await latest().fails(down)
      await finding
      expect(source.find(header)).toBe(a)
      expect(begun()).toBe(2)
    })

    it('within a second of the next fetch after that', async () => {
      await haveStaleKeys(a)
      const first = source.find(header)
      expect(first).toBeInstanceOf(Promise)
      await manual.advance(0.999)
      expect(source.find(header)).toBeInstanceOf(Promise)
      await manual.advance(0.001)
      expect(source.find(header)).toBe(a)
      expect(await first).toBe(a)
      expect(begun()).toBe(3)
    })

    it('in the keys of that fetch where it ends within the second', async () => {
      await haveStaleKeys(a)
      const finding = source.find(header)
      const newer = keyOf('a', 'newer')
      await latest().finds(newer)
      expect(await finding).toBe(newer)
    })

    it('never among keys that grew too old while it waited', async () => {
      await have(a)
      await manual.advance(700)
      const finding = waiting(source.find(header))
      await manual.advance(3600)
      await latest().fails(down)
      await expect(finding).rejects.toThrow(unavailable)
    })

    it('never among keys of a snapshot whose place has changed', async () => {
      begin({ keys: fetchedKeys([a]), age: 700, isDiscovered: true })
      const finding = waiting(source.find(header))
      latest().located('https://issuer.test/moved')
      await latest().fails(down)
      await expect(finding).rejects.toThrow(unavailable)
    })

    it('for 5,000 requests that wait, and refuses one more', async () => {
      await have(a)
      await manual.advance(600)
      const all = Array.from({ length: 5000 }, () => source.find(header))
      expect(() => source.find(header)).toThrow(unavailable)
      await latest().finds(a)
      expect(new Set(await Promise.all(all))).toEqual(new Set([a]))
    })

    it('for one more at once, among stale keys, where a fetch failed a moment ago', async () => {
      await haveStaleKeys(a)
      const all = Array.from({ length: 5000 }, () => source.find(header))
      expect(source.find(header)).toBe(a)
      await latest().finds(a)
      await Promise.all(all)
    })

    it('but not for another algorithm, nor one of several: no newer set is asked for', async () => {
      const others = [keyOf(undefined, '1'), keyOf(undefined, '2')]
      await have(a, ...others)
      expect(() => source.find({ alg: 'RS256', kid: 'a' })).toThrow(refusal('algorithm'))
      expect(() => source.find(unnamed)).toThrow(refusal('unknown_key'))
      expect(begun()).toBe(1)
      expect(counters()).toMatchObject({ unknownKeyIds: 0 })
    })
  })

  describe('looks for a key that is not there in a newer set', () => {
    const unknown = { alg: 'ES256', kid: 'b' }

    it('and finds it', async () => {
      await have(a)
      const finding = source.find(unknown)
      await latest().finds(a, b)
      expect(await finding).toBe(b)
      expect(counters()).toMatchObject({ unknownKeyIds: 1, fetches: 2 })
    })

    it.each([
      ['is not there either', [a], 'unknown_key'],
      ['is there for another algorithm', [a, { ...b, algorithms: ['RS256' as const] }], 'algorithm'],
      ['is there twice', [a, b, keyOf('b', 'another')], 'unknown_key'],
    ])('and refuses the token where it %s', async (_title, keys, reason) => {
      await have(a)
      const finding = waiting(source.find(unknown))
      await latest().finds(...keys)
      await expect(finding).rejects.toThrow(refusal(reason))
      expect(begun()).toBe(2)
    })

    it('once, until the keys change', async () => {
      await have(a)
      const finding = waiting(source.find(unknown))
      await latest().finds(a)
      await expect(finding).rejects.toThrow(refusal('unknown_key'))
      await expect(waiting(source.find(unknown))).rejects.toThrow(refusal('unknown_key'))
      expect(begun()).toBe(2)
      const refreshing = source.refresh()
      await latest().finds(a, keyOf('c'))
      await refreshing
      const again = source.find(unknown)
      expect(begun()).toBe(4)
      await latest().finds(a, b)
      expect(await again).toBe(b)
    })

    it('but not once more where the request waited for a set already', async () => {
      await have(a)
      await manual.advance(600)
      const finding = waiting(source.find(unknown))
      await latest().finds(a)
      await expect(finding).rejects.toThrow(refusal('unknown_key'))
      expect(begun()).toBe(2)
    })

    it('is 503 where that fails', async () => {
      await have(a)
      const finding = waiting(source.find(unknown))
      await latest().fails(down)
      await expect(finding).rejects.toThrow(unavailable)
    })
  })

  describe('tells whether it still has a key', () => {
    const still = (key = a): unknown => source.stillHas(header, key)
    const other = keyOf('a', 'other')

    it('at once where the keys are fresh', async () => {
      await have(a)
      expect([still(), still(other), still(b)]).toEqual([true, false, false])
    })

    it('at once where they are due', async () => {
      await have(a)
      await manual.advance(500)
      expect([still(), still(other)]).toEqual([true, false])
      expect(begun()).toBe(2)
    })

    it('at once where they are stale after a failed fetch', async () => {
      await haveStaleKeys(a)
      void still()
      await manual.advance(1)
      expect([still(), still(other)]).toEqual([true, false])
    })

    it.each([
      ['is published again', [a], true],
      ['was replaced', [keyOf('a', 'other')], false],
      ['was withdrawn', [b], false],
    ])('after a fetch where they are stale: %s', async (_title, keys, expected) => {
      await have(a)
      await manual.advance(600)
      const telling = still()
      expect(telling).toBeInstanceOf(Promise)
      await latest().finds(...keys)
      expect(await telling).toBe(expected)
      expect(begun()).toBe(2)
    })

    it.each([
      ['withdrawn', [b], 2],
      ['replaced', [keyOf('a', 'other')], 2],
    ])('and remembers for other requests that it was %s', async (_title, keys, fetches) => {
      await have(a)
      await manual.advance(600)
      const telling = still()
      await latest().finds(...keys)
      await telling
      void waiting(source.find(header))
      await turns()
      expect(begun()).toBe(fetches)
    })

    it('is 503 where they are too old', async () => {
      await have(a)
      await manual.advance(4200)
      const telling = waiting(still())
      await latest().fails(down)
      await expect(telling).rejects.toThrow(unavailable)
    })
  })

  describe('after a bad signature', () => {
    const after = (of: object = unnamed, key = a): unknown => source.afterBadSignature(of as never, key)
    const [one, other] = [keyOf(undefined, 'one'), keyOf(undefined, 'other')]

    it('counts it, and looks for no other key of the same id', async () => {
      await have(a, b)
      expect(after(header)).toBeUndefined()
      expect(counters()).toMatchObject({ badSignatures: 1 })
      expect(begun()).toBe(1)
    })

    it('takes the key that fits now, where the token names none', async () => {
      await have(one)
      expect(after(unnamed, other)).toBe(one)
      expect(begun()).toBe(1)
    })

    it.each([
      ['another', [other], other],
      ['the same', [one], undefined],
      ['several', [one, other], undefined],
      ['none', [{ ...one, algorithms: ['RS256' as const] }], undefined],
    ])('looks in a newer set, which has %s', async (_title, keys, found) => {
      await have(one)
      const finding = after(unnamed, one)
      expect(begun()).toBe(2)
      await latest().finds(...keys)
      expect(await finding).toBe(found)
      expect(begun()).toBe(2)
    })
  })

  describe('is ready', () => {
    it('when it fetched keys, and these are not stale', async () => {
      await have(a)
      expect(source.ready()).toBeUndefined()
      await manual.advance(599)
      expect(source.ready()).toBeUndefined()
      expect(begun()).toBe(1)
      await manual.advance(1)
      expect(source.ready()).toBeInstanceOf(Promise)
      expect(begun()).toBe(2)
    })

    it('not with keys of a snapshot', async () => {
      begin({ keys: fetchedKeys([a]), age: 0, isDiscovered: false })
      const ready = source.ready()
      expect(ready).toBeInstanceOf(Promise)
      await latest().finds(a)
      await ready
      expect(source.ready()).toBeUndefined()
    })

    it('not without keys, nor with keys that are too old', async () => {
      const ready = waiting(source.ready())
      await latest().fails(down)
      await expect(ready).rejects.toThrow(unavailable)
      await manual.advance(1)
      await have(a)
      await manual.advance(5000)
      expect(source.ready()).toBeInstanceOf(Promise)
    })
  })

  describe('refreshes', () => {
    it('with a fetch of its own', async () => {
      await have(a)
      const refreshing = source.refresh()
      await latest().finds(b)
      await refreshing
      expect(source.find({ alg: 'ES256', kid: 'b' })).toBe(b)
      expect(begun()).toBe(2)
    })

    it.each([
      ['succeeds', (fetch: Fetch) => fetch.finds(a)],
      ['fails', (fetch: Fetch) => fetch.fails(down)],
    ])('with one that begins when an earlier one %s', async (_title, end) => {
      void waiting(source.ready())
      let isOver = false
      const refreshing = source.refresh().then(() => (isOver = true))
      expect(begun()).toBe(1)
      await end(latest())
      expect([begun(), isOver]).toEqual([2, false])
      await latest().finds(b)
      expect(await refreshing).toBe(true)
      expect(begun()).toBe(2)
    })

    it('with one fetch for all who wait for an earlier one', async () => {
      void source.ready()
      const refreshing = [source.refresh(), source.refresh()]
      await latest().finds(a)
      expect(begun()).toBe(2)
      await latest().finds(a)
      await Promise.all(refreshing)
      expect(begun()).toBe(2)
    })

    it('and rejects where its fetch fails', async () => {
      const refreshing = waiting(source.refresh())
      await latest().fails(down)
      await expect(refreshing).rejects.toThrow(unavailable)
    })
  })

  describe('tells', () => {
    it('when the fetch in flight ends, however it does', async () => {
      expect(source.pending()).toBeUndefined()
      void waiting(source.ready())
      const pending = source.pending()
      expect(pending).toBeInstanceOf(Promise)
      await latest().fails(down)
      expect(await pending).toBeUndefined()
      expect(source.pending()).toBeUndefined()
      await manual.advance(1)
      void source.ready()
      const another = source.pending()
      await latest().finds(a)
      expect(await another).toBeUndefined()
    })

    it('its health, and starts a fetch where there are no keys', async () => {
      expect(source.health()).toMatchObject({ state: 'empty', keyCount: 0 })
      expect(begun()).toBe(1)
      await latest().finds(a)
      await manual.advance(700)
      expect(source.health()).toMatchObject({ state: 'stale', keyCount: 1, ageSeconds: 700 })
      expect(begun()).toBe(1)
    })

    it('which keys were published last, and fetches them again when they are due', async () => {
      expect(source.publishedJwks()).toBeUndefined()
      expect(begun()).toBe(1)
      await latest().finds(a)
      expect(source.publishedJwks()).toEqual({ keys: [{ kid: 'a' }] })
      expect(begun()).toBe(1)
      await manual.advance(500)
      expect(source.publishedJwks()).toEqual({ keys: [{ kid: 'a' }] })
      expect(begun()).toBe(2)
    })

    it('its keys for a snapshot, of a proven issuer alone', async () => {
      expect(source.snapshot()).toBeUndefined()
      await have(a)
      expect(source.snapshot()).toMatchObject({
        place: manualUri,
        uri: manualUri,
        jwks: { keys: [{ kid: 'a' }] },
      })
      begin(undefined, { isProven: () => false, take: () => true })
      expect(source.health().state).toBe('empty')
      expect(begun()).toBe(0)
      await have(a)
      expect(source.snapshot()).toBeUndefined()
    })
  })
})
