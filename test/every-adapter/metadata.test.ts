import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { fastify } from 'fastify'
import {
  allOf,
  anyOf,
  anyScope,
  createResourceServer,
  firstOf,
  fromBody,
  fromHeader,
  fromQuery,
  not,
  role,
  scope,
} from 'oauth-resource-server'
import * as onExpress from 'oauth-resource-server/express'
import * as onFastify from 'oauth-resource-server/fastify'
import * as onFetch from 'oauth-resource-server/fetch'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { type Listener, metadataApps } from '../support/metadata-apps.ts'

const issuer = await createTestIssuer({ issuer: 'https://issuer.test', algorithms: ['ES256'] })
const resource = 'https://api.test/tools/mcp'
const path = '/.well-known/oauth-protected-resource/tools/mcp'
const document = {
  resource,
  authorization_servers: ['https://issuer.test'],
  scopes_supported: ['read', 'write'],
  bearer_methods_supported: ['header'],
  resource_name: 'Café',
}
const options = { scopesSupported: ['read', 'write'], resourceName: 'Café' }
const closing: (() => unknown)[] = []
afterAll(() => Promise.all(closing.map((close) => close())))

async function listening(listener: Listener): Promise<number> {
  const server = createServer((req, res) => void listener(req, res))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Sends the target as it is written: `fetch()` would change it. */
function send(port: number, method: string, target: string, headers = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ port, host: '127.0.0.1', method, path: target, headers }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }))
    })
    sent.on('error', reject).end()
  })
}

const orders = ['metadata first', 'verifyJwt first'] as const
const rows = Object.entries(metadataApps).flatMap(([name, make]) =>
  orders.map((order) => [name, order, make] as const),
)

describe.each(rows)('protectedResourceMetadata() on %s, %s', (_name, order, make) => {
  const api = createResourceServer({ ...issuer.options, resource })
  const started = (async () => await listening(await make(api, options, order)))()

  it('serves the document without a token', async () => {
    const { status, headers, body } = await send(await started, 'GET', path)
    expect(status).toBe(200)
    expect(JSON.parse(body)).toEqual(document)
    expect(headers['content-type']).toMatch(/^application\/json(?:; charset=utf-8)?$/)
    expect(headers['cache-control']).toBe('max-age=3600')
    expect(headers['access-control-allow-origin']).toBe('*')
    expect(headers['www-authenticate']).toBeUndefined()
  })

  it('serves it with a bad token too, and with a query', async () => {
    const port = await started
    expect(await send(port, 'GET', path, { authorization: 'Bearer x' })).toMatchObject({ status: 200 })
    expect(await send(port, 'GET', `${path}?v=1`)).toMatchObject({ status: 200 })
  })

  it('responds to HEAD as to GET, without the body', async () => {
    const port = await started
    const get = await send(port, 'GET', path)
    const head = await send(port, 'HEAD', path)
    expect(head).toMatchObject({ status: 200, body: '' })
    for (const name of ['content-type', 'cache-control', 'access-control-allow-origin', 'content-length']) {
      expect(head.headers[name], name).toBe(get.headers[name])
    }
    expect(head.headers['content-length']).toBe(String(Buffer.byteLength(get.body)))
  })

  it('allows a preflight that asks for any header', async () => {
    const { status, headers, body } = await send(await started, 'OPTIONS', path, {
      origin: 'https://page.test',
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'authorization,mcp-protocol-version,x-any',
    })
    expect({ status, body }).toEqual({ status: 204, body: '' })
    expect(headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD, OPTIONS',
      'access-control-allow-headers': 'authorization,mcp-protocol-version,x-any',
      allow: 'GET, HEAD, OPTIONS',
    })
  })

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('responds 405 to %s', async (method) => {
    const { status, headers } = await send(await started, method, path)
    expect(status).toBe(405)
    expect(headers['allow']).toBe('GET, HEAD, OPTIONS')
    expect(headers['access-control-allow-origin']).toBe('*')
  })

  it.each([
    '/.well-known/oauth-protected-resource',
    '/.well-known/oauth-protected-resource/',
    '/.well-known/oauth-protected-resource/tools',
    `${path}/`,
    `${path}/more`,
    path.toUpperCase(),
    `/v1${path}`,
    `/${path}`,
    path.replace('tools', '%74ools'),
    '/tools/mcp',
    `/tools/mcp?${path}`,
  ])('lets nobody in elsewhere: %s', async (target) => {
    const { status, body } = await send(await started, 'GET', target)
    expect([401, 404]).toContain(status)
    expect(body).not.toContain('authorization_servers')
  })

  it('reads the URL from neither Host nor X-Forwarded-Host', async () => {
    const headers = { host: 'evil.test', 'x-forwarded-host': 'evil.test', 'x-forwarded-proto': 'http' }
    const port = await started
    expect((await send(port, 'GET', path, headers)).body).not.toContain('evil')
    const refused = await send(port, 'GET', '/', headers)
    expect(refused.headers['www-authenticate']).toContain(`resource_metadata="https://api.test${path}"`)
  })

  it('names its URL in every challenge', async () => {
    const port = await started
    const url = `resource_metadata="https://api.test${path}"`
    const weak = await issuer.sign({ scope: 'other' })
    const tokens = [
      {},
      { authorization: 'Bearer' },
      { authorization: 'Bearer x' },
      { authorization: `Bearer ${weak}` },
    ]
    for (const headers of tokens) {
      const { status, headers: answered } = await send(port, 'GET', '/', headers)
      if (status === 200) continue
      expect([400, 401, 403]).toContain(status)
      expect(answered['www-authenticate']).toContain(url)
    }
  })
})

