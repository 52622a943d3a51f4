import {
  createResourceServer,
  firstOf,
  ForbiddenError,
  fromBody,
  fromHeader,
  fromQuery,
  InsufficientScopeError,
  InvalidRequestError,
  InvalidTokenError,
  MissingTokenError,
  type ResourceServer,
} from 'oauth-resource-server'
import { createTestIssuer, type TestIssuer } from 'oauth-resource-server/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Host, hosts, type RawAnswer } from '../support/hosts.ts'
import { audience, countingFetch, issuerName, jwksUri, parts } from '../support/range.ts'
import { overHttp1, type WireRequest } from '../support/wire.ts'

const bare = `Bearer realm="${audience}"`
const form = 'application/x-www-form-urlencoded'

interface Seen extends RawAnswer {
  readonly challenge: string | null
  /** How many times the handler ran. */
  readonly ran: number
}

describe.each(Object.entries(hosts))('requirements on requests, %s', (name, start) => {
  let issuer: TestIssuer
  let host: Host
  let lenient: Host
  let down: Host
  let token: string

  beforeAll(async () => {
    issuer = await createTestIssuer({ issuer: issuerName, audience })
    const routes = {
      '/read': (guards: { requireScope: (...scopes: string[]) => unknown }) =>
        guards.requireScope('read', 'write'),
    }
    host = await start(createResourceServer(issuer.options), { routes })
    const tokenFrom = firstOf(fromHeader(), fromQuery(), fromBody())
    lenient = await start(createResourceServer({ ...issuer.options, tokenFrom }), { form: true })
    const { fetch } = countingFetch({})
    down = await start(
      createResourceServer({ issuer: issuerName, audience, jwksUri, fetch, now: issuer.options.now }),
    )
    token = await issuer.sign({ scope: 'read write' })
  })
  afterAll(() => Promise.all([host, lenient, down].map((one) => one.close())))

  async function send(request: WireRequest, to: Host = host): Promise<Seen> {
    const before = to.calls()
    const answer = await overHttp1(to.port, request)
    return { ...answer, challenge: answer.headers.get('www-authenticate'), ran: to.calls() - before }
  }
  const withHeader = (value: string, path = '/'): WireRequest => ({
    path,
    headers: [['Authorization', value]],
  })
  const bearer = (value: string, path = '/'): WireRequest => withHeader(`Bearer ${value}`, path)
  const expired = (): Promise<string> => issuer.sign({ exp: 1, iat: undefined })
  const post = (body: string, type = form): WireRequest => ({
    method: 'POST',
    headers: [['Content-Type', type]],
    body,
  })

  it.each(['RFC6750-2.1-1', 'RFC6749-7-1', 'OAUTH21-5-1'])(
    '%s Authorization: Bearer is accepted with a valid token, and refused with one that is not valid',
    async () => {
      expect(await send(bearer(token))).toMatchObject({ status: 200, ran: 1 })
      expect(await send(bearer(await expired()))).toMatchObject({ status: 401, ran: 0 })
      expect(await send(bearer(token))).toMatchObject({ status: 200, ran: 1 })
    },
  )

  it.each(['RFC6749-7-3', 'RFC9700-2.3-2', 'OAUTH21-5.2-1', 'RFC9068-4-13'])(
    '%s a token that does not cover the resource is refused on every request',
    async () => {
      const narrow = await issuer.sign({ scope: 'read' })
      for (let n = 0; n < 3; n++)
        expect(await send(bearer(narrow, '/read'))).toMatchObject({ status: 403, ran: 0 })
      expect(await send(bearer(token, '/read'))).toMatchObject({ status: 200, ran: 1 })
    },
  )

  it.each([
    'RFC6749-7.2-1',
    'OAUTH21-5.3-1',
    'RFC6750-3-6',
    'RFC9068-4-11',
    'RFC9068-4-12',
    'RFC6750-3.1-2',
    'MCP-TOKEN-3',
  ])('%s a token that fails is told of with invalid_token, 401', async () => {
    for (const bad of [
      await expired(),
      await issuer.sign({ aud: 'other' }),
      'abc',
      await issuer.sign({ iss: 'x' }),
      await issuer.sign({}, { typ: 'dpop+jwt' }),
    ]) {
      const { status, challenge, ran, body } = await send(bearer(bad))
      expect([status, ran]).toEqual([401, 0])
      expect(challenge).toMatch(
        /^Bearer realm="https:\/\/api\.test", error="invalid_token", error_description="[^"]+"$/,
      )
      expect(JSON.parse(body)).toMatchObject({ error: 'invalid_token' })
    }
  })

  it('RFC6749-10.3-1 no part of a token is in an answer', async () => {
    for (const bad of [await expired(), `${token}x`]) {
      const { body, headers } = await send(bearer(bad))
      for (const part of parts(bad)) expect(body + JSON.stringify([...headers])).not.toContain(part)
    }
  })

  it('RFC6750-2-1 a token in two places is invalid_request', async () => {
    const request = { ...bearer(token), path: `/?access_token=${token}` }
    expect(await send(request, lenient)).toMatchObject({ status: 400, ran: 0 })
    expect((await send(request, lenient)).challenge).toContain('error="invalid_request"')
  })

  it.each(['RFC6750-2.2-1', 'OAUTH21-5.1.2-1'])(
    '%s a token in a form is accepted only where that was asked for',
    async () => {
      expect(await send(post(`access_token=${token}`))).toMatchObject({
        status: 401,
        challenge: bare,
        ran: 0,
      })
      // Fastify has no body when its hook runs, and a web Request has none that is parsed.
      if (name.startsWith('express') || name.startsWith('koa')) {
        expect(await send(post(`access_token=${token}`), lenient)).toMatchObject({ status: 200, ran: 1 })
      }
    },
  )

  it('RFC6750-2.2-2 a form counts only with its own type, and never on GET', async () => {
    expect(await send(post(`access_token=${token}`, 'text/plain'), lenient)).toMatchObject({
      status: 401,
      ran: 0,
    })
    expect(await send({ ...post(`access_token=${token}`), method: 'GET' }, lenient)).toMatchObject({
      status: 401,
      ran: 0,
    })
  })

  it('RFC6750-2.2-3 the parameter of a form has one exact name, and comes once', async () => {
    expect(await send(post(`Access_Token=${token}`), lenient)).toMatchObject({ status: 401, ran: 0 })
    if (name.startsWith('express')) {
      expect(await send(post(`access_token=${token}&access_token=${token}`), lenient)).toMatchObject({
        status: 400,
        ran: 0,
      })
    }
  })

  it('RFC6750-2.3-2 a successful response to a token from the query is private, and only there', async () => {
    const query: WireRequest = { path: `/?access_token=${token}` }
    const cacheControl = async (request: WireRequest, to: Host): Promise<string | null> => {
      const { status, headers } = await send(request, to)
      expect(status).toBe(200)
      return headers.get('cache-control')
    }
    expect(await cacheControl(query, lenient)).toBe('private')
    expect(await cacheControl(bearer(token), host)).toBeNull()
    expect((await send({ path: '/?access_token=x' }, lenient)).headers.get('cache-control')).toBe('no-store')
  })

  it('RFC6750-5.3-1 a token in a cookie is not looked at', async () => {
    const inCookie = (name: string): WireRequest => ({ headers: [['Cookie', `${name}=${token}`]] })
    for (const name of ['access_token', '__Host-token', 'Authorization'])
      expect(await send(inCookie(name))).toMatchObject({ status: 401, challenge: bare, ran: 0 })
    expect(await send(bearer(token))).toMatchObject({ status: 200, ran: 1 })
  })

  it.each(['RFC6750-2.3-1', 'RFC9700-4.3.2-1', 'OAUTH21-5.1-1', 'MCP-TOKEN-USE-1'])(
    '%s a token in the query is not looked at',
    async () => {
      expect(await send({ path: `/?access_token=${token}` })).toMatchObject({
        status: 401,
        challenge: bare,
        ran: 0,
      })
      expect(await send({ ...bearer(token), path: '/?access_token=x' })).toMatchObject({
        status: 200,
        ran: 1,
      })
    },
  )

  it.each([
    'RFC6750-3-1',
    'RFC6750-3-2',
    'RFC6750-3-3',
    'RFC6750-3.1-5',
    'RFC9110-11.6.1-1',
    'RFC9110-15.5.2-1',
    'RFC9110-11.4-2',
  ])('%s without credentials there is a Bearer challenge with a realm and no error in it', async () => {
    const { status, challenge, ran, body } = await send({})
    expect([status, challenge, ran]).toEqual([401, bare, 0])
    // The code in the body is ours, and none of those that RFC 6750 defines.
    expect(JSON.parse(body)).toMatchObject({ error: 'unauthorized' })
  })

  it('RFC6750-3.1-6 another scheme counts as no credentials', async () => {
    for (const value of ['Basic dTpw', 'Digest username="u"', 'Negotiate abc', token]) {
      expect(await send(withHeader(value))).toMatchObject({ status: 401, challenge: bare, ran: 0 })
    }
  })

  it('RFC6750-3.1-1 a malformed request is invalid_request, 400', async () => {
    for (const value of ['Bearer', 'Bearer ', `Bearer ${token} x`, `Bearer "${token}"`]) {
      const { status, challenge, ran } = await send(withHeader(value))
      expect([status, ran]).toEqual([400, 0])
      expect(challenge).toMatch(/^Bearer realm="https:\/\/api\.test", error="invalid_request", /)
    }
  })

  it.each(['RFC6750-3.1-3', 'RFC6750-3.1-4', 'RFC9110-11.4-3'])(
    '%s a scope that is missing is insufficient_scope, 403, and what is needed is named',
    async () => {
      const { status, challenge, ran } = await send(bearer(await issuer.sign({ scope: 'read' }), '/read'))
      expect([status, ran]).toEqual([403, 0])
      expect(challenge).toMatch(/error="insufficient_scope", error_description="[^"]+", scope="read write"$/)
    },
  )

  it.each(['RFC6750-3-4', 'RFC6750-3-5', 'RFC6750-3-7', 'RFC9110-11.2-1', 'RFC6750-3-10'])(
    '%s no parameter of a challenge is there twice, and error_uri never',
    async () => {
      const challenges = [
        await send({}),
        await send(withHeader('Bearer')),
        await send(bearer('x')),
        await send(bearer(await issuer.sign(), '/read')),
      ].map(({ challenge }) => challenge ?? '')
      for (const challenge of challenges) {
        const names = [...challenge.matchAll(/([\w-]+)="/g)].map(([, parameter]) => parameter?.toLowerCase())
        expect(names.length).toBeGreaterThan(0)
        expect(new Set(names).size).toBe(names.length)
        expect(names).not.toContain('error_uri')
      }
    },
  )

  it.each(['RFC9110-5.3-1', 'RFC6750-2-1'])(
    '%s two Authorization lines, or a pair in one, are 400',
    async () => {
      const twice = {
        headers: [
          ['Authorization', `Bearer ${token}`],
          ['Authorization', `Bearer ${token}`],
        ],
      } as const
      expect(await send(twice)).toMatchObject({ status: 400, ran: 0 })
      expect(await send(withHeader(`Bearer ${token}, Bearer ${token}`))).toMatchObject({
        status: 400,
        ran: 0,
      })
    },
  )

  it('RFC9110-11.1-1 the scheme is the same in other letters', async () => {
    for (const scheme of ['bearer', 'BEARER', 'bEaReR'])
      expect(await send(withHeader(`${scheme} ${token}`))).toMatchObject({ status: 200, ran: 1 })
  })

  it('RFC9110-11.4-1 one or more spaces part scheme and token; a tab or nothing does not', async () => {
    expect(await send(withHeader(`Bearer    ${token}`))).toMatchObject({ status: 200 })
    expect(await send(withHeader(`Bearer\t${token}`))).toMatchObject({ status: 400, ran: 0 })
    expect(await send(withHeader(`Bearer${token}`))).toMatchObject({ status: 401, ran: 0 })
  })

  it('RFC9110-5.5-1 outer white space of a header is no part of it', async () => {
    expect(await send(withHeader(` \t Bearer ${token} \t `))).toMatchObject({ status: 200, ran: 1 })
  })

  it('RFC9110-15.6.4-1 keys that are not available are 503 with Retry-After, and no challenge', async () => {
    const { status, headers, challenge, ran } = await send(bearer(token), down)
    expect([status, challenge, ran]).toEqual([503, null, 0])
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  })

  it('RFC9111-3.5-1 no refusal may be stored, and no successful response is marked as shared', async () => {
    const refusals = [
      await send({}),
      await send(bearer('x')),
      await send(withHeader('Bearer')),
      await send(bearer(await issuer.sign(), '/read')),
      await send(bearer(token), down),
    ]
    for (const { headers } of refusals) expect(headers.get('cache-control')).toBe('no-store')
    expect((await send(bearer(token))).headers.get('cache-control') ?? '').not.toMatch(
      /public|s-maxage|must-revalidate/,
    )
  })

  it.each(['RFC9700-4.13-1', 'RFC9449-7.1-6'])(
    '%s neither a forwarded header nor Proxy-Authorization decides anything',
    async () => {
      const headers = [
        ['X-Forwarded-Host', 'evil.test'],
        ['X-Forwarded-Proto', 'http'],
        ['Forwarded', 'host=evil.test'],
        ['Proxy-Authorization', `Bearer ${token}`],
        ['X-SSL-Client-Cert', 'x'],
      ] as const
      expect(await send({ headers })).toMatchObject({ status: 401, challenge: bare, ran: 0 })
    },
  )

  it('MCP-ERR-1 no or a bad token is 401, too little scope 403, a malformed request 400', async () => {
    expect((await send({})).status).toBe(401)
    expect((await send(bearer(await expired()))).status).toBe(401)
    expect((await send(bearer(await issuer.sign(), '/read'))).status).toBe(403)
    expect((await send(withHeader('Bearer a b'))).status).toBe(400)
  })

  it('MCP-SEC-VALID-1 nothing runs and nothing is said before the token was verified', async () => {
    const { ran, body, headers } = await send(bearer(await expired(), '/read'))
    expect(ran).toBe(0)
    // What the route needs may stand in the challenge alone: a client has to know which scopes to request.
    headers.delete('www-authenticate')
    expect(body + JSON.stringify([...headers])).not.toContain('read write')
  })
})

describe('requirements on every challenge', () => {
  const quoted = /^[A-Za-z]+ (?:[A-Za-z_]+="[\x20\x21\x23-\x5b\x5d-\x7e]*"(?:, (?=.)|$))+$/
  let api: ResourceServer
  beforeAll(async () => {
    const { options } = await createTestIssuer()
    api = createResourceServer({ ...options, realm: 'the [API], no. 1' })
  })
  const nasty = ['"', '\\', '\r\nSet-Cookie: a=b', '\0', '\u007f', 'é', '漢', '", error="x', 'a\tb', '\u2028']
  const errors = [
    new MissingTokenError(),
    new InvalidRequestError(),
    new InvalidTokenError('expired'),
    new InsufficientScopeError(['read', 'write']),
    ...nasty.map((text) => new InvalidRequestError(text)),
    ...nasty.map((text) => new InsufficientScopeError([text])),
  ]

  it.each([
    'RFC6750-3-8',
    'RFC6750-3-9',
    'RFC9110-5.5-1',
    'RFC9110-5.6.4-1',
    'RFC9110-11.5-1',
    'RFC9110-11.2-1',
  ])('%s it is made of quoted strings of permitted characters, whatever an error says', (id) => {
    expect(id).not.toBe('')
    for (const error of errors) {
      const challenge = api.refuse(error).headers['WWW-Authenticate'] ?? ''
      expect(challenge).toMatch(quoted)
      expect(challenge).toMatch(/^Bearer realm="the \[API\], no\. 1"/)
      expect(challenge.match(/error="/g)?.length ?? 0).toBeLessThanOrEqual(1)
    }
  })

  it.each(['"', '\\', 'a\r\nb', 'é', '', '\0'])(
    'RFC9110-11.5-1 a realm of %j is a mistake at start-up',
    async (realm) => {
      const { options } = await createTestIssuer()
      expect(() => createResourceServer({ ...options, realm })).toThrow(/^realm/)
    },
  )

  it('RFC9110-11.4-3 a role that is missing is 403 without a challenge that no new token could meet', () => {
    const { status, headers } = api.refuse(new ForbiddenError('role'))
    expect([status, headers['WWW-Authenticate']]).toEqual([403, undefined])
  })
})
