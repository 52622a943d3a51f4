import type { IncomingMessage } from 'node:http'
import { type Auth, createResourceServer, fromHeader } from 'oauth-resource-server'
import { fakeAuth, fakeResourceServer } from 'oauth-resource-server/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { type Host, type HostOptions, hosts } from '../support/hosts.ts'

const running: Host[] = []
afterEach(async () => {
  vi.unstubAllEnvs()
  await Promise.all(running.splice(0).map(({ close }) => close()))
})

const request = { headers: {} }

const routes: NonNullable<HostOptions['routes']> = {
  '/scope': ({ requireScope }) => requireScope('read'),
  '/role': ({ requireRole }) => requireRole('admin'),
  '/claim': ({ requireClaim }) => requireClaim('tenant', 'a'),
  '/predicate': ({ authorize }) => authorize(({ subject }) => subject === 'alice'),
}

describe.each(Object.entries(hosts))('fakeResourceServer() on %s', (_name, start) => {
  async function started(
    api: ReturnType<typeof fakeResourceServer>,
    options: HostOptions = {},
  ): Promise<Host> {
    const host = await start(api, { routes, ...options })
    running.push(host)
    return host
  }

  it('gives handlers the caller, without any header', async () => {
    const host = await started(
      fakeResourceServer(fakeAuth({ subject: 'alice', clientId: 'app', scopes: ['read'], roles: ['admin'] })),
    )
    const response = await fetch(host.origin)
    expect([response.status, await response.json()]).toEqual([
      200,
      { subject: 'alice', clientId: 'app', scopes: ['read'], roles: ['admin'], anonymous: false },
    ])
  })

  const allowed = { subject: 'alice', scopes: ['read'], roles: ['admin'], claims: { tenant: 'a' } }
  it.each([
    ['/scope', { ...allowed, scopes: ['write'] }],
    ['/role', { ...allowed, roles: ['clerk'] }],
    ['/claim', { ...allowed, claims: { tenant: 'b' } }],
    ['/predicate', { ...allowed, subject: 'bob' }],
  ])(
    'lets guards decide on %s, and on another caller from one request to the next',
    async (path, refused) => {
      let caller = fakeAuth(allowed)
      const host = await started(fakeResourceServer(() => caller))
      expect((await fetch(host.origin + path)).status).toBe(200)
      caller = fakeAuth(refused)
      expect((await fetch(host.origin + path)).status).toBe(403)
      expect(host.errors()).toEqual([])
    },
  )

  it('refuses an anonymous caller', async () => {
    const host = await started(fakeResourceServer(null))
    const response = await fetch(host.origin)
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="https://api.test"',
    ])
    expect(host.calls()).toBe(0)
  })

  it('lets an anonymous caller through with optional, but through no guard', async () => {
    const host = await started(fakeResourceServer(() => null, { optional: true }))
    const response = await fetch(host.origin)
    expect([response.status, await response.json()]).toMatchObject([200, { anonymous: true }])
    expect((await fetch(`${host.origin}/scope`)).status).toBe(401)
  })

  it("asks a function about the framework's own request", async () => {
    const callers: Record<string, Auth | null> = { alice: fakeAuth({ subject: 'alice' }), nobody: null }
    const nameIn = (request: { headers: Headers | IncomingMessage['headers'] }): string =>
      request.headers instanceof Headers
        ? String(request.headers.get('x-caller'))
        : String(request.headers['x-caller'])
    const host = await started(
      fakeResourceServer((request: Parameters<typeof nameIn>[0]) =>
        Promise.resolve(callers[nameIn(request)] ?? null),
      ),
    )
    const as = (caller: string): Promise<Response> => fetch(host.origin, { headers: { 'x-caller': caller } })
    expect(await (await as('alice')).json()).toMatchObject({ subject: 'alice' })
    expect((await as('nobody')).status).toBe(401)
  })

  it('passes a caller that fakeAuth() did not make on as an error of the test', async () => {
    const host = await started(fakeResourceServer((() => undefined) as never))
    expect((await fetch(host.origin)).status).toBe(500)
    expect(host.errors()).toMatchObject([
      { message: 'fakeResourceServer: pass or return fakeAuth({ ... }), or null for an anonymous caller' },
    ])
    expect(host.calls()).toBe(0)
  })
})

