import { createPublicKey, verify } from 'node:crypto'
import { createServer } from 'node:http'
import { createLocalJWKSet, createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import type { JWTVerifyResult } from 'jose'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createResourceServer } from 'oauth-resource-server'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'
import type {
  Fault,
  TestAlgorithm,
  TestIssuer,
  TestJwks,
  TestServer,
  TestServerOptions,
} from 'oauth-resource-server/testing'

const servers: TestServer[] = []

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function listen(issuer: TestIssuer, options?: TestServerOptions): Promise<TestServer> {
  const server = await issuer.listen(options)
  servers.push(server)
  return server
}

async function serve(options?: TestServerOptions): Promise<TestServer> {
  return await listen(await createTestIssuer(), options)
}

async function verified(issuer: TestIssuer, token: string): Promise<JWTVerifyResult> {
  return await jwtVerify(token, createLocalJWKSet(issuer.jwks), {
    issuer: issuer.issuer,
    audience: [issuer.audience].flat(),
    typ: 'at+jwt',
    currentDate: new Date(issuer.options.now()),
  })
}

describe('createTestClock', () => {
  it('stands still at the real time of its creation', () => {
    const before = Date.now()
    const clock = createTestClock()
    const first = clock.now()
    expect(first).toBeGreaterThanOrEqual(before)
    expect(first).toBeLessThanOrEqual(Date.now())
    expect(clock.now()).toBe(first)
  })

  it('starts at a Date or at milliseconds', () => {
    expect(createTestClock(new Date('2030-01-01T00:00:00Z')).now()).toBe(1_893_456_000_000)
    expect(createTestClock(7).now()).toBe(7)
  })

  it('moves by seconds, forth and back, and its now works detached', () => {
    const clock = createTestClock(0)
    const { now } = clock
    clock.advance(1.5)
    expect(now()).toBe(1500)
    clock.advance(-1)
    expect(now()).toBe(500)
  })

  it('goes to an instant', () => {
    const clock = createTestClock(0)
    clock.set(42)
    expect(clock.now()).toBe(42)
    clock.set(new Date(43))
    expect(clock.now()).toBe(43)
  })

  it('refuses what is no time', () => {
    const clock = createTestClock(0)
    expect(() => createTestClock(NaN)).toThrow(TypeError)
    expect(() => createTestClock(new Date('soon'))).toThrow(TypeError)
    expect(() => clock.advance(NaN)).toThrow(TypeError)
    expect(() => clock.set(Infinity)).toThrow(TypeError)
    expect(clock.now()).toBe(0)
  })
})

