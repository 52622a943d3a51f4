import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import { fastify } from 'fastify'
import Koa from 'koa'
import {
  type BackChannelLogoutOptions,
  createResourceServer,
  type LogoutArguments,
  revocationList,
  UpstreamError,
} from 'oauth-resource-server'
import * as onExpress from 'oauth-resource-server/express'
import * as onFastify from 'oauth-resource-server/fastify'
import * as onFetch from 'oauth-resource-server/fetch'
import * as onKoa from 'oauth-resource-server/koa'
import { createTestClock, createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { verdict } from '../support/tokens.ts'

const clock = createTestClock(1_800_000_000_000)
const now = 1_800_000_000
const issuer = await createTestIssuer({ algorithms: ['ES256'], clock })
const stranger = await createTestIssuer({ issuer: 'https://other.test/', algorithms: ['ES256'], clock })
const event = 'http://schemas.openid.net/event/backchannel-logout'
const clientId = 'web-app'

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown

/** The endpoint on every adapter, also behind a parser of forms. */
const endpoints: Readonly<Record<string, (...args: LogoutArguments) => Listener | Promise<Listener>>> = {
  express: (...args) => express().post('/', onExpress.backChannelLogout(...args)),
  'express with a parsed body': (...args) =>
    express()
      .use(express.urlencoded({ extended: true }))
      .post('/', onExpress.backChannelLogout(...args)),
  koa: (...args) => new Koa().use(onKoa.backChannelLogout(...args)).callback(),
  async fastify(...args) {
    const app = fastify()
    app.register(onFastify.backChannelLogout(...args))
    await app.ready()
    return (req, res) => app.routing(req, res)
  },
  async 'fastify below verifyJwt'(...args) {
    const app = fastify()
    app.register(onFastify.verifyJwt, { api: args[0] })
    app.register(onFastify.backChannelLogout(...args))
    await app.ready()
    return (req, res) => app.routing(req, res)
  },
  fetch: (...args) => getRequestListener(onFetch.backChannelLogout(...args)),
}

const closing: (() => unknown)[] = []
afterEach(async () => {
  vi.useRealTimers()
  await Promise.all(closing.splice(0).map((close) => close()))
})

async function listening(listener: Listener): Promise<number> {
  const server = createServer((req, res) => void listener(req, res))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

interface World {
  readonly post: (body: string, type?: string) => Promise<readonly [number, string | null, string]>
  readonly send: (token: string) => Promise<readonly [number, string | null, string]>
  readonly use: (token: string) => Promise<string>
  readonly port: number
}

async function world(
  name: string,
  options: Partial<BackChannelLogoutOptions> = {},
  list = revocationList(),
  of: object = {},
): Promise<World> {
  const api = createResourceServer({ ...issuer.options, ...of, revocation: list })
  const endpoint = endpoints[name] as (typeof endpoints)[string]
  const port = await listening(await endpoint(api, list, { clientId, by: 'session', ...options }))
  const post: World['post'] = async (body, type = 'application/x-www-form-urlencoded') => {
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      body,
      headers: { 'content-type': type },
    })
    return [response.status, response.headers.get('cache-control'), await response.text()]
  }
  return {
    post,
    send: (token) => post(`logout_token=${encodeURIComponent(token)}`),
    use: (token) => verdict(api.verify(token)),
    port,
  }
}

/** A logout token that is valid but for what is changed. */
async function logoutToken(claims: object = {}, header: object = {}, by = issuer): Promise<string> {
  return by.sign(
    {
      aud: clientId,
      sub: 'alice',
      sid: 's-1',
      client_id: undefined,
      exp: now + 120,
      events: { [event]: {} },
      ...claims,
    },
    { typ: 'logout+jwt', ...header },
  )
}

const ok = [200, 'no-store', '']
const bad = (description: string): unknown[] => [
  400,
  'no-store',
  JSON.stringify({ error: 'invalid_request', error_description: description }),
]
const badToken = bad('The logout token is not acceptable')
const unavailable = [503, 'no-store', expect.stringContaining('"temporarily_unavailable"')]

