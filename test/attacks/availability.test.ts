import diagnostics from 'node:diagnostics_channel'
import { channelNames, createResourceServer, type ResourceServer } from 'oauth-resource-server'
import { createTestIssuer, type Fault, type TestServer } from 'oauth-resource-server/testing'
import { afterEach, describe, expect, it } from 'vitest'
import {
  audience,
  b64,
  countingFetch,
  createRange,
  expected,
  issuerName,
  jwkOf,
  jwksUri,
  outcomeOf,
  type Range,
} from '../support/range.ts'
import { tries } from '../support/tries.ts'

const servers: TestServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

interface Target {
  readonly range: Range
  readonly api: ResourceServer
  readonly calls: string[]
  /** What the place of the keys answers from now on. */
  readonly answer: (document: () => unknown) => void
  readonly reason: (token: string) => Promise<string>
}

/** An API with its keys fetched, and the calls counted from here. */
async function warmed(options: object = {}): Promise<Target> {
  const range = await createRange()
  let document = (): unknown => range.issuer.jwks
  const { fetch, calls } = countingFetch({ [jwksUri]: (): unknown => document() })
  const api = createResourceServer({
    issuer: issuerName,
    audience,
    jwksUri,
    fetch,
    now: range.clock.now,
    ...options,
  })
  await api.ready()
  calls.length = 0
  return {
    range,
    api,
    calls,
    answer: (next) => (document = next),
    reason: async (token) => (await outcomeOf(() => api.verify(token), token)).reason,
  }
}

describe('floods', () => {
  it.each([
    ['DOS-1 unknown key ids while the issuer is well', undefined],
    ['DOS-2 unknown key ids while the issuer fails', (): unknown => new Response('', { status: 500 })],
    ['DOS-2 unknown key ids while the issuer cannot be reached', (): unknown => undefined],
    [
      'DOS-2 unknown key ids while the issuer asks to be left alone',
      (): unknown => new Response('', { status: 429, headers: { 'retry-after': '30' } }),
    ],
  ] as const)('%s cost the issuer a handful of calls, and good tokens nothing', async (_title, failing) => {
    const { range, calls, answer, reason } = await warmed()
    if (failing !== undefined) answer(failing)
    const good = await range.issuer.sign()
    for (let second = 0; second < 60; second++) {
      const forged = await Promise.all(
        Array.from({ length: tries(20, 5) }, (_, n) => range.issuer.sign({}, { kid: `${second}-${n}` })),
      )
      for (const verdict of await Promise.all(forged.map(reason)))
        expect(['unknown_key', 'unavailable']).toContain(verdict)
      expect(await reason(good)).toBe('accepted')
      range.clock.advance(1)
    }
    // Two at once and one more per 10 s; a failed exchange may be two calls, and is followed by a pause that grows.
    expect(calls.length).toBeLessThanOrEqual(failing === undefined ? 7 : 14)
  })

  it('DOS-4 unknown key ids beyond the allowance are refused without waiting', async () => {
    const { range, calls, answer, reason } = await warmed()
    answer(() => new Response('', { status: 200 }))
    const tokens = await Promise.all(
      Array.from({ length: 30 }, (_, n) => range.issuer.sign({}, { kid: `k${n}` })),
    )
    const start = performance.now()
    await Promise.all(tokens.map(reason))
    expect(performance.now() - start).toBeLessThan(3000)
    expect(calls.length).toBeLessThanOrEqual(4)
  })

  it('DOS-5 wrong signatures under a known key id cause no call at all', async () => {
    const { range, calls, reason } = await warmed()
    const token = await range.issuer.sign()
    const input = token.slice(0, token.lastIndexOf('.'))
    const verdicts = Array.from({ length: 200 }, (_, n) => reason(`${input}.${b64(Buffer.alloc(64, n + 1))}`))
    expect(new Set(await Promise.all(verdicts))).toEqual(new Set(['signature']))
    expect(calls).toEqual([])
  })

  it('DOS-6 unknown issuers cause no call, and no state', async () => {
    const { range, api, calls, reason } = await warmed()
    for (let n = 0; n < 200; n++)
      expect(await reason(await range.issuer.sign({ iss: `https://evil-${n}.test/` }))).toBe('issuer')
    expect(calls).toEqual([])
    expect(Object.keys(api.health().issuers)).toEqual([issuerName])
  })

  it('DOS-6 issuers that nobody vouches for cause no call, and are not remembered', async () => {
    const issuer = await createTestIssuer()
    const { fetch, calls } = countingFetch({})
    const api = createResourceServer({ audience, issuers: () => undefined, fetch })
    for (let n = 0; n < 200; n++) {
      const token = await issuer.sign({ aud: audience, iss: `https://evil-${n}.test/` })
      expect(await outcomeOf(() => api.verify(token), token)).toMatchObject({
        status: 401,
        reason: 'unknown_issuer',
      })
    }
    expect(calls).toEqual([])
    expect(api.health().issuers).toEqual({})
  })

  it.each([
    ['CLM class: expired tokens', { exp: 1, iat: undefined }, 'expired'],
    ['CLM class: tokens for another API', { aud: 'other' }, 'audience'],
    ['TYP class: ID tokens', { nonce: 'n' }, 'type'],
  ] as const)('DOS class: %s of keys nobody knows cause no call', async (_title, claims, verdict) => {
    const { range, calls, reason } = await warmed()
    for (let n = 0; n < 50; n++)
      expect(await reason(await range.issuer.sign({ ...claims }, { kid: `k${n}` }))).toBe(verdict)
    expect(calls).toEqual([])
  })

  it('DOS-22 a thousand requests at the end of freshness share one call, and none of them fails', async () => {
    const { range, calls, reason } = await warmed()
    range.clock.advance(601)
    const token = await range.issuer.sign()
    const others = await Promise.all(Array.from({ length: 20 }, () => range.issuer.sign()))
    const verdicts = await Promise.all(
      Array.from({ length: 1000 }, (_, n) => reason(others[n % 20] ?? token)),
    )
    expect(new Set(verdicts)).toEqual(new Set(['accepted']))
    expect(calls).toEqual([jwksUri])
  })

  it('DOS-14 keys that change with every answer cause no more calls than others', async () => {
    const { range, calls, answer, reason } = await warmed()
    answer(() => ({ keys: [{ ...jwkOf(range.issuer), kid: `k${calls.length}` }] }))
    for (let second = 0; second < 600; second++) {
      await reason(await range.issuer.sign({}, { kid: 'unknown' }))
      range.clock.advance(1)
    }
    expect(calls.length).toBeLessThanOrEqual(2 + 600 / 30 + 4)
  })
})