describe('a token', () => {
  it.each<TestAlgorithm>([
    'RS256',
    'RS384',
    'RS512',
    'PS256',
    'PS384',
    'PS512',
    'ES256',
    'ES384',
    'ES512',
    'EdDSA',
    'Ed25519',
  ])('signed with %s is one another library accepts', async (alg) => {
    const issuer = await createTestIssuer({ algorithms: [alg] })
    const { protectedHeader } = await verified(issuer, await issuer.sign())
    expect(protectedHeader).toEqual({ alg, kid: issuer.jwks.keys[0]?.kid, typ: 'at+jwt' })
  })

  it('holds what RFC 9068 requires, dated by the clock in whole seconds', async () => {
    const issuer = await createTestIssuer({ clock: createTestClock(1_893_456_000_999) })
    const { payload } = await verified(issuer, await issuer.sign())
    expect(payload).toEqual({
      iss: 'https://issuer.test/',
      aud: 'https://api.test',
      sub: 'user-1',
      client_id: 'client-1',
      iat: 1_893_456_000,
      exp: 1_893_456_300,
      jti: expect.any(String) as string,
    })
  })

  it('has a jti of its own', async () => {
    const issuer = await createTestIssuer()
    expect(decodeJwt(await issuer.sign()).jti).not.toBe(decodeJwt(await issuer.sign()).jti)
  })

  it('follows a clock that moves, and a function that tells the time', async () => {
    const clock = createTestClock(0)
    const issuer = await createTestIssuer({ now: clock.now })
    clock.advance(60)
    expect(decodeJwt(await issuer.sign())).toMatchObject({ iat: 60, exp: 360 })
  })

  it('was issued before it expired, so that one within the tolerance is accepted', async () => {
    const clock = createTestClock(1_893_456_000_000)
    const issuer = await createTestIssuer({ now: clock.now })
    const api = createResourceServer(issuer.options)
    const token = await issuer.sign({ exp: 1_893_455_990 })
    expect(decodeJwt(token)).toMatchObject({ iat: 1_893_455_690, exp: 1_893_455_990 })
    await expect(api.verify(token)).resolves.toMatchObject({ subject: 'user-1' })
    expect(decodeJwt(await issuer.sign({ exp: 1 })).iat).toBe(0)
    expect(decodeJwt(await issuer.sign({ exp: 1, iat: 5 })).iat).toBe(5)
  })

  it('differs by exactly what is overridden, be it nonsense', async () => {
    const issuer = await createTestIssuer({ clock: createTestClock(0) })
    const usual = decodeJwt(await issuer.sign({ jti: 'one' }))
    const token = await issuer.sign({ jti: 'one', exp: 'tomorrow', aud: [7], scope: null })
    expect(decodeJwt(token)).toEqual({ ...usual, exp: 'tomorrow', aud: [7], scope: null })
  })

  it('lacks what is overridden with undefined', async () => {
    const issuer = await createTestIssuer()
    const token = await issuer.sign({ exp: undefined }, { kid: undefined, typ: undefined })
    expect(decodeJwt(token)).not.toHaveProperty('exp')
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256' })
    const [header = ''] = (await issuer.sign({}, { alg: undefined })).split('.')
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).not.toHaveProperty('alg')
  })

  it('may carry a critical extension nobody knows', async () => {
    const issuer = await createTestIssuer()
    const token = await issuer.sign({}, { crit: ['exp'], jku: 'https://evil.test', kid: 7 })
    expect(decodeProtectedHeader(token)).toMatchObject({ crit: ['exp'], jku: 'https://evil.test', kid: 7 })
  })

  it('is signed with the key of the alg its header names', async () => {
    const issuer = await createTestIssuer({ algorithms: ['ES256', 'PS256'] })
    const { protectedHeader } = await verified(issuer, await issuer.sign({}, { alg: 'PS256' }))
    expect(protectedHeader.kid).toBe(issuer.jwks.keys[1]?.kid)
  })

  it.each(['none', 'HS256', 'RS256', 7, null])('is not signed for alg %j without a key', async (alg) => {
    const issuer = await createTestIssuer()
    await expect(issuer.sign({}, { alg })).rejects.toThrow(/^alg: .*createTestIssuer.*signRaw/)
  })

  it('signed by a stranger under the same kid does not hold', async () => {
    const issuer = await createTestIssuer()
    const stranger = await createTestIssuer()
    const token = await stranger.sign({}, { kid: issuer.jwks.keys[0]?.kid })
    await expect(verified(issuer, token)).rejects.toThrow('signature verification failed')
  })

  it('signed raw consists of exactly the bytes given', async () => {
    const issuer = await createTestIssuer({ algorithms: ['ES256', 'RS256'] })
    const header = '{"alg":"none","alg":"RS256"}'
    const payload = Uint8Array.of(0xef, 0xbb, 0xbf, 0xff, 0x00)
    const token = await issuer.signRaw(header, payload, 'RS256')
    const [first = '', second = '', third = ''] = token.split('.')
    expect(Buffer.from(first, 'base64url').toString()).toBe(header)
    expect([...Buffer.from(second, 'base64url')]).toEqual([...payload])
    const key = createPublicKey(issuer.privateKey('RS256'))
    const signed = Buffer.from(`${first}.${second}`)
    expect(verify('sha256', signed, key, Buffer.from(third, 'base64url'))).toBe(true)
  })
})

