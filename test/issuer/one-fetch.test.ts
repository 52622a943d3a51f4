import { describe, expect, it } from 'vitest'
import { type Answer, hang, publishes, refuse, says, status } from '../support/world.ts'
import { api, issuer, judged, net, setUp, sign, state, time, use } from './one-issuer.ts'

setUp()

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
    use({ keyCache: { timeoutMs: 800 } })
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
    use({})
    net.answer = says(text.padEnd(262_145))
    expect((await judged(await sign()))[0]).toBe('503 unavailable')
    expect(api.health().issuers[issuer.issuer]?.lastError).toContain('the answer is longer than 262144 bytes')
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
    use({})
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
