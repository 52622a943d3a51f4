import { createResourceServer, type ResourceServer, type Snapshot } from 'oauth-resource-server'
import { createTestIssuer, type TestIssuer } from 'oauth-resource-server/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type Network,
  network,
  publishes,
  refuse,
  status,
  turns,
  verdict,
  type VirtualTime,
  virtualTime,
} from '../support/world.ts'

let time: VirtualTime
let issuer: TestIssuer
let net: Network

beforeEach(async () => {
  time = virtualTime()
  issuer = await createTestIssuer({ now: time.now })
  net = network(publishes(issuer))
})
afterEach(() => vi.restoreAllMocks())

function serverWith(
  options: { snapshot?: Snapshot; jwksUri?: string; keyCache?: object } = {},
): ResourceServer {
  const { issuer: name, audience } = issuer
  const jwksUri = 'https://issuer.test/jwks'
  return createResourceServer({
    issuer: name,
    audience,
    jwksUri,
    fetch: net.fetch,
    now: time.now,
    ...options,
  })
}

/** The snapshot of a process that fetched its keys a moment ago, as it comes back from storage. */
async function taken(): Promise<Snapshot> {
  const api = serverWith()
  await api.ready()
  net.calls.length = 0
  return JSON.parse(JSON.stringify(api.snapshot())) as Snapshot
}

async function judged(api: ResourceServer): Promise<readonly [string, number]> {
  const outcome = verdict(api.verify(await issuer.sign()))
  const seconds = await time.until(outcome)
  return [await outcome, seconds]
}

const altered = (snapshot: Snapshot, changes: object): Snapshot => ({
  version: 1,
  issuers: Object.fromEntries(
    Object.entries(snapshot.issuers).map(([name, keys]) => [name, { ...keys, ...changes }]),
  ),
})

