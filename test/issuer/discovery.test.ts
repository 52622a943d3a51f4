import { createResourceServer, type ResourceServer } from 'oauth-resource-server'
import { createTestIssuer, type TestIssuer } from 'oauth-resource-server/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { beginExchange, type Exchange } from '../../src/issuer/exchange.ts'
import { discoveredLocation, fixedLocation, metadataUrls } from '../../src/issuer/discovery.ts'
import { FetchError } from '../../src/issuer/fetch-error.ts'
import { systemClock } from '../../src/lib/clock.ts'
import {
  type Answer,
  hang,
  type Network,
  network,
  publishes,
  refuse,
  says,
  status,
  verdict,
  type VirtualTime,
  virtualTime,
} from '../support/world.ts'

const name = 'https://issuer.test/realms/one'
const inserted = 'https://issuer.test/.well-known/oauth-authorization-server/realms/one'
const appended = 'https://issuer.test/realms/one/.well-known/openid-configuration'
const jwksUri = 'https://issuer.test/realms/one/jwks'

let time: VirtualTime
let issuer: TestIssuer
let net: Network
let api: ResourceServer
/** What is at each URL; nothing is 404. */
let places: Record<string, Answer>

beforeEach(async () => {
  time = virtualTime()
  issuer = await createTestIssuer({ issuer: name, now: time.now })
  places = { [inserted]: metadata(), [jwksUri]: publishes(issuer) }
  net = network((call) => (places[call.url] ?? status(404))(call))
  api = serverOf(issuer)
})
afterEach(() => vi.restoreAllMocks())

const serverOf = ({ issuer, audience }: TestIssuer): ResourceServer =>
  createResourceServer({ issuer, audience, fetch: net.fetch, now: time.now })

const metadata = (changes: Record<string, unknown> = {}): Answer =>
  says({ issuer: name, jwks_uri: jwksUri, ...changes })

/** Metadata that comes after so many seconds. */
const slow =
  (seconds: number): Answer =>
  async (call) => {
    await new Promise<void>((resolve) => void setTimeout(resolve, seconds * 1000))
    return metadata()(call)
  }

/** The connection ends within the body. */
const breaksOff: Answer = () =>
  new Response(new ReadableStream({ pull: () => Promise.reject(new TypeError('terminated')) }))

async function judged(issuedBy = issuer): Promise<readonly [string, number]> {
  const outcome = verdict(api.verify(await issuedBy.sign({ exp: time.now() / 1000 + 1e6 })))
  const seconds = await time.until(outcome)
  return [await outcome, seconds]
}

/** The URLs that were called since the last time this was asked. */
const asked = (): readonly string[] => net.calls.splice(0).map(({ url }) => url)