describe.each(Object.keys(endpoints))('back-channel logout on %s', (name) => {
  it('revokes the tokens of the session, and no others', async () => {
    const { send, use } = await world(name)
    const same = await issuer.sign({ sub: 'alice', sid: 's-1' })
    const other = await issuer.sign({ sub: 'alice', sid: 's-2' })
    expect(await use(same)).toBe('200')
    expect(await send(await logoutToken())).toEqual(ok)
    expect(await use(same)).toBe('401 revoked')
    expect(await use(other)).toBe('200')
  })

  it('CSR-9 CSR-12 refuses a token the second time', async () => {
    const { send } = await world(name)
    const token = await logoutToken()
    expect(await send(token)).toEqual(ok)
    expect(await send(token)).toEqual(badToken)
  })

  it.each([
    ['an access token', { aud: clientId, sub: 'alice' }, { typ: 'at+jwt' }],
    ['the type of an access token', {}, { typ: 'at+jwt' }],
    ['the mark of an ID token', { typ: 'ID' }, {}],
    ['no events', { events: undefined }, {}],
    ['another event', { events: { other: {} } }, {}],
    ['an event that is no object', { events: { [event]: true } }, {}],
    ['an event that is a list', { events: { [event]: [] } }, {}],
    ['a nonce', { nonce: 'n' }, {}],
    ['neither sid nor sub', { sid: undefined, sub: undefined }, {}],
    ['an empty sid', { sid: '' }, {}],
    ['a sub that is no string', { sub: 7 }, {}],
    ['no jti', { jti: undefined }, {}],
    ['another aud', { aud: 'other-app' }, {}],
    ['no aud', { aud: undefined }, {}],
    ['no iat', { iat: undefined }, {}],
    ['an old iat', { iat: now - 331 }, {}],
    ['an iat ahead', { iat: now + 31 }, {}],
    ['no exp', { exp: undefined }, {}],
    ['an exp that was reached', { iat: now - 60, exp: now - 31 }, {}],
    ['a foreign issuer', { iss: 'https://other.test/' }, {}],
  ])('CSR-9 CSR-12 refuses %s and revokes nothing', async (_what, claims, header) => {
    const { send, use } = await world(name)
    expect(await send(await logoutToken(claims, header))).toEqual(badToken)
    expect(await use(await issuer.sign({ sub: 'alice', sid: 's-1' }))).toBe('200')
  })

  it('CSR-5 revokes nothing for a signature of another key, or for text that is no token', async () => {
    const { send, use } = await world(name)
    const forged = await logoutToken({ iss: issuer.issuer }, {}, stranger)
    expect(await send(forged)).toEqual(badToken)
    const [header, payload] = (await logoutToken()).split('.')
    expect(await send(`${header}.${payload}.${'A'.repeat(86)}`)).toEqual(badToken)
    expect(await send(`${header}.${payload}.`)).toEqual(badToken)
    expect(await send('a.b')).toEqual(badToken)
    expect(await use(await issuer.sign({ sub: 'alice', sid: 's-1' }))).toBe('200')
  })

  it('refuses forms without the member, with two of it, and other media types', async () => {
    const { post } = await world(name)
    const once = bad('The form must have logout_token exactly once')
    expect(await post('other=1')).toEqual(once)
    expect(await post('logout_token=a&logout_token=b')).toEqual(once)
    expect(await post('{"logout_token":"a"}', 'application/json')).toEqual(
      bad('The request must be a POST of application/x-www-form-urlencoded'),
    )
  })

  it('CSR-6 responds 503 when the list cannot take the entry, or the store cannot tell', async () => {
    const full = revocationList({ max: 1 })
    await full.revoke({ jti: 'x' })
    expect(await (await world(name, {}, full)).send(await logoutToken())).toEqual(unavailable)
    const reserve = (): Promise<boolean> => Promise.reject(new Error('down'))
    expect(await (await world(name, { replay: { reserve } })).send(await logoutToken())).toEqual(unavailable)
  })

  it('responds 503 while the keys are not available, and revokes nothing', async () => {
    let isDown = true
    // Its own, since it goes on: the other tests share theirs.
    const ownClock = createTestClock(now * 1000)
    const options = {
      now: ownClock.now,
      jwks: undefined,
      jwksUri: 'https://keys.test/jwks',
      fetch: () =>
        isDown ? Promise.reject(new TypeError('down')) : Promise.resolve(Response.json(issuer.jwks)),
    }
    const { send, use } = await world(name, {}, revocationList(), options)
    expect(await send(await logoutToken())).toEqual(unavailable)
    isDown = false
    ownClock.advance(60)
    expect(await use(await issuer.sign({ sub: 'alice', sid: 's-1' }))).toBe('200')
  })

  it('accepts the same token again after the store failed', async () => {
    let fails = true
    const reserve = (): Promise<boolean> =>
      fails ? Promise.reject(new UpstreamError(1)) : Promise.resolve(true)
    const { send } = await world(name, { replay: { reserve } })
    const token = await logoutToken()
    expect(await send(token)).toEqual(unavailable)
    fails = false
    expect(await send(token)).toEqual(ok)
  })
})

