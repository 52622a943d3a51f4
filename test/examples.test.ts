import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { AddressInfo, Server } from 'node:net'
import { createTestIssuer, type TestIssuer, type TestServer } from 'oauth-resource-server/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

const names = ['express', 'fastify', 'koa', 'hono'] as const

let issuer: TestIssuer
let authorizationServer: TestServer

beforeAll(async () => {
  issuer = await createTestIssuer({ audience: 'https://api.example.com' })
  authorizationServer = await issuer.listen()
  vi.stubEnv('OAUTH_ISSUER', authorizationServer.issuer)
  vi.stubEnv('OAUTH_AUDIENCE', 'https://api.example.com')
  vi.stubEnv('PORT', '0')
})

afterAll(async () => {
  vi.unstubAllEnvs()
  await authorizationServer.close()
})

describe.each(names)('examples/%s.ts', (name) => {
  let server: Server
  let origin: string

  beforeAll(async () => {
    ;({ server } = (await import(`../examples/${name}.ts`)) as { server: Server })
    if (!server.listening) await once(server, 'listening')
    origin = `http://localhost:${(server.address() as AddressInfo).port}`
  })

  afterAll(() => {
    server.close()
  })

  const call = async (path: string, claims?: Record<string, unknown>, method = 'GET'): Promise<Response> =>
    fetch(origin + path, {
      method,
      headers: claims === undefined ? {} : { authorization: `Bearer ${await issuer.sign(claims)}` },
    })

  it('has at most 40 lines', async () => {
    const text = await readFile(new URL(`../examples/${name}.ts`, import.meta.url), 'utf8')
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(40)
  })

  it('leaves the public route open', async () => {
    expect((await call('/')).status).toBe(200)
  })

  it('tells a caller who it is', async () => {
    const response = await call('/me', { sub: 'user-7', scope: 'a b' })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ subject: 'user-7', scopes: ['a', 'b'] })
  })

  it('refuses a caller without a token', async () => {
    const response = await call('/me')
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="https://api.example.com"')
  })

  it('serves reports to callers with the scope, and to no others', async () => {
    expect((await call('/reports', { scope: 'reports:read' })).status).toBe(200)
    expect((await call('/reports', { scope: 'reports:write' })).status).toBe(403)
  })

  it('deletes for callers with the role, and for no others', async () => {
    expect((await call('/reports/7', { roles: ['admin'] }, 'DELETE')).status).toBe(204)
    expect((await call('/reports/7', { roles: ['user'] }, 'DELETE')).status).toBe(403)
  })
})