describe('caching headers of the keys', () => {
  it.each([
    ['max-age=0', 59, 0],
    ['no-store', 41, 0],
    ['no-cache', 41, 0],
    ['max-age=-1', 400, 0],
    ['max-age=99999999', 2500, 0],
    ['max-age=99999999999999999999', 2500, 0],
    ['max-age=99999999', 3601, 1],
    ['max-age=0', 61, 1],
    ['max-age=nonsense', 601, 1],
  ] as const)('DOS-13 %s, %d s later: %d calls', async (control, seconds, count) => {
    const range = await createRange()
    const { fetch, calls } = countingFetch({
      [jwksUri]: () => Response.json(range.issuer.jwks, { headers: { 'cache-control': control } }),
    })
    const api = createResourceServer({ issuer: issuerName, audience, jwksUri, fetch, now: range.clock.now })
    await api.ready()
    range.clock.advance(seconds === 59 ? 40 : seconds)
    for (let n = 0; n < 10; n++) await api.verify(await range.issuer.sign())
    expect(calls.length - 1).toBe(count)
  })
})

const faults: [title: string, fault: Fault, particulars?: { status?: number; retryAfter?: number }][] = [
  ['DOS-7 a body of one byte per second', 'slow'],
  ['DOS-7 no answer', 'hang'],
  ['DOS-7 a body that never ends', 'endless'],
  ['DOS-8 a reset', 'reset'],
  ['DOS-8 a reset within the body', 'reset-body'],
  ['DOS-8 a body cut short', 'truncated'],
  ['DOS-9 a decompression bomb', 'bomb'],
  ['DOS-9 a gigabyte', 'huge'],
  ['DOS-10 a redirect to the same host', 'redirect'],
  ['DOS-11 304 without a condition', 'not-modified'],
  ['DOS-11 404', '404'],
  ['DOS-11 429 with Retry-After', '429', { retryAfter: 60 }],
  ['DOS-11 503', '503'],
  ['DOS-11 204', 'text', { status: 204 }],
  ['DOS-11 206', 'text', { status: 206 }],
  ['KEY-12 nothing but keys nobody should use', 'poisoned'],
]

