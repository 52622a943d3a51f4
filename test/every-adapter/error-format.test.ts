import { type AuthError, createResourceServer, type ErrorFormat } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Host, type HostOptions, hosts, type StartHost } from '../support/hosts.ts'

const issuer = await createTestIssuer({ issuer: 'https://issuer.test/' })
const options = { ...issuer.options, realm: 'api' }
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })

// Nobody listens there: the port of a server that is closed.
const closed = await issuer.listen({ metadata: 'none' })
await closed.close()

const running: Host[] = []
afterEach(() => Promise.all(running.splice(0).map(({ close }) => close())))

const routes: NonNullable<HostOptions['routes']> = {
  '/scope': ({ requireScope }) => requireScope('read'),
  '/role': ({ requireRole }) => requireRole('admin'),
}

interface Refused {
  readonly path: string
  readonly headers: () => Promise<Record<string, string>>
  readonly status: number
  readonly title: string
  readonly error: string
  readonly detail: string
  readonly challenge: string | null
}

const described = (
  error: string,
  detail: string,
  more = '',
): Pick<Refused, 'error' | 'detail' | 'challenge'> => ({
  error,
  detail,
  challenge: `Bearer realm="api", error="${error}", error_description="${detail}"${more}`,
})

/** One request for every class of refusal. */
const refusals: readonly [title: string, Refused][] = [
  [
    'no token',
    {
      path: '/',
      headers: () => Promise.resolve({}),
      status: 401,
      title: 'Unauthorized',
      error: 'unauthorized',
      detail: 'No access token was found',
      challenge: 'Bearer realm="api"',
    },
  ],
  [
    'malformed credentials',
    {
      path: '/',
      headers: () => Promise.resolve({ authorization: 'Bearer' }),
      status: 400,
      title: 'Bad Request',
      ...described('invalid_request', 'The credentials are malformed'),
    },
  ],
  [
    'an expired token',
    {
      path: '/',
      headers: async () => bearer(await issuer.sign({ exp: 1 })),
      status: 401,
      title: 'Unauthorized',
      ...described('invalid_token', 'The access token expired'),
    },
  ],
  [
    'a missing scope',
    {
      path: '/scope',
      headers: async () => bearer(await issuer.sign()),
      status: 403,
      title: 'Forbidden',
      ...described(
        'insufficient_scope',
        'The scopes of the access token are not enough for this request',
        ', scope="read"',
      ),
    },
  ],
  [
    'a missing role',
    {
      path: '/role',
      headers: async () => bearer(await issuer.sign()),
      status: 403,
      title: 'Forbidden',
      error: 'forbidden',
      detail: 'The caller is not allowed to do this',
      challenge: null,
    },
  ],
]

