import { createHmac } from 'node:crypto'
import { createServer, IncomingMessage } from 'node:http'
import { type AddressInfo, Socket } from 'node:net'
import { inspect } from 'node:util'
import {
  asResourceServer,
  type Auth,
  AuthError,
  createResourceServer,
  type HttpRequest,
  InvalidTokenError,
  isAuthError,
  type IssuerOptions,
  MissingTokenError,
  UpstreamError,
} from 'oauth-resource-server'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { published, simulatedNetwork } from './support/network.ts'
import { adapterOf } from './support/adapter.ts'

const network = simulatedNetwork()
const clock = createTestClock()
const now = Math.floor(clock.now() / 1000)
const issuer = await createTestIssuer({ issuer: 'https://issuer.test/', clock })
const other = await createTestIssuer({ issuer: 'https://other.test/', clock })
const api = createResourceServer(issuer.options)
const { audience } = issuer

const refusedFor = (reason: string): unknown => expect.objectContaining({ reason })

describe('verify()', () => {
  it('tells who is calling', async () => {
    const iat = now - 10
    const token = await issuer.sign({ iat, exp: now + 50, jti: 'j', scope: 'a b', roles: ['clerk'] })
    const auth = await api.verify(token)
    expect({ ...auth, token: auth.token, scopes: [...auth.scopes], roles: [...auth.roles] }).toEqual({
      scheme: 'Bearer',
      token,
      header: { alg: 'ES256', kid: issuer.jwks.keys[0]?.kid, typ: 'at+jwt' },
      claims: {
        iss: issuer.issuer,
        aud: audience,
        sub: 'user-1',
        client_id: 'client-1',
        iat,
        exp: now + 50,
        jti: 'j',
        scope: 'a b',
        roles: ['clerk'],
      },
      issuer: issuer.issuer,
      subject: 'user-1',
      clientId: 'client-1',
      scopes: ['a', 'b'],
      roles: ['clerk'],
      expiresAt: new Date((now + 50) * 1000),
    })
  })

  it('leaves out what the token does not say', async () => {
    const auth = await api.verify(await issuer.sign({ sub: undefined, client_id: undefined }))
    expect(auth).not.toHaveProperty('subject')
    expect(auth).not.toHaveProperty('clientId')
    expect([auth.scopes.size, auth.roles.size]).toEqual([0, 0])
  })

  it.each([undefined, null, 7, {}, [], '', 'x', '.'.repeat(1e6), 'x'.repeat(1e6)])(
    'refuses what is no token: %#',
    async (token) => {
      await expect(api.verify(token as string)).rejects.toBeInstanceOf(InvalidTokenError)
    },
  )

  it('takes tokens up to maxTokenLength', async () => {
    const token = await issuer.sign({ pad: 'x'.repeat(300) })
    const { length } = token
    const exact = createResourceServer({ ...issuer.options, maxTokenLength: length })
    const shorter = createResourceServer({ ...issuer.options, maxTokenLength: length - 1 })
    await expect(exact.verify(token)).resolves.toBeDefined()
    await expect(shorter.verify(token)).rejects.toEqual(refusedFor('too_large'))
  })

  it('freezes header and claims all the way down', async () => {
    const { claims, header } = await api.verify(await issuer.sign({ a: { b: [{ c: 1 }] } }))
    const { a } = claims as unknown as { a: { b: object[] } }
    for (const value of [header, claims, a, a.b, a.b[0]]) expect(Object.isFrozen(value)).toBe(true)
  })

  it('shows the token to nobody who serialises or prints the caller', async () => {
    const token = await issuer.sign()
    const auth = await api.verify(token)
    const signature = token.slice(token.lastIndexOf('.') + 1)
    const shown = [
      JSON.stringify(auth),
      inspect(auth, { depth: Infinity, showHidden: true }),
      JSON.stringify({ ...auth }),
      Object.keys(auth).join(' '),
    ]
    for (const text of shown) expect(text).not.toContain(signature)
    expect(auth.token).toBe(token)
  })

  it('shows the token in no error', async () => {
    const token = await issuer.sign({ iat: now - 600, exp: now - 300 })
    const error: unknown = await api.verify(token).catch((caught: unknown) => caught)
    const shown = inspect(error, { depth: Infinity, showHidden: true }) + JSON.stringify(error)
    for (const part of token.split('.')) expect(shown).not.toContain(part)
  })

  it('checks the time of a token seen before anew', async () => {
    const token = await issuer.sign()
    const late = createTestClock(clock.now())
    const server = createResourceServer({ ...issuer.options, now: late.now })
    await expect(server.verify(token)).resolves.toBeDefined()
    late.advance(400)
    await expect(server.verify(token)).rejects.toEqual(refusedFor('expired'))
  })

  it('gives each request a caller of its own', async () => {
    const token = await issuer.sign()
    const [first, second] = [await api.verify(token), await api.verify(token)]
    first.expiresAt.setTime(0)
    expect(second.expiresAt.getTime()).toBe((now + 300) * 1000)
    expect((await api.verify(token)).expiresAt.getTime()).toBe((now + 300) * 1000)
  })
})

