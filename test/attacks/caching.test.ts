import { createResourceServer, type ResourceServer, revocationList, scope } from 'oauth-resource-server'
import { createTestClock, createTestIssuer, type TestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it } from 'vitest'
import { boundToken, dpopClient, dpopHeaders, resource } from '../support/dpop.ts'
import { type Host, hosts } from '../support/hosts.ts'
import { countingFetch, signed } from '../support/range.ts'
import { jwkOf, verdict } from '../support/tokens.ts'

// What is remembered of a token, of keys, and of nothing else; availability.test.ts has the other cases.

const clock = createTestClock(1_800_000_000_000)
const now = 1_800_000_000
const audience = 'https://api.test'
const issuer = await createTestIssuer({ audience, algorithms: ['ES256'], clock })

const ask = async (
  api: ResourceServer,
  headers: Record<string, string>,
  ...scopes: string[]
): Promise<string> =>
  verdict(api.authenticate({ method: 'GET', url: '/', headers }, ...scopes.map((name) => scope(name))))
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })

describe('a cached token', () => {
  it('CAC-2 is judged by the tolerance of each API, though they share a list', async () => {
    const revocation = revocationList()
    const lenient = createResourceServer({ ...issuer.options, revocation, clockTolerance: 60 })
    const strict = createResourceServer({ ...issuer.options, revocation, clockTolerance: 0 })
    const iat = now - 300
    const [ended, early] = [
      await issuer.sign({ iat, exp: now - 20 }),
      await issuer.sign({ iat, nbf: now + 20 }),
    ]
    for (let count = 0; count < 2; count += 1) {
      expect(await verdict(lenient.verify(ended))).toBe('200')
      expect(await verdict(strict.verify(ended))).toBe('401 expired')
      expect(await verdict(lenient.verify(early))).toBe('200')
      expect(await verdict(strict.verify(early))).toBe('401 not_yet_valid')
    }
  })

  it('CAC-7 passes the guards of every request anew', async () => {
    const api = createResourceServer(issuer.options)
    const headers = bearer(await issuer.sign({ scope: 'read' }))
    expect(await ask(api, headers, 'read')).toBe('200')
    expect(await ask(api, headers, 'write')).toBe('403 scope')
    expect(await ask(api, headers, 'read')).toBe('200')
    let allows = true
    const guard = (): boolean => allows
    const request = { method: 'GET', url: '/', headers }
    expect(await verdict(api.authenticate(request, guard))).toBe('200')
    allows = false
    expect((await verdict(api.authenticate(request, guard))).slice(0, 3)).toBe('403')
  })

  it('CAC-19 needs the proof of its key on every request', async () => {
    const api = createResourceServer({ ...issuer.options, resource, dpop: {} })
    const client = dpopClient(clock.now)
    const other = dpopClient(clock.now)
    const token = await boundToken(issuer, client)
    for (let count = 0; count < 2; count += 1) {
      expect(await ask(api, dpopHeaders(token, client.proof(token)))).toBe('200')
      expect(await ask(api, bearer(token))).toBe('401 binding')
      expect(await ask(api, { authorization: `DPoP ${token}` })).toBe('401 proof')
      expect(await ask(api, dpopHeaders(token, other.proof(token)))).toBe('401 binding')
    }
  })

  it('CAC-18 gets the same response as one that is new, byte for byte', async () => {
    const host: Host = await (hosts['express 5'] as (typeof hosts)[string])(
      createResourceServer(issuer.options),
    )
    const headersOf = (response: Response): unknown[] =>
      [...response.headers].filter(([name]) => name !== 'date')
    try {
      for (const claims of [{}, { exp: now - 100 }]) {
        const token = await issuer.sign(claims)
        const [first, second] = [
          await fetch(host.origin, { headers: bearer(token) }),
          await fetch(host.origin, { headers: bearer(token) }),
        ]
        expect(second.status).toBe(first.status)
        expect(headersOf(second)).toEqual(headersOf(first))
        expect(await second.text()).toBe(await first.text())
      }
    } finally {
      await host.close()
    }
  })
})

describe('cached keys', () => {
  const names = ['https://one.test/', 'https://two.test/'] as const

  interface Twins {
    readonly api: ResourceServer
    readonly sign: Readonly<Record<'one' | 'two', (claims?: Record<string, unknown>) => Promise<string>>>
    readonly calls: string[]
  }

  /** Two issuers whose keys have the same id. */
  async function twins(): Promise<Twins> {
    const make = async (name: string): Promise<TestIssuer> =>
      createTestIssuer({ issuer: name, audience, algorithms: ['ES256'], clock })
    const [one, two] = [await make(names[0]), await make(names[1])]
    const kid = jwkOf(one)['kid'] as string
    const renamed = two.jwks.keys.map((key) => ({ ...key, kid }))
    const network = countingFetch({
      [`${names[0]}keys`]: () => one.jwks,
      [`${names[1]}keys`]: () => ({ keys: renamed }),
    })
    const api = createResourceServer({
      issuers: names.map((name) => ({ issuer: name, audience, jwksUri: `${name}keys` })),
      fetch: network.fetch,
      now: clock.now,
    })
    const sign: Twins['sign'] = {
      one: async (claims = {}) => one.sign(claims),
      two: async (claims = {}) => two.sign(claims, { kid }),
    }
    return { api, sign, calls: network.calls }
  }

  it('CAC-12 are told apart by issuer where their ids are the same, also while they are fetched', async () => {
    const { api, sign, calls } = await twins()
    const tokens = await Promise.all([sign.one(), sign.two(), sign.one({ jti: 'b' }), sign.two({ jti: 'b' })])
    expect(await Promise.all(tokens.map(async (token) => verdict(api.verify(token))))).toEqual(
      tokens.map(() => '200'),
    )
    expect(calls.sort()).toEqual(names.map((name) => `${name}keys`))
  })

  it('CAC-11 of one issuer verify no token that names another, whichever was used first', async () => {
    for (const isWarm of [false, true]) {
      const { api, sign } = await twins()
      if (isWarm) await Promise.all([api.verify(await sign.one()), api.verify(await sign.two())])
      expect(await verdict(api.verify(await sign.two({ iss: names[0] })))).toBe('401 signature')
      expect(await verdict(api.verify(await sign.one({ iss: names[1] })))).toBe('401 signature')
      expect(await verdict(api.verify(await sign.one({ iss: 'https://three.test/' })))).toBe(
        '401 unknown_issuer',
      )
      expect(await verdict(api.verify(await sign.one()))).toBe('200')
    }
  })

  it('CAC-15 have no substitute while they cannot be fetched', async () => {
    const network = countingFetch({})
    const api = createResourceServer({
      issuer: issuer.issuer,
      audience,
      jwksUri: 'https://issuer.test/keys',
      fetch: network.fetch,
      now: clock.now,
    })
    const claims = { iss: issuer.issuer, aud: audience, sub: 'eve', exp: now + 300, iat: now }
    const outcomes = [await verdict(api.verify(await issuer.sign()))]
    for (const secret of ['', 'secret', 'undefined', 'null', 'changeme', '\0'.repeat(32)]) {
      const key = Buffer.from(secret === '' ? '\0' : secret)
      outcomes.push(await verdict(api.verify(signed({ alg: 'HS256', typ: 'at+jwt' }, claims, key))))
    }
    expect(outcomes[0]).toBe('503 unavailable')
    expect(new Set(outcomes.slice(1))).toEqual(new Set(['401 algorithm']))
  })
})