describe.each(Object.keys(endpoints).filter((name) => !name.includes('parsed')))('the body on %s', (name) => {
  it('may have 64 KiB, and the response arrives before its end', async () => {
    const { post, port } = await world(name)
    expect(await post(`logout_token=a&x=${'x'.repeat(65_536 - 17)}`)).toEqual(badToken)
    expect(await unfinished(port, `logout_token=a&x=${'x'.repeat(65_537 - 17)}`)).toEqual(
      bad('The form must have at most 65536 bytes'),
    )
  })

  it('may take 5 s', async () => {
    const { port } = await world(name)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const answer = unfinished(port, 'logout_token=')
    await vi.waitUntil(() => vi.getTimerCount() > 0)
    vi.advanceTimersByTime(5000)
    expect(await answer).toEqual(bad('The form must arrive within 5 seconds'))
  })
})

/** Sends the beginning of a body and no end. */
async function unfinished(port: number, begin: string): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'transfer-encoding': 'chunked' }
    const req = request({ port, host: '127.0.0.1', method: 'POST', headers }, (res) => {
      let text = ''
      res.on('data', (chunk) => (text += String(chunk)))
      res.on('end', () => {
        req.destroy()
        resolve([res.statusCode, res.headers['cache-control'], text])
      })
    })
    req.on('error', reject)
    req.write(begin)
  })
}

describe('what is revoked', () => {
  it('is every token of the user without sid, and with `by: subject`', async () => {
    const access = await issuer.sign({ sub: 'alice', sid: 's-2' })
    const withoutSid = await world('fetch')
    expect(await withoutSid.send(await logoutToken({ sid: undefined }))).toEqual(ok)
    expect(await withoutSid.use(access)).toBe('401 revoked')
    const bySubject = await world('fetch', { by: 'subject' })
    expect(await bySubject.send(await logoutToken({ sub: undefined }))).toEqual(badToken)
    expect(await bySubject.send(await logoutToken())).toEqual(ok)
    expect(await bySubject.use(access)).toBe('401 revoked')
  })

  it('is not what was issued after the logout', async () => {
    const { send, use } = await world('fetch')
    expect(await send(await logoutToken({ iat: now - 2 }))).toEqual(ok)
    expect(await use(await issuer.sign({ sid: 's-1', iat: now - 2 }))).toBe('401 revoked')
    expect(await use(await issuer.sign({ sid: 's-1', iat: now - 1 }))).toBe('200')
  })

  it.each(['JWT', 'application/logout+jwt', undefined])('is the same with typ %s', async (typ) => {
    const { send } = await world('fetch')
    expect(await send(await logoutToken({ typ: 'Logout', aud: [clientId, 'x'] }, { typ }))).toEqual(ok)
  })

  it('never comes of a logout token in place of an access token', async () => {
    const { use } = await world('fetch')
    const { audience } = issuer.options
    expect(await use(await logoutToken({ aud: audience }))).toBe('401 type')
    expect(await use(await logoutToken({ aud: audience }, { typ: 'at+jwt' }))).toBe('401 type')
  })
})

describe('at construction', () => {
  const list = revocationList()
  const api = createResourceServer({ ...issuer.options, revocation: list })
  it.each([
    ['no resource server', [{}, list, { clientId }], /^backChannelLogout: pass a resource server/],
    ['no list', [api, {}, { clientId }], /^backChannelLogout: pass the list/],
    ['no client', [api, list, {}], /^backChannelLogout.clientId: pass/],
    ['another name', [api, list, { clientId, clientID: 'x' }], /unknown option clientID/],
    ['no store', [api, list, { clientId, replay: {} }], /^backChannelLogout.replay: pass replayStore\(\)/],
  ])('refuses %s', (_what, args, message) => {
    expect(() => onFetch.backChannelLogout(...(args as unknown as LogoutArguments))).toThrow(message)
  })

  it('warns that sessions may revoke nothing, unless that was decided', () => {
    const warned = vi.spyOn(process, 'emitWarning').mockReturnValue()
    const checking = createResourceServer({ ...issuer.options, revocation: list })
    const sure = createResourceServer({ ...issuer.options, revocation: list, requiredClaims: ['sid'] })
    onFetch.backChannelLogout(checking, list, { clientId, by: 'session' })
    onFetch.backChannelLogout(checking, list, { clientId, by: 'subject' })
    onFetch.backChannelLogout(sure, list, { clientId })
    expect(warned).not.toHaveBeenCalled()
    onFetch.backChannelLogout(checking, list, { clientId })
    expect(JSON.stringify(warned.mock.calls)).toContain('OAUTH_LOGOUT_SESSIONS')
    warned.mockRestore()
  })
})