describe('metadata', () => {
  it('is looked for where RFC 8414 §3.1 puts it', async () => {
    expect(await judged()).toEqual(['200', 0])
    expect(asked()).toEqual([inserted, jwksUri])
  })

  it.each([
    ['is not there', status(404)],
    ['is forbidden', status(403)],
    ['redirects', status(302)],
    ['has a web page', says('<!doctype html>', { 'content-type': 'text/html' })],
    ['has a web page that claims to be JSON', says('<!doctype html>')],
    ['has JSON that is no metadata', says({ error: 'not found' })],
  ] satisfies [string, Answer][])(
    'is looked for in OpenID Connect’s place when the first %s',
    async (_title, first) => {
      places = { ...places, [inserted]: first, [appended]: metadata() }
      expect(await judged()).toEqual(['200', 0])
      expect(asked()).toEqual([inserted, appended, jwksUri])
    },
  )

  it.each([
    ['text', { 'content-type': 'text/plain' }],
    ['a web page', { 'content-type': 'text/html' }],
    ['nothing anybody knows', { 'content-type': '?' }],
  ])('labelled as %s is read by its body', async (_title, headers) => {
    places[inserted] = says({ issuer: name, jwks_uri: jwksUri }, headers)
    expect(await judged()).toEqual(['200', 0])
    expect(asked()).toEqual([inserted, jwksUri])
  })

  it.each([
    ['is not there', refuse],
    ['is out of order', status(500)],
    ['is down', status(503)],
    ['is down and says until when', status(503, { 'retry-after': '60' })],
    ['is slow to take requests', status(408)],
    ['is busy', status(429)],
    ['breaks off', breaksOff],
  ] satisfies [string, Answer][])(
    'D9 is looked for in the second place when the first %s',
    async (_title, first) => {
      places = { ...places, [inserted]: first, [appended]: metadata() }
      expect(await judged()).toEqual(['200', 0])
      expect(asked()).toEqual([inserted, appended, jwksUri])
    },
  )

  it('D9 is looked for in the second place while the first hangs, before the time is over', async () => {
    places = { ...places, [inserted]: hang, [appended]: metadata() }
    expect(await judged()).toEqual(['200', 2.5])
    expect(asked()).toEqual([inserted, appended, jwksUri])
  })

  it('D9 may still come from a slow first place while the second has none', async () => {
    places[inserted] = slow(3)
    expect(await judged()).toEqual(['200', 3])
    expect(asked()).toEqual([inserted, appended, jwksUri])
  })

  it.each([
    ['the first is down', status(503), status(404), 'the server answered with status 503'],
    ['the second is down', status(404), status(503), 'the server answered with status 503'],
    ['the first cannot be reached', refuse, status(404), 'the server cannot be reached'],
    ['one is down, one cannot be reached', refuse, status(500), 'the server answered with status 500'],
    ['neither is there', status(404), status(403), 'the issuer publishes no metadata'],
    ['both hang', hang, hang, 'no complete response in time'],
  ] satisfies [string, Answer, Answer, string][])(
    'D9 that neither place has is reported by the more telling error: %s',
    async (_title, first, second, message) => {
      places = { [inserted]: first, [appended]: second }
      expect((await judged())[0]).toBe('503 unavailable')
      expect(api.health().issuers[name]?.lastError).toContain(message)
    },
  )

  it('D9 of another issuer in the second place is refused while the first is down', async () => {
    places = { ...places, [inserted]: status(500), [appended]: metadata({ issuer: `${name}/` }) }
    expect((await judged())[0]).toBe('503 unavailable')
    expect(asked()).not.toContain(jwksUri)
  })

  it('of another issuer is refused, and its keys are never fetched (RFC 8414 §3.3)', async () => {
    places = { ...places, [inserted]: metadata({ issuer: `${name}/` }), [appended]: metadata() }
    expect(await judged()).toEqual(['503 unavailable', 0])
    expect(asked()).toEqual([inserted])
  })

  it.each([
    ['is missing', undefined],
    ['is no URL', '/jwks'],
    ['is plain http', 'http://issuer.test/jwks'],
    ['is a file', 'file:///etc/passwd'],
    ['is this machine', 'https://localhost/jwks'],
    ['is an address', 'https://10.0.0.1/jwks'],
    ['is an address in IPv6', 'https://[fd00::1]/jwks'],
    ['is the address of cloud metadata in disguise', 'https://2852039166/jwks'],
    ['holds a password', 'https://user:password@issuer.test/jwks'],
  ])('whose jwks_uri %s leads nowhere', async (_title, uri) => {
    places = { [inserted]: metadata({ jwks_uri: uri }) }
    expect(await judged()).toEqual(['503 unavailable', 0])
    expect(asked()).toEqual([inserted])
  })

  it('may put the keys on another host', async () => {
    const elsewhere = 'https://keys.example.com/one.json'
    places = { [inserted]: metadata({ jwks_uri: elsewhere }), [elsewhere]: publishes(issuer) }
    expect((await judged())[0]).toBe('200')
  })

  it('is fresh for an hour', async () => {
    await judged()
    for (let minutes = 0; minutes < 50; minutes += 10) {
      await time.advance(599)
      await judged()
    }
    expect(asked().filter((url) => url === inserted)).toHaveLength(1)
    await time.advance(610)
    await judged()
    expect(asked()).toEqual([inserted, jwksUri])
  })

  it.each([
    ['404', status(404)],
    ['410', status(410)],
  ])('is asked again at once when the keys answer %s, and followed', async (_code, gone) => {
    await judged()
    const moved = `${jwksUri}/v2`
    places = { [inserted]: metadata({ jwks_uri: moved }), [jwksUri]: gone, [moved]: publishes(issuer) }
    await issuer.rotate()
    asked()
    expect((await judged())[0]).toBe('200')
    expect(asked()).toEqual([jwksUri, inserted, moved])
    await time.advance(500)
    await judged()
    expect(asked()).toEqual([moved])
  })

  it('is asked once when the keys are gone from the place that it still names', async () => {
    await judged()
    places[jwksUri] = status(404)
    await issuer.rotate()
    asked()
    expect((await judged())[0]).toBe('503 unavailable')
    expect(asked()).toEqual([jwksUri, inserted])
  })

  it('is not asked twice for the first keys, though they are gone from the place that it names', async () => {
    places[jwksUri] = status(404)
    expect((await judged())[0]).toBe('503 unavailable')
    expect(asked()).toEqual([inserted, jwksUri])
  })

  it('is asked again after three failures in a row, and after three more', async () => {
    await judged()
    asked()
    places[jwksUri] = status(403)
    const looks: number[] = []
    for (let failure = 1; failure <= 7; failure++) {
      await time.advance(600)
      await judged()
      if (asked().includes(inserted)) looks.push(failure)
    }
    expect(looks).toEqual([4, 7])
  })

  it('is not asked again after three failures with a success in between', async () => {
    await judged()
    asked()
    for (const answer of [status(403), status(403), publishes(issuer), status(403)]) {
      places[jwksUri] = answer
      await time.advance(600)
      await judged()
    }
    await time.advance(600)
    await judged()
    expect(asked()).not.toContain(inserted)
  })

  it('that is not available any more does no harm while the keys are', async () => {
    await judged()
    places[inserted] = refuse
    for (let hours = 0; hours < 3; hours++) {
      await time.advance(3700)
      expect((await judged())[0]).toBe('200')
    }
  })

  it.each([
    ['a timeout of less than two seconds', { timeoutMs: 1500 }, 0],
    ['a timeout of a fraction of milliseconds', { timeoutMs: 1500.5 }, 0],
    ['keys that fail late', {}, 3.2001],
  ])('A1 is asked again with %s, and nothing is left unhandled', async (_title, keyCache, seconds) => {
    vi.restoreAllMocks()
    const unhandled: unknown[] = []
    const record = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', record)
    let ahead = 0
    const api = createResourceServer({
      issuer: name,
      audience: issuer.audience,
      fetch: net.fetch,
      // A clock between two milliseconds.
      now: () => time.now() + ahead + 0.437,
      keyCache,
    })
    await api.ready()
    const moved = `${jwksUri}/moved`
    places = {
      [inserted]: metadata({ jwks_uri: moved }),
      [moved]: publishes(issuer),
      [jwksUri]: () => {
        ahead += seconds * 1000 + 0.123
        return status(404)({} as never)
      },
    }
    asked()
    await api.refresh()
    expect(asked()).toEqual([jwksUri, inserted, moved])
    places = { [moved]: status(404), [inserted]: says({ issuer: 'https://other.test', jwks_uri: moved }) }
    await expect(api.refresh()).rejects.toMatchObject({ status: 503 })
    await new Promise(setImmediate)
    process.off('unhandledRejection', record)
    expect(unhandled).toEqual([])
  })

  it('that hangs does not keep the keys from coming', async () => {
    await judged()
    places[inserted] = hang
    await time.advance(5000)
    await issuer.rotate({ keepOld: false })
    expect(await judged()).toEqual(['200', 2])
  })

  it('shares the five seconds and the one retry of a fetch with the keys', async () => {
    places = { [inserted]: slow(3), [jwksUri]: hang }
    expect(await judged()).toEqual(['503 unavailable', 5])
    await time.advance(10)
    asked()
    api = serverOf(issuer)
    let looks = 0
    places = {
      [inserted]: (call) => (looks++ === 0 ? refuse(call) : metadata()(call)),
      [jwksUri]: status(500),
    }
    expect((await judged())[0]).toBe('503 unavailable')
    expect(asked()).toEqual([inserted, appended, inserted, jwksUri])
  })

  it('of an issuer at the root of its host has one place less to hide', async () => {
    const root = await createTestIssuer({ issuer: 'https://issuer.test', now: time.now })
    const place = 'https://issuer.test/.well-known/openid-configuration'
    places = {
      [place]: says({ issuer: root.issuer, jwks_uri: jwksUri }),
      [jwksUri]: publishes(root),
    }
    api = serverOf(root)
    expect((await judged(root))[0]).toBe('200')
    expect(asked()).toEqual(['https://issuer.test/.well-known/oauth-authorization-server', place, jwksUri])
  })
})