describe('authenticate()', () => {
  it.each<[string, (authorization: string) => HttpRequest]>([
    ['a web Request', (authorization) => new Request('https://api.test/', { headers: { authorization } })],
    [
      'the parts of a Lambda event',
      (Authorization) => ({ method: 'GET', url: '/', headers: { Authorization } }),
    ],
    [
      'an IncomingMessage',
      (authorization) => {
        const message = new IncomingMessage(new Socket())
        message.headers = { authorization }
        message.rawHeaders = ['Authorization', authorization]
        return message
      },
    ],
    ['headers alone', (authorization) => ({ headers: { authorization } })],
  ])('reads %s', async (_title, request) => {
    const token = await issuer.sign()
    await expect(api.authenticate(request(`Bearer ${token}`))).resolves.toMatchObject({ subject: 'user-1' })
    await expect(api.authenticate(request('Basic dTpw'))).rejects.toBeInstanceOf(MissingTokenError)
  })

  it('reads the request of a plain Node server', async () => {
    const server = createServer((request, response) => {
      api.authenticate(request).then(
        ({ subject }) => response.end(subject),
        (error: unknown) => {
          const { status, headers, body } = api.refuse(error)
          response.writeHead(status, headers).end(body)
        },
      )
    }).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await new Promise((resolve) => server.on('listening', resolve))
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const token = await issuer.sign()
    const good = await fetch(origin, { headers: { authorization: `Bearer ${token}` } })
    expect(await good.text()).toBe('user-1')
    const refused = await fetch(origin)
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="https://api.test"',
    ])
  })

  it('never reads the host', async () => {
    const token = await issuer.sign()
    const headers = { authorization: `Bearer ${token}`, host: 'evil.test', 'x-forwarded-host': 'evil.test' }
    await expect(api.authenticate({ headers })).resolves.toBeDefined()
    expect(JSON.stringify(api.refuse(new MissingTokenError()))).not.toContain('evil')
  })

  it('resolves to undefined for an anonymous request where that is allowed', async () => {
    const open = createResourceServer({ ...issuer.options, optional: true })
    await expect(open.authenticate({ headers: {} })).resolves.toBeUndefined()
  })
})

describe('the adapter interface', () => {
  it('answers in the same tick once the keys are there', async () => {
    const request = { headers: { authorization: `Bearer ${await issuer.sign()}` } }
    expect(adapterOf(api).authenticate(request)).toMatchObject({ subject: 'user-1' })
    expect(adapterOf(api).authenticate(request)).toMatchObject({ subject: 'user-1' })
  })

  it('answers in the same tick once the keys were fetched', async () => {
    network.use(...published(issuer))
    const server = createResourceServer({ issuer: issuer.issuer, audience, now: clock.now })
    const request = { headers: { authorization: `Bearer ${await issuer.sign()}` } }
    const first = adapterOf(server).authenticate(request)
    expect(first).toBeInstanceOf(Promise)
    await first
    expect(adapterOf(server).authenticate(request)).toMatchObject({ subject: 'user-1' })
  })
})