describe('an issuer that misbehaves', () => {
  it.each(faults)('%s: old keys go on, and without any it is 503', async (_title, fault, particulars) => {
    const range = await createRange()
    const server = await range.issuer.listen()
    servers.push(server)
    const options = {
      issuer: issuerName,
      audience,
      jwksUri: server.jwksUri,
      now: range.clock.now,
      keyCache: { timeoutMs: 500 },
    }
    const warm = createResourceServer(options)
    await warm.ready()
    await server.fail(fault, particulars)
    range.clock.advance(601)
    const token = await range.issuer.sign()
    const cold = createResourceServer(options)
    const outcomes = await Promise.all([warm, cold].map((api) => outcomeOf(() => api.verify(token), token)))
    // 304 confirms the keys of one who asked on a condition.
    expect(outcomes).toEqual([
      { status: 200, code: undefined, reason: 'accepted' },
      { status: 503, code: undefined, reason: 'unavailable' },
    ])
    expect(server.requests.every(({ path }) => path === '/jwks')).toBe(true)
    server.heal()
    range.clock.advance(400)
    const later = await range.issuer.sign()
    expect(await outcomeOf(() => cold.verify(later), later)).toMatchObject({ reason: 'accepted' })
  })

  it.each(['https://evil.test/keys', 'http://127.0.0.1:1/keys', '//evil.test', '/jwks'])(
    'DOS-10 a redirect to %s is not followed',
    async (location) => {
      const { range, api, calls, answer } = await warmed()
      answer(() => new Response(null, { status: 302, headers: { location } }))
      const token = await range.issuer.sign({}, { kid: 'new' })
      expect(await outcomeOf(() => api.verify(token), token)).toMatchObject({ status: 503 })
      expect(calls).toEqual([jwksUri])
    },
  )

  it("DOS-23 a background refresh that fails is nobody's unhandled rejection", async () => {
    const unhandled: unknown[] = []
    const record = (error: unknown): void => void unhandled.push(error)
    process.on('unhandledRejection', record)
    const { range, calls, answer, reason } = await warmed()
    answer(() => undefined)
    range.clock.advance(590)
    expect(await reason(await range.issuer.sign())).toBe('accepted')
    await new Promise((resolve) => setTimeout(resolve, 500))
    process.off('unhandledRejection', record)
    expect(calls.length).toBeGreaterThan(0)
    expect(unhandled).toEqual([])
  })
})

