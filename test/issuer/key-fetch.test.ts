import { createResourceServer } from 'oauth-resource-server'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { discoveredLocation, fixedLocation, type KeyLocation } from '../../src/issuer/discovery.ts'
import type { Fetch } from '../../src/issuer/fetch-json.ts'
import { asFetchError, keyFetch, type KeyFetch } from '../../src/issuer/key-fetch.ts'
import { UnusableKeySetError } from '../../src/jose/key-set.ts'
import { withSignal } from '../../src/issuer/with-signal.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { keyCacheSettings } from '../../src/options/key-cache.ts'

const reasonsOf = (count: number): string =>
  Array.from({ length: count }, (_, index) => `keys[${index}]: modulus`).join(', ')

describe('a fetch', () => {
  it('is over where its time was up before it began', async () => {
    const work = new Promise<never>(() => undefined)
    await expect(withSignal(work, AbortSignal.abort())).rejects.toThrow('no complete response in time')
  })

  it('fails by a fixed sentence where nobody foresaw how', () => {
    const cause = new RangeError('what a library says')
    expect(asFetchError(cause)).toMatchObject({
      message: 'the keys cannot be read',
      status: 200,
      thrown: 'RangeError',
    })
    expect(asFetchError(cause)).not.toHaveProperty('cause')
  })

  it.each<[string, number, string | undefined]>([
    ['none', 0, undefined],
    ['one', 1, 'refused for keys[0]: modulus'],
    ['ten', 10, `refused for ${reasonsOf(10)}`],
    ['eleven', 11, `refused for ${reasonsOf(10)}`],
  ])('says why keys are refused, of ten at most: %s', (_title, count, hint) => {
    const refused = Array.from({ length: count }, (_, index) => ({ index, reason: 'modulus' as const }))
    const cause = new UnusableKeySetError('the JWK Set has no usable key', refused)
    expect(asFetchError(cause)).toMatchObject({ message: cause.message, status: 200, cause })
    expect(asFetchError(cause).detail?.hint).toBe(hint)
  })

  it('of an answer without a body is no set of keys', async () => {
    const api = createResourceServer({
      issuer: 'https://issuer.test/',
      audience: 'https://api.test',
      jwksUri: 'https://issuer.test/jwks',
      fetch: () => Promise.resolve(new Response(null)),
    })
    await expect(api.ready()).rejects.toMatchObject({ status: 503 })
    expect(Object.values(api.health().issuers)[0]?.lastError).toContain('the response is not a JSON object')
  })
})

const name = 'https://issuer.test/'
const uri = 'https://issuer.test/jwks'
const clock = createTestClock(1_800_000_000_000)

/** Fetches from what is at each URL; nothing is 404. */
function fetchFrom(
  places: Readonly<Record<string, () => unknown>>,
  location: (fetch: Fetch) => KeyLocation = () => fixedLocation(uri),
): { fetchKeys: KeyFetch; calls: string[] } {
  const calls: string[] = []
  const fetch = (async (url: string) => {
    calls.push(url)
    const place = places[url]
    if (place === undefined) return new Response('', { status: 404 })
    const answer = await place()
    return answer instanceof Response ? answer : Response.json(answer)
  }) as Fetch
  const fetchKeys = keyFetch({
    location: location(fetch),
    fetch,
    clock: systemClock(clock.now),
    random: () => 0,
    algorithms: ['EdDSA'],
    settings: keyCacheSettings(undefined),
  })
  return { fetchKeys, calls }
}

