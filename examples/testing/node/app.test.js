import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, beforeEach, test } from 'node:test'
import { fakeAuth } from 'oauth-resource-server/testing'
import { app } from './app.js'
import { setCaller } from './fake-api.js'

const server = app.listen(0)
let origin

before(async () => {
  if (!server.listening) await once(server, 'listening')
  origin = `http://localhost:${server.address().port}`
})

after(() => server.close())

beforeEach(() => {
  setCaller(fakeAuth({ subject: 'alice', scopes: ['reports:read'] }))
})

test('tells a caller who it is', async () => {
  const response = await fetch(`${origin}/me`)
  assert.deepEqual(await response.json(), { subject: 'alice' })
})

test('shows the reports to a caller with the scope', async () => {
  assert.equal((await fetch(`${origin}/reports`)).status, 200)
})

test('refuses a caller without the scope', async () => {
  setCaller(fakeAuth({ subject: 'alice' }))
  assert.equal((await fetch(`${origin}/reports`)).status, 403)
})

test('lets only admins delete', async () => {
  const remove = () => fetch(`${origin}/reports/7`, { method: 'DELETE' })
  assert.equal((await remove()).status, 403)
  setCaller(fakeAuth({ roles: ['admin'] }))
  assert.equal((await remove()).status, 204)
})

test('refuses an anonymous caller', async () => {
  setCaller(null)
  assert.equal((await fetch(`${origin}/me`)).status, 401)
})