describe.each(Object.entries(hosts))('%s', (name, start: StartHost) => {
  async function started(errorFormat: ErrorFormat, more: object = {}, host: HostOptions = {}): Promise<Host> {
    const server = await start(createResourceServer({ ...options, errorFormat, ...more }), {
      routes,
      ...host,
    })
    running.push(server)
    return server
  }

  const seen = (response: Response): unknown => [
    response.status,
    response.headers.get('www-authenticate'),
    response.headers.get('cache-control'),
    // Fastify adds the charset that JSON has anyway.
    response.headers.get('content-type')?.replace('; charset=utf-8', ''),
  ]

  it.each(refusals)("writes a problem document for %s with 'problem'", async (_title, refused) => {
    const host = await started('problem')
    const response = await fetch(host.origin + refused.path, { headers: await refused.headers() })
    const { status, title, detail, error, challenge } = refused
    expect(seen(response)).toEqual([status, challenge, 'no-store', 'application/problem+json'])
    expect(await response.json()).toEqual({ type: 'about:blank', title, status, detail, error })
    expect([host.calls(), host.errors()]).toEqual([0, []])
  })

  it('writes a problem document while the issuer is down', async () => {
    const host = await started('problem', { jwks: undefined, jwksUri: `${closed.url}/jwks` })
    const response = await fetch(host.origin, { headers: bearer(await issuer.sign()) })
    expect(seen(response)).toEqual([503, null, 'no-store', 'application/problem+json'])
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/)
    expect(await response.json()).toMatchObject({
      title: 'Service Unavailable',
      error: 'temporarily_unavailable',
    })
  })

  it.each(refusals)(
    'writes what a function returns for %s, and keeps status and headers',
    async (_title, refused) => {
      const host = await started((error: AuthError, body) => ({
        contentType: 'text/html',
        body: `<p>${error.reason}: ${body.error_description}</p>`,
        status: 200,
        headers: { 'X-Other': 'header' },
      }))
      const response = await fetch(host.origin + refused.path, { headers: await refused.headers() })
      expect(seen(response)).toEqual([refused.status, refused.challenge, 'no-store', 'text/html'])
      expect(await response.text()).toMatch(new RegExp(`^<p>\\w+: ${refused.detail}</p>$`))
      expect(response.headers.has('x-other')).toBe(false)
      expect([host.calls(), host.errors()]).toEqual([0, []])
    },
  )

  it.each([
    ['a string', 'denied', 'denied'],
    ['an empty string', '', ''],
    ['an object', { errors: ['denied'] }, '{"errors":["denied"]}'],
  ])('writes %s as a function returned it', async (_title, body, sent) => {
    const host = await started(() => ({ contentType: 'application/vnd.api+json', body }))
    const response = await fetch(host.origin)
    expect(seen(response)).toEqual([401, 'Bearer realm="api"', 'no-store', 'application/vnd.api+json'])
    expect(await response.text()).toBe(sent)
  })

  it.each<[string, () => never]>([
    [
      'throws',
      () => {
        throw new Error('bug')
      },
    ],
    ['returns a promise that rejects', (() => Promise.reject(new Error('late'))) as never],
    ['injects a header', (() => ({ contentType: 'a/b\r\nX-Other: header', body: '' })) as never],
  ])('writes the default body when a function %s, and warns of it once', async (_title, format) => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    try {
      const host = await started(format)
      for (const _time of [1, 2]) {
        const response = await fetch(host.origin)
        expect(seen(response)).toEqual([401, 'Bearer realm="api"', 'no-store', 'application/json'])
        expect(await response.json()).toEqual({
          error: 'unauthorized',
          error_description: 'No access token was found',
        })
        expect(response.headers.has('x-other')).toBe(false)
      }
      expect(host.errors()).toEqual([])
      expect(warn.mock.calls).toMatchObject([
        [expect.stringContaining('errorFormat: '), { code: 'OAUTH_ERROR_FORMAT' }],
      ])
    } finally {
      warn.mockRestore()
    }
  })

  it('writes no body for HEAD', async () => {
    const host = await started('problem')
    const response = await fetch(host.origin, { method: 'HEAD' })
    expect(seen(response)).toEqual([401, 'Bearer realm="api"', 'no-store', 'application/problem+json'])
    expect(await response.text()).toBe('')
  })

  it.each(['respond', 'throw'] as const)(
    "gives an error for the framework's error path headers without a type of body, with onError: '%s'",
    async (onError) => {
      const format = vi.fn(() => ({ contentType: 'text/html', body: '' }))
      // A handler that lets getAuth() throw, behind optional.
      const host = await started(format, { optional: true, onError }, { needsAuth: true })
      const response = await fetch(host.origin)
      const [error] = host.errors() as AuthError[]
      expect(error).toMatchObject({ name: 'MissingTokenError', status: 401 })
      expect(error?.headers).toEqual({
        'Cache-Control': 'no-store',
        'WWW-Authenticate': 'Bearer realm="api"',
      })
      // Hono turns any error but its own into 500; the others read the status.
      expect(response.status).toBe(name === 'fetch' ? 500 : 401)
      expect(format).not.toHaveBeenCalled()
    },
  )

  it("leaves the body to the framework with onError: 'throw'", async () => {
    const format = vi.fn(() => ({ contentType: 'text/html', body: 'ours' }))
    const host = await started(format, { onError: 'throw' })
    const response = await fetch(`${host.origin}/scope`, { headers: bearer(await issuer.sign()) })
    const [error] = host.errors() as AuthError[]
    expect(error?.headers).toEqual({
      'Cache-Control': 'no-store',
      'WWW-Authenticate': expect.stringContaining('error="insufficient_scope"') as string,
    })
    expect(await response.text()).not.toBe('ours')
    expect(format).not.toHaveBeenCalled()
  })
})