describe('a test issuer', () => {
  it('publishes one public key per algorithm', async () => {
    const issuer = await createTestIssuer({ algorithms: ['ES256', 'RS256', 'Ed25519'] })
    expect(issuer.jwks.keys.map(({ alg, use, kty }) => ({ alg, use, kty }))).toEqual([
      { alg: 'ES256', use: 'sig', kty: 'EC' },
      { alg: 'RS256', use: 'sig', kty: 'RSA' },
      { alg: 'Ed25519', use: 'sig', kty: 'OKP' },
    ])
    expect(new Set(issuer.jwks.keys.map(({ kid }) => kid)).size).toBe(3)
    expect(JSON.stringify(issuer.jwks)).not.toMatch(/"(?:d|p|q|dp|dq|qi|k)":/)
  })

  it('hands out copies of its keys, so that a test may spoil them', async () => {
    const issuer = await createTestIssuer()
    issuer.jwks.keys.length = 0
    for (const key of issuer.jwks.keys) key.kid = 'spoilt'
    await verified(issuer, await issuer.sign())
  })

  it('gives the options of a resource server that needs no network', async () => {
    const clock = createTestClock()
    const audience = ['https://one.test', 'https://two.test']
    const issuer = await createTestIssuer({ issuer: 'urn:issuer', audience, clock })
    expect(issuer.options).toEqual({ issuer: 'urn:issuer', audience, jwks: issuer.jwks, now: clock.now })
    expect(decodeJwt(await issuer.sign())).toMatchObject({ iss: 'urn:issuer', aud: audience })
  })

  it('describes itself as RFC 8414 wants', async () => {
    const issuer = await createTestIssuer()
    expect(issuer.metadata).toMatchObject({
      issuer: 'https://issuer.test/',
      jwks_uri: 'https://issuer.test/jwks',
      response_types_supported: ['code'],
    })
  })

  it('signs with a new key after a rotation, and keeps publishing the old one', async () => {
    const issuer = await createTestIssuer()
    const before = await issuer.sign()
    await issuer.rotate()
    const after = await issuer.sign()
    expect(issuer.jwks.keys.map(({ kid }) => kid)).toEqual([
      decodeProtectedHeader(after).kid,
      decodeProtectedHeader(before).kid,
    ])
    await verified(issuer, before)
    await verified(issuer, after)
  })

  it('forgets the old key when told so', async () => {
    const issuer = await createTestIssuer()
    const before = await issuer.sign()
    await issuer.rotate({ keepOld: false })
    await expect(verified(issuer, before)).rejects.toThrow('no applicable key')
    await verified(issuer, await issuer.sign())
  })

  it('withdraws every key that no longer signs', async () => {
    const issuer = await createTestIssuer()
    const before = await issuer.sign()
    await issuer.rotate()
    await issuer.rotate()
    issuer.withdraw()
    expect(issuer.jwks.keys).toHaveLength(1)
    await expect(verified(issuer, before)).rejects.toThrow('no applicable key')
    await verified(issuer, await issuer.sign())
  })

  it('withdraws one key by its kid, even the one that signs', async () => {
    const issuer = await createTestIssuer()
    await issuer.rotate()
    const [current, old] = issuer.jwks.keys
    issuer.withdraw(current?.kid)
    expect(issuer.jwks.keys).toEqual([old])
    await expect(verified(issuer, await issuer.sign())).rejects.toThrow('no applicable key')
    expect(() => issuer.withdraw('nobody')).toThrow(/^kid: .*jwks/)
  })

  it.each<[string, object]>([
    ['issuers', { issuers: [] }],
    ['issuer', { issuer: '' }],
    ['issuer', { issuer: 7 }],
    ['audience', { audience: '' }],
    ['audience', { audience: [] }],
    ['audience', { audience: ['https://api.test', ''] }],
    ['algorithms', { algorithms: [] }],
    ['algorithms', { algorithms: 'ES256' }],
    ['algorithms', { algorithms: ['none'] }],
    ['algorithms', { algorithms: ['ES256', 'HS256'] }],
    ['clock', { clock: {} }],
    ['clock, now', { clock: createTestClock(), now: Date.now }],
    ['now', { now: 0 }],
  ])('names %s and the remedy when given %j', async (name, options) => {
    const making = createTestIssuer(options)
    await expect(making).rejects.toThrow(TypeError)
    await expect(making).rejects.toThrow(new RegExp(`^${name}: .*(?:give|there are)`))
  })
})

