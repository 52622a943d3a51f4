import { createResourceServer, type IntrospectionOptions, type ResourceServer } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { closedPort } from '../support/closed-port.ts'
import { type Host, hosts, type StartHost } from '../support/hosts.ts'
import {
  after,
  type Behaviour,
  bomb,
  compressed,
  cuts,
  cutsBody,
  type FaultyEndpoint,
  faultyEndpoint,
  hangs,
  neverEnds,
  sends,
  stalls,
  status,
} from '../support/introspection-server.ts'

const issuer = await createTestIssuer({ audience: 'https://api.test', algorithms: ['ES256'] })
const timeoutMs = 400
const express = hosts['express 5'] as StartHost
const jwtType = { 'content-type': 'application/token-introspection+jwt' }

const says = (changes: Record<string, unknown> = {}): string =>
  JSON.stringify({
    active: true,
    aud: 'https://api.test',
    sub: 'user-1',
    token_type: 'Bearer',
    exp: Math.floor(Date.now() / 1000) + 300,
    ...changes,
  })
const signed = await issuer.sign(
  { aud: 'api-1', token_introspection: JSON.parse(says()) as unknown },
  { typ: 'token-introspection+jwt' },
)

let server: FaultyEndpoint
const running: Host[] = []
beforeEach(async () => {
  server = await faultyEndpoint(sends(says()))
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await Promise.all([server.close(), ...running.splice(0).map((host) => host.close())])
})

const apiOf = (options: Partial<IntrospectionOptions> = {}): ResourceServer =>
  createResourceServer({
    ...issuer.options,
    introspection: { clientId: 'api-1', clientSecret: 'secret', endpoint: server.url, timeoutMs, ...options },
  })

async function listen(
  options: Partial<IntrospectionOptions> = {},
  start: StartHost = express,
): Promise<Host> {
  const host = await start(apiOf(options))
  running.push(host)
  return host
}

const ask = async ({ origin }: Host, token = 'opaque-token'): Promise<Response> =>
  fetch(origin, { headers: { authorization: `Bearer ${token}` } })

async function expectUnavailable(response: Response): Promise<void> {
  expect(response.status).toBe(503)
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  expect(response.headers.has('www-authenticate')).toBe(false)
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(await response.json()).toMatchObject({ error: 'temporarily_unavailable' })
}