describe('fakeResourceServer()', () => {
  it('is a TypeError under NODE_ENV=production', () => {
    vi.stubEnv('NODE_ENV', 'production')
    expect(() => fakeResourceServer(fakeAuth())).toThrow(
      new TypeError('fakeResourceServer: lets every request through; it is not for NODE_ENV=production'),
    )
  })

  it.each(['Production', 'PRODUCTION', ' production ', 'prod', 'Prod', 'production\n'])(
    'is a TypeError under NODE_ENV=%j too',
    (value) => {
      vi.stubEnv('NODE_ENV', value)
      expect(() => fakeResourceServer(fakeAuth())).toThrow(/not for NODE_ENV=production/)
    },
  )

  it('lets nobody through when NODE_ENV=production is set later', async () => {
    const api = fakeResourceServer(fakeAuth())
    vi.stubEnv('NODE_ENV', 'production')
    await expect(api.authenticate({ headers: {} })).rejects.toThrow(/not for NODE_ENV=production/)
    vi.stubEnv('NODE_ENV', 'test')
    await expect(api.authenticate({ headers: {} })).resolves.toBeDefined()
  })

  it.each(['development', 'test', '', 'preprod', 'nonproduction', undefined])(
    'works under NODE_ENV=%s',
    (value) => {
      vi.stubEnv('NODE_ENV', value)
      expect(() => fakeResourceServer(fakeAuth())).not.toThrow()
    },
  )

  it.each([undefined, {}, { subject: 'alice' }, 'alice', []])(
    'is a TypeError for the caller %j',
    (caller) => {
      expect(() => fakeResourceServer(caller as never)).toThrow(
        new TypeError(
          'fakeResourceServer: pass or return fakeAuth({ ... }), or null for an anonymous caller',
        ),
      )
    },
  )

  it('is a TypeError for the caller of another resource server', async () => {
    const auth = await fakeResourceServer(fakeAuth()).authenticate(request)
    expect(() => fakeResourceServer(auth)).toThrow(TypeError)
  })

  it.each(['issuer', 'jwks', 'secret', 'tokenFrom', 'scopes', 'now'])(
    'is a TypeError for the option %s',
    (name) => {
      expect(() => fakeResourceServer(fakeAuth(), { [name]: 'x' })).toThrow(
        new TypeError(`fakeResourceServer: leave ${name} out; a fake resource server has its own`),
      )
    },
  )

  it('refuses options that no resource server has', () => {
    expect(() => fakeResourceServer(fakeAuth(), { audiance: 'x' } as never)).toThrow(
      'unknown option audiance',
    )
  })

  it('takes the audience', async () => {
    const api = fakeResourceServer(fakeAuth(), { audience: 'https://other.test' })
    expect((await api.authenticate(request)).claims.aud).toBe('https://other.test')
  })

  it('runs the schema, whose output types the claims', async () => {
    const schema = z.object({ tenant: z.string() })
    const api = fakeResourceServer(fakeAuth({ claims: { tenant: 'a' } }), { schema })
    const { claims } = await api.authenticate(request)
    const tenant: string = claims.tenant
    expect(tenant).toBe('a')
    const other = fakeResourceServer(fakeAuth({ claims: { tenant: 7 } }), { schema })
    await expect(other.authenticate(request)).rejects.toMatchObject({ reason: 'schema' })
  })

  it('is ready', async () => {
    const api = fakeResourceServer(fakeAuth())
    await api.ready()
    expect(api.health().ready).toBe(true)
  })

  it('verifies its own tokens, and those of no other', async () => {
    const api = fakeResourceServer(fakeAuth())
    const { token } = await api.authenticate(request)
    expect((await api.verify(token)).subject).toBe('user-1')
    await expect(fakeResourceServer(fakeAuth()).verify(token)).rejects.toMatchObject({ status: 401 })
  })

  it('signs no token that a real resource server accepts', async () => {
    const { token } = await fakeResourceServer(fakeAuth()).authenticate(request)
    const secret = 'x'.repeat(32)
    const real = createResourceServer({
      issuer: 'https://issuer.test/',
      audience: 'https://api.test',
      secret,
      tokenFrom: fromHeader(),
    })
    await expect(real.verify(token)).rejects.toMatchObject({ status: 401 })
  })
})
