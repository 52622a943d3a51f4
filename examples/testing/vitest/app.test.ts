import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Auth } from 'oauth-resource-server'
import { fakeAuth } from 'oauth-resource-server/testing'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { app } from './app.ts'

// Who sends the requests of a test; null for an anonymous caller.
let caller: Auth | null

// In this file, verifyJwt() of the application gets a fake resource server, which asks for the caller of each request.
vi.mock(import('oauth-resource-server/express'), async (importOriginal) => {
  const original = await importOriginal()
  const { fakeResourceServer } = await import('oauth-resource-server/testing')
  return { ...original, verifyJwt: () => original.verifyJwt(fakeResourceServer(() => caller)) }
})

const server = app.listen(0)
let origin: string

beforeAll(async () => {
  if (!server.listening) await once(server, 'listening')
  origin = `http://localhost:${(server.address() as AddressInfo).port}`
})

afterAll(() => void server.close())

beforeEach(() => {
  caller = fakeAuth({ subject: 'alice', scopes: ['reports:read'] })
})

test('tells a caller who it is', async () => {
  const response = await fetch(`${origin}/me`)
  expect(await response.json()).toEqual({ subject: 'alice' })
})

test('shows the reports to a caller with the scope', async () => {
  expect((await fetch(`${origin}/reports`)).status).toBe(200)
})

test('refuses a caller without the scope', async () => {
  caller = fakeAuth({ subject: 'alice' })
  expect((await fetch(`${origin}/reports`)).status).toBe(403)
})

test('lets only admins delete', async () => {
  const remove = (): Promise<Response> => fetch(`${origin}/reports/7`, { method: 'DELETE' })
  expect((await remove()).status).toBe(403)
  caller = fakeAuth({ roles: ['admin'] })
  expect((await remove()).status).toBe(204)
})

test('refuses an anonymous caller', async () => {
  caller = null
  expect((await fetch(`${origin}/me`)).status).toBe(401)
})
