import { createResourceServer, ForbiddenError, fromQuery, role, scope } from 'oauth-resource-server'
import { authorize, protect, requireRole, requireScope, verifyJwt } from 'oauth-resource-server/fetch'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'

const issuer = await createTestIssuer({ issuer: 'https://issuer.test/' })
const api = createResourceServer(issuer.options)

afterEach(() => {
  vi.unstubAllEnvs()
})

function request(token?: string): Request {
  return new Request('https://api.test/reports', {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  })
}

describe('verifyJwt() for fetch', () => {
  it.each([
    ['a resource server', () => verifyJwt(api)],
    ['options', () => verifyJwt(issuer.options)],
  ])('takes %s, and resolves to the caller', async (_title, make) => {
    await expect(make()(request(await issuer.sign()))).resolves.toMatchObject({ claims: { sub: 'user-1' } })
  })

  it('resolves to the refusal', async () => {
    const refusal = await verifyJwt(api)(request())
    if (!(refusal instanceof Response)) throw new Error('no refusal')
    expect([refusal.status, refusal.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="https://api.test"',
    ])
    expect(await refusal.json()).toMatchObject({ error: 'unauthorized' })
  })

  it('is configured by the environment when nothing is said', async () => {
    const server = await issuer.listen()
    onTestFinished(() => server.close())
    vi.stubEnv('OAUTH_ISSUER', issuer.issuer)
    vi.stubEnv('OAUTH_AUDIENCE', 'https://api.test')
    vi.stubEnv('OAUTH_JWKS_URI', server.jwksUri)
    await expect(verifyJwt()(request(await issuer.sign()))).resolves.toMatchObject({ subject: 'user-1' })
    expect((await protect()(() => new Response())(request(await issuer.sign()))).status).toBe(200)
  })

  it('fails where it is called when nothing is configured', () => {
    vi.stubEnv('OAUTH_ISSUER', '')
    expect(() => verifyJwt()).toThrow(TypeError)
    expect(() => protect()).toThrow(TypeError)
  })

  it("rejects with the refused error with onError: 'throw'", async () => {
    const throwing = createResourceServer({ ...issuer.options, onError: 'throw' })
    const expected = { name: 'MissingTokenError', status: 401, headers: { 'Cache-Control': 'no-store' } }
    await expect(verifyJwt(throwing)(request())).rejects.toMatchObject(expected)
    await expect(protect(throwing)(() => new Response())(request())).rejects.toMatchObject(expected)
  })
})

describe('protect()', () => {
  it.each([
    ['its own word', () => new Response('x', { headers: { 'cache-control': 'no-store' } }), 200, 'no-store'],
    ['an answer without a body', () => new Response(null, { status: 204 }), 204, 'private'],
    ['an answer that cannot be changed', () => fetch('data:text/plain,x'), 200, 'private'],
    ['a redirect', () => Response.redirect('https://api.test/elsewhere'), 302, null],
    ['a network error', () => Response.error(), 0, null],
  ])(
    'marks good answers private where tokens come from the URL: %s',
    async (_title, handler, status, said) => {
      const route = protect({ ...issuer.options, tokenFrom: fromQuery() })(handler)
      const url = `https://api.test/reports?access_token=${await issuer.sign()}`
      const answer = await route(new Request(url))
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([status, said])
      if (status === 200) expect(await answer.text()).toBe('x')
    },
  )

  it('hands request, caller and further arguments to the handler', async () => {
    const route = protect(api)((req, auth, context: { id: string }, more: number) =>
      Response.json([req.url, auth.subject, context, more]),
    )
    const response = await route(request(await issuer.sign()), { id: 'r1' }, 7)
    expect(await response.json()).toEqual(['https://api.test/reports', 'user-1', { id: 'r1' }, 7])
  })

  it.each([
    ['guards of the core', [scope('read'), role('clerk')]],
    ['guards of the adapter', [requireScope('read'), requireRole('clerk')]],
    ['a combined guard', [authorize(({ scopes, roles }) => scopes.has('read') && roles.has('clerk'))]],
  ])('asks every one of %s', async (_title, guards) => {
    let calls = 0
    const route = protect(api, ...guards)(() => Response.json(++calls))
    expect((await route(request(await issuer.sign({ scope: 'read' })))).status).toBe(403)
    expect((await route(request(await issuer.sign({ roles: ['clerk'] })))).status).toBe(403)
    expect(calls).toBe(0)
    expect((await route(request(await issuer.sign({ scope: 'read', roles: ['clerk'] })))).status).toBe(200)
  })

  it('names every scope its guards want', async () => {
    const route = protect(api, requireScope('a'), requireScope('b'))(() => new Response())
    const { headers } = await route(request(await issuer.sign()))
    expect(headers.get('www-authenticate')).toMatch(/scope="a b"$/)
  })

  it.each([
    [
      'throws',
      () => {
        throw new ForbiddenError()
      },
    ],
    ['rejects', () => Promise.reject(new ForbiddenError())],
  ])('passes the error of a handler that %s on, ours included', async (_title, handler) => {
    await expect(
      protect(api)(handler as () => Promise<Response>)(request(await issuer.sign())),
    ).rejects.toBeInstanceOf(ForbiddenError)
  })

  it('hands undefined to the handler for an anonymous caller where that is allowed', async () => {
    const open = createResourceServer({ ...issuer.options, optional: true })
    const seen: unknown[] = []
    const handler = (_request: Request, auth: unknown): Response => {
      seen.push(auth)
      return new Response()
    }
    expect((await protect(open)(handler)(request())).status).toBe(200)
    expect(seen).toEqual([undefined])
    expect((await protect(open, requireScope('x'))(handler)(request())).status).toBe(401)
    expect(seen).toHaveLength(1)
  })

  it('gives guards the request', async () => {
    const route = protect(
      api,
      authorize((_auth, req) => req.headers.get('x-tenant') === 'a'),
    )(() => new Response())
    const good = request(await issuer.sign())
    good.headers.set('x-tenant', 'a')
    expect((await route(good)).status).toBe(200)
    expect((await route(request(await issuer.sign()))).status).toBe(403)
  })

  it('refuses to make a route with something else than guards', () => {
    expect(() => protect(api, 'read' as never)).toThrow(TypeError)
  })
})

describe('a guard of fetch', () => {
  it('can be asked with what verifyJwt() found', async () => {
    const auth = await verifyJwt(api)(request(await issuer.sign({ scope: 'read' })))
    if (auth instanceof Response) throw new Error('refused')
    expect(await requireScope('read')(auth, request())).toBe(true)
    expect(() => requireScope('write')(auth, request())).toThrow('lacks a scope')
  })

  it.each([
    ['nothing', undefined],
    ['a refusal nobody returned', new Response()],
  ])('names verifyJwt() when it is asked with %s', (_title, auth) => {
    expect(() => requireScope('read')(auth as never, request())).toThrow(/verifyJwt\(\)/)
  })
})