describe('a test server', () => {
  it('lets its issuer be discovered under its own address', async () => {
    const issuer = await createTestIssuer()
    const server = await listen(issuer)
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(issuer.issuer).toBe(server.url)
    expect(server.issuer).toBe(server.url)
    expect(server.options).toEqual({
      issuer: server.url,
      audience: 'https://api.test',
      now: issuer.options.now,
    })
    for (const name of ['oauth-authorization-server', 'openid-configuration']) {
      const response = await fetch(`${server.url}/.well-known/${name}`)
      expect(response.headers.get('content-type')).toBe('application/json')
      expect(await response.json()).toEqual(issuer.metadata)
    }
    expect(issuer.metadata).toMatchObject({ issuer: server.url, jwks_uri: server.jwksUri })
  })

  it('serves the keys another library verifies with, rotations included', async () => {
    const issuer = await createTestIssuer()
    const server = await listen(issuer)
    const keys = createRemoteJWKSet(new URL(server.jwksUri), { cooldownDuration: 0 })
    const { payload } = await jwtVerify(await issuer.sign(), keys, { issuer: server.url })
    expect(payload.iss).toBe(server.url)
    await issuer.rotate()
    await jwtVerify(await issuer.sign(), keys, { issuer: server.url })
    expect(server.count('/jwks')).toBe(2)
  })

  it('leaves a name alone that was given, and then points to the keys', async () => {
    const issuer = await createTestIssuer({ issuer: 'https://id.example.com/' })
    const server = await listen(issuer)
    expect(server.issuer).toBe('https://id.example.com/')
    expect(server.options).toMatchObject({ issuer: 'https://id.example.com/', jwksUri: server.jwksUri })
    expect(issuer.metadata).toMatchObject({ issuer: 'https://id.example.com/', jwks_uri: server.jwksUri })
  })

  it('lets a given name be discovered when it is the address', async () => {
    const { url } = await serve()
    const port = Number(new URL(url).port)
    await servers[0]?.close()
    const issuer = await createTestIssuer({ issuer: `${url}/` })
    const server = await listen(issuer, { port })
    expect(server.url).toBe(url)
    expect(server.options).not.toHaveProperty('jwksUri')
  })

  it('keeps the name of the first server when there is a second', async () => {
    const issuer = await createTestIssuer()
    const first = await listen(issuer)
    const second = await listen(issuer)
    expect(second.issuer).toBe(first.url)
    expect(second.options).toMatchObject({ issuer: first.url, jwksUri: second.jwksUri })
  })

  it('puts the well-known part where each specification wants it when the issuer has a path', async () => {
    const server = await serve({ path: '/realms/test' })
    const { origin } = new URL(server.url)
    expect(server.url).toBe(`${origin}/realms/test`)
    for (const at of [
      `${origin}/.well-known/oauth-authorization-server/realms/test`,
      `${origin}/realms/test/.well-known/openid-configuration`,
    ]) {
      expect(await (await fetch(at)).json()).toMatchObject({ issuer: server.url, jwks_uri: server.jwksUri })
    }
    expect((await fetch(`${origin}/.well-known/openid-configuration`)).status).toBe(404)
    expect((await fetch(server.jwksUri)).status).toBe(200)
  })

  it.each([
    ['oauth', [200, 404]],
    ['openid', [404, 200]],
    ['both', [200, 200]],
    ['none', [404, 404]],
  ] as const)('serves %s metadata', async (metadata, expected) => {
    const server = await serve({ metadata })
    const statuses = await Promise.all(
      ['oauth-authorization-server', 'openid-configuration'].map(
        async (name) => (await fetch(`${server.url}/.well-known/${name}`)).status,
      ),
    )
    expect(statuses).toEqual(expected)
    expect('jwksUri' in server.options).toBe(metadata === 'none')
  })

  it('remembers what was asked', async () => {
    const server = await serve()
    await fetch(`${server.jwksUri}?x=1`, { headers: { 'x-test': 'yes' } })
    await fetch(server.jwksUri, { method: 'POST' })
    expect(server.requests).toMatchObject([
      { method: 'GET', path: '/jwks?x=1', headers: { 'x-test': 'yes' } },
      { method: 'POST', path: '/jwks' },
    ])
    expect(server.count()).toBe(2)
    expect(server.count('/jwks')).toBe(1)
    expect(server.count('/nowhere')).toBe(0)
  })

  it('answers 304 to the ETag of the present set, until the set changes', async () => {
    const issuer = await createTestIssuer()
    const server = await listen(issuer)
    const etag = (await fetch(server.jwksUri)).headers.get('etag') ?? ''
    const ask = (tag: string): Promise<Response> =>
      fetch(server.jwksUri, { headers: { 'if-none-match': tag } })
    expect(await ask(etag)).toMatchObject({ status: 304 })
    expect(await ask(`"other", W/${etag}`)).toMatchObject({ status: 304 })
    expect(await ask('"other"')).toMatchObject({ status: 200 })
    await issuer.rotate()
    const changed = await ask(etag)
    expect(changed.status).toBe(200)
    expect(changed.headers.get('etag')).not.toBe(etag)
  })

  it('sends the headers it is given with the keys only, in place of those before', async () => {
    const server = await serve()
    server.setHeaders({ 'cache-control': 'max-age=60', 'Content-Type': 'application/json' })
    const { headers } = await fetch(server.jwksUri)
    expect(headers.get('cache-control')).toBe('max-age=60')
    expect(headers.get('content-type')).toBe('application/json')
    const described = await fetch(`${server.url}/.well-known/openid-configuration`)
    expect(described.headers.has('cache-control')).toBe(false)
    server.setHeaders({ age: '5' })
    const later = await fetch(server.jwksUri)
    expect(later.headers.get('age')).toBe('5')
    expect(later.headers.has('cache-control')).toBe(false)
  })

  it('refuses connections once closed, and may be closed twice', async () => {
    const server = await serve()
    await Promise.all([server.close(), server.close()])
    await expect(fetch(server.jwksUri)).rejects.toThrow('fetch failed')
  })

  it('rejects when its port is taken', async () => {
    const taken = await serve()
    const issuer = await createTestIssuer()
    await expect(issuer.listen({ port: Number(new URL(taken.url).port) })).rejects.toThrow('EADDRINUSE')
    expect(issuer.issuer).toBe('https://issuer.test/')
  })

  it.each<[string, object]>([
    ['hosts', { hosts: 1 }],
    ['host', { host: '0.0.0.0' }],
    ['host', { host: '192.0.2.1' }],
    ['path', { path: 'realms' }],
    ['path', { path: '/realms/' }],
    ['metadata', { metadata: 'oidc' }],
  ])('names %s and the remedy when given %j', async (name, options) => {
    const issuer = await createTestIssuer()
    await expect(issuer.listen(options as TestServerOptions)).rejects.toThrow(new RegExp(`^${name}: `))
  })

  it('listens on the other loopback address too', async ({ skip }) => {
    const probe = createServer()
    const there = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false)).listen(0, '::1', () => resolve(true))
    })
    probe.close()
    skip(!there, 'no IPv6 here')
    const server = await serve({ host: '::1' })
    expect(server.url).toMatch(/^http:\/\/\[::1\]:\d+$/)
    expect((await fetch(server.jwksUri)).status).toBe(200)
  })
})