describe('isAuthError()', () => {
  it('recognises errors of ours, of whichever build', () => {
    class OtherBuild extends Error {}
    Object.defineProperty(OtherBuild.prototype, Symbol.for('oauth-resource-server.error'), { value: true })
    expect([new MissingTokenError(), new UpstreamError(1), new OtherBuild()].map(isAuthError)).toEqual([
      true,
      true,
      true,
    ])
  })

  it.each([new Error('x'), { name: 'MissingTokenError', status: 401 }, null, undefined, 'text', () => 0])(
    'is false for %s',
    (value) => {
      expect(isAuthError(value)).toBe(false)
    },
  )

  it('holds for errors with a name, a status, and the status under the name frameworks read', () => {
    const error = new InvalidTokenError('expired')
    expect(error).toBeInstanceOf(AuthError)
    expect(error).toMatchObject({ name: 'InvalidTokenError', status: 401, statusCode: 401, expose: true })
    expect(new UpstreamError(1)).toMatchObject({ status: 503, statusCode: 503, expose: false })
  })
})

describe('asResourceServer()', () => {
  it('takes a resource server as it is, and makes one of options', () => {
    expect(asResourceServer(api)).toBe(api)
    expect(asResourceServer(issuer.options)).not.toBe(api)
  })
})

describe('discovery', () => {
  it('finds the keys of an issuer under its https name', async () => {
    network.use(...published(issuer))
    const server = createResourceServer({ issuer: issuer.issuer, audience, now: clock.now })
    await server.ready()
    await expect(server.verify(await issuer.sign())).resolves.toMatchObject({ subject: 'user-1' })
  })

  it('fetches nothing before it has to, and nothing for a token refused anyway', async () => {
    // No server is described, so that any request would be a failure.
    const server = createResourceServer({ issuer: issuer.issuer, audience, now: clock.now })
    await expect(server.verify(await issuer.sign({ aud: 'x' }))).rejects.toEqual(refusedFor('audience'))
    expect(server.health().issuers[issuer.issuer]).toMatchObject({ state: 'empty', counters: { fetches: 0 } })
  })
})

describe('ready() and health()', () => {
  it('have nothing to wait for where the keys are written in the configuration', async () => {
    await expect(api.ready()).resolves.toBeUndefined()
    expect(api.health()).toMatchObject({
      ready: true,
      issuers: { [issuer.issuer]: { state: 'configured', keyCount: 1 } },
    })
  })

  it('tell the state of every issuer', async () => {
    const server = await issuer.listen({ metadata: 'none' })
    onTestFinished(() => server.close())
    const watched = createResourceServer(server.options)
    expect(watched.health()).toMatchObject({ ready: false, issuers: { [issuer.issuer]: { state: 'empty' } } })
    await watched.ready()
    expect(watched.health()).toMatchObject({
      ready: true,
      issuers: { [issuer.issuer]: { state: 'fresh', keyCount: 1, ageSeconds: 0, lastError: undefined } },
    })
  })

  it('fail loudly while the keys are not available', async () => {
    const server = await issuer.listen({ metadata: 'none' })
    onTestFinished(() => server.close())
    await server.fail('500')
    const watched = createResourceServer(server.options)
    await expect(watched.ready()).rejects.toBeInstanceOf(UpstreamError)
    const { ready, issuers } = watched.health()
    expect(ready).toBe(false)
    expect(issuers[issuer.issuer]?.lastError).toEqual(expect.stringContaining('500'))
  })
})