describe('work that grows with the input', () => {
  const time = async (work: () => unknown): Promise<number> => {
    const start = performance.now()
    await work()
    return performance.now() - start
  }
  // Far above what is needed, for busy machines; quadratic work on these sizes takes seconds.
  const patience = 500

  it.each([
    ['spaces', `Bearer ${' '.repeat(60_000)}`],
    ['spaces and a letter', `Bearer ${' '.repeat(60_000)}!`],
    ['letters and a stranger', `Bearer ${'a'.repeat(60_000)}!`],
    ['letters, spaces and a stranger', `Bearer a${' '.repeat(60_000)}!`],
    ['padding', `Bearer a${'='.repeat(60_000)}!`],
    ['letters and padding in turn', `Bearer ${'a='.repeat(30_000)}`],
    ['commas', ','.repeat(60_000)],
    ['commas and spaces', `x${', '.repeat(30_000)}`],
    ['a comma and tabs', `x,${'\t'.repeat(60_000)}`],
    ['the scheme over and over', 'Bearer '.repeat(8000)],
    ['dots', `Bearer ${'.'.repeat(60_000)}`],
    ['leading spaces', `${' '.repeat(60_000)}Bearer x`],
  ])('DOS-16 a header of %s is read in no time', async (_title, value) => {
    const { api } = await warmed()
    const spent = await time(() =>
      api.authenticate({ headers: { authorization: value } }).catch(() => undefined),
    )
    expect(spent).toBeLessThan(patience)
  })

  it.each([
    ['DOS-15 the longest token', (range: Range) => range.issuer.sign({ pad: 'x'.repeat(5600) })],
    ['DOS-17 four thousand scopes', (range: Range) => range.issuer.sign({ scope: 'a '.repeat(2600) })],
    [
      'DOS-17 a list of a thousand scopes',
      (range: Range) => range.issuer.sign({ scope: Array.from({ length: 700 }, (_, n) => `s${n}`) }),
    ],
    [
      'DOS-17 a thousand audiences',
      (range: Range) =>
        range.issuer.sign({ aud: [...Array.from({ length: 700 }, (_, n) => `a${n}`), audience] }),
    ],
    [
      'JSN-17 a thousand members',
      (range: Range) =>
        range.issuer.sign(Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`m${n}`, n]))),
    ],
    ['JSN class: a string of backslashes', (range: Range) => range.issuer.sign({ pad: '\\'.repeat(2500) })],
    ['JSN class: a string of quotes', (range: Range) => range.issuer.sign({ pad: '"'.repeat(2500) })],
  ])('%s is judged in no time', async (_title, sign) => {
    const { range, api } = await warmed()
    const token = await sign(range)
    expect(token.length).toBeLessThanOrEqual(8192)
    expect(await time(() => api.verify(token))).toBeLessThan(patience)
  })

  it.each(['\\"', '\\\\"', '"', '\\', '"\\'])(
    'JSN class: 48 kB of %s where a string should end is refused in no time',
    async (text) => {
      const { range, api } = await warmed({ maxTokenLength: 65_536 })
      const token = await range.issuer.signRaw(
        JSON.stringify(range.header()),
        `{"x":"${text.repeat(45_000 / text.length)}`,
      )
      expect(await time(() => api.verify(token).catch(() => undefined))).toBeLessThan(patience)
    },
  )

  it.each([
    [
      'DOS-18 a password-based JWE of two thousand million rounds',
      { alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2 ** 31, p2s: 'AAAA' },
    ],
    ['DOS-19 a compressed JWE', { alg: 'dir', enc: 'A128GCM', zip: 'DEF' }],
  ])('%s is refused by its form', async (_title, header) => {
    const { range, calls, reason } = await warmed()
    expect(await reason(`${b64(JSON.stringify(header))}.AAAA.AAAA.AAAA.AAAA`)).toBe('malformed')
    expect(await reason(`${b64(JSON.stringify(header))}..AAAA.AAAA.AAAA`)).toBe('malformed')
    expect(calls).toEqual([])
    expect(range.issuer.issuer).toBe(issuerName)
  })
})