describe('keys that are fetched', () => {
  it('A3 are not used when they come too late by the steady clock, though no timer fired', async () => {
    const { jwks } = await createTestIssuer({ algorithms: ['EdDSA'] })
    const after =
      (seconds: number): (() => unknown) =>
      () => {
        clock.advance(seconds)
        return jwks
      }
    const { set } = await fetchFrom({ [uri]: after(5) }).fetchKeys(undefined)
    expect(set.keys).toHaveLength(1)
    await expect(fetchFrom({ [uri]: after(5.1) }).fetchKeys(undefined)).rejects.toMatchObject({
      message: 'no complete response in time',
      url: uri,
    })
  })

  it('name the place in the error when they cannot be used', async () => {
    await expect(fetchFrom({ [uri]: () => ({ keys: [] }) }).fetchKeys(undefined)).rejects.toMatchObject({
      message: 'the JWK Set has no usable key',
      url: uri,
      status: 200,
    })
  })

  it.each([
    ['they came from another place', { uri: 'https://issuer.test/old', etag: '"1"' }],
    ['they came without validators', { uri, etag: undefined }],
  ])('are not confirmed by 304 where %s', async (_title, changes) => {
    const { jwks } = await createTestIssuer({ algorithms: ['EdDSA'] })
    const keys = await fetchFrom({ [uri]: () => jwks }).fetchKeys(undefined)
    const { fetchKeys } = fetchFrom({ [uri]: () => new Response(null, { status: 304 }) })
    await expect(fetchKeys({ ...keys, ...changes })).rejects.toMatchObject({ status: 304 })
  })

  it.each([
    ['60 s', '00:01:00', 'Fri, 01 Jan 2027 00:00:00 GMT'],
    ['59 s', '00:00:59', undefined],
  ])('have a Last-Modified that is kept when it was %s old', async (_title, now, lastModified) => {
    const { jwks } = await createTestIssuer({ algorithms: ['EdDSA'] })
    const headers = {
      date: `Fri, 01 Jan 2027 ${now} GMT`,
      'last-modified': 'Fri, 01 Jan 2027 00:00:00 GMT',
    }
    const { fetchKeys } = fetchFrom({ [uri]: () => Response.json(jwks, { headers }) })
    expect((await fetchKeys(undefined)).lastModified).toBe(lastModified)
  })

  it.each<[string, Record<string, string>, number]>([
    [
      '309 digits less 309 digits',
      { 'cache-control': `max-age=${'9'.repeat(309)}`, age: '9'.repeat(309) },
      600,
    ],
    ['309 digits', { 'cache-control': `max-age=${'9'.repeat(309)}` }, 600],
    ['308 digits', { 'cache-control': `max-age=${'9'.repeat(308)}` }, 3600],
    ['an Age of 308 digits', { 'cache-control': 'max-age=900', age: '9'.repeat(308) }, 60],
    [
      'an Expires of the year 9999',
      { expires: 'Fri, 31 Dec 9999 23:59:59 GMT', date: 'Fri, 01 Jan 2027 00:00:00 GMT' },
      3600,
    ],
  ])('C3 are fresh for a bounded time after %s', async (_title, headers, seconds) => {
    const { jwks } = await createTestIssuer({ algorithms: ['EdDSA'] })
    const { fetchKeys } = fetchFrom({ [uri]: () => Response.json(jwks, { headers }) })
    const keys = await fetchKeys(undefined)
    expect(keys.freshFor).toBe(seconds)
    const confirming = fetchFrom({ [uri]: () => new Response(null, { status: 304, headers }) })
    const confirmed = await confirming.fetchKeys({ ...keys, etag: '"1"', freshFor: 600 })
    expect(confirmed).toMatchObject({ confirmed: true, freshFor: seconds })
  })
})