describe('a shared secret', () => {
  const secret = 'correct horse battery staple, at length: '.repeat(2)

  function hmac(alg: string, key: string, claims: object = {}): string {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const payload = { iss: 'our-issuer', aud: audience, exp: now + 60, ...claims }
    const input = `${part({ alg, typ: 'at+jwt', kid: 'any' })}.${part(payload)}`
    return `${input}.${createHmac(alg.replace('HS', 'sha'), key).update(input).digest('base64url')}`
  }

  const shared = createResourceServer({ issuer: 'our-issuer', audience, secret, now: clock.now })

  it.each(['HS256', 'HS384', 'HS512'])('verifies %s', async (alg) => {
    await expect(shared.verify(hmac(alg, secret))).resolves.toMatchObject({ issuer: 'our-issuer' })
    await expect(shared.verify(hmac(alg, `${secret}x`))).rejects.toEqual(refusedFor('signature'))
  })

  it('verifies only what the secret is long enough for', async () => {
    const short = secret.slice(0, 32)
    const server = createResourceServer({ issuer: 'our-issuer', audience, secret: short, now: clock.now })
    await expect(server.verify(hmac('HS256', short))).resolves.toBeDefined()
    await expect(server.verify(hmac('HS384', short))).rejects.toEqual(refusedFor('algorithm'))
  })

  it('may be bytes', async () => {
    const bytes = new TextEncoder().encode(secret)
    const server = createResourceServer({ issuer: 'our-issuer', audience, secret: bytes, now: clock.now })
    await expect(server.verify(hmac('HS256', secret))).resolves.toBeDefined()
  })

  it('never verifies an asymmetric token, nor a public key an HMAC (RFC 8725 §2.1)', async () => {
    await expect(shared.verify(await issuer.sign({ iss: 'our-issuer' }))).rejects.toEqual(
      refusedFor('algorithm'),
    )
    const confused = hmac('HS256', JSON.stringify(issuer.jwks.keys[0]), { iss: issuer.issuer })
    await expect(api.verify(confused)).rejects.toEqual(refusedFor('algorithm'))
  })
})

describe('several issuers', () => {
  const { jwks } = issuer.options
  const listed = createResourceServer({
    audience,
    now: clock.now,
    clockTolerance: 0,
    issuers: [
      { issuer: issuer.issuer, jwks, clients: ['client-1'] },
      { issuer: other.issuer, jwks: other.jwks, audience: 'https://other-api.test', clockTolerance: 300 },
    ],
  })

  it('are each checked by their own keys and rules', async () => {
    await expect(listed.verify(await issuer.sign())).resolves.toMatchObject({ issuer: issuer.issuer })
    await expect(listed.verify(await other.sign({ aud: 'https://other-api.test' }))).resolves.toMatchObject({
      issuer: other.issuer,
    })
    await expect(listed.verify(await other.sign())).rejects.toEqual(refusedFor('audience'))
    await expect(listed.verify(await issuer.sign({ client_id: 'x' }))).rejects.toEqual(refusedFor('claim'))
  })

  it('take common options unless they say otherwise', async () => {
    const times = { iat: now - 100, exp: now - 1 }
    await expect(listed.verify(await issuer.sign(times))).rejects.toEqual(refusedFor('expired'))
    const late = await other.sign({ ...times, aud: 'https://other-api.test' })
    await expect(listed.verify(late)).resolves.toBeDefined()
  })

  it("never accept each other's signatures", async () => {
    const { kid = '' } = jwks.keys[0] ?? {}
    const forged = await other.sign({ iss: issuer.issuer }, { kid })
    await expect(listed.verify(forged)).rejects.toEqual(refusedFor('signature'))
    await expect(listed.verify(await other.sign({ iss: issuer.issuer }))).rejects.toEqual(
      refusedFor('unknown_key'),
    )
  })

  it('are all there is', async () => {
    const stranger = await createTestIssuer({ issuer: 'https://stranger.test/', clock })
    await expect(listed.verify(await stranger.sign())).rejects.toEqual(refusedFor('unknown_issuer'))
  })

  describe('from a function', () => {
    function asked(answer: (iss: string) => unknown): {
      names: string[]
      server: ReturnType<typeof dynamic>
    } {
      const names: string[] = []
      const server = dynamic((iss) => {
        names.push(iss)
        return answer(iss) as IssuerOptions
      })
      return { names, server }
    }
    const dynamic = (issuers: (iss: string) => IssuerOptions | Promise<IssuerOptions> | undefined) =>
      createResourceServer({ audience, now: clock.now, issuers })

    it.each([
      ['at once', () => ({ issuer: issuer.issuer, jwks })],
      ['asynchronously', () => Promise.resolve({ issuer: issuer.issuer, jwks })],
    ])('are trusted when it answers %s, and it is not asked again', async (_title, answer) => {
      const { names, server } = asked(answer)
      await expect(server.verify(await issuer.sign())).resolves.toMatchObject({ subject: 'user-1' })
      await expect(server.verify(await issuer.sign())).resolves.toBeDefined()
      expect(names).toEqual([issuer.issuer])
    })

    it.each([
      ['undefined', () => undefined],
      ['a promise of undefined', () => Promise.resolve(undefined)],
      ['null', () => null],
    ])('are not trusted when it answers %s', async (_title, answer) => {
      const { server } = asked(answer)
      await expect(server.verify(await issuer.sign())).rejects.toEqual(refusedFor('unknown_issuer'))
      expect(server.health().issuers).toEqual({})
    })

    it('cannot vouch for one issuer in the name of another', async () => {
      const { server } = asked(() => ({ issuer: other.issuer, jwks }))
      await expect(server.verify(await issuer.sign())).rejects.toThrow(
        /^issuers\(iss\): must return options for/,
      )
    })

    it('pass its error through, since the token cannot be verified', async () => {
      const bug = new Error('database down')
      const { server } = asked(() => Promise.reject(bug))
      await expect(server.verify(await issuer.sign())).rejects.toBe(bug)
    })

    it.each([
      ['a misspelled option', { issuer: issuer.issuer, jwks, foo: 1 }, /^issuers\(iss\): unknown option foo/],
      [
        'an unsafe option',
        { issuer: issuer.issuer, jwksUri: 'http://issuer.test/' },
        /^issuers\(iss\)\.jwksUri/,
      ],
    ])('make a TypeError of %s', async (_title, answer, message) => {
      const { server } = asked(() => answer)
      await expect(server.verify(await issuer.sign())).rejects.toThrow(message)
    })
  })
})