describe('an introspection endpoint over HTTP', () => {
  it.each<[string, Behaviour]>([
    ['at once', sends(says())],
    ['late, but in time', after(100, sends(says()))],
    ['compressed', compressed(says())],
    [
      'with parameters of the media type',
      sends(says(), { 'content-type': 'Application/JSON; charset=utf-8' }),
    ],
    ['on a second connection, where the first was cut', cutOnce(sends(says()))],
  ])('is 200 when it responds %s', async (_how, behaviour) => {
    server.be = behaviour
    const host = await listen()
    expect((await ask(host)).status).toBe(200)
    expect(host.calls()).toBe(1)
  })

  it.each<[string, Behaviour]>([
    ['is slower than timeoutMs', after(timeoutMs + 200, sends(says()))],
    ['hangs', hangs],
    ['stalls within the body', stalls(says())],
    ['ends the connection', cuts],
    ['ends the connection within the body', cutsBody(says())],
    ['never ends the body', neverEnds],
    ['sends a decompression bomb', bomb(says())],
    ['says that what is plain is compressed', sends(says(), { 'content-encoding': 'gzip' })],
    ['responds with 500', status(500)],
    ['responds with 502', status(502)],
    ['refuses our credentials with 401', status(401, { 'www-authenticate': 'Basic' })],
    ['refuses our credentials with 403', status(403)],
    ['responds with 404', status(404)],
    ['responds with 429', status(429)],
    ['responds with 204', status(204)],
    ['responds with 400', status(400)],
    ['sends HTML', sends('<p>hello</p>', { 'content-type': 'text/html' })],
    ['sends JSON under another type', sends(says(), { 'content-type': 'text/plain' })],
    ['sends JSON under no type', sends(says(), { 'content-type': '' })],
    ['sends nothing', sends('')],
    ['sends a list', sends(`[${says()}]`)],
    ['sends active twice', sends(says().replace('{', '{"active":false,'))],
    ['sends a signed response unasked', sends(signed, jwtType)],
  ])('is 503 in time when it %s, and serves again after that', async (_what, behaviour) => {
    server.be = behaviour
    const host = await listen()
    const begun = performance.now()
    await expectUnavailable(await ask(host))
    // Some of this is the machine's: a second for 50 ms.
    expect(performance.now() - begun).toBeLessThan(timeoutMs + 1000)
    expect(host.calls()).toBe(0)
    server.be = sends(says())
    expect((await ask(host)).status).toBe(200)
  })

  it('is 503 for as long as it asks for', async () => {
    server.be = status(503, { 'retry-after': '7' })
    const host = await listen()
    await expectUnavailable(await ask(host))
    server.be = sends(says())
    const next = await ask(host, 'another-token')
    expect(Number(next.headers.get('retry-after'))).toBeGreaterThanOrEqual(6)
    await expectUnavailable(next)
    expect(server.questions()).toBe(1)
  })

  it.each([301, 302, 303, 307, 308])(
    'INT-11 is 503 when it redirects with %i, and neither token nor secret goes there',
    async (code) => {
      const elsewhere = await faultyEndpoint(sends(says()))
      server.be = status(code, { location: elsewhere.url })
      const host = await listen()
      await expectUnavailable(await ask(host))
      server.be = status(code, { location: '/moved' })
      await expectUnavailable(await ask(host, 'another-token'))
      expect([elsewhere.questions(), elsewhere.strays(), server.strays()]).toEqual([0, 0, 0])
      await elsewhere.close()
    },
  )

  it('is 503 when nothing listens there', async () => {
    const endpoint = `http://127.0.0.1:${await closedPort()}/introspect`
    const host = await listen({ endpoint })
    await expectUnavailable(await ask(host))
    expect(host.calls()).toBe(0)
  })

  it('INT-20 is 503 with plain JSON where signed was asked for, and 200 with a signed response', async () => {
    const host = await listen({ signed: true })
    await expectUnavailable(await ask(host))
    server.be = sends(signed, { 'content-type': 'application/json' })
    await expectUnavailable(await ask(host))
    server.be = sends(signed, jwtType)
    expect((await ask(host)).status).toBe(200)
  })

  it.each<[string, Record<string, unknown>]>([
    ['inactive', { active: false }],
    ['active in a string', { active: 'true' }],
    ['for another API', { aud: 'https://other.test' }],
    ['expired', { exp: 1 }],
    ['a refresh token', { token_type: 'refresh_token' }],
  ])('is 401 when it calls the token %s', async (_what, changes) => {
    server.be = sends(says(changes))
    const host = await listen()
    const response = await ask(host)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"')
    expect(host.calls()).toBe(0)
  })

  it('INT-15 is 503 without a question while the circuit is open, and is asked again after that', async () => {
    let now = Date.now()
    server.be = status(500)
    const api = createResourceServer({
      ...issuer.options,
      now: () => now,
      introspection: { clientId: 'api-1', clientSecret: 'secret', endpoint: server.url },
    })
    const host = await express(api)
    running.push(host)
    for (let count = 0; count < 5; count += 1) await expectUnavailable(await ask(host, `token-${count}`))
    server.be = sends(says({ exp: now / 1000 + 300 }))
    const asked = server.questions()
    const responses = await Promise.all(Array.from({ length: 50 }, async (_, at) => ask(host, `later-${at}`)))
    for (const response of responses) await expectUnavailable(response)
    expect(server.questions()).toBe(asked)
    expect(Object.values(api.health().issuers)[0]?.introspection?.state).toBe('open')
    now += 11_000
    expect((await ask(host)).status).toBe(200)
    expect(host.calls()).toBe(1)
  })

  it('is asked once about a token that many callers send at the same time', async () => {
    server.be = after(100, sends(says()))
    const host = await listen()
    const responses = await Promise.all(Array.from({ length: 200 }, async () => ask(host)))
    expect(new Set(responses.map((response) => response.status))).toEqual(new Set([200]))
    expect(server.questions()).toBe(1)
  })
})

describe.each(Object.entries(hosts))('an introspection endpoint that fails, on %s', (_name, start) => {
  it('is neither the fault of the caller nor a pass', async () => {
    const host = await listen({}, start)
    expect((await ask(host, 'good')).status).toBe(200)
    server.be = status(500)
    await expectUnavailable(await ask(host, 'other'))
    expect((await ask(host, 'good')).status).toBe(200)
    expect(host.calls()).toBe(2)
    expect(host.errors()).toEqual([])
  })
})

/** Cuts the first connection. */
function cutOnce(then: Behaviour): Behaviour {
  let count = 0
  return (response, request) => ((count += 1) === 1 ? cuts : then)(response, request)
}
