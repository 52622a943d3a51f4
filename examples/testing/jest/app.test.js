const { once } = require('node:events')
const { fakeAuth } = require('oauth-resource-server/testing')

// Who sends the requests of a test; null for an anonymous caller. Jest asks for a name that begins with "mock".
let mockCaller

// In this file, verifyJwt() of the application gets a fake resource server, which asks for the caller of each request.
jest.mock('oauth-resource-server/express', () => {
  const original = jest.requireActual('oauth-resource-server/express')
  const { fakeResourceServer } = require('oauth-resource-server/testing')
  return { ...original, verifyJwt: () => original.verifyJwt(fakeResourceServer(() => mockCaller)) }
})

const { app } = require('./app')

const server = app.listen(0)
let origin

beforeAll(async () => {
  if (!server.listening) await once(server, 'listening')
  origin = `http://localhost:${server.address().port}`
})

afterAll(() => new Promise((resolve) => server.close(resolve)))

beforeEach(() => {
  mockCaller = fakeAuth({ subject: 'alice', scopes: ['reports:read'] })
})

test('tells a caller who it is', async () => {
  const response = await fetch(`${origin}/me`)
  expect(await response.json()).toEqual({ subject: 'alice' })
})

test('shows the reports to a caller with the scope', async () => {
  expect((await fetch(`${origin}/reports`)).status).toBe(200)
})

test('refuses a caller without the scope', async () => {
  mockCaller = fakeAuth({ subject: 'alice' })
  expect((await fetch(`${origin}/reports`)).status).toBe(403)
})

test('lets only admins delete', async () => {
  const remove = () => fetch(`${origin}/reports/7`, { method: 'DELETE' })
  expect((await remove()).status).toBe(403)
  mockCaller = fakeAuth({ roles: ['admin'] })
  expect((await remove()).status).toBe(204)
})

test('refuses an anonymous caller', async () => {
  mockCaller = null
  expect((await fetch(`${origin}/me`)).status).toBe(401)
})
