import { createResourceServer, UpstreamError } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { hang, publishes, says, status, turns, verdict } from '../support/world.ts'
import { api, issuer, net, setUp, time } from './one-issuer.ts'

setUp()

const ofIssuer = (): unknown => api.health().issuers[issuer.issuer]
const none = {
  fetches: 0,
  failures: 0,
  notModified: 0,
  staleServed: 0,
  unknownKeyIds: 0,
  refreshLimited: 0,
  badSignatures: 0,
}

describe('ready()', () => {
  it('fetches the keys now', async () => {
    await api.ready()
    expect(net.calls).toHaveLength(1)
    expect(api.health().ready).toBe(true)
  })

  it('fetches nothing where the keys are there', async () => {
    await api.ready()
    await api.ready()
    expect(net.calls).toHaveLength(1)
  })

  it('shares its fetch with the requests that come meanwhile', async () => {
    const token = await issuer.sign()
    await Promise.all([api.ready(), api.verify(token), api.ready()])
    expect(net.calls).toHaveLength(1)
  })

  it('fails loudly, and says what went wrong', async () => {
    net.answer = status(404)
    const error = await api.ready().catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(UpstreamError)
    expect((error as Error).cause).toMatchObject({ message: 'the server answered with status 404' })
  })

  it('fails in bounded time', async () => {
    net.answer = hang
    const outcome = verdict(api.ready())
    expect(await time.until(outcome)).toBe(5)
    expect(await outcome).toBe('503 unavailable')
  })

  it('waits for every configured issuer', async () => {
    const other = await createTestIssuer({ issuer: 'https://other.test', now: time.now })
    net.answer = (call) => (call.url.startsWith(other.issuer) ? status(404) : publishes(issuer))(call)
    const both = createResourceServer({
      audience: issuer.audience,
      issuers: [
        { issuer: issuer.issuer, jwksUri: 'https://issuer.test/jwks' },
        { issuer: other.issuer, jwksUri: 'https://other.test/jwks' },
      ],
      fetch: net.fetch,
      now: time.now,
    })
    expect(await verdict(both.ready())).toBe('503 unavailable')
    await turns()
    expect(both.health().ready).toBe(false)
    expect(both.health().issuers[issuer.issuer]?.state).toBe('fresh')
  })

  it('needs no network where the keys are written down', async () => {
    await createResourceServer(issuer.options).ready()
    expect(net.calls).toHaveLength(0)
  })
})

describe('health()', () => {
  it('is empty before the first fetch', () => {
    expect(api.health()).toEqual({
      ready: false,
      issuers: {
        [issuer.issuer]: {
          state: 'empty',
          ageSeconds: undefined,
          keyCount: 0,
          refusedKeys: [],
          lastError: undefined,
          counters: none,
        },
      },
    })
  })

  it('follows the age of the keys', async () => {
    await api.ready()
    expect(ofIssuer()).toMatchObject({ state: 'fresh', ageSeconds: 0, keyCount: 1 })
    await time.advance(480)
    expect(ofIssuer()).toMatchObject({ state: 'refreshing', ageSeconds: 480 })
    await time.advance(120)
    expect(ofIssuer()).toMatchObject({ state: 'stale', ageSeconds: 600 })
    expect(api.health().ready).toBe(true)
    await time.advance(3600)
    expect(ofIssuer()).toMatchObject({ state: 'empty', ageSeconds: 4200 })
    expect(api.health().ready).toBe(false)
  })

  it('counts', async () => {
    await api.ready()
    const token = await issuer.sign({ exp: time.now() / 1000 + 1e6 })
    await time.advance(480)
    await api.verify(token)
    await turns()
    net.answer = status(404)
    await time.advance(700)
    await api.verify(token)
    await api.verify(token)
    expect(ofIssuer()).toMatchObject({
      lastError: expect.stringContaining('the server answered with status 404') as string,
      counters: { ...none, fetches: 3, failures: 1, notModified: 1, staleServed: 2 },
    })
  })

  it('can be sent as JSON, and nobody can change the counts by it', async () => {
    await api.ready()
    const health = api.health()
    expect(JSON.parse(JSON.stringify(health))).toEqual(health)
    Object.assign(health.issuers[issuer.issuer]?.counters ?? {}, { fetches: 99 })
    expect(ofIssuer()).toMatchObject({ counters: { fetches: 1 } })
  })

  it('is ready at once where the keys are written down', () => {
    const { issuers, ready } = createResourceServer(issuer.options).health()
    expect(ready).toBe(true)
    expect(issuers[issuer.issuer]).toMatchObject({ state: 'configured', keyCount: 1 })
  })
})

describe('E10 a readiness route without traffic', () => {
  it('becomes ready, since health() starts a fetch when there are no keys', async () => {
    expect(api.health().ready).toBe(false)
    await turns()
    expect(api.health().ready).toBe(true)
    expect(net.calls).toHaveLength(1)
  })

  it('starts one fetch at a time, and none during the pause after a failure', async () => {
    net.answer = hang
    for (let probe = 0; probe < 5; probe++) api.health()
    await time.advance(5)
    for (let probe = 0; probe < 5; probe++) api.health()
    expect(net.calls).toHaveLength(1)
    net.answer = publishes(issuer)
    await time.advance(1)
    api.health()
    await turns()
    expect(api.health().ready).toBe(true)
  })
})

describe('E14 a key set whose only key is refused', () => {
  const weak = { kty: 'RSA', kid: 'weak', n: 'wQAB', e: 'AQAB' }

  it('says why', async () => {
    net.answer = says({ keys: [weak] })
    await verdict(api.ready())
    expect(ofIssuer()).toMatchObject({
      state: 'empty',
      keyCount: 0,
      refusedKeys: [{ index: 0, reason: 'modulus' }],
    })
  })

  it('says why beside the keys that serve on, until a good set comes', async () => {
    await api.ready()
    const token = await issuer.sign({ exp: time.now() / 1000 + 1e6 })
    net.answer = says({ keys: [weak, null] })
    await time.advance(480)
    await api.verify(token)
    await turns()
    expect(ofIssuer()).toMatchObject({
      keyCount: 1,
      refusedKeys: [
        { index: 0, reason: 'modulus' },
        { index: 1, reason: 'not an object' },
      ],
    })
    net.answer = publishes(issuer)
    await time.advance(2)
    await api.verify(token)
    await turns()
    expect(ofIssuer()).toMatchObject({ keyCount: 1, refusedKeys: [] })
  })
})