describe('keys that were fetched before', () => {
  const headers = {
    etag: '"2"',
    date: 'Fri, 01 Jan 2027 01:00:00 GMT',
    'last-modified': 'Fri, 01 Jan 2027 00:00:00 GMT',
  }
  const answered = async (
    previous: Partial<Awaited<ReturnType<KeyFetch>>>,
    answer: (jwks: object) => Response,
  ) => {
    const { jwks } = await createTestIssuer({ algorithms: ['EdDSA'] })
    const old = await fetchFrom({ [uri]: () => jwks }).fetchKeys(undefined)
    const sent: Readonly<Record<string, string>>[] = []
    const { jwks: newer } = await createTestIssuer({ algorithms: ['EdDSA'] })
    const fetchKeys = keyFetch({
      location: fixedLocation(uri),
      fetch: (_url, init) => {
        sent.push(init.headers)
        return Promise.resolve(answer(newer))
      },
      clock: systemClock(clock.now),
      random: () => 0,
      algorithms: ['EdDSA'],
      settings: keyCacheSettings(undefined),
    })
    return { old, newer, sent, keys: await fetchKeys({ ...old, ...previous }) }
  }
  const unchanged = (): Response => new Response(null, { status: 304 })

  it('are replaced by a document, with its validators', async () => {
    const { old, newer, keys } = await answered({ etag: '"1"' }, (jwks) => Response.json(jwks, { headers }))
    expect(keys).toMatchObject({
      jwks: newer,
      uri,
      etag: '"2"',
      lastModified: headers['last-modified'],
      freshFor: 600,
      confirmed: false,
    })
    expect(keys.set).not.toBe(old.set)
  })

  it('have no validators where the response has none', async () => {
    const { keys } = await answered({ etag: '"1"' }, (jwks) => Response.json(jwks))
    expect([keys.etag, keys.lastModified]).toEqual([undefined, undefined])
  })

  it('stay when they are confirmed', async () => {
    const { old, keys } = await answered({ etag: '"1"', lastModified: undefined, freshFor: 900 }, unchanged)
    expect(keys).toEqual({ ...old, etag: '"1"', freshFor: 900, confirmed: true })
    expect(keys.set).toBe(old.set)
  })

  it.each<[string, object, object]>([
    ['an ETag', { etag: '"1"' }, { 'if-none-match': '"1"' }],
    ['a date', { lastModified: 'then' }, { 'if-modified-since': 'then' }],
    ['both', { etag: '"1"', lastModified: 'then' }, { 'if-none-match': '"1"', 'if-modified-since': 'then' }],
  ])('are asked for by %s', async (_title, previous, conditions) => {
    const { sent } = await answered(previous, unchanged)
    expect(sent).toEqual([{ accept: 'application/json, application/jwk-set+json', ...conditions }])
  })
})

describe('a place of the metadata that is configured', () => {
  const url = 'http://keycloak:8080/realms/one/.well-known/openid-configuration'
  const inner = 'http://keycloak:8080/realms/one/certs'
  const found = async (
    document: object,
    options: { issuer?: string; allowInsecureHosts?: readonly string[] } = {},
  ): Promise<readonly string[]> => {
    const { jwks } = await createTestIssuer({ algorithms: ['EdDSA'] })
    const { fetchKeys, calls } = fetchFrom(
      { [url]: () => document, [inner]: () => jwks, [uri]: () => jwks },
      (fetch) =>
        discoveredLocation({ issuer: name, url, fetch, clock: systemClock(), maxBytes: 10_000, ...options }),
    )
    await fetchKeys(undefined)
    return calls
  }

  it('is the only one that is asked', async () => {
    expect(await found({ issuer: name, jwks_uri: uri })).toEqual([url, uri])
  })

  it('E8 may lead to keys over plain http where the host is allowed', async () => {
    const document = { issuer: name, jwks_uri: inner }
    expect(await found(document, { allowInsecureHosts: ['keycloak:8080'] })).toEqual([url, inner])
    await expect(found(document)).rejects.toThrow('not one that may be fetched')
    await expect(found(document, { allowInsecureHosts: ['keycloak:8081'] })).rejects.toThrow(
      'not one that may be fetched',
    )
  })

  it('serves an issuer whose name is no URL', async () => {
    const document = { issuer: 'accounts.test', jwks_uri: uri }
    expect(await found(document, { issuer: 'accounts.test' })).toEqual([url, uri])
  })

  it.each(['https://issuer.test', 'https://ISSUER.test/', '', undefined, 7])(
    'must name exactly the issuer, not %j',
    async (issuer) => {
      await expect(found({ issuer, jwks_uri: uri })).rejects.toThrow(/another issuer|no metadata/)
    },
  )
})

describe('an issuer whose name a URL parser changes', () => {
  it.each([
    'https://issuer.test/tenants/../admin',
    'https://issuer.test/tenants/%2e%2e/admin',
    'https://issuer.test\\tenants',
    'https://evil.test\\.issuer.test',
    'https://issuer.test./',
    'https://issuer.test/a%2fb',
    'https://issuer.test/a\n',
    'accounts.test',
  ])('D10 %j is asked nothing', async (issuer) => {
    const { fetchKeys, calls } = fetchFrom({}, (fetch) =>
      discoveredLocation({ issuer, fetch, clock: systemClock(), maxBytes: 10_000 }),
    )
    const message = 'the name of the issuer is not a plain URL'
    await expect(fetchKeys(undefined)).rejects.toMatchObject({ message, status: 404 })
    expect(calls).toEqual([])
  })
})