describe('a failing test server', () => {
  it.each<Fault>(['400', '401', '403', '404', '410', '429', '500', '502', '503', '504'])(
    'answers %s',
    async (fault) => {
      const server = await serve()
      await server.fail(fault)
      const response = await fetch(server.jwksUri)
      expect(response.status).toBe(Number(fault))
      expect(response.headers.has('retry-after')).toBe(false)
      expect(response.headers.has('etag')).toBe(false)
    },
  )

  it('says when to come back, in seconds or in words', async () => {
    const server = await serve()
    await server.fail('503', { retryAfter: 30 })
    expect((await fetch(server.jwksUri)).headers.get('retry-after')).toBe('30')
    await server.fail('429', { retryAfter: 'Tue, 01 Jan 2030 00:00:00 GMT', status: 420 })
    const response = await fetch(server.jwksUri)
    expect(response.headers.get('retry-after')).toBe('Tue, 01 Jan 2030 00:00:00 GMT')
    expect(response.status).toBe(420)
  })

  it('fails the keys alone, the metadata alone, or all', async () => {
    const server = await serve()
    const statuses = async (): Promise<number[]> => [
      (await fetch(server.jwksUri)).status,
      (await fetch(`${server.url}/.well-known/oauth-authorization-server`)).status,
    ]
    await server.fail('500')
    expect(await statuses()).toEqual([500, 200])
    await server.fail('502', { target: 'metadata' })
    expect(await statuses()).toEqual([500, 502])
    await server.fail('503', { target: 'all' })
    expect(await statuses()).toEqual([503, 503])
    server.heal()
    expect(await statuses()).toEqual([200, 200])
  })

  it('recovers by itself after the number of answers it was told', async () => {
    const server = await serve()
    await server.fail('500', { times: 2 })
    const statuses = []
    for (let asked = 0; asked < 3; asked++) statuses.push((await fetch(server.jwksUri)).status)
    expect(statuses).toEqual([500, 500, 200])
  })

  it('hangs until the caller gives up', async () => {
    const server = await serve()
    await server.fail('hang')
    await expect(fetch(server.jwksUri, { signal: AbortSignal.timeout(50) })).rejects.toThrow(/timeout/)
    expect(server.count('/jwks')).toBe(1)
  })

  it('ends a hanging connection when it closes', async () => {
    const server = await serve()
    await server.fail('hang')
    const hanging = expect(fetch(server.jwksUri)).rejects.toThrow('fetch failed')
    await expect.poll(() => server.count()).toBe(1)
    await server.close()
    await hanging
  })

  it('resets the connection before it answers', async () => {
    const server = await serve()
    await server.fail('reset')
    await expect(fetch(server.jwksUri)).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } })
  })

  it.each<Fault>(['reset-body', 'truncated'])('begins an answer and breaks off with %s', async (fault) => {
    const server = await serve()
    await server.fail(fault)
    const response = await fetch(server.jwksUri)
    expect(response.status).toBe(200)
    await expect(response.text()).rejects.toThrow('terminated')
  })

  it('sends slowly, so that a whole exchange has to be timed and not its start', async () => {
    const server = await serve()
    await server.fail('slow')
    const giveUp = new AbortController()
    const response = await fetch(server.jwksUri, { signal: giveUp.signal })
    const chunks = response.body?.getReader()
    expect((await chunks?.read())?.value).toEqual(Uint8Array.of(0x7b))
    giveUp.abort()
    await expect(chunks?.read()).rejects.toThrow('aborted')
  })

  it('sends slowly, and in the end all of it', async () => {
    const issuer = await createTestIssuer()
    const server = await listen(issuer)
    await server.fail('slow')
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    onTestFinished(() => void vi.useRealTimers())
    const response = await fetch(server.jwksUri)
    const text = response.text()
    // The first byte came at once.
    vi.advanceTimersByTime(1000 * (Number(response.headers.get('content-length')) - 1))
    expect(JSON.parse(await text)).toEqual(issuer.jwks)
  })

  it('sends without end', async () => {
    const server = await serve()
    await server.fail('endless')
    const response = await fetch(server.jwksUri)
    expect(response.headers.has('content-length')).toBe(false)
    expect(await firstBytes(response, 8 * 1024 * 1024)).toMatch(/^\{"keys":\[\{.*\}\] {1000}/)
  })

  it('sends more than anybody should read', async () => {
    const server = await serve()
    await server.fail('huge')
    const response = await fetch(server.jwksUri)
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(1024 ** 3)
    expect(await firstBytes(response, 8 * 1024 * 1024)).toMatch(/^\{"keys":\[\{.*\}\] {1000}/)
  })

  it('redirects to where the right answer is, or to where it is told', async () => {
    const issuer = await createTestIssuer()
    const server = await listen(issuer)
    await server.fail('redirect', { target: 'all' })
    const redirected = await fetch(server.jwksUri, { redirect: 'manual' })
    expect(redirected.status).toBe(302)
    expect(redirected.headers.get('location')).toBe('/elsewhere')
    expect(await (await fetch(server.jwksUri)).json()).toEqual(issuer.jwks)
    const described = await fetch(`${server.url}/.well-known/openid-configuration`)
    expect(described.url).toBe(`${server.url}/elsewhere/metadata`)
    expect(await described.json()).toEqual(issuer.metadata)
    await server.fail('redirect', { location: 'http://169.254.169.254/', status: 307 })
    const away = await fetch(server.jwksUri, { redirect: 'manual' })
    expect(away.status).toBe(307)
    expect(away.headers.get('location')).toBe('http://169.254.169.254/')
  })

  it('sends a page for people', async () => {
    const server = await serve()
    await server.fail('html')
    const response = await fetch(server.jwksUri)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain('text/html')
  })

  it('sends text that only calls itself JSON', async () => {
    const server = await serve()
    await server.fail('text')
    const response = await fetch(server.jwksUri)
    expect(response.headers.get('content-type')).toBe('application/jwk-set+json')
    await expect(response.json()).rejects.toThrow(SyntaxError)
  })

  it.each<[Fault, string]>([
    ['array', '[]'],
    ['no-keys', '{}'],
    ['empty', '{"keys":[]}'],
  ])('sends %s', async (fault, text) => {
    const server = await serve()
    await server.fail(fault)
    expect(await (await fetch(server.jwksUri)).text()).toBe(text)
  })

  it('puts a byte order mark in front of the right answer', async () => {
    const issuer = await createTestIssuer()
    const server = await listen(issuer)
    await server.fail('bom')
    const bytes = Buffer.from(await (await fetch(server.jwksUri)).arrayBuffer())
    expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf])
    expect(JSON.parse(bytes.subarray(3).toString())).toEqual(issuer.jwks)
  })

  it('writes a member twice in a way that a lax reader does not notice', async () => {
    const issuer = await createTestIssuer()
    const server = await listen(issuer)
    await server.fail('duplicate', { target: 'all' })
    const text = await (await fetch(server.jwksUri)).text()
    expect(text.match(/"keys":/g)).toHaveLength(2)
    expect(JSON.parse(text)).toEqual(issuer.jwks)
    const described = await (await fetch(`${server.url}/.well-known/openid-configuration`)).text()
    expect(described.match(/"issuer":/g)).toHaveLength(2)
    expect(JSON.parse(described)).toEqual(issuer.metadata)
  })

  it('says that nothing changed since nobody asked', async () => {
    const server = await serve()
    await server.fail('not-modified')
    expect((await fetch(server.jwksUri)).status).toBe(304)
  })

  it('puts a malformed key among good ones', async () => {
    const issuer = await createTestIssuer()
    const server = await listen(issuer)
    await server.fail('partial')
    const { keys } = await fetchKeys(server)
    expect(keys).toHaveLength(2)
    await expect(
      jwtVerify(await issuer.sign(), createLocalJWKSet({ keys: keys.slice(0, 1) })),
    ).rejects.toThrow()
    await jwtVerify(await issuer.sign(), createLocalJWKSet({ keys: keys.slice(1) }))
  })

  it('poisons every key of the set, the same way each time', async () => {
    const issuer = await createTestIssuer({ algorithms: ['ES384'] })
    const server = await listen(issuer)
    await server.fail('poisoned')
    const { keys } = await fetchKeys(server)
    const [weak, exponentOne, symmetric, leaked] = keys
    expect(createPublicKey({ format: 'jwk', key: weak ?? {} }).asymmetricKeyDetails?.modulusLength).toBe(1024)
    expect(exponentOne).toMatchObject({ kty: 'RSA', e: 'AQ' })
    expect(symmetric).toMatchObject({ kty: 'oct', k: expect.any(String) as string })
    expect(leaked).toEqual({
      ...issuer.jwks.keys[0],
      d: issuer.privateKey().export({ format: 'jwk' }).d,
    })
    expect((await fetchKeys(server)).keys).toEqual(keys)
  })

  it('names another issuer in its metadata', async () => {
    const issuer = await createTestIssuer()
    const server = await listen(issuer)
    await server.fail('other-issuer')
    const described = await fetch(`${server.url}/.well-known/openid-configuration`)
    expect(await described.json()).toEqual({ ...issuer.metadata, issuer: 'https://other-issuer.test/' })
    expect(await fetchKeys(server)).toEqual(issuer.jwks)
  })

  it('confines a fault to what it has a meaning for', async () => {
    const issuer = await createTestIssuer()
    const server = await listen(issuer)
    await server.fail('empty', { target: 'all' })
    const described = await fetch(`${server.url}/.well-known/openid-configuration`)
    expect(await described.json()).toEqual(issuer.metadata)
    expect(await fetchKeys(server)).toEqual({ keys: [] })
  })

  it.each<[string, string, object]>([
    ['fault', 'toString', {}],
    ['targets', '500', { targets: 'all' }],
    ['target', '500', { target: 'jwks' }],
    ['target', 'empty', { target: 'metadata' }],
    ['target', 'other-issuer', { target: 'keys' }],
    ['times', '500', { times: 0 }],
    ['times', '500', { times: 1.5 }],
  ])('names %s when told to fail with %s and %j', async (name, fault, options) => {
    const server = await serve()
    const failing = server.fail(fault as Fault, options)
    await expect(failing).rejects.toThrow(TypeError)
    await expect(failing).rejects.toThrow(new RegExp(`^${name}: `))
    expect((await fetch(server.jwksUri)).status).toBe(200)
  })
})

async function fetchKeys(server: TestServer): Promise<TestJwks> {
  return (await (await fetch(server.jwksUri)).json()) as TestJwks
}

async function firstBytes(response: Response, atLeast: number): Promise<string> {
  const chunks = response.body?.getReader()
  const seen: Uint8Array[] = []
  for (let length = 0; length < atLeast;) {
    const { value } = (await chunks?.read()) ?? {}
    if (value === undefined) throw new Error(`the body ended after ${length} bytes`)
    seen.push(value)
    length += value.length
  }
  await chunks?.cancel()
  return Buffer.concat(seen).toString()
}