describe('a location', () => {
  const begun = (): Exchange => beginExchange(systemClock(time.now), () => 0, 5000)
  const same = (uri: string): Promise<string> => Promise.resolve(uri)
  const located = (changes: { issuer?: string; url?: string; allowInsecureHosts?: readonly string[] } = {}) =>
    discoveredLocation({
      issuer: name,
      fetch: net.fetch,
      clock: systemClock(time.now),
      maxBytes: 10_000,
      ...changes,
    })

  it('of the configuration is used as it is', async () => {
    expect(await fixedLocation(jwksUri).locate(same, begun())).toBe(jwksUri)
    const error = new FetchError('gone', { status: 404 })
    await expect(fixedLocation(jwksUri).locate(() => Promise.reject(error), begun())).rejects.toBe(error)
  })

  it('is looked for in the configured place of the metadata alone', async () => {
    const url = 'https://issuer.test/metadata'
    places[url] = metadata({ jwks_uri: `${jwksUri}/2` })
    expect(await located({ url }).locate(same, begun())).toBe(`${jwksUri}/2`)
    expect(asked()).toEqual([url])
  })

  it('is looked for again when an hour is over, to the second', async () => {
    const location = located()
    await location.locate(same, begun())
    await time.advance(3599.5)
    await location.locate(same, begun())
    expect(asked()).toEqual([inserted])
    await time.advance(0.5)
    await location.locate(same, begun())
    expect(asked()).toEqual([inserted])
  })

  it('may be an address on the host of the issuer, or on that of the metadata', async () => {
    const own = 'https://10.0.0.1/jwks'
    places['https://10.0.0.1/.well-known/oauth-authorization-server'] = says({
      issuer: 'https://10.0.0.1',
      jwks_uri: own,
    })
    expect(await located({ issuer: 'https://10.0.0.1' }).locate(same, begun())).toBe(own)
    const url = 'https://10.0.0.1/metadata'
    places[url] = metadata({ jwks_uri: own })
    expect(await located({ url }).locate(same, begun())).toBe(own)
    places[inserted] = metadata({ jwks_uri: own })
    await expect(located().locate(same, begun())).rejects.toThrow('not one that may be fetched')
  })

  it('may be plain http on a host that is allowed', async () => {
    const inner = 'http://keys:8080/jwks'
    places[inserted] = metadata({ jwks_uri: inner })
    expect(await located({ allowInsecureHosts: ['keys:8080'] }).locate(same, begun())).toBe(inner)
    await expect(located().locate(same, begun())).rejects.toThrow('not one that may be fetched')
  })
})

describe('metadataUrls', () => {
  it.each([
    [name, [inserted, appended]],
    ['https://issuer.test/realms/one/', [inserted, appended]],
    [
      'https://issuer.test',
      [
        'https://issuer.test/.well-known/oauth-authorization-server',
        'https://issuer.test/.well-known/openid-configuration',
      ],
    ],
  ])('are the two of %s', (issuer, urls) => {
    expect(metadataUrls(issuer)).toEqual(urls)
  })

  it.each(['accounts.test', 'https://issuer.test/a/../b'])('do not exist for %s', (issuer) => {
    expect(() => metadataUrls(issuer)).toThrow(
      expect.objectContaining({ message: 'the name of the issuer is not a plain URL', status: 404 }) as Error,
    )
  })
})