describe('protectedResourceMetadata()', () => {
  it('decides by the original path below a mount on Express', async () => {
    const api = createResourceServer({ ...issuer.options, resource })
    const router = express.Router().use(onExpress.protectedResourceMetadata(api))
    const port = await listening(express().use('/.well-known', router).use('/api', router) as Listener)
    expect(await send(port, 'GET', path)).toMatchObject({ status: 200 })
    expect(await send(port, 'GET', `/api${path}`)).toMatchObject({ status: 404 })
  })

  it('decides by the original path where Fastify rewrites URLs', async () => {
    const api = createResourceServer({ ...issuer.options, resource })
    const app = fastify({ rewriteUrl: ({ url = '' }) => url.replace('/hidden', '') })
    await app.register(onFastify.protectedResourceMetadata(api))
    await app.ready()
    const port = await listening((req, res) => app.routing(req, res))
    expect(await send(port, 'GET', path)).toMatchObject({ status: 200 })
    expect(await send(port, 'GET', `/hidden${path}`)).toMatchObject({ status: 404 })
  })

  it('serves the documents of two resources of one application', async () => {
    const app = fastify()
    for (const name of ['one', 'two:a']) {
      const api = createResourceServer({ ...issuer.options, resource: `https://api.test/${name}` })
      await app.register(onFastify.protectedResourceMetadata(api))
    }
    await app.ready()
    const port = await listening((req, res) => app.routing(req, res))
    for (const name of ['one', 'two:a']) {
      const { body } = await send(port, 'GET', `/.well-known/oauth-protected-resource/${name}`)
      expect(JSON.parse(body)).toMatchObject({ resource: `https://api.test/${name}` })
    }
    expect(await send(port, 'GET', '/.well-known/oauth-protected-resource/two-a')).toMatchObject({
      status: 404,
    })
  })

  it('is what verifyJwt() returns on a fetch server, before the caller is asked for', async () => {
    const api = createResourceServer({ ...issuer.options, resource })
    const verify = onFetch.verifyJwt(api)
    const request = (): Request => new Request(`https://anything.test${path}`)
    expect(await verify(request())).toMatchObject({ status: 401 })
    onFetch.protectedResourceMetadata(api)
    expect(await verify(request())).toMatchObject({ status: 200 })
  })

  it('follows what the API accepts', async () => {
    const make = (tokenFrom: ReturnType<typeof fromHeader> | (() => string)): unknown => {
      const api = createResourceServer({ ...issuer.options, resource, tokenFrom })
      const response = onFetch.protectedResourceMetadata(api)(new Request(`https://api.test${path}`))
      return response
        ?.json()
        .then((it: object) => (it as Record<string, unknown>)['bearer_methods_supported'])
    }
    expect(await make(fromHeader())).toEqual(['header'])
    expect(await make(fromQuery())).toEqual(['query'])
    expect(await make(fromBody())).toEqual(['body'])
    expect(await make(firstOf(fromHeader(), fromQuery(), fromHeader('x-token'), fromHeader()))).toEqual([
      'header',
      'query',
    ])
    expect(await make(fromHeader('x-token'))).toBeUndefined()
    expect(await make(() => 'x')).toBeUndefined()
    expect(await make(firstOf(fromHeader(), () => 'x'))).toBeUndefined()
  })
})

describe('challengeScopes', () => {
  const api = createResourceServer({ ...issuer.options, resource, challengeScopes: ['read', 'write'] })
  const challengeOf = async (headers: Record<string, string>, ...guards: never[]): Promise<string> => {
    const handle = onFetch.protect(api, ...guards)(() => new Response('ok'))
    const response = await handle(new Request('https://api.test/', { headers }))
    return response.headers.get('www-authenticate') ?? ''
  }

  it('is named by both kinds of 401, and by nothing else', async () => {
    expect(await challengeOf({})).toMatch(/, scope="read write"$/)
    expect(await challengeOf({ authorization: 'Bearer a.b.c' })).toMatch(
      /error="invalid_token".*, scope="read write"$/,
    )
    expect(await challengeOf({ authorization: 'Bearer' })).not.toContain('scope=')
  })

  it('gives way to the scopes of the guards of protect()', async () => {
    const good = { authorization: `Bearer ${await issuer.sign({ scope: 'none' })}` }
    const guards = [
      allOf(scope('a', 'b'), anyOf(anyScope('c', 'a'), role('r'))),
      not(scope('never')),
      onFetch.requireScope('d'),
    ] as never[]
    expect(await challengeOf({}, ...guards)).toMatch(/, scope="a b c d"$/)
    expect(await challengeOf({ authorization: 'Bearer a.b.c' }, ...guards)).toMatch(/, scope="a b c d"$/)
    expect(await challengeOf({}, not(scope('never')) as never)).toMatch(/, scope="read write"$/)
    expect(await challengeOf(good, scope('a') as never)).toMatch(/error="insufficient_scope".*scope="a"$/)
  })

  it('is a list of scopes that is not empty', () => {
    for (const challengeScopes of [[], ['a b'], ['a', 'a'], 'a', ['']]) {
      expect(() =>
        createResourceServer({ ...issuer.options, challengeScopes: challengeScopes as string[] }),
      ).toThrow(/^challengeScopes: /)
    }
  })
})
