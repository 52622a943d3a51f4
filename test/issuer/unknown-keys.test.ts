import { createTestIssuer } from 'oauth-resource-server/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { type Answer, hang, publishes, says, status, turns, verdict } from '../support/world.ts'
import { api, health, forge, issuer, judged, jwksUri, net, setUp, sign, time, use } from './one-issuer.ts'

setUp()

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

  it('is not looked for twice for a remembered token whose key was withdrawn', async () => {
    const token = await sign()
    expect(await judged(token)).toEqual(['200', 0])
    await issuer.rotate({ keepOld: false })
    await time.advance(601)
    expect(await judged(token)).toEqual(['401 unknown_key', 0])
    expect(net.calls).toHaveLength(2)
    expect(await judged(await sign())).toEqual(['200', 0])
    expect(net.calls).toHaveLength(2)
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
    use({
      issuer: undefined,
      jwksUri: undefined,
      issuers: [
        { issuer: issuer.issuer, jwksUri },
        { issuer: other.issuer, jwksUri: 'https://other.test/jwks' },
      ],
    })
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

  it('is not forgotten when another refresh brings the same keys', async () => {
    net.answer = says(issuer.jwks)
    const token = await forge('lost')
    await judged(token)
    await judged(await forge('other'))
    await time.advance(10)
    expect(await judged(token)).toEqual(['401 unknown_key', 0])
    expect(net.calls).toHaveLength(3)
  })

  it('may turn out to be of a key for another algorithm', async () => {
    const stranger = await createTestIssuer({ issuer: issuer.issuer, algorithms: ['ES384'], now: time.now })
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
    use({})
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
    const stranger = await createTestIssuer({ issuer: issuer.issuer, algorithms: ['ES384'], now: time.now })
    for (let request = 0; request < 2; request++) {
      expect((await judged(await stranger.sign({}, { kid: undefined })))[0]).toBe('401 unknown_key')
      expect(net.calls).toHaveLength(2)
    }
    // The keys may well have one for another algorithm.
    const other = await createTestIssuer({ issuer: issuer.issuer, algorithms: ['EdDSA'], now: time.now })
    await judged(await other.sign({}, { kid: undefined }))
    expect(net.calls).toHaveLength(3)
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
    const stranger = await createTestIssuer({ issuer: issuer.issuer, algorithms: ['ES384'], now: time.now })
    const [key] = issuer.jwks.keys
    expect((await judged(await stranger.sign({}, { kid: key?.kid })))[0]).toBe('401 algorithm')
    expect(net.calls).toHaveLength(1)
  })
})

describe('F1 an issuer without key ids', () => {
  /** Publishes the keys without their ids. */
  const anonymous: Answer = (call) =>
    says({ keys: issuer.jwks.keys.map(({ kid: _kid, ...key }) => key) })(call)
  const signAnonymously = (): Promise<string> => sign({ kid: undefined })

  beforeEach(async () => {
    net.answer = anonymous
    await api.ready()
  })

  it('may rotate: the next good token is accepted, at one fetch', async () => {
    expect((await judged(await signAnonymously()))[0]).toBe('200')
    await issuer.rotate({ keepOld: false })
    expect(await judged(await signAnonymously())).toEqual(['200', 0])
    expect(net.calls).toHaveLength(2)
  })

  it('is asked once for any number of concurrent requests', async () => {
    await issuer.rotate({ keepOld: false })
    const tokens = await Promise.all(Array.from({ length: 50 }, signAnonymously))
    const outcomes = Promise.all(tokens.map((token) => verdict(api.verify(token))))
    await time.until(outcomes)
    expect(new Set(await outcomes)).toEqual(new Set(['200']))
    expect(net.calls).toHaveLength(2)
  })

  it('is asked as often for wrong signatures as for unknown ids, and those are 401', async () => {
    const stranger = await createTestIssuer({ issuer: issuer.issuer, now: time.now })
    const forged = await stranger.sign({ exp: time.now() / 1000 + 1e6 }, { kid: undefined })
    for (let request = 0; request < 5; request++) {
      expect(await judged(forged)).toEqual(['401 signature', 0])
    }
    expect(net.calls).toHaveLength(3)
    await time.advance(10)
    await judged(forged)
    expect(net.calls).toHaveLength(4)
    expect(health()?.counters.badSignatures).toBe(6)
  })

  it('is not asked when the newer key is there already', async () => {
    const old = await signAnonymously()
    await issuer.rotate({ keepOld: false })
    await judged(await signAnonymously())
    expect((await judged(old))[0]).toBe('401 signature')
    expect((await judged(await signAnonymously()))[0]).toBe('200')
    expect(net.calls).toHaveLength(3)
  })

  it('is 503 for a token whose own fetch failed: a newer key may have signed it', async () => {
    await issuer.rotate({ keepOld: false })
    net.answer = status(404)
    expect((await judged(await signAnonymously()))[0]).toBe('503 unavailable')
  })
})