describe('a snapshot', () => {
  it('spares the next process its first fetch', async () => {
    const snapshot = await taken()
    await time.advance(100)
    const api = serverWith({ snapshot })
    expect(await judged(api)).toEqual(['200', 0])
    expect(net.calls).toHaveLength(0)
    expect(api.health().issuers[issuer.issuer]).toMatchObject({ state: 'fresh', ageSeconds: 100 })
  })

  it('spares no fetch to ready(), which finds out whether the issuer can be reached', async () => {
    const snapshot = await taken()
    const api = serverWith({ snapshot })
    await api.ready()
    await api.ready()
    expect(net.calls).toHaveLength(1)
    net.answer = refuse
    const outcome = verdict(serverWith({ snapshot }).ready())
    await time.until(outcome)
    expect(await outcome).toBe('503 unavailable')
  })

  it.each([
    ['refreshing', 480, '200', 0],
    ['stale', 600, '200', 0.1],
    ['stale', 4199, '200', 0.1],
    ['empty', 4200, '503 unavailable', 0.1],
  ])('is %s after %d seconds, as the keys would have been', async (state, seconds, outcome, waited) => {
    const snapshot = await taken()
    await time.advance(seconds)
    net.answer = refuse
    const api = serverWith({ snapshot })
    expect(api.health().issuers[issuer.issuer]?.state).toBe(state)
    expect(await judged(api)).toEqual([outcome, waited])
  })

  it('keeps its age when it is handed on', async () => {
    const first = await taken()
    await time.advance(300)
    const second = serverWith({ snapshot: first }).snapshot()
    await time.advance(300)
    expect(serverWith({ snapshot: second }).health().issuers[issuer.issuer]).toMatchObject({
      state: 'stale',
      ageSeconds: 600,
    })
  })

  it('brings its ETag along', async () => {
    const snapshot = await taken()
    await time.advance(500)
    await judged(serverWith({ snapshot }))
    expect(net.calls[0]?.headers.has('if-none-match')).toBe(true)
  })

  it('is trusted for as long as an answer may be, not for the default of answers alone', async () => {
    const api = serverWith({ snapshot: altered(await taken(), { freshFor: 3600 }) })
    await time.advance(2500)
    expect(api.health().issuers[issuer.issuer]?.state).toBe('fresh')
  })

  it('is no longer trusted than this process would trust an answer', async () => {
    const snapshot = altered(await taken(), { freshFor: 1e9 })
    await time.advance(3600)
    expect(serverWith({ snapshot }).health().issuers[issuer.issuer]?.state).toBe('stale')
    const strict = serverWith({ snapshot, keyCache: { staleFor: 0 } })
    expect(strict.health().issuers[issuer.issuer]?.state).toBe('empty')
  })

  it.each([
    ['from the future', () => ({ fetchedAt: time.now() / 1000 + 10 })],
    ['without a date', () => ({ fetchedAt: null, freshFor: undefined })],
    ['C3 with a date that is no number', () => ({ fetchedAt: NaN })],
    ['C3 with a date that is text', () => ({ fetchedAt: String(time.now() / 1000) })],
    ['C3 that is infinitely old', () => ({ fetchedAt: -Infinity })],
    ['C3 that is fresh for ever', () => ({ freshFor: Infinity })],
    ['C3 whose freshness is no number', () => ({ freshFor: NaN })],
    ['whose freshness is negative', () => ({ freshFor: -1 })],
    ['without freshness', () => ({ freshFor: 'long' })],
    ['without usable keys', () => ({ jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } })],
    ['without a key set', () => ({ jwks: 7 })],
  ])('%s is as none', async (_title, changes) => {
    const api = serverWith({ snapshot: altered(await taken(), changes()) })
    expect(api.health().issuers[issuer.issuer]?.state).toBe('empty')
    expect((await judged(api))[0]).toBe('200')
    expect(net.calls).toHaveLength(1)
  })

  it('with an ETag that fits no header does not break the fetches to come', async () => {
    const snapshot = altered(await taken(), { etag: 'a\r\nb', lastModified: 7 })
    const api = serverWith({ snapshot })
    await time.advance(500)
    await judged(api)
    expect(api.health().issuers[issuer.issuer]?.state).toBe('fresh')
    const [call] = net.calls
    expect([call?.headers.has('if-none-match'), call?.headers.has('if-modified-since')]).toEqual([
      false,
      false,
    ])
  })

  it('cannot be changed once it was given', async () => {
    const snapshot = await taken()
    const api = serverWith({ snapshot })
    ;(snapshot.issuers[issuer.issuer]?.jwks.keys as unknown[]).length = 0
    expect((await judged(api))[0]).toBe('200')
    expect(net.calls).toEqual([])
  })

  it('names nothing where nothing was fetched', () => {
    expect(serverWith().snapshot()).toEqual({ version: 1, issuers: {} })
    expect(createResourceServer(issuer.options).snapshot()).toEqual({ version: 1, issuers: {} })
  })

  it('of another version is refused', () => {
    expect(() => serverWith({ snapshot: { version: 2, issuers: {} } as never })).toThrow(/^snapshot: /)
  })
})

