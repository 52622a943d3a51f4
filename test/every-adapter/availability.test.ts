import { createResourceServer, type ResourceServer } from 'oauth-resource-server'
import { createTestIssuer, type Fault, type TestIssuer, type TestServer } from 'oauth-resource-server/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { hosts, type Host } from '../support/hosts.ts'

const faults: Fault[] = ['503', '404', 'hang', 'reset', 'html', 'poisoned', 'redirect']

let issuer: TestIssuer
let server: TestServer
let ahead = 0
const now = (): number => Date.now() + ahead * 1000

beforeAll(async () => {
  issuer = await createTestIssuer({ now })
  server = await issuer.listen()
})
afterAll(() => server.close())
beforeEach(() => {
  ahead = 0
  server.heal()
})

const serverOf = (options = {}): ResourceServer =>
  createResourceServer({
    issuer: issuer.issuer,
    audience: issuer.audience as string,
    jwksUri: server.jwksUri,
    now,
    keyCache: { timeoutMs: 500 },
    ...options,
  })

const sign = (header = {}): Promise<string> =>
  issuer.sign({ exp: Date.now() / 1000 + 1e6, scope: 'read' }, header)

describe.each(Object.entries(hosts))('on %s', (_name, start) => {
  let host: Host | undefined
  afterEach(async () => {
    await host?.close()
    host = undefined
  })

  async function asks(token: string | undefined, path = '/guarded'): Promise<Response> {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    return await fetch(`${(host as Host).origin}${path}`, { headers })
  }

  const listen = async (api: ResourceServer): Promise<Host> =>
    (host = await start(api, { routes: { '/guarded': (guards) => guards.requireScope('read') } }))

  it.each(faults)('an issuer’s %s is neither the caller’s fault nor a pass', async (fault) => {
    await server.fail(fault)
    const { calls, errors } = await listen(serverOf())
    const response = await asks(await sign())
    expect(response.status).toBe(503)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(response.headers.has('www-authenticate')).toBe(false)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(calls()).toBe(0)
    expect(errors()).toEqual([])
  })

  it.each(faults)('an issuer’s %s does not touch keys that are there', async (fault) => {
    const api = serverOf()
    await api.ready()
    await server.fail(fault)
    ahead = 2000
    await listen(api)
    expect((await asks(await sign())).status).toBe(200)
    expect((await asks(await sign({ kid: 'new' }))).status).toBe(503)
    const expired = await asks(await issuer.sign({ exp: 1, iat: undefined }))
    expect(expired.status).toBe(401)
    expect(expired.headers.get('www-authenticate')).toContain('error="invalid_token"')
  })

  it('an issuer that is down is 503 also where credentials are optional, unless there are none', async () => {
    await server.fail('503')
    await listen(serverOf({ optional: true }))
    expect((await asks(await sign(), '/')).status).toBe(503)
    expect((await asks(undefined, '/')).status).toBe(200)
  })

  it('an issuer that comes back serves at once', async () => {
    await server.fail('404')
    await listen(serverOf())
    const token = await sign()
    expect((await asks(token)).status).toBe(503)
    server.heal()
    expect((await asks(token)).status).toBe(503)
    ahead = 61
    expect((await asks(token)).status).toBe(200)
  })
})