describe('F2 a rotation after forged key ids', () => {
  beforeEach(() => api.ready())

  it('is found ten seconds later at most', async () => {
    for (const kid of ['1', '2', '3']) await judged(await forge(kid))
    await issuer.rotate()
    const token = await sign()
    expect(await judged(token)).toEqual(['401 unknown_key', 0])
    await time.advance(10)
    expect(await judged(token)).toEqual(['200', 0])
  })

  it('costs no permit', async () => {
    for (let rotation = 0; rotation < 2; rotation++) {
      await issuer.rotate()
      expect((await judged(await sign()))[0]).toBe('200')
    }
    const before = net.calls.length
    for (const kid of ['1', '2', '3']) await judged(await forge(kid))
    expect(net.calls.length - before).toBe(2)
  })

  it('does not let tokens fetch without end from an issuer whose servers disagree', async () => {
    const other = await createTestIssuer({ issuer: issuer.issuer, now: time.now })
    net.answer = (call) => publishes(net.calls.length % 2 === 0 ? issuer : other)(call)
    for (let index = 0; index < 20; index++) await judged(await forge(`lost-${index}`))
    expect(net.calls.length).toBeLessThanOrEqual(1 + 4)
  })

  it('is not remembered as missing by a token that came when there was no permit', async () => {
    await issuer.rotate()
    const token = await sign()
    const [newest] = issuer.jwks.keys
    net.answer = says({ keys: issuer.jwks.keys.filter(({ kid }) => kid !== newest?.kid) })
    for (const kid of ['1', '2']) await judged(await forge(kid))
    net.answer = publishes(issuer)
    expect((await judged(token))[0]).toBe('401 unknown_key')
    await time.advance(10)
    expect((await judged(token))[0]).toBe('200')
  })
})

describe('an unknown key id during an outage', () => {
  it('is 503 as often as there are permits, however many unsigned tokens come', async () => {
    await api.ready()
    net.answer = status(503, { 'retry-after': '300' })
    await time.advance(100)
    const outcomes = []
    for (let index = 0; index < 50; index++) outcomes.push((await judged(await forge(`${index}`)))[0])
    expect(outcomes.filter((outcome) => outcome.startsWith('503'))).toHaveLength(2)
    expect(outcomes.filter((outcome) => outcome === '401 unknown_key')).toHaveLength(48)
    expect(net.calls).toHaveLength(2)
  })
})

describe('F4 a wrong signature under a known key id', () => {
  it('is counted in health, and fetches nothing', async () => {
    await api.ready()
    const stranger = await createTestIssuer({ issuer: issuer.issuer, now: time.now })
    const [key] = issuer.jwks.keys
    for (let count = 1; count <= 3; count++) {
      expect((await judged(await stranger.sign({}, { kid: key?.kid })))[0]).toBe('401 signature')
      expect(health()?.counters).toMatchObject({ badSignatures: count, fetches: 1 })
    }
  })
})