describe('a schema', () => {
  const tenant = z.object({ sub: z.string(), tenant: z.string().transform((name) => name.toUpperCase()) })

  it('replaces claims with what it returns, frozen', async () => {
    const server = createResourceServer({ ...issuer.options, schema: tenant })
    const { claims, subject } = await server.verify(await issuer.sign({ tenant: 'a' }))
    expect(claims).toMatchObject({ sub: 'user-1', tenant: 'A', iss: issuer.issuer })
    expect(Object.isFrozen(claims)).toBe(true)
    expect(subject).toBe('user-1')
  })

  it('refuses, without telling values', async () => {
    const server = createResourceServer({ ...issuer.options, schema: tenant })
    const error: unknown = await server
      .verify(await issuer.sign({ tenant: 8_765_432 }))
      .catch((e: unknown) => e)
    expect(error).toEqual(refusedFor('schema'))
    expect(inspect(error, { depth: Infinity })).not.toContain('8765432')
  })

  it('may be asynchronous, and is asked for every request', async () => {
    let open = true
    const schema = z.object({ tenant: z.string().refine(() => Promise.resolve(open)) })
    const server = createResourceServer({ ...issuer.options, schema })
    const token = await issuer.sign({ tenant: 'a' })
    await expect(server.verify(token)).resolves.toMatchObject({ claims: { tenant: 'a' } })
    open = false
    await expect(server.verify(token)).rejects.toEqual(refusedFor('schema'))
  })

  it('sees only claims that were verified', async () => {
    let seen = 0
    const schema = z.object({}).refine(() => ++seen > 0)
    const server = createResourceServer({ ...issuer.options, schema })
    const forged = await other.sign({ iss: issuer.issuer }, { kid: issuer.jwks.keys[0]?.kid })
    await expect(server.verify(forged)).rejects.toEqual(refusedFor('signature'))
    expect(seen).toBe(0)
  })
})

describe('the profile rfc9068', () => {
  const strict = createResourceServer({ ...issuer.options, profile: 'rfc9068' })

  it('takes a token with all of RFC 9068 §2.2', async () => {
    const auth: Auth = await strict.verify(await issuer.sign())
    expect(auth.clientId).toBe('client-1')
  })

  it('refuses typ JWT (RFC 9068 §4)', async () => {
    await expect(strict.verify(await issuer.sign({}, { typ: 'JWT' }))).rejects.toEqual(refusedFor('type'))
  })
})