describe('C2 keys that were withdrawn since a snapshot', () => {
  /** A snapshot of a key that its issuer has withdrawn, and a token of that key. */
  async function withdrawn(): Promise<{ snapshot: Snapshot; old: string }> {
    const snapshot = await taken()
    const old = await issuer.sign({ exp: time.now() / 1000 + 1e6 })
    await issuer.rotate({ keepOld: false })
    return { snapshot, old }
  }

  it('are not trusted for another jwksUri', async () => {
    const { snapshot, old } = await withdrawn()
    const moved = serverWith({ snapshot, jwksUri: 'https://issuer.test/other' })
    expect(moved.health().issuers[issuer.issuer]?.state).toBe('empty')
    expect(await verdict(moved.verify(old))).toBe('401 unknown_key')
  })

  it('are not trusted when the snapshot does not say where they came from', async () => {
    const { snapshot, old } = await withdrawn()
    const api = serverWith({ snapshot: altered(snapshot, { uri: undefined }) })
    expect(await verdict(api.verify(old))).toBe('401 unknown_key')
  })

  describe('whose place is discovered', () => {
    const at = (name: string): string => `https://issuer.test/${name}`
    /** Where the metadata says that the keys are, and what is there. */
    let jwksUri: string
    let place: Network['answer']

    beforeEach(async () => {
      issuer = await createTestIssuer({ issuer: 'https://issuer.test', now: time.now })
      jwksUri = at('jwks')
      place = (call) => publishes(issuer)(call)
      net = network((call) =>
        call.url.includes('.well-known')
          ? Response.json({ issuer: 'https://issuer.test', jwks_uri: jwksUri })
          : place(call),
      )
    })
    const discovering = (options: object): ResourceServer =>
      createResourceServer({
        issuer: 'https://issuer.test',
        audience: issuer.audience,
        fetch: net.fetch,
        now: time.now,
        ...options,
      })
    async function withdrawnThere(): Promise<{ snapshot: Snapshot; old: string }> {
      const api = discovering({})
      await api.ready()
      const old = await issuer.sign({ exp: time.now() / 1000 + 1e6 })
      await issuer.rotate({ keepOld: false })
      net.calls.length = 0
      return { snapshot: JSON.parse(JSON.stringify(api.snapshot())) as Snapshot, old }
    }
    const stateOf = (api: ResourceServer): unknown => Object.values(api.health().issuers)[0]?.state

    it('are refused once the metadata named another place', async () => {
      const { snapshot, old } = await withdrawnThere()
      jwksUri = at('moved')
      const api = discovering({ snapshot })
      expect(stateOf(api)).toBe('refreshing')
      expect(await verdict(api.verify(old))).toBe('200')
      await turns()
      expect(net.calls.map(({ url }) => url.split('/').at(-1))).toEqual([
        'oauth-authorization-server',
        'moved',
      ])
      expect(await verdict(api.verify(old))).toBe('401 unknown_key')
    })

    it('are dropped when the metadata names another place, though the keys there cannot be fetched', async () => {
      const { snapshot, old } = await withdrawnThere()
      jwksUri = at('moved')
      place = status(404)
      const api = discovering({ snapshot })
      await verdict(api.verify(old))
      await turns()
      expect(stateOf(api)).toBe('empty')
      expect(await verdict(api.verify(old))).toBe('503 unavailable')
    })

    it('serve on while the metadata is not available, and no longer than other keys', async () => {
      const { snapshot, old } = await withdrawnThere()
      net.answer = refuse
      const api = discovering({ snapshot })
      for (const [seconds, expected] of [
        [0, '200'],
        [4199, '200'],
        [1, '503 unavailable'],
      ] as const) {
        await time.advance(seconds)
        const outcome = verdict(api.verify(old))
        await time.until(outcome)
        expect(await outcome).toBe(expected)
      }
    })

    it.each([
      ['metadataUrl', { metadataUrl: 'https://issuer.test/.well-known/other' }],
      ['jwksUri', { jwksUri: 'https://issuer.test/jwks' }],
    ])('are not trusted where %s was set since', async (_title, options) => {
      const { snapshot, old } = await withdrawnThere()
      const api = discovering({ snapshot, ...options })
      expect(stateOf(api)).toBe('empty')
      expect(await verdict(api.verify(old))).toBe('401 unknown_key')
    })
  })

  it('C6 are ignored while the clock of the machine is wrong', async () => {
    const { snapshot } = await withdrawn()
    vi.spyOn(Date, 'now').mockReturnValue(1000)
    const { issuer: name, audience } = issuer
    const options = { issuer: name, audience, jwksUri: 'https://issuer.test/jwks', fetch: net.fetch }
    const api = createResourceServer({ ...options, snapshot })
    expect(api.health().issuers[name]?.state).toBe('empty')
  })

  it('do not come back when a dynamic issuer moves and returns, or is vouched for again', async () => {
    const { snapshot, old } = await withdrawn()
    let jwksUri = 'https://issuer.test/jwks'
    const api = createResourceServer({
      issuers: (iss) => ({ issuer: iss, jwksUri }),
      audience: issuer.audience,
      fetch: net.fetch,
      now: time.now,
      snapshot,
    })
    expect(await verdict(api.verify(old))).toBe('200')
    for (const place of ['https://issuer.test/moved', 'https://issuer.test/jwks']) {
      jwksUri = place
      await time.advance(601)
      expect(await verdict(api.verify(old))).toBe('401 unknown_key')
    }
  })
})