describe('the memory of verified tokens', () => {
  /** Whether each token in turn was remembered from before. */
  async function remembered(api: ResourceServer, tokens: readonly string[]): Promise<boolean[]> {
    const seen: boolean[] = []
    const note = (message: unknown): void => void seen.push((message as { remembered: boolean }).remembered)
    diagnostics.subscribe(channelNames.verified, note)
    for (const token of tokens) await api.verify(token).catch(() => undefined)
    diagnostics.unsubscribe(channelNames.verified, note)
    return seen
  }

  it('DOS-20 forgets the token used longest ago when it is full', async () => {
    const { range, api } = await warmed({ tokenCache: { max: 2 } })
    const [a, b, c] = await Promise.all([range.issuer.sign(), range.issuer.sign(), range.issuer.sign()])
    expect(await remembered(api, [a, b, a, c, a, b])).toEqual([false, false, true, false, true, false])
  })

  it('CAC-9 remembers no token that was refused', async () => {
    const { range, api, reason } = await warmed()
    const bad = await range.issuer.sign({ exp: 1, iat: undefined })
    for (let n = 0; n < 3; n++) expect(await reason(bad)).toBe('expired')
    expect(await remembered(api, [bad])).toEqual([])
  })

  it.each([{}, { tokenCache: false }, { tokenCache: { max: 1, maxAge: 1 } }])(
    'CAC-1 refuses a token at its end, remembered or not (%j)',
    async (options) => {
      const { range, reason } = await warmed({ ...options, clockTolerance: 0 })
      const token = await range.issuer.sign({ exp: range.now() + 10 })
      expect(await reason(token)).toBe('accepted')
      range.clock.advance(9.999)
      expect(await reason(token)).toBe('accepted')
      range.clock.advance(0.001)
      expect(await reason(token)).toBe('expired')
    },
  )

  it('CAC-4 is not shared by APIs that differ', async () => {
    const { range, reason } = await warmed()
    const token = await range.issuer.sign()
    expect(await reason(token)).toBe('accepted')
    for (const [options, verdict] of [
      [{ audience: 'other' }, 'audience'],
      [{ requiredClaims: ['tenant'] }, 'claim'],
      [{ clients: ['other'] }, 'claim'],
    ] as const) {
      expect(await range.judge(token, options)).toMatchObject(expected(verdict))
    }
  })

  it('CAC-3 tells apart tokens that begin alike, or claim alike', async () => {
    const { range, api, reason } = await warmed()
    const token = await range.issuer.sign({ sub: 'user-1' })
    const other = await range.issuer.sign({ sub: 'user-2' })
    expect(other.slice(0, 40)).toBe(token.slice(0, 40))
    expect((await api.verify(token)).subject).toBe('user-1')
    expect((await api.verify(other)).subject).toBe('user-2')
    expect(await reason(`${token.slice(0, -4)}AAAA`)).toBe('signature')
    expect(
      await reason(`${token.slice(0, token.lastIndexOf('.'))}.${other.slice(other.lastIndexOf('.') + 1)}`),
    ).toBe('signature')
  })

  it('CAC-8 remembers no outage: the same token is accepted as soon as there are keys', async () => {
    const range = await createRange()
    let up = false
    const { fetch } = countingFetch({ [jwksUri]: () => (up ? range.issuer.jwks : undefined) })
    const api = createResourceServer({ issuer: issuerName, audience, jwksUri, fetch, now: range.clock.now })
    const token = await range.issuer.sign()
    expect(await outcomeOf(() => api.verify(token), token)).toMatchObject({ status: 503 })
    up = true
    range.clock.advance(61)
    expect(await outcomeOf(() => api.verify(token), token)).toMatchObject({ status: 200 })
  })

  it('CAC-8 forgets that a key id was unknown when the keys change', async () => {
    const { range, answer, reason } = await warmed()
    const early = await range.issuer.sign({}, { kid: 'new' })
    expect(await reason(early)).toBe('unknown_key')
    expect(await reason(early)).toBe('unknown_key')
    answer(() => ({ keys: [jwkOf(range.issuer), { ...jwkOf(range.issuer), kid: 'new' }] }))
    range.clock.advance(61)
    expect(await reason(early)).toBe('accepted')
  })

  it('CAC-10 hands out claims that nobody can change for the next request', async () => {
    const { range, api } = await warmed()
    const token = await range.issuer.sign({
      scope: 'read',
      roles: ['user'],
      tenant: { name: 'one', groups: ['a'] },
    })
    const first = await api.verify(token)
    const change = [
      () => ((first.claims as Record<string, unknown>)['sub'] = 'admin'),
      () => ((first.claims['tenant'] as Record<string, unknown>)['name'] = 'two'),
      () => (first.claims['tenant'] as { groups: string[] }).groups.push('admin'),
      () => ((first.header as Record<string, unknown>)['alg'] = 'none'),
      () => (first.scopes as Set<string>).add('admin'),
      () => (first.roles as Set<string>).add('admin'),
      () => (first.roles as Set<string>).clear(),
      () => delete (first.claims as Record<string, unknown>)['exp'],
    ]
    for (const attempt of change) expect(attempt).toThrow(TypeError)
    first.expiresAt.setFullYear(9999)
    const next = await api.verify(token)
    expect([...next.roles, next.claims.sub, next.header?.alg]).toEqual(['user', 'user-1', 'ES256'])
    expect(next.expiresAt.getFullYear()).toBeLessThan(9999)
    expect([...next.scopes]).toEqual(['read'])
  })

  it('CAC-20 has no entry for a token without an end: there is no way to accept one', async () => {
    const { range, reason } = await warmed()
    expect(await reason(await range.issuer.sign({ exp: undefined }))).toBe('claim')
    expect(() => createResourceServer({ ...range.issuer.options, ignoreExpiration: true } as never)).toThrow(
      TypeError,
    )
  })
})
