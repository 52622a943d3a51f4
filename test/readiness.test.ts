import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { AddressInfo, Server } from 'node:net'
import { createTestIssuer, type TestServer } from 'oauth-resource-server/testing'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'

interface Readiness {
  readonly ready: boolean
  readonly issuers: readonly { readonly state: string; readonly ageSeconds?: number }[]
}

let authorizationServer: TestServer
let server: Server
let origin: string

beforeAll(async () => {
  authorizationServer = await (await createTestIssuer({ audience: 'https://api.example.com' })).listen()
  vi.stubEnv('OAUTH_ISSUER', authorizationServer.issuer)
  vi.stubEnv('OAUTH_AUDIENCE', 'https://api.example.com')
  vi.stubEnv('PORT', '0')
  ;({ server } = await import('../examples/readiness.ts'))
  if (!server.listening) await once(server, 'listening')
  origin = `http://localhost:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.close()
  vi.unstubAllEnvs()
  vi.useRealTimers()
  await authorizationServer.close()
})

it('has at most 40 lines', async () => {
  const text = await readFile(new URL('../examples/readiness.ts', import.meta.url), 'utf8')
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(40)
})

it('is not ready while the issuer has never answered, and says why', async () => {
  await authorizationServer.fail('404', { target: 'all' })
  const response = await fetch(`${origin}/ready`)
  expect(response.status).toBe(503)
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(await response.json()).toEqual({
    ready: false,
    issuers: [
      {
        issuer: authorizationServer.issuer,
        state: 'empty',
        lastError: expect.stringMatching(/^the issuer publishes no metadata at http:/) as string,
      },
    ],
  })
})

it('becomes ready by itself once the issuer answers', async () => {
  authorizationServer.heal()
  // Past the pause after the failure.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
  const response = await fetch(`${origin}/ready`)
  expect(response.status).toBe(200)
  const { ready, issuers } = (await response.json()) as Readiness
  expect([ready, issuers[0]?.state]).toEqual([true, 'fresh'])
  // Ages follow the steady clock, which runs on here.
  expect(issuers[0]?.ageSeconds).toBeGreaterThanOrEqual(0)
  expect(issuers[0]?.ageSeconds).toBeLessThan(30)
})

it('stays ready while old keys serve', async () => {
  await authorizationServer.fail('503', { target: 'all' })
  vi.setSystemTime(Date.now() + 1_000_000)
  const response = await fetch(`${origin}/ready`)
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ ready: true, issuers: [{ state: 'stale' }] })
})
